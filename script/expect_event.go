package script

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
)

// expectEvent is "expect event TYPE [PHONE] [PATH VALUE]…" or "expect no event TYPE [PHONE]".
type expectEvent struct {
	kind   bot.EventType
	who    *phone // nil: whoever it concerns
	values []pathValue
	none   bool // it must not have been recorded
}

func (*expectEvent) expects() {}

func parseExpectEvent(l *line) (action, error) {
	e := &expectEvent{}
	if err := e.parseSubject(l); err != nil {
		return nil, err
	}
	var err error
	e.values, err = parsePathValues(l)
	return e, err
}

func parseExpectNoEvent(l *line) (action, error) {
	e := &expectEvent{none: true}
	err := e.parseSubject(l)
	return e, err
}

// parseSubject reads "TYPE [PHONE]".
func (e *expectEvent) parseSubject(l *line) error {
	var err error
	if e.kind, err = l.eventType(); err != nil || !l.peek().isPhone() {
		return err
	}
	who, err := l.phone()
	e.who = &who
	return err
}

func (e *expectEvent) check(c *checker) {
	if e.who != nil {
		e.who.check(c)
	}
	checkValues(c, e.values)
}

func (e *expectEvent) play(ctx context.Context, p *player) error {
	events, err := p.recorded(ctx)
	if err != nil {
		return err
	}
	values, err := p.resolve(ctx, e.values)
	if err != nil {
		return err
	}
	var leads []string
	if e.who != nil {
		if _, err := p.lead(ctx, *e.who); err != nil {
			return err
		}
		leads = p.leads[e.who.phone]
	}
	found := false
	for _, event := range events {
		if event.Type != e.kind || e.who != nil && !slices.Contains(leads, event.LeadID) {
			continue
		}
		document, err := decoded(event)
		if err != nil {
			return err
		}
		found = found || fit(document, values)
	}
	if found != e.none {
		return nil
	}
	happened, err := p.describe(ctx, e, events)
	if err != nil {
		return err
	}
	return &Failure{Expected: e.String() + inWords(values), Happened: happened}
}

func decoded(event store.Event) (any, error) {
	var document any
	if err := json.Unmarshal(event.Body, &document); err != nil {
		return nil, fmt.Errorf("read the body of event %q: %w", event.ID, err)
	}
	return document, nil
}

// String is the expectation in words, without the values.
func (e *expectEvent) String() string {
	text := "an event " + string(e.kind)
	if e.none {
		text = "no event " + string(e.kind)
	}
	if e.who != nil {
		text += " of " + e.who.written
	}
	return text
}

// describe is what was recorded, with the parts to which an expectation looks.
func (p *player) describe(ctx context.Context, e *expectEvent, events []store.Event) (string, error) {
	if len(events) == 0 {
		return "nothing was recorded since the last action", nil
	}
	var parts []string
	for _, event := range events {
		text := string(event.Type)
		if event.LeadID != "" {
			lead, err := p.store.LeadByID(ctx, event.LeadID)
			if err != nil {
				return "", err
			}
			text += " of " + p.nameOf(lead)
		}
		document, err := decoded(event)
		if err != nil {
			return "", err
		}
		if event.Type == e.kind {
			text += found(document, e.values)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; "), nil
}

// nameOf is a lead as a script names them.
func (p *player) nameOf(lead chat.Lead) string {
	if who := p.whom(lead.Phone, lead.LID); who != "" {
		return string(who)
	}
	for who, ids := range p.leads {
		if slices.Contains(ids, lead.ID) {
			return string(who)
		}
	}
	return "a lead without a phone"
}
