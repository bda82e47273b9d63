package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leadgate/opportunity"
	"leadgate/store"
)

// expectOpportunity is `expect opportunity PHONE type "T" …`: one of the lead's has all the properties.
type expectOpportunity struct {
	who        phone
	properties []property
}

// A property is what something has to have. "" is none.
type property struct{ name, value string }

func (*expectOpportunity) expects() {}

func parseExpectOpportunity(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	e := &expectOpportunity{who: who}
	known := []string{"type", "value", "stage", "owner", "status"}
	for l.left() {
		w := l.next()
		if !has(known, w.text) {
			return nil, unknown("property", w.text, known)
		}
		value, err := l.value("a value for " + w.text)
		if err != nil {
			return nil, err
		}
		e.properties = append(e.properties, property{w.text, value})
	}
	if !slices.ContainsFunc(e.properties, func(p property) bool { return p.name == "type" }) {
		return nil, errors.New(`"type" and the type of an opportunity are missing`)
	}
	return e, nil
}

func (e *expectOpportunity) check(c *checker) {
	e.who.check(c)
	var of opportunity.Type
	for _, p := range e.properties {
		if p.name == "type" {
			of = c.opportunityType(p.value)
		}
	}
	for _, p := range e.properties {
		switch {
		case p.name == "owner" && p.value != "":
			c.agent(p.value)
		case p.name == "stage" && !has(of.Stages, p.value):
			c.fail("%w", unknown("stage", p.value, of.Stages))
		case p.name == "status":
			known := []string{string(opportunity.Open), string(opportunity.Won), string(opportunity.Lost)}
			if !has(known, p.value) {
				c.fail("%w", unknown("status", p.value, known))
			}
		}
	}
}

func (e *expectOpportunity) play(ctx context.Context, p *player) error {
	all, err := p.opportunities(ctx, e.who)
	if err != nil || slices.ContainsFunc(all, e.fits) {
		return err
	}
	return &Failure{Expected: e.String(), Happened: "there are " + describeOpportunities(all)}
}

func (e *expectOpportunity) fits(o store.Opportunity) bool {
	for _, p := range e.properties {
		got := map[string]string{
			"type": o.Type, "value": o.Value, "stage": o.Stage, "owner": o.Owner, "status": string(o.Status),
		}
		if got[p.name] != p.value {
			return false
		}
	}
	return true
}

// String is the expectation in words.
func (e *expectOpportunity) String() string {
	text := "an opportunity of " + e.who.written
	for _, p := range e.properties {
		text += fmt.Sprintf(", %s %q", p.name, p.value)
	}
	return text
}

// opportunities are those of a person, whatever their status; none of somebody who is no lead.
func (p *player) opportunities(ctx context.Context, who phone) ([]store.Opportunity, error) {
	lead, err := p.lead(ctx, who)
	if err != nil || !lead.Known() {
		return nil, err
	}
	return p.store.Opportunities(ctx, store.OpportunityFilter{LeadID: lead.ID}, everything)
}

func describeOpportunities(all []store.Opportunity) string {
	if len(all) == 0 {
		return "none"
	}
	parts := make([]string, len(all))
	for i, o := range all {
		parts[i] = fmt.Sprintf("%q", o.Type)
		if o.Value != "" {
			parts[i] += fmt.Sprintf(" value %q", o.Value)
		}
		owner := o.Owner
		if owner == "" {
			owner = "nobody"
		}
		parts[i] += fmt.Sprintf(" (stage %q, owner %s, %s)", o.Stage, owner, o.Status)
	}
	return strings.Join(parts, ", ")
}

// expectOpportunities is "expect opportunities PHONE N": so many are open.
type expectOpportunities struct {
	who phone
	n   int
}

func (*expectOpportunities) expects() {}

func parseExpectOpportunities(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	e := &expectOpportunities{who: who}
	e.n, err = l.count("number of opportunities")
	return e, err
}

func (e *expectOpportunities) check(c *checker) { e.who.check(c) }

func (e *expectOpportunities) play(ctx context.Context, p *player) error {
	all, err := p.opportunities(ctx, e.who)
	if err != nil {
		return err
	}
	n := 0
	for _, o := range all {
		if o.Status == opportunity.Open {
			n++
		}
	}
	if n == e.n {
		return nil
	}
	return &Failure{
		Expected: fmt.Sprintf("%d open opportunities of %s", e.n, e.who.written),
		Happened: fmt.Sprintf("%d; there are %s", n, describeOpportunities(all)),
	}
}
