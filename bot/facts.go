package bot

import (
	"slices"
)

// Facts are what a destination's rules look at. A fact that an event does not have is "".
type Facts struct {
	Funnel string            // of a conversion
	Stage  string            // that was entered: of a conversion, or on an opportunity's board
	Source string            // the lead's first source
	Type   string            // of the opportunity
	Reason string            // of a feedback
	Fields map[string]string // of the lead
}

// A Rule chooses events by what they are about. What is empty holds for every event; a rule about something that an event
// does not have, such as the funnel of a menu, does not hold for it.
type Rule struct {
	Funnel  string
	Stages  []string
	Sources []string
	Types   []string          // of opportunities
	Reasons []string          // of feedback
	Fields  map[string]string // of the lead
}

// holds reports whether the rule chooses an event with these facts.
func (r Rule) holds(f Facts) bool {
	for name, value := range r.Fields {
		if f.Fields[name] != value {
			return false
		}
	}
	return (r.Funnel == "" || r.Funnel == f.Funnel) && oneOf(r.Stages, f.Stage) && oneOf(r.Sources, f.Source) &&
		oneOf(r.Types, f.Type) && oneOf(r.Reasons, f.Reason)
}

func oneOf(wanted []string, fact string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, fact)
}

// factsOf are the facts of an event's data, besides those of its lead.
func factsOf(data any) Facts {
	switch d := data.(type) {
	case stageData:
		return Facts{Funnel: d.Funnel, Stage: d.To}
	case deletedData:
		return Facts{Funnel: d.Funnel, Stage: d.Stage}
	case opportunityData:
		return aboutOpportunity(&d.Opportunity)
	case chatData:
		return aboutOpportunity(d.Opportunity)
	case assignedData:
		return aboutOpportunity(d.Opportunity)
	case escalatedData:
		return aboutOpportunity(d.Opportunity)
	case closedData:
		return aboutOpportunity(d.Opportunity)
	case paymentData:
		return aboutOpportunity(d.Opportunity)
	case feedbackData:
		if d.Feedback.Reason != nil {
			return Facts{Reason: *d.Feedback.Reason}
		}
	}
	return Facts{}
}

func aboutOpportunity(o *OpportunityView) Facts {
	if o == nil {
		return Facts{}
	}
	return Facts{Type: o.Type, Stage: o.Stage}
}
