package script

import (
	"context"
	"fmt"
	"slices"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
)

// agentWrites is "agent NAME [to NUMBER]: TEXT".
type agentWrites struct {
	name   string
	to     string // "": as before
	text   string
	agent  routing.Agent
	number string // the one that to means in the configuration; "" when only the conversation tells
}

func parseAgent(l *line) (action, error) {
	w := &agentWrites{}
	var err error
	if w.name, err = l.value("the name of an agent"); err != nil {
		return nil, err
	}
	if l.accept("to") {
		if w.to, err = l.value("the name of a number"); err != nil {
			return nil, err
		}
	}
	w.text, err = l.message()
	return w, err
}

func (w *agentWrites) check(c *checker) {
	w.agent = c.agent(w.name)
	if w.number = c.usualNumber(w.agent.Phone, w.to); w.number != "" {
		c.writesTo(w.agent.Phone, w.number)
	}
}

func (w *agentWrites) play(ctx context.Context, p *player) error {
	if sent := p.sentTo(w.agent.Phone, 0); w.number == "" && len(sent) > 0 {
		w.number = sent[len(sent)-1].number // they answer where they were told
	}
	if w.number == "" {
		return fmt.Errorf(`"to NUMBER" is missing: there are several numbers, and none has written to %s`, w.name)
	}
	who := p.person(phone{written: w.name, phone: w.agent.Phone})
	who.name = w.name
	who.hide() // WhatsApp knows everybody by a LID, too
	m := p.inbound(w.number)
	m.Person, m.Text = who.show(), w.text
	return p.act(ctx, m)
}

// labelsChat is `phone NUMBER labels PHONE "ST"`, or unlabels.
type labelsChat struct {
	number string
	who    phone
	label  string
	on     bool
}

func parseLabels(number string, on bool, l *line) (action, error) {
	a := &labelsChat{number: number, on: on}
	var err error
	if a.who, err = l.phone(); err == nil {
		a.label, err = l.value("the name of a stage")
	}
	return a, err
}

func (a *labelsChat) check(c *checker) {
	a.who.check(c)
	c.number(a.number)
	c.label(a.label)
}

func (a *labelsChat) play(ctx context.Context, p *player) error {
	at := labelled{a.number, a.who.phone}
	others := slices.DeleteFunc(p.labelled[at], func(label string) bool { return label == a.label })
	if p.labelled[at] = others; a.on {
		p.labelled[at] = append(others, a.label)
	}
	return p.bring(ctx, a.number, bot.Input{Key: p.key("label"), Label: &chat.LabelChange{
		Number: a.number, Person: p.person(a.who).addressed(), Label: a.label, On: a.on, At: p.whatsAppTime(),
	}})
}
