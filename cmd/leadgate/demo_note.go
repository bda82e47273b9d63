package main

import (
	"context"
	"fmt"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/store"
)

// explained lets a message be sent, and says what comes of it when no webhook does.
func (c *console) explained(ctx context.Context, p *person, from chat.Direction, text string, send func() error) error {
	before, err := c.note(ctx, p, from, text)
	if err != nil {
		return err
	}
	if err := send(); err != nil {
		return err
	}
	if c.waits() {
		return nil
	}
	if err := c.settle(ctx, demoNumber); err != nil {
		return err
	}
	after, err := c.note(ctx, p, from, text)
	if err != nil || after.events > before.events {
		return err
	}
	switch {
	case after.status == before.status && before.status == "":
		c.print(plain, "  changes nothing: ", before.why)
	case after.status == before.status:
		c.print(plain, "  changes nothing: ", before.why+"; "+p.name+" "+standing(after.status, after.agent))
	case after.status == chat.ChatTaken:
		c.print(plain, "  the menu is over: ", "a person has taken over, and nothing automatic is said in this chat any more")
	}
	return nil
}

// A note is how things stand with a person.
type note struct {
	why    string // the message would change nothing in the funnel; "" when it would
	events int    // that concern them
	status chat.Status
	agent  string
}

func (c *console) note(ctx context.Context, p *person, from chat.Direction, text string) (n note, err error) {
	st, err := store.Open(ctx, c.config.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return n, err
	}
	defer func() { _ = st.Close() }() // it only read
	lead, err := st.LeadByPhone(ctx, chat.Phone(p.Phone()))
	if err != nil {
		return n, err
	}
	state := conversion.State{Lead: lead}
	kept, err := st.Transitions(ctx, lead.ID, false)
	if err != nil {
		return n, err
	}
	for _, t := range kept {
		state.Transitions = append(state.Transitions, t.Transition)
	}
	n.why = c.whyNothing(p, from, text, state)
	if !lead.Known() {
		return n, nil
	}
	const all = 1000
	events, err := st.Events(ctx, store.EventFilter{LeadID: lead.ID}, all)
	if err != nil {
		return n, err
	}
	chats, err := st.Chats(ctx, store.ChatFilter{LeadID: lead.ID, Number: demoNumber, Open: true}, 1)
	if err != nil {
		return n, err
	}
	n.events = len(events)
	for _, open := range chats {
		n.status, n.agent = open.Status, open.Agent
	}
	return n, nil
}

// whyNothing says why a message changes nothing in the funnel, as leadgate explain does; "" when it changes something.
func (c *console) whyNothing(p *person, from chat.Direction, text string, state conversion.State) string {
	e := c.config.Conversion.Explain(chat.Message{
		Number: demoNumber, ID: "demo", Person: chat.Person{Phone: chat.Phone(p.Phone())}, Direction: from, Text: text, SentAt: time.Now().UTC(),
	}, state)
	if len(e.Decision.Transitions) > 0 || e.Decision.Returned {
		return ""
	}
	for _, t := range e.Triggers {
		if t.Found || t.Near != nil {
			return fmt.Sprintf("%q: %s", t.Phrase, t.Detail)
		}
	}
	return "none of the phrases is in it"
}
