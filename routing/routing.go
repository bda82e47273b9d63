// Package routing decides who gets a chat: which agents are available, whose turn it is in a group, which target of a
// rule comes next, and when an agent who does not answer loses the chat. It takes values, the team's state and the time,
// and returns values; it reads no clock and does no input or output. Package bot calls it; package store keeps the team's
// state.
package routing

import (
	"time"

	"leadgate/chat"
)

// Config is the team and its rules as the configuration spells them.
type Config struct {
	Agents   []AgentConfig
	Groups   []GroupConfig
	Rules    []RuleConfig
	Holidays []string          // of everybody, "2026-12-25"
	Zone     *time.Location    // in which hours and holidays are meant; nil: UTC
	Country  string            // how phones without a country code are read
	Numbers  []chat.Number     // an agent's phone can't be one of theirs
	Used     map[string]string // rules that something refers to, with the path of what does, for warnings
}

// AgentConfig is a person of the business who answers chats.
type AgentConfig struct {
	Name     string   `toml:"name"`
	Phone    string   `toml:"phone"`
	Admin    bool     `toml:"admin"`
	Hours    []string `toml:"hours"`    // "mon-fri 09:00-18:00"; none: always
	Holidays []string `toml:"holidays"` // besides everybody's
	Capacity int      `toml:"capacity"` // most open chats at once; 0: no limit
}

// GroupConfig is agents who share chats.
type GroupConfig struct {
	Name        string   `toml:"name"`
	Description string   `toml:"description"`
	Members     []string `toml:"members"`
}

// RuleConfig is an ordered list of targets.
type RuleConfig struct {
	Name         string   `toml:"name"`
	Targets      []string `toml:"targets"`       // "owner", "group:NAME", "agent:NAME", "admin"
	AcceptWithin string   `toml:"accept_within"` // "10m"; "" or "0": for ever
}

// An Agent is a person of the business who answers chats, checked.
type Agent struct {
	Name     string
	Phone    chat.Phone
	Admin    bool
	Capacity int // most open chats at once; 0: no limit
}

// The lines in which agents stand to be given chats in turn. A group's line is GroupLine and its name.
const (
	AdminLine = "admin"
	GroupLine = "group:"
)

// Team is what is known of the agents beyond the configuration. An agent who is not in it has never done anything.
type Team struct {
	Agents map[string]AgentState // by name
	Lines  map[string][]string   // by line: the agents in turn as they were kept, who goes next first; those who joined since are not in it, those who left may be
}

// AgentState is what an agent is doing.
type AgentState struct {
	AwayUntil time.Time // zero: not away
	BackAt    time.Time // when they last came back from being away; zero: never
	Open      int       // chats that are assigned to them
	Numbers   []string  // names of the numbers that they have written to
}

// A Place is where a chat stands in its rule.
type Place struct {
	Rule   string    `json:"rule,omitempty"`   // "" when no rule says who gets it
	Step   int       `json:"step,omitempty"`   // 0 is the default, 1 the first fallback; of an assigned chat
	Target string    `json:"target,omitempty"` // as in the configuration; of an assigned chat
	Asked  []Asked   `json:"asked,omitempty"`  // who had the chat and lost it, in order
	Passed []Passed  `json:"passed,omitempty"` // who was passed over when it was last routed, and why
	Since  time.Time `json:"since,omitzero"`   // since when it is assigned, or waits
	Nth    int       `json:"nth,omitempty"`    // how often it has been routed
}

// Asked is an agent who had a chat and lost it.
type Asked struct {
	Agent string    `json:"agent"`
	At    time.Time `json:"at"`
}

// Passed is a target, or one agent of it, that did not get a chat.
type Passed struct {
	Target string `json:"target"`          // as in the configuration
	Agent  string `json:"agent,omitempty"` // "" when the reason is the target's own
	Reason Reason `json:"reason"`
	Open   int    `json:"open,omitempty"` // AtCapacity: open chats …
	Of     int    `json:"of,omitempty"`   // … of so many
}

// Reason says why somebody did not get a chat.
type Reason string

// The reasons.
const (
	NoOwner      Reason = "no owner"       // the opportunity has none, or there is no opportunity
	OutsideHours Reason = "outside hours"  // of the agent
	OnHoliday    Reason = "holiday"        // of everybody, or of the agent
	IsAway       Reason = "away"           // by their own word
	AtCapacity   Reason = "at capacity"    // they have as many chats as they can
	AskedBefore  Reason = "asked before"   // they had this chat and lost it
	NoMembers    Reason = "no members"     // the group is empty, or there is no admin
	NotThere     Reason = "not configured" // the owner is no agent any more
)

// A Request asks who gets a chat.
type Request struct {
	Rule   string  // "" or one that is not configured: nobody gets it
	Owner  string  // of the chat's opportunity; "" for nobody
	From   int     // the step to begin with: 0, or the one of the agent who lost the chat
	Asked  []Asked // who had it already: they are passed over until they have been away from work since
	Admins bool    // after the last target the admins are asked, whether the rule names them or not
}

// An Outcome is who gets a chat, or that nobody does.
type Outcome struct {
	Agent  string   // "" for nobody
	Step   int      // of the target; the admins that Request.Admins adds are the step after the last
	Target string   // as in the configuration
	Passed []Passed // who was passed over before, in order
	Turns  []Turn   // what it changes in the lines: who joined them, and who goes to the end
	// Of nobody:
	Closed bool      // there are agents who might get it, and all are outside their hours or on holiday, but those at work who had it before
	NextAt time.Time // when the clock makes one of them available; zero: the clock alone does not
}

// A Turn changes a line: those who left are taken out, then each of Back goes, or goes again, to its end, in order.
type Turn struct {
	Line string
	Left []string
	Back []string
}
