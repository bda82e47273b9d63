// Package opportunity decides what leads want: which types and values are offered on a number, what a new opportunity
// looks like, and how conversions of a lead move the opportunities of the same lead on their boards. It takes values and
// returns values, reads no clock, and does no input or output. Package autoresponse offers its choices, package routing
// sends chats to their owners, package bot calls it.
package opportunity

import (
	"fmt"
	"maps"
	"slices"
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

	Payments map[string]string `toml:"payments"` // the stage by the status of a payment: new, succeeded, failed
}

// A Type is a type of opportunity, checked.
type Type struct {
	Name    string
	Numbers []string // where it is offered, never empty
	Field   string
	Values  []string
	Rule    string
	Stages  []string // never empty; the first is where a new opportunity stands

	Payments map[string]string // the stage by the status of a payment; nil: payments do not move it
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
func New(config Config) (*Policy, fault.List) {
	c := checker{config: config}
	c.check()
	if c.faults.Err() != nil {
		return nil, c.faults
	}
	return &Policy{types: c.types}, c.faults
}

// Types returns every type, in the order of the configuration.
func (p *Policy) Types() []Type {
	types := make([]Type, len(p.types))
	for i, t := range p.types {
		types[i] = t.clone()
	}
	return types
}

// Type finds a type by name.
func (p *Policy) Type(name string) (t Type, found bool) {
	i := p.index(name)
	if i < 0 {
		return Type{}, false
	}
	return p.types[i].clone(), true
}

// Choices returns what is offered on a number: every type and value, in the order of the configuration.
func (p *Policy) Choices(number string) []Choice {
	var choices []Choice
	for _, t := range p.types {
		if !slices.Contains(t.Numbers, number) {
			continue
		}
		if len(t.Values) == 0 {
			choices = append(choices, Choice{Type: t.Name})
		}
		for _, value := range t.Values {
			choices = append(choices, Choice{Type: t.Name, Value: value})
		}
	}
	return choices
}

// New returns a new opportunity at the first stage of its type's board: everything but its ID, LeadID, Title and Owner. A
// value that the configuration does not list is taken as it is: people enter what no menu offers. The error names a type
// that is not configured, with the nearest one, or a value for a type without a field; it is a fault.Fault whose path is
// "type" or "value".
func (p *Policy) New(want Choice, at time.Time) (Opportunity, error) {
	i := p.index(want.Type)
	if i < 0 {
		return Opportunity{}, fault.Fault{
			Path: "type", Problem: fmt.Sprintf("opportunity type %q is not configured", want.Type),
			Hint: fault.Suggest(want.Type, "opportunity type", p.names()),
		}
	}
	t := p.types[i]
	if want.Value != "" && t.Field == "" {
		return Opportunity{}, fault.Fault{
			Path: "value", Problem: fmt.Sprintf("opportunity type %q has no field for the value %q", t.Name, want.Value),
			Hint: "leave the value out, or give the type a field",
		}
	}
	return Opportunity{
		Type: t.Name, Field: t.Field, Value: want.Value, Stage: t.Stages[0], Status: Open, CreatedAt: at, ActiveAt: at,
	}, nil
}

// index is the position of a type; -1 when there is none of that name.
func (p *Policy) index(name string) int {
	return slices.IndexFunc(p.types, func(t Type) bool { return t.Name == name })
}

func (p *Policy) names() []string {
	names := make([]string, len(p.types))
	for i, t := range p.types {
		names[i] = t.Name
	}
	return names
}

func (t Type) clone() Type {
	t.Numbers, t.Values, t.Stages = slices.Clone(t.Numbers), slices.Clone(t.Values), slices.Clone(t.Stages)
	t.Payments = maps.Clone(t.Payments)
	return t
}
