package script

import (
	"context"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/chat"
)

// leadWrites is "lead PHONE …: TEXT".
type leadWrites struct {
	who    phone
	name   string // "": as before
	to     string // "": as before
	ad     *ad
	link   bool
	hidden bool
	text   string // a caption is a text like any other, once WhatsApp's wrapping is off
	number string // the one that to means in the configuration
}

// An ad is what opened the chat.
type ad struct {
	unknown   bool // marked, without a card
	id, click string
}

func (w *leadWrites) check(c *checker) {
	w.who.check(c)
	w.number = c.writesTo(w.who.phone, w.to)
}

// writesTo is the number that somebody writes to.
func (c *checker) writesTo(who chat.Phone, named string) string {
	number := c.usualNumber(who, named)
	if number == "" {
		c.fail(`"to NUMBER" is missing: there are several numbers`)
		return ""
	}
	c.number(number)
	c.writes[who] = number
	return number
}

// usualNumber is the number that the statement names, else the one that somebody wrote to last, else the only one; "" when
// there are several.
func (c *checker) usualNumber(who chat.Phone, named string) string {
	if named == "" {
		named = c.writes[who]
	}
	if numbers := c.config.Numbers; named == "" && len(numbers) == 1 {
		named = numbers[0].Name
	}
	return named
}

func (w *leadWrites) play(ctx context.Context, p *player) error {
	who := p.person(w.who)
	if w.name != "" {
		who.name = w.name
	}
	m := p.inbound(w.number)
	m.Text, m.FromLink = w.text, w.link
	if w.hidden {
		m.Person = who.hide()
	} else {
		m.Person = who.show()
	}
	if w.ad != nil {
		m.Ad = &chat.Ad{SourceID: w.ad.id, ClickID: w.ad.click}
	}
	who.last = &m
	return p.act(ctx, m)
}

// inbound is a new message to a number, without its words.
func (p *player) inbound(number string) chat.Message {
	return chat.Message{Number: number, ID: p.messageID(), Direction: chat.Inbound, SentAt: p.whatsAppTime()}
}

// edit is "lead PHONE edits: TEXT".
type edit struct {
	who  phone
	text string
}

func (e *edit) check(c *checker) { c.wroteBefore(&e.who) }

func (e *edit) play(ctx context.Context, p *player) error {
	who := p.person(e.who)
	m := *who.last
	if m.Answer != nil {
		return fmt.Errorf("lead %s tapped last, and what is tapped can't be edited", e.who.written)
	}
	m.EditID, m.Text, m.SentAt, m.Ad, m.FromLink = p.messageID(), e.text, p.whatsAppTime(), nil, false
	who.last = &m
	return p.act(ctx, m)
}

// again is "lead PHONE again": WhatsApp delivers their last message a second time.
type again struct{ who phone }

func (a *again) check(c *checker) { c.wroteBefore(&a.who) }

func (a *again) play(ctx context.Context, p *player) error { return p.act(ctx, *p.person(a.who).last) }

// wroteBefore checks that a lead has a last message.
func (c *checker) wroteBefore(who *phone) {
	who.check(c)
	if c.err == nil && c.writes[who.phone] == "" {
		c.fail("%s has not written anything before", who.written)
	}
}

// businessWrites is "phone NUMBER to PHONE: TEXT".
type businessWrites struct {
	number string
	who    phone
	text   string
}

func (w *businessWrites) check(c *checker) {
	w.who.check(c)
	c.number(w.number)
}

func (w *businessWrites) play(ctx context.Context, p *player) error {
	return p.act(ctx, chat.Message{
		Number: w.number, ID: p.messageID(), Person: p.person(w.who).addressed(), Direction: chat.Outbound, Text: w.text,
		SentAt: p.whatsAppTime(),
	})
}

// act is an action that brings one message.
func (p *player) act(ctx context.Context, m chat.Message) error {
	return p.bring(ctx, m.Number, bot.Input{Key: m.Key(), Message: &m})
}

// bring is an action by which WhatsApp brings a number something: at once, or when it is online again.
func (p *player) bring(ctx context.Context, number string, in bot.Input) error {
	if p.offline[number] {
		p.waiting[number] = append(p.waiting[number], in)
	} else if err := p.decide(ctx, in); err != nil {
		return err
	}
	return p.carryOn(ctx)
}

// whatsAppTime is the time that WhatsApp gives to a message that is written now.
func (p *player) whatsAppTime() time.Time { return p.now.UTC().Truncate(time.Second) }
