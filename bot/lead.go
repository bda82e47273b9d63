package bot

import (
	"fmt"
	"maps"

	"leadgate/chat"
	"leadgate/conversion"
)

func decideMove(p *Policy, in Input, s State) (Decision, error) {
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", in.Move.LeadID, ErrNoLead)
	}
	c, err := p.Conversion.Move(in.Move.Funnel, in.Move.Stage, in.Move.Cause, in.At,
		conversion.State{Lead: s.Lead, Transitions: s.Transitions})
	if err != nil {
		return Decision{}, fmt.Errorf("move lead %q: %w: %w", in.Move.LeadID, ErrInvalid, err)
	}
	b := newBuilder(p, in, s, in.At, "")
	b.transit(c.Transitions, in.Key)
	return b.done(), nil
}

func decideDelete(p *Policy, in Input, s State) (Decision, error) {
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", in.Delete.LeadID, ErrNoLead)
	}
	b := newBuilder(p, in, s, in.At, "")
	for _, t := range b.transitions {
		if t.ID == in.Delete.TransitionID {
			b.takeBack(t)
			return b.done(), nil
		}
	}
	return Decision{}, fmt.Errorf("transition %q of lead %q: %w", in.Delete.TransitionID, in.Delete.LeadID, ErrNoTransition)
}

// takeBack makes a transition count no more.
func (b *builder) takeBack(deleted conversion.Transition) {
	var rest []conversion.Transition
	for _, t := range b.transitions {
		if t.ID != deleted.ID {
			rest = append(rest, t)
		}
	}
	b.transitions = rest
	b.decision.Deleted = deleted.ID
	b.number = deleted.Number
	b.event(TransitionDeleted, deleted.ID, deletedData{
		Number: optional(deleted.Number), Lead: b.leadView(), Funnel: deleted.Funnel, TransitionID: deleted.ID, Stage: deleted.To,
	})
	b.labelStage(deleted.Funnel, "deleted/"+deleted.ID)
}

func decideUpdate(p *Policy, in Input, s State) (Decision, error) {
	u := in.Update
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", u.LeadID, ErrNoLead)
	}
	b := newBuilder(p, in, s, in.At, "")
	if u.Name != nil {
		b.lead.Name, b.lead.NameSet = *u.Name, true
	}
	for field, value := range u.Fields {
		switch {
		case value == nil:
			delete(b.lead.Fields, field)
			continue
		case b.lead.Fields == nil:
			b.lead.Fields = map[string]string{}
		}
		b.lead.Fields[field] = *value
	}
	if b.lead.Name == s.Lead.Name && b.lead.NameSet == s.Lead.NameSet && maps.Equal(b.lead.Fields, s.Lead.Fields) {
		return Decision{}, nil
	}
	b.decision.Lead = &b.lead
	b.event(LeadUpdated, "", leadData{Lead: b.leadView()})
	return b.done(), nil
}

func decideMerge(p *Policy, in Input, s State) (Decision, error) {
	switch {
	case !s.Lead.Known():
		return Decision{}, fmt.Errorf("lead %q: %w", in.Merge.Into, ErrNoLead)
	case !s.Twin.Known():
		return Decision{}, fmt.Errorf("lead %q: %w", in.Merge.LeadID, ErrNoLead)
	case s.Lead.ID == s.Twin.ID:
		return Decision{}, fmt.Errorf("merge lead %q into itself: %w", in.Merge.LeadID, ErrConflict)
	}
	b := newBuilder(p, in, s, in.At, "")
	b.absorb(s.Twin)
	return b.done(), nil
}

// decideErase removes what identifies a person. Their open chats end; what was about to be sent to them is not sent.
func decideErase(p *Policy, in Input, s State) (Decision, error) {
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", in.Erase.LeadID, ErrNoLead)
	}
	b := newBuilder(p, in, s, in.At, "")
	l := s.Lead
	b.lead = chat.Lead{
		ID: l.ID, Source: l.Source, LastSource: l.LastSource, TouchedAt: l.TouchedAt, Numbers: l.Numbers, CreatedAt: l.CreatedAt,
		ErasedAt: in.At,
	}
	b.decision.Lead, b.decision.Erased = &b.lead, true
	for _, c := range b.chats {
		b.closeChat(c, in.Erase.Cause)
	}
	for _, n := range p.Numbers {
		b.withdraw(n.Name)
		b.decision.Withdrawn = append(b.decision.Withdrawn, Lane{LabelDestination(n.Name), l.ID}, Lane{LateDestination(n.Name), l.ID})
	}
	b.event(LeadErased, "", leadData{Lead: b.leadView()})
	return b.done(), nil
}
