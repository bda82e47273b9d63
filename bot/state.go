package bot

import (
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
	"leadgate/routing"
)

// A Chat is an open conversation with all that is known of it.
type Chat struct {
	chat.Chat
	Dialogue autoresponse.Dialogue
	Place    routing.Place
}

// State is what an input concerns, as it stands when the input is decided. The zero State: nobody is known.
type State struct {
	Lead          chat.Lead                 // whom the input names: by phone, LID, lead, chat or opportunity
	Twin          chat.Lead                 // a second lead who turns out to be the same person (one of the two has no phone; Lead is the older), or whom a MergeLeads makes part of Lead
	Aliased       bool                      // the message's phone is one that the lead had besides their own
	Transitions   []conversion.Transition   // of Lead and Twin, that count, in order of At and then of recording
	Opportunities []opportunity.Opportunity // of Lead and Twin, whatever their status, the oldest first; ActiveAt counts the messages of their chats
	Chats         []Chat                    // open ones of Lead and Twin, with whatever number, the oldest first
	WroteAt       time.Time                 // when the business wrote to the person last on the input's number; zero: not that anybody knows
	Matched       []conversion.Match        // what earlier texts of the same message matched
	Payment       *Payment                  // the one with the input's external id, as it was kept; nil: none
	Feedback      *Feedback                 // likewise
	Unclaimed     []chat.Message            // of somebody who is no lead: what Decision.Unclaimed kept, in order of SentAt

	// What a decision has asked for by its Needs; the zero value until then.
	Loaded  Needs         // what was loaded of it
	Team    routing.Team  // Needs.Agents and Needs.Lines
	Waiting []WaitingLine // Needs.Waiting: the head of every line, in order of Since
	Held    []HeldChat    // Needs.HeldBy: in order of OpenedAt
}

// Needs is what a decision can't be made without and is not loaded for every input. A decision that has any changes
// nothing: the state is completed and the input decided anew.
type Needs struct {
	Agents  []string   // whose state
	Lines   []string   // in which agents stand in turn; "*": every line that is kept
	Waiting bool       // the chats that wait
	ChatID  string     // the chat whose lead State.Lead is to be
	Phone   chat.Phone // whose lead State.Lead is to be
	HeldBy  string     // the agent whose chats are to be listed
}

// None reports whether nothing is needed.
func (n Needs) None() bool {
	return len(n.Agents) == 0 && len(n.Lines) == 0 && !n.Waiting && n.ChatID == "" && n.Phone == "" && n.HeldBy == ""
}

// A WaitingLine is the chats that wait for the same people, of which the one that has waited longest is named.
type WaitingLine struct {
	Line   string // as WaitingFor names it
	ChatID string
	Since  time.Time
	Owner  string // of the chat's opportunity; "" for nobody
	Place  routing.Place
}

// A HeldChat is an open chat of an agent.
type HeldChat struct {
	Chat     Chat
	LeadName string
	Phone    chat.Phone
	Choice   opportunity.Choice // of the chat's opportunity; zero without one
}

// A Decision is everything that an input changes. Store writes it in one transaction with the input's key.
type Decision struct {
	Lead          *chat.Lead                // as it is afterwards; its ID is new when the store does not have it
	Absorbed      string                    // id of the lead that becomes part of Lead; "" for none
	Erased        bool                      // what identifies Lead is removed from everything that is kept
	Transitions   []conversion.Transition   // new ones
	Deleted       string                    // id of the transition that counts no more; "" for none
	Opportunities []opportunity.Opportunity // as they are afterwards; an ID that the store does not have is new
	Chats         []Chat                    // as they are afterwards, closed ones too; an ID that the store does not have is new
	Assignments   []Assignment              // new ones
	Turns         []routing.Turn            // in order
	Agents        []AgentChange             // as they are afterwards
	WroteAt       time.Time                 // when the business wrote to Lead on the input's number; zero: it did not
	Payment       *Payment                  // as it is afterwards; nil: none changes
	Feedback      *Feedback                 // new; nil: none
	Matched       []conversion.Match        // what this text matched, kept for edits of the message
	Events        []Event                   // in order
	Deliveries    []delivery.Delivery       // effects of the decision, each under its key
	Withdrawn     []Lane                    // whose pending deliveries are not wanted any more; those of this decision are
	Unclaimed     *chat.Message             // what the business wrote to somebody who is no lead; see UnclaimedFor
	Refused       bool                      // the input asks for what can't be: nothing is written, not even its key
	Needs         Needs                     // what is missing: nothing is written, and the input decided anew with it

	menus     []counted // for the metrics
	unclicked int       // conversions that Meta is not told of, because no click brought the lead
}

// A Lane is the deliveries to one destination that leave one at a time.
type Lane struct{ Destination, Key string }

// An Assignment is a chat given to an agent, kept with the reasons.
type Assignment struct {
	ID     string // "asg_…"
	ChatID string
	At     time.Time
	Agent  string
	Place  routing.Place // with who was passed over
	Cause  chat.Cause
}

// An AgentChange is an agent's state as it is afterwards. Open is not part of it: the chats tell.
type AgentChange struct {
	Name  string
	State routing.AgentState
}

// WaitingFor names the line in which a chat waits: all that wait for the same people by the same rule. Who has been asked
// before makes a chat wait alone.
func WaitingFor(c Chat, owner string) string {
	line := c.Place.Rule + "\n" + owner
	if len(c.Place.Asked) > 0 {
		line += "\n" + c.ID
	}
	return line
}

// Destinations that are not the configuration's. No destination of the configuration can have a colon in its name.
const (
	// MetaDestination carries conversion.MetaEvent to Meta's Conversions API. The lane is the lead's id.
	MetaDestination = "meta:conversions"

	// TimerDestination carries Timers back to the bot, each in a lane of its own.
	TimerDestination = "bot:timers"

	lateDestination  = "bot:late:"
	sendDestination  = "whatsapp:"
	labelDestination = "labels:"
)

// NumberTimerDestination carries Timers back to the bot that mean nothing before a number has caught up, each in a lane of
// its own.
func NumberTimerDestination(number string) string { return TimerDestination + ":" + number }

// LateDestination carries messages of a number back to the bot that came late, once the number has caught up: the body is
// the chat.Message as JSON, the lane the lead.
func LateDestination(number string) string { return lateDestination + number }

// SendDestination carries chat.Outgoing messages to the people who chat with a number. The lane is the lead's id, or
// AgentLane.
func SendDestination(number string) string { return sendDestination + number }

// LabelDestination carries chat.Labelling of chats with a number. The lane is the lead's id.
func LabelDestination(number string) string { return labelDestination + number }

// AgentLane is the lane of what is sent to an agent.
func AgentLane(agent string) string { return "agent/" + agent }
