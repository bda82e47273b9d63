package main

import (
	"context"
	"fmt"
)

// demoRefusal is the code with which WhatsApp refuses the form of a menu.
const demoRefusal = 479

// A menuForm is one of the ways in which a menu is shown and answered.
type menuForm struct {
	lead, number string
	does, said   string
	types        bool // the answer; else it is tapped
}

func menuForms() []menuForm {
	return []menuForm{
		{lead: "Ana", number: demoNumber, does: "taps in the list", said: "AI"},
		{lead: "Bia", number: "evening-desk", does: "taps the button", said: "Data Science"},
		{lead: "Caio", number: "campus", does: "votes in the poll", said: "Other queries"},
		{lead: "Davi", number: demoNumber, does: "types the number", said: "2", types: true},
		{lead: "Eva", number: demoNumber, does: "types the label", said: "other queries", types: true},
	}
}

// playMenus shows one menu as a list, as buttons, as a poll and as text, and everything that a lead can do with it.
func (s *show) playMenus(ctx context.Context) error {
	s.print(plain, "", "leadgate demo --menus: one menu in its forms, answered in five ways, by the real WhatsApp client.")
	for _, n := range s.config.Numbers {
		if err := s.pair(ctx, n.Name); err != nil {
			return err
		}
	}
	if err := s.addAgents(); err != nil {
		return err
	}
	for i, f := range menuForms() {
		fmt.Fprintln(s.out)
		if f.types && !menuForms()[i-1].types {
			s.accounts[f.number].RefuseForms(demoRefusal)
			s.say("WhatsApp", fmt.Sprintf("refuses %s's lists from now on (error %d)", f.number, demoRefusal))
		}
		if err := s.playForm(ctx, i, f); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// playForm lets a lead be asked and answer, after so many webhooks.
func (s *show) playForm(ctx context.Context, webhooks int, f menuForm) error {
	lead, err := s.person(f.lead)
	if err != nil {
		return err
	}
	const hello = "Hello!"
	err = s.scene(ctx, webhooks, f.lead+" writes to "+f.number, hello, func() error { return s.writes(lead, f.number, hello) }, lead)
	if err != nil {
		return err
	}
	return s.scene(ctx, webhooks+1, f.lead+" "+f.does, f.said, func() error {
		if f.types {
			return s.writes(lead, f.number, f.said)
		}
		return s.taps(lead, f.said)
	})
}
