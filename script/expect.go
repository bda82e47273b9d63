package script

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"leadgate/chat"
	"leadgate/conversion"
)

// An expectation is an action that only looks.
type expectation interface {
	action
	expects()
}

// expectLead is "expect lead PHONE …", and with nothing but a stage "expect stage PHONE …". What is "" may be anything.
type expectLead struct {
	who           phone
	source, last  string
	stage, funnel string
	name          string
	fields        [][2]string
}

func (*expectLead) expects() {}

func parseExpectLead(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	e := &expectLead{who: who}
	for err == nil && l.left() {
		switch w := l.next(); w.text {
		case "source":
			e.source, err = l.value("a source")
		case "last":
			e.last, err = l.value("a source")
		case "stage":
			e.stage, err = l.value("the name of a stage")
		case "funnel":
			e.funnel, err = l.value("the name of a funnel")
		case "name":
			e.name, err = l.value("a name")
		case "field":
			var field [2]string
			if field[0], err = l.value("the name of a field"); err == nil {
				field[1], err = l.value("the value of a field")
			}
			e.fields = append(e.fields, field)
		default:
			err = unknown("property", w.text, []string{"source", "last", "stage", "funnel", "name", "field"})
		}
	}
	if err == nil && e.funnel != "" && e.stage == "" {
		err = fmt.Errorf(`"funnel" goes with a stage`)
	}
	return e, err
}

func parseExpectStage(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	e := &expectLead{who: who}
	if e.stage, err = l.value("the name of a stage"); err != nil {
		return nil, err
	}
	if l.accept("funnel") {
		e.funnel, err = l.value("the name of a funnel")
	}
	return e, err
}

func (e *expectLead) check(c *checker) {
	e.who.check(c)
	c.stage(e.funnel, e.stage)
}

func (e *expectLead) play(ctx context.Context, p *player) error {
	lead, err := p.lead(ctx, e.who)
	if err != nil {
		return err
	}
	if !lead.Known() {
		return &Failure{Expected: e.String(), Happened: "there is no such lead"}
	}
	standing, err := p.standing(ctx, lead)
	if err != nil {
		return err
	}
	var other []string
	differs := func(what, want, got string) {
		if want != "" && want != got {
			other = append(other, fmt.Sprintf("%s %q", what, got))
		}
	}
	differs("source", e.source, lead.Source)
	differs("last source", e.last, lead.LastSource)
	differs("name", e.name, lead.Name)
	for _, f := range e.fields {
		if got, set := lead.Fields[f[0]]; got != f[1] || !set {
			other = append(other, fmt.Sprintf("field %s %q", f[0], got))
		}
	}
	if e.stage != "" && !e.stands(standing) {
		other = append(other, describe(standing))
	}
	if len(other) > 0 {
		return &Failure{Expected: e.String(), Happened: fmt.Sprintf("lead %s has %s", e.who.written, strings.Join(other, ", "))}
	}
	return nil
}

// stands reports whether a lead who stands like this is where it is expected.
func (e *expectLead) stands(standing []place) bool {
	for _, at := range standing {
		if at.stage == e.stage && (e.funnel == "" || at.funnel == e.funnel) {
			return true
		}
	}
	return false
}

// String is the expectation in words.
func (e *expectLead) String() string {
	text := "a lead " + e.who.written
	add := func(what, value string) {
		if value != "" {
			text += fmt.Sprintf(", %s %q", what, value)
		}
	}
	add("source", e.source)
	add("last source", e.last)
	add("stage", e.stage)
	add("funnel", e.funnel)
	add("name", e.name)
	for _, f := range e.fields {
		add("field "+f[0], f[1])
	}
	return text
}

// A place is where a lead stands in one funnel.
type place struct{ funnel, stage string }

// standing is where a lead stands, in the order of the funnels.
func (p *player) standing(ctx context.Context, lead chat.Lead) ([]place, error) {
	kept, err := p.store.Transitions(ctx, lead.ID, false)
	if err != nil {
		return nil, err
	}
	transitions := make([]conversion.Transition, len(kept))
	for i, t := range kept {
		transitions[i] = t.Transition
	}
	var places []place
	for _, f := range p.config.Conversion.Funnels() {
		if stage := conversion.Standing(transitions, f.Name); stage != "" {
			places = append(places, place{funnel: f.Name, stage: stage})
		}
	}
	return places, nil
}

func describe(standing []place) string {
	if len(standing) == 0 {
		return "no stage"
	}
	parts := make([]string, len(standing))
	for i, at := range standing {
		parts[i] = fmt.Sprintf("stage %q of funnel %q", at.stage, at.funnel)
	}
	return strings.Join(parts, ", ")
}

// lead finds a person's lead by phone, or, while that is not known, by LID; and remembers who they have been.
func (p *player) lead(ctx context.Context, who phone) (chat.Lead, error) {
	lead, err := p.store.LeadByPhone(ctx, who.phone)
	if known := p.people[who.phone]; err == nil && !lead.Known() && known != nil && known.lid != "" {
		lead, err = p.store.LeadByLID(ctx, known.lid)
	}
	if ids := p.leads[who.phone]; lead.Known() && !has(ids, lead.ID) {
		p.leads[who.phone] = append(ids, lead.ID)
	}
	return lead, err
}

// expectNoLead is "expect no lead PHONE".
type expectNoLead struct{ who phone }

func (*expectNoLead) expects() {}

func parseExpectNoLead(l *line) (action, error) {
	who, err := l.phone()
	return &expectNoLead{who: who}, err
}

func (e *expectNoLead) check(c *checker) { e.who.check(c) }

func (e *expectNoLead) play(ctx context.Context, p *player) error {
	lead, err := p.lead(ctx, e.who)
	if err != nil || !lead.Known() {
		return err
	}
	standing, err := p.standing(ctx, lead)
	if err != nil {
		return err
	}
	return &Failure{
		Expected: "no lead " + e.who.written,
		Happened: fmt.Sprintf("there is one, with source %q and %s", lead.Source, describe(standing)),
	}
}

// expectFunnel is `expect funnel "F" "ST" N, …`: how many leads ever reached each stage.
type expectFunnel struct {
	funnel string
	stages []string
	counts []int
}

func (*expectFunnel) expects() {}

func parseExpectFunnel(l *line) (action, error) {
	e := &expectFunnel{}
	var err error
	if e.funnel, err = l.value("the name of a funnel"); err != nil {
		return nil, err
	}
	for {
		stage, err := l.value("the name of a stage")
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(l.next().text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("how many leads are expected in %q?", stage)
		}
		e.stages, e.counts = append(e.stages, stage), append(e.counts, n)
		if l.peek().kind != comma {
			return e, nil
		}
		l.next()
	}
}

func (e *expectFunnel) check(c *checker) {
	for _, stage := range e.stages {
		c.stage(e.funnel, stage)
	}
}

func (e *expectFunnel) play(ctx context.Context, p *player) error {
	counts, err := p.store.FunnelCounts(ctx, e.funnel, e.stages)
	if err != nil {
		return err
	}
	var want, got []string
	equal := true
	for i, c := range counts {
		want = append(want, fmt.Sprintf("%q %d", e.stages[i], e.counts[i]))
		got = append(got, fmt.Sprintf("%q %d", c.Stage, c.Leads))
		equal = equal && c.Leads == e.counts[i]
	}
	if equal {
		return nil
	}
	return &Failure{Expected: strings.Join(want, ", "), Happened: strings.Join(got, ", ")}
}
