package bot

import (
	"errors"
	"fmt"
	"strings"

	"leadgate/chat"
	"leadgate/conversion"
)

// What an input can be refused for. Nothing was changed.
var (
	ErrNoLead       = errors.New("there is no such lead")
	ErrNoTransition = errors.New("the lead has no such transition")
)

// decide turns an input into what it changes. It is pure. An error refuses the input: the decision is empty.
func decide(p *Policy, in Input, s State) (Decision, error) {
	switch {
	case in.Message != nil:
		return decideMessage(p, in, s), nil
	case in.Number != nil:
		return decideNumber(p, in), nil
	case in.Move != nil:
		return decideMove(p, in, s)
	case in.Delete != nil:
		return decideDelete(p, in, s)
	}
	return Decision{}, fmt.Errorf("input %q holds nothing", in.Key)
}

func decideMessage(p *Policy, in Input, s State) Decision {
	m := *in.Message
	if p.ignores(m.Number, m.Person.Phone) || p.ignores(m.Number, s.Lead.Phone) {
		return Decision{}
	}
	c := p.Conversion.Decide(m, conversion.State{Lead: s.Lead, Transitions: s.Transitions, Matched: s.Matched})
	if !s.Lead.Known() && c.Touch == nil {
		// Kept for edits, and for the day on which the person turns out to have been a lead by then.
		return Decision{Matched: c.Matched, Unclaimed: unclaimed(m, c.Matched)}
	}
	b := newBuilder(p, in, s, m.SentAt, m.Number)
	b.identify(m)
	b.touch(c)
	b.transit(c.Transitions, in.Key)
	b.claim(s.Unclaimed)
	if c.Returned {
		b.event(LeadReturned, "", returnedData{
			Number: optional(m.Number), Lead: b.leadObject(), Source: c.Touch.Source,
			Phrase: optional(c.Touch.Phrase), MessageID: optional(m.ID),
		})
	}
	b.decision.Matched = c.Matched
	return b.done()
}

// unclaimed is what of a message to somebody who is no lead has to be kept: of its text the phrases alone. Nil when it
// would move nobody.
func unclaimed(m chat.Message, matched []conversion.Match) *chat.Message {
	if m.Direction != chat.Outbound || len(matched) == 0 {
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

func decideMove(p *Policy, in Input, s State) (Decision, error) {
	if !s.Lead.Known() {
		return Decision{}, fmt.Errorf("lead %q: %w", in.Move.LeadID, ErrNoLead)
	}
	c, err := p.Conversion.Move(in.Move.Funnel, in.Move.Stage, in.Move.Cause, in.At,
		conversion.State{Lead: s.Lead, Transitions: s.Transitions})
	if err != nil {
		return Decision{}, fmt.Errorf("move lead %q: %w", in.Move.LeadID, err)
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
	for i, t := range b.transitions {
		if t.ID != in.Delete.TransitionID {
			continue
		}
		b.transitions = append(b.transitions[:i:i], b.transitions[i+1:]...)
		b.decision.Deleted = t.ID
		b.number = t.Number
		b.event(TransitionDeleted, t.ID, deletedData{
			Number: optional(t.Number), Lead: b.leadObject(), Funnel: t.Funnel, TransitionID: t.ID, Stage: t.To,
		})
		return b.done(), nil
	}
	return Decision{}, fmt.Errorf("transition %q of lead %q: %w", in.Delete.TransitionID, in.Delete.LeadID, ErrNoTransition)
}

// The data of the events, in the words of the contract.
type (
	createdData struct {
		Number *string     `json:"number"`
		Lead   leadObject  `json:"lead"`
		Cause  *chat.Cause `json:"cause"`
	}
	updatedData struct {
		Number *string    `json:"number"`
		Lead   leadObject `json:"lead"`
	}
	mergedData struct {
		Number   *string    `json:"number"`
		Lead     leadObject `json:"lead"`
		MergedID string     `json:"merged_id"`
	}
	returnedData struct {
		Number    *string    `json:"number"`
		Lead      leadObject `json:"lead"`
		Source    string     `json:"source"`
		Phrase    *string    `json:"phrase"`
		MessageID *string    `json:"message_id"`
	}
	stageData struct {
		Number       *string    `json:"number"`
		Lead         leadObject `json:"lead"`
		Funnel       string     `json:"funnel"`
		From         *string    `json:"from"`
		To           string     `json:"to"`
		Cause        chat.Cause `json:"cause"`
		Phrase       *string    `json:"phrase"`
		MessageID    *string    `json:"message_id"`
		TransitionID string     `json:"transition_id"`
	}
	deletedData struct {
		Number       *string    `json:"number"`
		Lead         leadObject `json:"lead"`
		Funnel       string     `json:"funnel"`
		TransitionID string     `json:"transition_id"`
		Stage        string     `json:"stage"`
	}
	numberData struct {
		Number string  `json:"number"`
		Reason *string `json:"reason"`
	}
)
