package bot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
)

// What an input can be refused for. Nothing was changed.
var (
	ErrNoLead        = errors.New("there is no such lead")
	ErrNoTransition  = errors.New("the lead has no such transition")
	ErrNoChat        = errors.New("there is no such open chat")
	ErrNoOpportunity = errors.New("there is no such opportunity")
	ErrNoAgent       = errors.New("there is no such agent")
	ErrConflict      = errors.New("that can't be done as things stand")
	ErrInvalid       = errors.New("that is not in the configuration")
)

// lateAfter is the age from which on a message is answered only when its number has caught up: what the business wrote
// meanwhile may be behind it. Less is the way of a message through WhatsApp, or clocks that differ.
const lateAfter = time.Minute

// freshFor is how old a lead's message may be for an automatic message to be sent in answer.
const freshFor = time.Hour

// decide turns an input into what it changes. It is pure. An error refuses the input: the decision is empty.
func decide(p *Policy, in Input, s State) (Decision, error) {
	switch {
	case in.Message != nil:
		return decideMessage(p, in, s), nil
	case in.Late != nil:
		return decideLate(p, in, s), nil
	case in.Label != nil:
		return decideLabel(p, in, s), nil
	case in.Number != nil:
		return decideNumber(p, in), nil
	case in.Timer != nil:
		return decideTimer(p, in, s), nil
	case in.Team != nil:
		return decideTeam(p, in, s), nil
	case in.Available != nil:
		return decideAvailable(p, in, s)
	case in.Order != nil:
		return decideOrder(p, in, s)
	case in.Opportunity != nil:
		return decideNewOpportunity(p, in, s)
	case in.Change != nil:
		return decideChangeOpportunity(p, in, s)
	case in.Say != nil:
		return decideSay(p, in, s)
	case in.Payment != nil:
		return decidePayment(p, in, s)
	case in.Feedback != nil:
		return decideFeedback(p, in, s)
	}
	return decideByHand(p, in, s)
}

// decideByHand decides what people do with a lead.
func decideByHand(p *Policy, in Input, s State) (Decision, error) {
	switch {
	case in.Create != nil:
		return decideCreate(p, in, s)
	case in.Move != nil:
		return decideMove(p, in, s)
	case in.Delete != nil:
		return decideDelete(p, in, s)
	case in.Update != nil:
		return decideUpdate(p, in, s)
	case in.Merge != nil:
		return decideMerge(p, in, s)
	case in.Erase != nil:
		return decideErase(p, in, s)
	}
	return Decision{}, fmt.Errorf("input %q holds nothing", in.Key)
}

func decideMessage(p *Policy, in Input, s State) Decision {
	m := *in.Message
	if agent, is := p.agent(m, s); is {
		return decideAgent(p, in, s, agent)
	}
	if p.ignores(m.Number, m.Person.Phone) || p.ignores(m.Number, s.Lead.Phone) {
		return Decision{}
	}
	c := p.Conversion.Decide(m, conversion.State{Lead: s.Lead, Transitions: s.Transitions, Matched: s.Matched})
	answers := m.Direction == chat.Inbound && p.answers(m, s, c)
	if !s.Lead.Known() && c.Touch == nil && !answers {
		// Kept for edits, and for the day on which the person turns out to have been a lead by then.
		return Decision{Matched: c.Matched, Unclaimed: p.unclaimed(m, c.Matched)}
	}
	b := newBuilder(p, in, s, m.SentAt, m.Number)
	b.identify(m)
	b.touch(c)
	if !b.lead.Known() {
		b.meet(m)
	}
	b.transit(c.Transitions, in.Key)
	b.claim(s.Unclaimed)
	if c.Returned {
		b.event(LeadReturned, "", returnedData{
			Number: optional(m.Number), Lead: b.leadView(), Source: c.Touch.Source,
			Phrase: optional(c.Touch.Phrase), MessageID: optional(m.ID),
		})
	}
	b.decision.Matched = c.Matched
	b.at = in.At
	switch {
	case m.Direction == chat.Outbound:
		b.wrote(m)
	case answers && in.At.Sub(m.SentAt) > lateAfter:
		b.hearLater(m)
	case answers:
		b.hear(m)
	}
	return b.done()
}

// answers reports whether a lead's message is one for the auto-responses.
func (p *Policy) answers(m chat.Message, s State, c conversion.Decision) bool {
	if !p.Responses.Responds(m.Number) {
		return false
	}
	return p.Responses.Everyone(m.Number) || s.Lead.Known() || c.Touch != nil
}

// decideLate answers a message that came late, now that the number has caught up.
func decideLate(p *Policy, in Input, s State) Decision {
	if !s.Lead.Known() {
		return Decision{} // erased meanwhile
	}
	b := newBuilder(p, in, s, in.At, in.Late.Number)
	b.hear(*in.Late)
	return b.done()
}

// unclaimed is what of a message to somebody who is no lead has to be kept: of its text the phrases alone. Nil when it
// would change nothing for a lead. That the business has written at all matters where leads are answered automatically.
func (p *Policy) unclaimed(m chat.Message, matched []conversion.Match) *chat.Message {
	if m.Direction != chat.Outbound || len(matched) == 0 && !p.Responses.Responds(m.Number) {
		return nil
	}
	phrases := make([]string, len(matched))
	for i, match := range matched {
		phrases[i] = match.Phrase
	}
	m.Text = strings.Join(phrases, "\n")
	return &m
}

func decideNumber(p *Policy, in Input) Decision {
	n := in.Number
	e := newEvent(in, n.Event, n.Number, in.At, "", n.Number, numberData{Number: n.Number, Reason: optional(n.Reason)})
	events := []Event{e}
	return Decision{Events: events, Deliveries: p.deliveries(in, events)}
}
