package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/store"
)

// phone is what the daemon sends to.
func (r recipient) phone() chat.Phone {
	if r.who != nil {
		return r.who.phone
	}
	return r.agent.Phone
}

// expectMenu is `expect menu KIND to PHONE [options "A", "B", …]`.
type expectMenu struct {
	kind    autoresponse.MenuKind
	who     phone
	options []string // nil: any
}

func (*expectMenu) expects() {}

func parseExpectMenu(l *line) (action, error) {
	kind, err := l.value("first or second")
	if err != nil {
		return nil, err
	}
	kinds := []string{string(autoresponse.First), string(autoresponse.Second)}
	if !has(kinds, kind) {
		return nil, unknown("menu", kind, kinds)
	}
	if !l.accept("to") {
		return nil, fmt.Errorf(`"to" and a phone are missing after %q`, kind)
	}
	e := &expectMenu{kind: autoresponse.MenuKind(kind)}
	if e.who, err = l.phone(); err != nil || !l.accept("options") {
		return e, err
	}
	for {
		option, err := l.value("the label of an option")
		if err != nil {
			return nil, err
		}
		e.options = append(e.options, option)
		if l.peek().kind != comma {
			return e, nil
		}
		l.next()
	}
}

func (e *expectMenu) check(c *checker) { e.who.check(c) }

func (e *expectMenu) play(_ context.Context, p *player) error {
	if slices.ContainsFunc(p.sentTo(e.who.phone, p.sentBefore), e.fits) {
		return nil
	}
	return &Failure{Expected: e.String(), Happened: p.describeSent()}
}

func (e *expectMenu) fits(s sending) bool {
	if !s.isMenu() || s.kind() != e.kind {
		return false
	}
	return e.options == nil ||
		slices.EqualFunc(s.choices(), e.options, func(c choice, label string) bool { return c.is(label) })
}

// String is the expectation in words.
func (e *expectMenu) String() string {
	text := fmt.Sprintf("the %s menu to %s", e.kind, e.who.written)
	if e.options != nil {
		text += " with options " + quoted(e.options)
	}
	return text
}

func quoted(texts []string) string {
	parts := make([]string, len(texts))
	for i, text := range texts {
		parts[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(parts, ", ")
}

func optionLabels(options []autoresponse.Option) string {
	labels := make([]string, len(options))
	for i, o := range options {
		labels[i] = o.Label
	}
	return quoted(labels)
}

// expectMessage is `expect message to PHONE|NAME containing "TEXT"`.
type expectMessage struct {
	to   recipient
	text string
}

func (*expectMessage) expects() {}

func parseExpectMessage(l *line) (action, error) {
	if !l.accept("to") {
		return nil, errors.New(`"to" and a phone or the name of an agent are missing after "message"`)
	}
	e := &expectMessage{}
	var err error
	if e.to, err = l.recipient(); err != nil {
		return nil, err
	}
	if !l.accept("containing") {
		return nil, fmt.Errorf(`"containing" and a text are missing after %s`, e.to.written)
	}
	e.text, err = l.value("a text")
	return e, err
}

func (e *expectMessage) check(c *checker) { e.to.check(c) }

func (e *expectMessage) play(_ context.Context, p *player) error {
	for _, s := range p.sentTo(e.to.phone(), p.sentBefore) {
		if strings.Contains(s.shown(), e.text) {
			return nil
		}
	}
	return &Failure{
		Expected: fmt.Sprintf("a message to %s that contains %q", e.to.written, e.text),
		Happened: p.describeSent(),
	}
}

// expectNothing is "expect nothing", or with somebody "expect nothing to PHONE|NAME".
type expectNothing struct{ to *recipient }

func (*expectNothing) expects() {}

func parseExpectNothing(l *line) (action, error) {
	e := &expectNothing{}
	if !l.accept("to") {
		return e, nil
	}
	to, err := l.recipient()
	e.to = &to
	return e, err
}

func (e *expectNothing) check(c *checker) {
	if e.to != nil {
		e.to.check(c)
	}
}

func (e *expectNothing) play(ctx context.Context, p *player) error {
	if e.to != nil {
		if len(p.sentTo(e.to.phone(), p.sentBefore)) == 0 {
			return nil
		}
		return &Failure{Expected: "nothing sent to " + e.to.written, Happened: p.describeSent()}
	}
	events, err := p.recorded(ctx)
	if err != nil {
		return err
	}
	var happened []string
	if len(p.sentTo("", p.sentBefore)) > 0 {
		happened = append(happened, p.describeSent())
	}
	events = slices.DeleteFunc(events, func(e store.Event) bool { return strings.HasPrefix(string(e.Type), "number.") })
	if len(events) > 0 {
		recorded, err := p.describe(ctx, &expectEvent{}, events)
		if err != nil {
			return err
		}
		happened = append(happened, "recorded "+recorded)
	}
	if len(happened) == 0 {
		return nil
	}
	return &Failure{
		Expected: "nothing sent and nothing recorded since the last action",
		Happened: strings.Join(happened, "; "),
	}
}
