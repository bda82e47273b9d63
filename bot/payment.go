package bot

import (
	"cmp"
	"fmt"

	"leadgate/chat"
	"leadgate/opportunity"
)

// sourcePayment is the source of a lead whom a payment brings, when the payment names none.
const sourcePayment = "Payment"

// decidePayment decides what a payment system tells: the payment is kept under its own id, and the opportunity that it is
// for follows its latest status.
func decidePayment(p *Policy, in Input, s State) (Decision, error) {
	given := *in.Payment
	if err := p.mayBeLead(given.Phone); err != nil {
		return Decision{}, err
	}
	if s.Payment != nil && !given.At.After(s.Payment.At) {
		return Decision{}, nil // a status from before the one that is kept, or that one again
	}
	b := newBuilder(p, in, s, in.At, "")
	if !b.lead.Known() {
		b.bring(CreateLead{Phone: given.Phone, Source: cmp.Or(given.Source, sourcePayment), Cause: given.Cause})
		if err := b.enter("", given.Cause); err != nil {
			return Decision{}, err
		}
	}
	given.ID, given.LeadID = newID("pay", given.ExternalID), b.lead.ID
	o, err := b.paidFor(given, s.Payment)
	if err != nil {
		return Decision{}, err
	}
	given.Opportunity = o.ID
	b.decision.Payment = &given
	data := paymentData{Payment: ViewPayment(given), Lead: b.leadView()}
	if o.ID != "" {
		view := ViewOpportunity(o)
		data.Opportunity = &view
	}
	b.event(PaymentRecorded, "", data)
	return b.done(), nil
}

// paidFor is the opportunity that a payment is for, at the stage that the payment's status asks for; the zero Opportunity
// where no type is configured.
func (b *builder) paidFor(given Payment, before *Payment) (opportunity.Opportunity, error) {
	var o opportunity.Opportunity
	if before != nil {
		o = b.opportunity(before.Opportunity)
	}
	if o.ID == "" {
		kind, err := b.paidType(given.Type)
		if kind == "" || err != nil {
			return o, err
		}
		o = b.openOf(kind)
	}
	cause := chat.Cause{Kind: chat.CausePayment, By: given.ExternalID}
	if o.ID == "" {
		kind, _ := b.paidType(given.Type)
		created, err := b.policy.Opportunities.New(opportunity.Choice{Type: kind}, b.in.At)
		if err != nil {
			return o, fmt.Errorf("payment %q: %w: %w", given.ExternalID, ErrInvalid, err)
		}
		if stage, follows := b.policy.Opportunities.PaidStage(kind, string(given.Status)); follows {
			created.Stage = stage
		}
		return b.createOpportunity(created, cause), nil
	}
	if stage, follows := b.policy.Opportunities.PaidStage(o.Type, string(given.Status)); follows && stage != o.Stage {
		o.Stage, o.ActiveAt = stage, latest(o.ActiveAt, b.in.At)
		b.keepOpportunity(o)
		b.opportunityEvent(OpportunityStageChanged, o, cause)
	}
	return o, nil
}

// paidType is the type of opportunity that a payment is for: the one that it names, else that of the open opportunity with
// the latest activity, else the first of the configuration; "" when there is none.
func (b *builder) paidType(named string) (string, error) {
	if named != "" {
		if _, found := b.policy.Opportunities.Type(named); !found {
			_, err := b.policy.Opportunities.New(opportunity.Choice{Type: named}, b.in.At)
			return "", fmt.Errorf("payment: %w: %w", ErrInvalid, err)
		}
		return named, nil
	}
	if o := b.openOf(""); o.ID != "" {
		return o.Type, nil
	}
	if types := b.policy.Opportunities.Types(); len(types) > 0 {
		return types[0].Name, nil
	}
	return "", nil
}

// openOf is the lead's open opportunity of a type with the latest activity; of any type when it is "".
func (b *builder) openOf(kind string) opportunity.Opportunity {
	var last opportunity.Opportunity
	for _, o := range b.openOpportunities() {
		if (kind == "" || o.Type == kind) && (last.ID == "" || o.ActiveAt.After(last.ActiveAt)) {
			last = o
		}
	}
	return last
}
