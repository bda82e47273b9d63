package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// A Chat is a conversation between a number and a lead, from the message that opened it until it is closed. A number and
// a lead have one open chat at most.
type Chat struct {
	ID          string // "chat_…"; "" for none
	Number      string
	LeadID      string
	Status      Status
	OpenedAt    time.Time // of the message that opened it
	ActiveAt    time.Time // of the last message, whoever wrote it
	ClosedAt    time.Time // zero while it is open
	Opportunity string    // id of the opportunity that it is about; "" for none
	Agent       string    // name of the agent who has it, or had it when it was closed; "" for nobody
	Said        string    // the lead's last words that were no answer to a menu; kept until somebody of the business writes
	SaidAt      time.Time // of the lead's last message
	WroteAt     time.Time // of the business's last message in this chat; zero: it has not written
	Told        []string  // which automatic messages are not to be sent in it any more
}

// Open reports whether there is a chat and it is not closed.
func (c Chat) Open() bool { return c.ID != "" && c.Status != ChatClosed }

// Status says what a chat waits for.
type Status string

// The states of a chat.
const (
	ChatMenu     Status = "menu"     // for the lead's answer to a menu
	ChatWaiting  Status = "waiting"  // for an agent
	ChatAssigned Status = "assigned" // an agent has it
	ChatTaken    Status = "taken"    // somebody of the business has written into it before an agent had it
	ChatClosed   Status = "closed"
)

// An Answer is how a message answers a menu, as far as the phone has said so. That a text is an answer, the menu knows.
type Answer struct {
	Form   AnswerForm
	Option string   // the id of the Row that was tapped; "" when the phone did not say
	Menu   string   // WhatsApp's id of the message that held the menu; "" when the phone did not say
	Votes  []string // of a poll: what is chosen now, each as the SHA-256 of a row's label in lower-case hex; none: taken back
}

// AnswerForm is how somebody answered a menu.
type AnswerForm string

// The forms of an answer.
const (
	AnswerList   AnswerForm = "list"
	AnswerButton AnswerForm = "button"
	AnswerPoll   AnswerForm = "poll"
	AnswerText   AnswerForm = "text" // the option's number or its label, typed
)

// An Outgoing is a message that the daemon itself has WhatsApp deliver, as the body of a delivery holds it. Phone or LID may
// be unknown, never both.
type Outgoing struct {
	Phone Phone     `json:"phone,omitempty"`
	LID   LID       `json:"lid,omitempty"`
	Text  string    `json:"text"`           // never empty; of a menu its numbered form, which every phone shows
	Menu  *Sheet    `json:"menu,omitempty"` // the form in which it is shown where WhatsApp takes it; nil: the text alone
	Reply bool      `json:"reply"`          // the recipient has written to the number before
	Until time.Time `json:"until,omitzero"` // from then on it comes too late and is not sent; zero: never
}

// A Sheet is a menu as a phone shows it.
type Sheet struct {
	Display Display `json:"display"` // DisplayList, DisplayButtons or DisplayPoll
	Header  string  `json:"header,omitempty"`
	Body    string  `json:"body"`
	Footer  string  `json:"footer,omitempty"`
	Button  string  `json:"button,omitempty"` // of a list: what opens it
	Title   string  `json:"title,omitempty"`  // of a list: what stands above its rows
	Rows    []Row   `json:"rows"`             // what can be chosen, in order
}

// A Row is something that can be chosen.
type Row struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Description string `json:"description,omitempty"` // of a list's row
}

// Display is how a menu is shown.
type Display string

// The displays. DisplayText is numbered lines in a message.
const (
	DisplayList    Display = "list"
	DisplayButtons Display = "buttons"
	DisplayPoll    Display = "poll"
	DisplayText    Display = "text"
)

// MessageID is the WhatsApp id of the message that a key causes: the same for every attempt, so that whoever gets it
// twice sees it once. It has the form that WhatsApp's own web client gives to its ids (whatsmeow.WebMessageIDPrefix).
func MessageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "3EB0" + strings.ToUpper(hex.EncodeToString(sum[:9]))
}

// A Labelling says which label the chat with a person carries, as the body of a delivery holds it.
type Labelling struct {
	Phone  Phone    `json:"phone,omitempty"`
	LID    LID      `json:"lid,omitempty"`
	Label  string   `json:"label"`  // the one that it carries from now on; "" for none
	Others []string `json:"others"` // those that it must not carry with it
}

// A LabelChange is a label that somebody put on a chat, or took off it, by hand on the phone.
type LabelChange struct {
	Number string
	Person Person
	Label  string // its name
	On     bool
	At     time.Time // WhatsApp's time of it, UTC
}

// A PhoneLabel is a label of the WhatsApp Business app, as a number's app state holds it.
type PhoneLabel struct {
	ID      string // the app's own
	Name    string
	Colour  int32
	Deleted bool
}

// Limits are what WhatsApp's server has refused to a number, and until when that is respected. Zero times: nothing.
type Limits struct {
	TextUntil    time.Time // menus go out as text
	RepliesUntil time.Time // nothing goes to people who have not written first (the reach-out time lock, code 463)
}
