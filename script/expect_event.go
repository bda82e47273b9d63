package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"leadgate/bot"
	"leadgate/store"
)

// expectEvent is "expect event TYPE [PHONE] [PATH VALUE]…" or "expect no event TYPE [PHONE]".
type expectEvent struct {
	kind   bot.EventType
	who    *phone // nil: whoever it concerns
	values []pathValue
	none   bool // it must not have been recorded
}

// A pathValue is a part of an event's document, and what it has to be.
type pathValue struct {
	path  string
	steps []string
	value any
}

func (*expectEvent) expects() {}

func parseExpectEvent(l *line) (action, error) {
	e := &expectEvent{}
	if err := e.parseSubject(l); err != nil {
		return nil, err
	}
	for l.left() {
		v, err := parsePathValue(l)
		if err != nil {
			return nil, err
		}
		e.values = append(e.values, v)
	}
	return e, nil
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

func parsePathValue(l *line) (pathValue, error) {
	w := l.next()
	v := pathValue{path: w.text, steps: pathSteps(w.text)}
	if w.kind != bareWord || len(v.steps) == 0 {
		return v, fmt.Errorf("%q is no path, like data.lead.source", w.text)
	}
	switch value := l.next(); {
	case value.kind == quotedText:
		v.value = value.text
	case value.text == "" || value.kind == comma:
		return v, fmt.Errorf("a value is missing after %q", w.text)
	default:
		if json.Unmarshal([]byte(value.text), &v.value) != nil {
			v.value = value.text
		}
	}
	return v, nil
}

// pathSteps takes data.lead.stages."Lead Entry" apart; nil when it is no path.
func pathSteps(path string) []string {
	var steps []string
	for {
		var step string
		if quoted, err := strconv.QuotedPrefix(path); err == nil && strings.HasPrefix(path, `"`) {
			if step, err = strconv.Unquote(quoted); err != nil {
				return nil
			}
			path = path[len(quoted):]
		} else {
			end := strings.IndexByte(path, '.')
			if end < 0 {
				end = len(path)
			}
			step, path = path[:end], path[end:]
		}
		if step == "" {
			return nil
		}
		steps = append(steps, step)
		if path == "" {
			return steps
		}
		if path[0] != '.' {
			return nil
		}
		path = path[1:]
	}
}

func (e *expectEvent) check(c *checker) {
	if e.who != nil {
		e.who.check(c)
	}
}

func (e *expectEvent) play(ctx context.Context, p *player) error {
	events, err := p.recorded(ctx)
	if err != nil {
		return err
	}
	leadID := ""
	if e.who != nil {
		lead, err := p.lead(ctx, *e.who)
		if err != nil {
			return err
		}
		leadID = lead.ID
	}
	found := false
	for _, event := range events {
		if event.Type != e.kind || e.who != nil && (leadID == "" || event.LeadID != leadID) {
			continue
		}
		matches, err := e.matches(event)
		if err != nil {
			return err
		}
		found = found || matches
	}
	if found != e.none {
		return nil
	}
	happened, err := p.describe(ctx, e, events)
	if err != nil {
		return err
	}
	return &Failure{Expected: e.String(), Happened: happened}
}

// matches reports whether an event has all the values.
func (e *expectEvent) matches(event store.Event) (bool, error) {
	document, err := decoded(event)
	if err != nil {
		return false, err
	}
	for _, v := range e.values {
		got, there := part(document, v.steps)
		if !there || !reflect.DeepEqual(got, v.value) {
			return false, nil
		}
	}
	return true, nil
}

func decoded(event store.Event) (any, error) {
	var document any
	if err := json.Unmarshal(event.Body, &document); err != nil {
		return nil, fmt.Errorf("read the body of event %q: %w", event.ID, err)
	}
	return document, nil
}

// part is what stands at a path of a document.
func part(document any, steps []string) (value any, there bool) {
	for _, step := range steps {
		switch of := document.(type) {
		case map[string]any:
			if document, there = of[step]; !there {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(of) {
				return nil, false
			}
			document = of[i]
		default:
			return nil, false
		}
	}
	return document, true
}

// String is the expectation in words.
func (e *expectEvent) String() string {
	text := "an event " + string(e.kind)
	if e.none {
		text = "no event " + string(e.kind)
	}
	if e.who != nil {
		text += " of " + e.who.written
	}
	for _, v := range e.values {
		text += fmt.Sprintf(", %s %s", v.path, written(v.value))
	}
	return text
}

// written is a value as JSON has it.
func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
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
			text += " of " + nameOf(string(lead.Phone))
		}
		document, err := decoded(event)
		if err != nil {
			return "", err
		}
		for _, v := range e.values {
			if got, there := part(document, v.steps); event.Type == e.kind && there {
				text += fmt.Sprintf(", %s %s", v.path, written(got))
			} else if event.Type == e.kind {
				text += fmt.Sprintf(", no %s", v.path)
			}
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; "), nil
}

func nameOf(phone string) string {
	if phone == "" {
		return "a lead without a phone"
	}
	return phone
}

// expectNothing is "expect nothing", or with who "expect nothing to PHONE".
type expectNothing struct{ who *phone }

func (*expectNothing) expects() {}

func parseExpectNothing(l *line) (action, error) {
	e := &expectNothing{}
	if !l.accept("to") {
		return e, nil
	}
	if !l.peek().isPhone() {
		return nil, errors.New("a phone is missing; agents are not available in this version")
	}
	who, err := l.phone()
	e.who = &who
	return e, err
}

func (e *expectNothing) check(c *checker) {
	if e.who != nil {
		e.who.check(c)
	}
}

func (e *expectNothing) play(ctx context.Context, p *player) error {
	if e.who != nil {
		return nil // this version writes nothing on WhatsApp
	}
	events, err := p.recorded(ctx)
	if err != nil {
		return err
	}
	var of []store.Event
	for _, event := range events {
		if !strings.HasPrefix(string(event.Type), "number.") {
			of = append(of, event)
		}
	}
	if len(of) == 0 {
		return nil
	}
	happened, err := p.describe(ctx, &expectEvent{}, of)
	if err != nil {
		return err
	}
	return &Failure{Expected: "nothing sent and nothing recorded since the last action", Happened: happened}
}
