// Package opportunity decides what leads want: which types and values are offered on a number, what a new opportunity
// looks like, and how conversions of a lead move the opportunities of the same lead on their boards. It takes values and
// returns values, reads no clock, and does no input or output. Package autoresponse offers its choices, package routing
// sends chats to their owners, package bot calls it.
package opportunity

import (
	"time"

	"leadgate/fault"
)

// Config is the types of opportunities as the configuration spells them, and the names that they may refer to.
type Config struct {
	Types   []TypeConfig
	Numbers []string // of every number
	Rules   []string // of every routing rule
	Stages  []string // of the first funnel: the board of a type that has none of its own
}

// TypeConfig is one type of opportunity.
type TypeConfig struct {
	Name    string   `toml:"name"`
	Numbers []string `toml:"numbers"` // where it is offered; none: on every number
	Field   string   `toml:"field"`   // the field whose values are offered; "" when the type has none
	Values  []string `toml:"values"`  // of the field; none: the type itself is offered
	Rule    string   `toml:"rule"`    // the routing rule of its chats; "" for the number's default rule
	Stages  []string `toml:"stages"`  // its board; none: Config.Stages
}

// A Type is a type of opportunity, checked.
type Type struct {
	Name    string
	Numbers []string // where it is offered, never empty
	Field   string
	Values  []string
	Rule    string
	Stages  []string // never empty; the first is where a new opportunity stands
}

// A Choice is what somebody may want: a type, and a value of its field where it has values.
type Choice struct {
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
}

// An Opportunity is something that a lead wants.
type Opportunity struct {
	ID        string // "opp_…"
	LeadID    string
	Type      string
	Field     string // of the type when the opportunity was created; "" for none
	Value     string // "" for none
	Title     string // a name of its own; "" for none
	Stage     string // of the type's board
	Owner     string // name of the agent; "" for nobody
	Status    Status
	CreatedAt time.Time
	ActiveAt  time.Time // of what last concerned it: its creation, a change, a message in a chat about it
}

// Choice is what the opportunity is for.
func (o Opportunity) Choice() Choice { return Choice{Type: o.Type, Value: o.Value} }

// Status says whether an opportunity is still one.
type Status string

// The states of an opportunity.
const (
	Open Status = "open"
	Won  Status = "won"
	Lost Status = "lost"
)

// A Policy is a checked configuration that decides. It never changes, and any number of goroutines may use it.
type Policy struct {
	types []Type
}

// New checks a configuration and makes the policy of it. The list holds every error and warning, in the order of the
// configuration, with paths as in "opportunity_type[0].rule"; with an error in it the policy is nil.
func New(config Config) (*Policy, fault.List) { panic("to be written") }

// Types returns every type, in the order of the configuration.
func (p *Policy) Types() []Type { panic("to be written") }

// Type finds a type by name.
func (p *Policy) Type(name string) (t Type, found bool) { panic("to be written") }

// Choices returns what is offered on a number: every type and value, in the order of the configuration.
func (p *Policy) Choices(number string) []Choice { panic("to be written") }

// New returns a new opportunity at the first stage of its type's board: everything but its ID, LeadID, Title and Owner. A
// value that the configuration does not list is taken as it is: people enter what no menu offers. The error names a type
// that is not configured, with the nearest one, or a value for a type without a field.
func (p *Policy) New(want Choice, at time.Time) (Opportunity, error) { panic("to be written") }

// Advance returns those of the opportunities that a conversion to the stage moves, as they are afterwards, ActiveAt
// included: the open ones whose board has a stage of exactly that name that comes after the one where they stand. One
// whose stage is no longer on its board stands before all of them. It never moves one backwards.
func (p *Policy) Advance(stage string, at time.Time, all []Opportunity) []Opportunity {
	panic("to be written")
}

// Change is what somebody changes by hand; nil leaves as it is.
type Change struct {
	Stage  *string
	Owner  *string // "" for nobody
	Status *Status
}

// Set returns the opportunity after a change by hand, in any direction, ActiveAt included. The error names a stage that its
// board does not have, with the nearest one, or a status that is none. Whether the owner is an agent, the caller knows.
func (p *Policy) Set(o Opportunity, c Change, at time.Time) (Opportunity, error) {
	panic("to be written")
}
