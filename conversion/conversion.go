// Package conversion decides what a message means for the funnels: which trigger it matches, where a lead came from,
// and which transitions follow. It never reads a clock, a store or the network: it takes a message and what is known,
// and returns what changes. Package bot calls it.
package conversion

import (
	"time"

	"leadgate/chat"
)

// Config is the funnels as the configuration spells them.
type Config struct {
	Funnels []FunnelConfig
	Numbers []string // the names that a trigger may refer to
}

// FunnelConfig is an ordered list of stages; the first is the entry stage.
type FunnelConfig struct {
	Name           string        `toml:"name"`
	UntrackedLeads bool          `toml:"untracked_leads"` // whoever writes becomes a lead
	AdSource       string        `toml:"ad_source"`       // source of leads whom an ad brought without a phrase; "" is DefaultAdSource
	Stages         []StageConfig `toml:"stage"`
}

// StageConfig is one stage and the phrases that lead into it.
type StageConfig struct {
	Name     string          `toml:"name"`
	Triggers []TriggerConfig `toml:"trigger"`
	Meta     *MetaConfig     `toml:"meta"` // nil: Meta is not told
}

// MetaConfig is the event that Meta gets for each lead that enters a stage.
type MetaConfig struct {
	Event    string  `toml:"event"`    // one of the fourteen of business messaging
	Value    float64 `toml:"value"`    // in the currency's major unit; 0: none
	Currency string  `toml:"currency"` // ISO 4217; "" without a value
}

// A MetaDue is what Meta is to be told of a lead who enters a stage.
type MetaDue struct {
	Event string
	Value *chat.Money // nil: none
}

// A MetaEvent is a conversion as it is on its way to Meta, as the body of a delivery holds it. Nothing in it is hashed yet.
type MetaEvent struct {
	ID       string      `json:"id"` // of the event, the same on every attempt
	Name     string      `json:"name"`
	At       time.Time   `json:"at"` // of the transition
	Value    *chat.Money `json:"value,omitempty"`
	Stage    string      `json:"stage"`
	Source   string      `json:"source,omitempty"`
	ClickID  string      `json:"ctwa_clid,omitempty"` // "": the lead has none, or it is not this visit's
	LeadID   string      `json:"lead_id"`
	Phone    chat.Phone  `json:"phone,omitempty"`
	LeadName string      `json:"lead_name,omitempty"`
	Email    string      `json:"email,omitempty"`
}

// TriggerConfig is a phrase. In the entry stage the lead writes it and Source is required; in later stages the
// business writes it and Source must be empty.
type TriggerConfig struct {
	Phrase  string   `toml:"phrase"`
	Source  string   `toml:"source"`
	Match   string   `toml:"match"`   // "exact" (also "") or "loose"
	Numbers []string `toml:"numbers"` // empty: every number
}

// The sources of leads whom no phrase names.
const (
	DefaultAdSource = "Meta Ads"
	SourceLink      = "wa.me link" // WhatsApp says that a link opened the chat
	SourceUntracked = "Untracked"
)

// A Transition is one recorded change of stage. Deleted transitions are not among those that deciders see.
type Transition struct {
	ID        string
	Funnel    string
	From      string // "" when the lead entered the funnel
	To        string
	Cause     chat.Cause
	Phrase    string // as configured; "" without one
	MessageID string // "" without a message
	Number    string // "" without a number
	At        time.Time
}

// A Match records that a message matched a trigger, so that an edit of the message does not match it again.
type Match struct {
	Funnel string `json:"funnel"`
	Phrase string `json:"phrase"`
}

// State is what is known of the person when a message is decided.
type State struct {
	Lead        chat.Lead    // zero: nobody yet
	Transitions []Transition // that count, of every funnel, in order of At and then of recording
	Matched     []Match      // what an earlier text of the same message matched
}

// Standing returns the stage at which the transitions put the lead in a funnel: that of the latest At, and among equals
// of the last recorded. "" means that the lead is not in the funnel.
func Standing(transitions []Transition, funnel string) string {
	return standingAt(transitions, funnel, time.Time{})
}

// standingAt is Standing as it was at a time; the zero time is the end of time.
func standingAt(transitions []Transition, funnel string, at time.Time) string {
	var latest *Transition
	for i, t := range transitions {
		if t.Funnel != funnel || !at.IsZero() && t.At.After(at) {
			continue
		}
		if latest == nil || !t.At.Before(latest.At) {
			latest = &transitions[i]
		}
	}
	if latest == nil {
		return ""
	}
	return latest.To
}

// A Touch is what brought a person, once more or for the first time.
type Touch struct {
	Source string
	Kind   SourceKind
	Phrase string   // of the trigger that named the source; "" without one
	Ad     *chat.Ad // when an ad brought them this time
}

// SourceKind says what named a source.
type SourceKind string

// The kinds of sources.
const (
	KindPhrase    SourceKind = "phrase"
	KindAd        SourceKind = "ad"
	KindUntracked SourceKind = "untracked"
	KindAPI       SourceKind = "api"
)

// A Decision is what a message or a person's hand changes. The zero Decision changes nothing.
type Decision struct {
	Touch       *Touch       // the person came, or came again; nil: this was no touch
	Returned    bool         // they were in the funnel already (lead.returned)
	Transitions []Transition // without IDs; in order of the funnels
	Matched     []Match      // triggers whose phrase this text has, acting or not: an edit of the message matches them no more
}
