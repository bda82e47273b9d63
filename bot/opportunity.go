package bot

import (
	"fmt"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
)

// openOpportunities are the lead's that are not closed.
func (b *builder) openOpportunities() []opportunity.Opportunity {
	var open []opportunity.Opportunity
	for _, o := range b.opportunities {
		if o.Status == opportunity.Open {
			open = append(open, o)
		}
	}
	return open
}

// opportunity finds one of the lead's; the zero Opportunity when it has none with that id.
func (b *builder) opportunity(id string) opportunity.Opportunity {
	for _, o := range b.opportunities {
		if o.ID == id && id != "" {
			return o
		}
	}
	return opportunity.Opportunity{}
}

// keepOpportunity records an opportunity as it is now.
func (b *builder) keepOpportunity(o opportunity.Opportunity) {
	b.opportunities = put(b.opportunities, o, func(o opportunity.Opportunity) string { return o.ID })
	b.decision.Opportunities = put(b.decision.Opportunities, o, func(o opportunity.Opportunity) string { return o.ID })
}

// put replaces the element of the same id, or appends it.
func put[T any](all []T, one T, id func(T) string) []T {
	for i := range all {
		if id(all[i]) == id(one) {
			all[i] = one
			return all
		}
	}
	return append(all, one)
}

// createOpportunity records a new one.
func (b *builder) createOpportunity(o opportunity.Opportunity, cause chat.Cause) opportunity.Opportunity {
	o.ID, o.LeadID = OpportunityID(b.in.Key), b.lead.ID
	b.keepOpportunity(o)
	b.opportunityEvent(OpportunityCreated, o, cause)
	return o
}

func (b *builder) opportunityEvent(t EventType, o opportunity.Opportunity, cause chat.Cause) {
	b.event(t, o.ID, opportunityData{
		Number: optional(b.number), Opportunity: ViewOpportunity(o), Lead: b.leadView(), Cause: cause,
	})
}

// advance moves the lead's opportunities with a conversion.
func (b *builder) advance(t conversion.Transition) {
	if t.ID != b.standing(t.Funnel).ID {
		return // it came late: the lead stands elsewhere by now
	}
	for _, o := range b.policy.Opportunities.Advance(t.To, t.At, b.opportunities) {
		b.keepOpportunity(o)
		b.event(OpportunityStageChanged, o.ID+"/"+t.ID, opportunityData{
			Number: optional(b.number), Opportunity: ViewOpportunity(o), Lead: b.leadView(),
			Cause: chat.Cause{Kind: chat.CauseConversion, By: t.Funnel},
		})
	}
}

// standing is the transition that says where the lead stands in a funnel; zero when they are not in it.
func (b *builder) standing(funnel string) conversion.Transition {
	var last conversion.Transition
	for _, t := range b.transitions {
		if t.Funnel == funnel && !t.At.Before(last.At) {
			last = t
		}
	}
	return last
}

// own makes an agent the owner of a chat's opportunity if it has none.
func (b *builder) own(c Chat) {
	o := b.opportunity(c.Opportunity)
	if o.ID == "" || o.Owner != "" {
		return
	}
	o.Owner, o.ActiveAt = c.Agent, latest(o.ActiveAt, b.in.At)
	b.keepOpportunity(o)
	b.opportunityEvent(OpportunityOwnerChanged, o, chat.Cause{Kind: chat.CauseAgent, By: c.Agent})
}

func decideNewOpportunity(p *Policy, in Input, s State) (Decision, error) {
	n := in.Opportunity
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", n.LeadID, ErrNoLead)
	}
	if err := p.isAgent(n.Owner); err != nil {
		return Decision{}, err
	}
	o, err := p.Opportunities.New(opportunity.Choice{Type: n.Type, Value: n.Value}, in.At)
	if err != nil {
		return Decision{}, fmt.Errorf("new opportunity: %w: %w", ErrInvalid, err)
	}
	o.Title, o.Owner = n.Title, n.Owner
	b := newBuilder(p, in, s, in.At, "")
	b.createOpportunity(o, n.Cause)
	return b.done(), nil
}

func decideChangeOpportunity(p *Policy, in Input, s State) (Decision, error) {
	b := newBuilder(p, in, s, in.At, "")
	before := b.opportunity(in.Change.OpportunityID)
	if before.ID == "" {
		return Decision{}, fmt.Errorf("opportunity %q: %w", in.Change.OpportunityID, ErrNoOpportunity)
	}
	if in.Change.Owner != nil {
		if err := p.isAgent(*in.Change.Owner); err != nil {
			return Decision{}, err
		}
	}
	change := opportunity.Change{Stage: in.Change.Stage, Owner: in.Change.Owner, Status: (*opportunity.Status)(in.Change.Status)}
	after, err := p.Opportunities.Set(before, change, in.At)
	if err != nil {
		return Decision{}, fmt.Errorf("change opportunity %q: %w: %w", before.ID, ErrInvalid, err)
	}
	if after.Stage == before.Stage && after.Owner == before.Owner && after.Status == before.Status {
		return Decision{}, nil
	}
	b.keepOpportunity(after)
	if after.Stage != before.Stage {
		b.opportunityEvent(OpportunityStageChanged, after, in.Change.Cause)
	}
	if after.Owner != before.Owner {
		b.opportunityEvent(OpportunityOwnerChanged, after, in.Change.Cause)
		b.ownerChanged(after)
	}
	if after.Status != before.Status && after.Status != opportunity.Open {
		b.opportunityEvent(OpportunityClosed, after, in.Change.Cause)
	}
	return b.done(), nil
}

// ownerChanged lets the chats that wait for the owner of an opportunity wait for the new one.
func (b *builder) ownerChanged(o opportunity.Opportunity) {
	for _, c := range b.chats {
		if c.Opportunity == o.ID && c.Status == chat.ChatWaiting {
			b.changeChat(c)
			b.drainSoon()
		}
	}
}

// isAgent refuses a name that is no agent's; "" is nobody's and taken.
func (p *Policy) isAgent(name string) error {
	if name == "" {
		return nil
	}
	if _, is := p.Routing.Agent(name); !is {
		return fmt.Errorf("agent %q: %w", name, ErrNoAgent)
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
