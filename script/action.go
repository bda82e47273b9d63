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
	if w.number = w.to; w.number == "" {
		w.number = c.writes[w.who.phone]
	}
	if numbers := c.config.Numbers; w.number == "" && len(numbers) == 1 {
		w.number = numbers[0].Name
	}
	if w.number == "" {
		c.fail(`"to NUMBER" is missing: there are several numbers`)
		return
	}
	c.number(w.number)
	c.writes[w.who.phone] = w.number
}

func (w *leadWrites) play(ctx context.Context, p *player) error {
	who := p.person(w.who)
	if w.name != "" {
		who.name = w.name
	}
	m := chat.Message{
		Number: w.number, ID: p.messageID(), Direction: chat.Inbound, Text: w.text,
		SentAt: p.whatsAppTime(), FromLink: w.link,
	}
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

// edit is "lead PHONE edits: TEXT".
type edit struct {
	who  phone
	text string
}

func (e *edit) check(c *checker) { c.wroteBefore(&e.who) }

func (e *edit) play(ctx context.Context, p *player) error {
	who := p.person(e.who)
	m := *who.last
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
	if err := p.deliver(ctx, m); err != nil {
		return err
	}
	return p.passUntil(ctx, p.now.Add(perAction))
}

// whatsAppTime is the time that WhatsApp gives to a message that is written now.
func (p *player) whatsAppTime() time.Time { return p.now.UTC().Truncate(time.Second) }

// connection is "number NUMBER offline" or "online".
type connection struct {
	number string
	online bool
}

func (n *connection) check(c *checker) { c.number(n.number) }

func (n *connection) play(ctx context.Context, p *player) error {
	if p.offline[n.number] != n.online {
		state := "offline"
		if n.online {
			state = "online"
		}
		return fmt.Errorf("number %q is %s already", n.number, state)
	}
	p.offline[n.number] = !n.online
	change := &bot.NumberChange{Number: n.number, Event: bot.NumberDisconnected, Reason: "the script says so"}
	if n.online {
		change.Event, change.Reason = bot.NumberConnected, ""
	}
	key := fmt.Sprintf("number/%s/%s/%d", n.number, change.Event, p.now.UnixNano())
	if err := p.handle(ctx, bot.Input{Key: key, Number: change}); err != nil {
		return err
	}
	if n.online {
		waiting := p.waiting[n.number]
		delete(p.waiting, n.number)
		for _, m := range waiting {
			if err := p.deliver(ctx, m); err != nil {
				return err
			}
		}
	}
	return p.passUntil(ctx, p.now.Add(perAction))
}

// restart is "restart": the daemon ends and starts again, with nothing but what it has on disk.
type restart struct{}

func (restart) check(*checker) {}

func (restart) play(ctx context.Context, p *player) error {
	if err := p.store.Close(); err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	return p.passUntil(ctx, p.now.Add(perAction))
}
