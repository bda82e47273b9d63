// Package chat holds the words that all deciders share about a conversation: who somebody is (phone and LID), what
// was written, by whom, and the lead as it stands. It decides nothing but identity, and does no input or output.
// Every other package of leadgate may import it.
package chat

import "time"

// A Number is a business WhatsApp account that the daemon is logged into.
type Number struct {
	Name   string  // as in the configuration: "front-desk"
	Phone  Phone   // never empty
	Ignore []Phone // people who are never leads
	Pace   Pace    // how fast the daemon itself sends; the zero value: DefaultPace
	Labels bool    // chats are labelled by stage in the WhatsApp Business app
}

// A Pace bounds how fast the daemon itself sends from a number.
type Pace struct {
	PerMinute int // messages a minute in the long run
	Burst     int // messages at once after a rest
}

// DefaultPace is the pace of a number that has none of its own.
func DefaultPace() Pace { return Pace{PerMinute: 30, Burst: 5} }

// A Person is somebody at the other end of a chat, as WhatsApp addresses them. Phone or LID may be unknown, never both.
type Person struct {
	Phone Phone
	LID   LID
	Name  string // the profile name that they chose; "" when unknown
}

// LID is the user part of the identifier by which WhatsApp hides a phone ("1234567890" of 1234567890@lid).
// The zero value: not known.
type LID string

// Direction says who wrote a message.
type Direction string

// The directions of a message. Inbound: written by the lead. Outbound: written by the business, on whatever device.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// A Message is what one person wrote in a one-to-one chat with a number, freed of WhatsApp's wrappers.
type Message struct {
	Number    string // name of the number
	ID        string // WhatsApp's id of the message; for an edit the id of the message that was edited
	EditID    string // the edit's own id when Text replaces what message ID said before; "" for a message of its own
	Person    Person // the person at the other end, whoever wrote
	Direction Direction
	Text      string    // the text, or the caption of a picture, video or document; valid UTF-8; may be empty
	SentAt    time.Time // WhatsApp's time of it, UTC, whole seconds
	Ad        *Ad       // the ad that opened the chat; nil when none did
	FromLink  bool      // WhatsApp says that a wa.me link opened the chat
	Answer    *Answer   // how the message answers a menu; nil when it is nothing but its text
}

// Key names the message as the cause of what it changes: the same for every delivery of the same message.
func (m Message) Key() string {
	if m.EditID != "" {
		return "edit/" + m.Number + "/" + m.EditID
	}
	return m.OriginalKey()
}

// OriginalKey is the key of the message of its own that this is, or that this edits.
func (m Message) OriginalKey() string { return "message/" + m.Number + "/" + m.ID }

// An Ad is the click-to-WhatsApp ad that brought a lead. All fields may be empty: WhatsApp sometimes marks a message
// as brought by an ad and leaves the card out.
type Ad struct {
	SourceID  string // Meta's id of the ad
	SourceURL string // where the ad stood
	SourceApp string // "instagram", "facebook"
	Headline  string
	ClickID   string // ctwa_clid: what Meta recognises the click by
}

// Same reports whether b can't be told from a: the same click, or without click ids the same ad. A mark without a card
// proves no other click.
func (a Ad) Same(b Ad) bool {
	if a.ClickID != "" && b.ClickID != "" {
		return a.ClickID == b.ClickID
	}
	if b.SourceID == "" {
		return b.ClickID == ""
	}
	return a.SourceID == b.SourceID
}

// A Lead is a person who is known to the daemon.
type Lead struct {
	ID         string // "" for somebody who is not known yet
	Name       string
	NameSet    bool // somebody set the name by hand: profile names no longer change it
	Phone      Phone
	LID        LID
	Source     string    // first touch
	LastSource string    // last touch
	TouchedAt  time.Time // of the last touch: an earlier message that arrives later does not change it
	FirstAd    *Ad
	Ad         *Ad               // of the last ad that brought the lead; nil when none did
	Fields     map[string]string // free text by name; FieldEmail identifies the lead, after the phone
	Numbers    []string          // names of the numbers that they wrote to, in order of first contact
	CreatedAt  time.Time
	ErasedAt   time.Time // when all that identifies the person was erased; zero: it was not
}

// FieldEmail is the field of a lead that holds the e-mail address, as NormalEmail writes it.
const FieldEmail = "email"

// Known reports whether the lead exists.
func (l Lead) Known() bool { return l.ID != "" }

// CauseKind says what kind of thing made a change.
type CauseKind string

// The kinds of causes, as events name them.
const (
	CauseInboundPhrase  CauseKind = "inbound_phrase"
	CauseOutboundPhrase CauseKind = "outbound_phrase"
	CauseAd             CauseKind = "ad"
	CauseUntracked      CauseKind = "untracked"
	CauseMenu           CauseKind = "menu"
	CauseManual         CauseKind = "manual"
	CauseAPI            CauseKind = "api"
	CausePayment        CauseKind = "payment"
	CauseConversion     CauseKind = "conversion"
	CauseAgent          CauseKind = "agent"
	CauseTimeout        CauseKind = "timeout"
)

// A Cause says what made a change, and who: the person, agent, API token or number whose act it was.
type Cause struct {
	Kind CauseKind `json:"kind"`
	By   string    `json:"by"`
}
