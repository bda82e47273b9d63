package bot

import (
	"fmt"
	"maps"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
)

// decideCreate decides about a lead whom somebody brings from outside of WhatsApp.
func decideCreate(p *Policy, in Input, s State) (Decision, error) {
	c := in.Create
	if err := p.mayBeLead(c.Phone); err != nil {
		return Decision{}, err
	}
	b := newBuilder(p, in, s, in.At, "")
	b.bring(*c)
	if err := b.enter(c.Funnel, c.Cause); err != nil {
		return Decision{}, err
	}
	if c.Opportunity != nil {
		if _, err := b.want(*c.Opportunity, c.Cause); err != nil {
			return Decision{}, err
		}
	}
	return b.done(), nil
}

// mayBeLead refuses who can't be a lead: the business itself and its agents.
func (p *Policy) mayBeLead(phone chat.Phone) error {
	if agent, is := p.Routing.AgentByPhone(phone); is && phone != "" {
		return fmt.Errorf("%s is agent %q, and agents are never leads: %w", phone, agent.Name, ErrConflict)
	}
	if p.ignores("", phone) {
		return fmt.Errorf("%s is one of the business's own numbers: %w", phone, ErrConflict)
	}
	return nil
}

// bring makes a lead of whoever is new, and adds to what is known of whoever is not.
func (b *builder) bring(c CreateLead) {
	created := !b.lead.Known()
	before := b.lead
	before.Fields = maps.Clone(b.lead.Fields)
	if created {
		b.lead.ID, b.lead.CreatedAt = LeadID(b.in.Key), b.at
	}
	if b.lead.Phone == "" {
		b.lead.Phone = c.Phone
	}
	if b.lead.Name == "" && c.Name != "" {
		b.lead.Name, b.lead.NameSet = c.Name, true
	}
	if c.Source != "" {
		if b.lead.Source == "" {
			b.lead.Source = c.Source
		}
		b.lead.LastSource, b.lead.TouchedAt = c.Source, latest(b.lead.TouchedAt, b.at)
	}
	for name, value := range c.Fields {
		b.setField(name, value)
	}
	if c.Email != "" && b.lead.Fields[chat.FieldEmail] == "" {
		b.setField(chat.FieldEmail, c.Email)
	}
	cause := c.Cause
	switch {
	case created:
		b.decision.Lead = &b.lead
		b.event(LeadCreated, "", createdData{Lead: b.leadView(), Cause: &cause})
	case !sameLead(before, b.lead):
		b.decision.Lead = &b.lead
		b.event(LeadUpdated, "", leadData{Lead: b.leadView()})
	}
}

func (b *builder) setField(name, value string) {
	if b.lead.Fields == nil {
		b.lead.Fields = map[string]string{}
	}
	b.lead.Fields[name] = value
}

// sameLead reports whether two states of a lead look the same from outside.
func sameLead(a, b chat.Lead) bool {
	return a.Name == b.Name && a.Phone == b.Phone && a.Source == b.Source && a.LastSource == b.LastSource && maps.Equal(a.Fields, b.Fields)
}

// enter puts the lead into a funnel that they are not in; "" is the first. Without funnels there is none to enter.
func (b *builder) enter(funnel string, cause chat.Cause) error {
	funnels := b.policy.Conversion.Funnels()
	if funnel == "" && len(funnels) == 0 {
		return nil
	}
	if funnel == "" {
		funnel = funnels[0].Name
	}
	if b.standing(funnel).ID != "" {
		return nil
	}
	entry := ""
	for _, f := range funnels {
		if f.Name == funnel {
			entry = f.Stages[0]
		}
	}
	c, err := b.policy.Conversion.Move(funnel, entry, cause, b.at, conversion.State{Lead: b.lead, Transitions: b.transitions})
	if err != nil {
		return fmt.Errorf("enter: %w: %w", ErrInvalid, err)
	}
	b.transit(c.Transitions, b.in.Key)
	return nil
}

// want is the lead's open opportunity of a type and value, which is created when there is none.
func (b *builder) want(w WantedOpportunity, cause chat.Cause) (opportunity.Opportunity, error) {
	for _, o := range b.openOpportunities() {
		if o.Choice() == (opportunity.Choice{Type: w.Type, Value: w.Value}) {
			return o, nil
		}
	}
	o, err := b.policy.Opportunities.New(opportunity.Choice{Type: w.Type, Value: w.Value}, b.in.At)
	if err == nil && w.Stage != "" {
		o, err = b.policy.Opportunities.Set(o, opportunity.Change{Stage: &w.Stage}, b.in.At)
	}
	if err != nil {
		return o, fmt.Errorf("new opportunity: %w: %w", ErrInvalid, err)
	}
	o.Title = w.Title
	return b.createOpportunity(o, cause), nil
}
