// Package autoresponse decides the dialogue with a lead: which menu they are asked, what their answer means, when they are
// asked again, and by which rule their chat is then routed. It takes values and returns values, reads no clock, and does
// no input or output. Package bot calls it; package whatsapp shows its menus.
package autoresponse

import (
	"time"

	"leadgate/chat"
	"leadgate/opportunity"
)

// Config is the auto-responses as the configuration spells them, and what they may refer to.
type Config struct {
	Responses     []ResponseConfig
	Numbers       []string            // of every number
	Rules         []string            // of every routing rule
	Opportunities *opportunity.Policy // nil when its own configuration has errors: types are not checked then
	Language      string              // of the words that nobody configured: "en" or "pt"
}

// ResponseConfig is the auto-responses of one number.
type ResponseConfig struct {
	Number            string        `toml:"number"`
	Audience          string        `toml:"audience"` // "everyone" (also "") or "leads"
	CreateOpportunity bool          `toml:"create_opportunity"`
	DefaultType       string        `toml:"default_type"`
	DefaultRule       string        `toml:"default_rule"`
	Session           string        `toml:"session"`   // "24h" (also "")
	Reminders         *int          `toml:"reminders"` // nil: 1
	First             *FirstConfig  `toml:"first"`
	Second            *SecondConfig `toml:"second"`
	Assigned          *WordsConfig  `toml:"assigned"`
	Waiting           *WordsConfig  `toml:"waiting"`
	Closed            *WordsConfig  `toml:"closed"`
}

// FirstConfig is the menu that asks what the lead wants.
type FirstConfig struct {
	Display    string         `toml:"display"` // "list", "buttons", "poll" or "text" (also "")
	ListHeader string         `toml:"list_header"`
	Header     string         `toml:"header"`
	Message    string         `toml:"message"`
	Footer     string         `toml:"footer"`
	Options    []OptionConfig `toml:"options"` // none: every type and value of the number
	More       string         `toml:"more"`    // "": a word of the language
	Other      *OtherConfig   `toml:"other"`
}

// OptionConfig is one option of the first menu.
type OptionConfig struct {
	Type  string `toml:"type"`
	Value string `toml:"value"`
	Label string `toml:"label"` // "": the value, else the type
}

// OtherConfig is the option for whoever wants something else.
type OtherConfig struct {
	Label string `toml:"label"` // "": a word of the language
	Rule  string `toml:"rule"`  // "": the default rule
}

// SecondConfig is the menu that asks which of their opportunities the lead means.
type SecondConfig struct {
	Display    string     `toml:"display"`
	ListHeader string     `toml:"list_header"`
	Header     string     `toml:"header"`
	Message    string     `toml:"message"`
	Footer     string     `toml:"footer"`
	Label      string     `toml:"label"` // of an opportunity; "": its value, else its type
	More       string     `toml:"more"`
	Scope      string     `toml:"scope"` // "selected" (also ""), "type" or "all"
	New        *NewConfig `toml:"new"`
}

// NewConfig is the option for a new opportunity.
type NewConfig struct {
	Label string `toml:"label"` // "": a word of the language
}

// WordsConfig is a message without options.
type WordsConfig struct {
	Message string `toml:"message"`
}

// MenuKind tells the two menus apart.
type MenuKind string

// The menus: First asks what the lead wants, Second which of their opportunities they mean.
const (
	First  MenuKind = "first"
	Second MenuKind = "second"
)

// A Menu is a menu as it was sent to a lead, every word of it filled in.
type Menu struct {
	Key     string       `json:"key"` // the chat's id and the kind: the same however often the menu is sent in the chat
	Kind    MenuKind     `json:"kind"`
	Display chat.Display `json:"display"` // as configured; Sheet says how it is shown
	Header  string       `json:"header,omitempty"`
	Message string       `json:"message"`
	Footer  string       `json:"footer,omitempty"`
	Title   string       `json:"title,omitempty"`  // the list header
	Button  string       `json:"button,omitempty"` // what opens a list
	More    string       `json:"more,omitempty"`   // the label of the row that leads to the next page
	Options []Option     `json:"options"`          // all of them, in order: "other" and "new" last
	Page    int          `json:"page,omitempty"`   // of a list that is paged: the one that was sent last, from 0
}

// An Option is something that the lead can choose.
type Option struct {
	Label       string     `json:"label"` // whole; what a row has no room for goes into its description
	Kind        OptionKind `json:"kind"`
	Type        string     `json:"type,omitempty"`
	Value       string     `json:"value,omitempty"`
	Opportunity string     `json:"opportunity_id,omitempty"` // id; of OptionExisting
}

// OptionKind says what an option is for.
type OptionKind string

// The kinds of options.
const (
	OptionChoice   OptionKind = "option"   // something that is offered
	OptionOther    OptionKind = "other"    // something else
	OptionNew      OptionKind = "new"      // a new opportunity of what was selected
	OptionExisting OptionKind = "existing" // an opportunity that the lead has
)

// A Dialogue is how far the menus of a chat have come. The zero Dialogue: nobody was asked anything.
type Dialogue struct {
	Menu      *Menu              `json:"menu,omitempty"`      // the one that waits for an answer; nil: none does
	Reminders int                `json:"reminders,omitempty"` // how often that menu was sent again
	AskedAt   time.Time          `json:"asked_at,omitzero"`   // when it was sent last
	Selected  opportunity.Choice `json:"selected,omitzero"`   // the answer to the first menu
	Answered  []string           `json:"answered,omitempty"`  // keys of the menus that were answered: another answer to them counts for nothing
}

// A Situation is what is known when a lead's message is heard.
type Situation struct {
	Lead          chat.Lead
	Chat          chat.Chat // the open one, or one that begins with this message: then its Status is ""
	Dialogue      Dialogue
	Opportunities []opportunity.Opportunity // the lead's open ones, in any order
	Fresh         bool                      // an automatic message may still be sent to the lead
	Now           time.Time
}

// A Decision is what a lead's message means for the dialogue.
type Decision struct {
	Dialogue Dialogue  // as it is afterwards
	Send     Sending   // whether Dialogue.Menu is to be sent now
	Answered *Answered // the message answered a menu; nil: it did not
	Route    *Route    // the chat goes to somebody; nil: it stays as it is
	Ignored  bool      // the message is no words of the lead's: it turns a page, answers an old menu, or changes an answer that was given
}

// Sending says what of a menu is sent.
type Sending string

// What is sent.
const (
	SendNothing Sending = ""
	SendMenu    Sending = "menu" // the menu, for the first time or again
	SendPage    Sending = "page" // another page of it
)

// Answered is an answer to a menu.
type Answered struct {
	Menu   MenuKind
	Option Option
	Form   chat.AnswerForm
}

// A Route says where a chat goes. At most one of Opportunity and Create is set.
type Route struct {
	Rule        string              // "" when no rule says who gets it
	Opportunity string              // id of the one that it is about
	Create      *opportunity.Choice // the opportunity that is created first
}
