package bot

import (
	"time"

	"leadgate/chat"
)

// An Input is one thing that happened, under the key that names it. Exactly one of its parts is set.
type Input struct {
	Key         string    // the same for every delivery of the same thing; a key that is already committed changes nothing
	At          time.Time // when the daemon took it up, UTC
	Message     *chat.Message
	Late        *chat.Message // a message that was decided when it came, but for its answer: now the number has caught up
	Label       *chat.LabelChange
	Number      *NumberChange
	Timer       *Timer
	Team        *TeamChange
	Move        *Move
	Delete      *DeleteTransition
	Update      *UpdateLead
	Merge       *MergeLeads
	Erase       *EraseLead
	Opportunity *NewOpportunity
	Change      *ChangeOpportunity
	Order       *ChatOrder
	Available   *SetAvailable
	Create      *CreateLead
	Say         *SayAsBusiness
	Payment     *Payment
	Feedback    *Feedback
}

// A NumberChange is a change of a number's connection that the outside is told of.
type NumberChange struct {
	Number string
	Event  EventType // number.connected, number.disconnected or number.logged_out
	Reason string    // a sentence; "" when there is nothing to say
}

// A Move puts a lead into a stage by hand.
type Move struct {
	LeadID string
	Funnel string
	Stage  string
	Cause  chat.Cause
}

// A DeleteTransition makes a transition count no more.
type DeleteTransition struct {
	LeadID       string
	TransitionID string
	Cause        chat.Cause
}

// An UpdateLead sets what people know of a lead.
type UpdateLead struct {
	LeadID string
	Name   *string            // nil: as it is; profile names no longer change it then
	Fields map[string]*string // by name; nil takes the field away; the others stay
	Cause  chat.Cause
}

// A MergeLeads makes one lead part of another.
type MergeLeads struct {
	LeadID string // the one that is no more afterwards
	Into   string
	Cause  chat.Cause
}

// An EraseLead removes what identifies the person.
type EraseLead struct {
	LeadID string
	Cause  chat.Cause
}

// A NewOpportunity is one that people create for a lead.
type NewOpportunity struct {
	LeadID string
	Type   string
	Value  string
	Title  string
	Owner  string // "" for nobody
	Cause  chat.Cause
}

// A ChangeOpportunity changes an opportunity by hand; nil leaves as it is.
type ChangeOpportunity struct {
	OpportunityID string
	Stage         *string
	Owner         *string // "" for nobody
	Status        *string
	Cause         chat.Cause
}

// A ChatOrder is what somebody does with a chat.
type ChatOrder struct {
	ChatID string
	Do     ChatVerb
	Agent  string // of AssignChat
	Cause  chat.Cause
}

// ChatVerb is what can be done with a chat.
type ChatVerb string

// What can be done with a chat.
const (
	AssignChat ChatVerb = "assign" // to an agent, whether they are available or not
	PassChat   ChatVerb = "pass"   // from its agent to the next target
	CloseChat  ChatVerb = "close"
)

// SetAvailable says that an agent is away, or back.
type SetAvailable struct {
	Agent     string
	Available bool
	Until     time.Time // of who is away: when it ends by itself; zero: at the end of their day
	Cause     chat.Cause
}

// A TeamChange says that a configuration came into force: at the start, and when it is reloaded. Lines are brought in step
// with it, and chats that wait are given to whom it has made available.
type TeamChange struct{}

// A Timer is something that was put off, as the body of a delivery to TimerDestination.
type Timer struct {
	Kind   TimerKind `json:"kind"`
	ChatID string    `json:"chat_id,omitempty"` // of TimerSession and TimerAccept
	Nth    int       `json:"nth,omitempty"`     // TimerAccept: which routing of the chat it is about
	Agent  string    `json:"agent,omitempty"`   // of TimerBack
}

// TimerKind says what was put off.
type TimerKind string

// The kinds of timers.
const (
	TimerSession TimerKind = "session" // a chat may have been idle for a session
	TimerAccept  TimerKind = "accept"  // an agent may not have answered in time
	TimerBack    TimerKind = "back"    // an agent may not be away any more
	TimerDrain   TimerKind = "drain"   // somebody may be available for a chat that waits
)

// A CreateLead brings a lead from outside of WhatsApp, or finds the one that is known by the phone, else by the e-mail
// address. It fills an empty name, keeps the first source, and sets the fields that it names.
type CreateLead struct {
	Phone       chat.Phone // "": none
	Email       string     // "": none; in the form of chat.NormalEmail
	Name        string
	Source      string // "": no touch
	Fields      map[string]string
	Funnel      string // that the lead enters; "": the first
	Opportunity *WantedOpportunity
	Cause       chat.Cause
}

// A WantedOpportunity is one that a lead shall have: the open one of that type and value, or a new one.
type WantedOpportunity struct {
	Type  string
	Value string
	Title string // of a new one; "" for none
	Stage string // of a new one; "": the first of the type's board
}

// A SayAsBusiness sends a message to a person, as the business would write it on its phone: it matches triggers.
type SayAsBusiness struct {
	Number string
	Phone  chat.Phone
	Text   string
	Cause  chat.Cause
}

// A Payment is what a payment system tells of a payment. The lead and the opportunity are created when they are missing.
type Payment struct {
	ID          string        // "pay_…"
	ExternalID  string        // the payment system's own; the same payment is updated, never doubled
	Status      PaymentStatus // the latest by At counts
	Amount      chat.Money
	At          time.Time // the payment system's time of the status
	Phone       chat.Phone
	LeadID      string // as it is kept
	Type        string // of the opportunity; "": the one that the lead has open, else the first that is configured
	Source      string // of a lead who is new; "": "Payment"
	Opportunity string // id, as it is kept
	Cause       chat.Cause
}

// PaymentStatus is how a payment stands.
type PaymentStatus string

// How a payment stands.
const (
	PaymentNew       PaymentStatus = "new"
	PaymentSucceeded PaymentStatus = "succeeded"
	PaymentFailed    PaymentStatus = "failed"
)

// A Feedback is what the business's systems report of a lead's outcome.
type Feedback struct {
	ID         string // "fb_…"
	ExternalID string // a second report with the same is the same report
	Kind       FeedbackKind
	Reason     string     // "" for none
	Value      chat.Money // zero for none
	At         time.Time
	Phone      chat.Phone // of a lead who is known; or …
	LeadID     string     // … the lead's id
	Cause      chat.Cause
}

// FeedbackKind is what a feedback reports.
type FeedbackKind string

// What a feedback reports.
const (
	FeedbackConversion FeedbackKind = "conversion"
	FeedbackReturn     FeedbackKind = "return"
)
