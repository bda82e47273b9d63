package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"leadgate/chat"
)

// help says what can be typed.
func (c *console) help() {
	fmt.Fprint(c.out, `
Go on yourself, one line at a time:
  ana: TEXT            a lead writes; a new name is a new person
  ana taps OPTION      a lead taps an option of the menu on their phone
  phone to ana: TEXT   the business answers on its phone
  maria: /help         an agent asks what agents can do; joao is one, too
  offline 10s          WhatsApp is out of reach; what is sent arrives afterwards
  funnel               the funnel, the leads, and who has their chats
  webhooks             everything that the CRM received
  help, quit
What counts, anywhere in a text:
`)
	for _, funnel := range c.config.Funnels.Funnels {
		for i, stage := range funnel.Stages {
			for _, t := range stage.Triggers {
				if i == 0 {
					fmt.Fprintf(c.out, "  a lead's             %-34s source %q\n", t.Phrase, t.Source)
				} else {
					fmt.Fprintf(c.out, "  the business's       %-34s stage %q\n", t.Phrase, stage.Name)
				}
			}
		}
	}
}

// obey carries out a line. Its errors tell the person what to type instead.
func (c *console) obey(ctx context.Context, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToLower(verb) {
	case "":
		return nil
	case "help":
		c.help()
		return nil
	case "funnel":
		return c.printFunnel(ctx)
	case "webhooks":
		return c.printWebhooks()
	case "offline":
		return c.offline(strings.TrimSpace(rest))
	}
	who, text, colon := strings.Cut(line, ":")
	if name, option, taps := strings.Cut(line, " taps "); taps && len(name) < len(who) {
		return c.tap(strings.TrimSpace(name), strings.TrimSpace(option))
	}
	names, text := strings.Fields(strings.ToLower(who)), strings.TrimSpace(text)
	switch {
	case !colon || len(names) == 0:
		return errors.New("not understood; type  ana: hello  or help")
	case text == "":
		return fmt.Errorf("there is no text after the colon; type  %s: hello", who)
	case names[0] != "phone":
		return c.personSays(ctx, title(strings.Join(names, " ")), text)
	case len(names) < 3 || names[1] != "to":
		return fmt.Errorf("say to whom the phone writes; type  phone to ana: %s", text)
	}
	return c.phoneSays(ctx, title(strings.Join(names[2:], " ")), text)
}

// personSays lets a lead or an agent write. The line that was typed stands there already.
func (c *console) personSays(ctx context.Context, name, text string) error {
	p, err := c.person(name)
	if err != nil {
		return err
	}
	if p.agent {
		return c.agentSays(p, text)
	}
	return c.explained(ctx, p, chat.Inbound, text, func() error { return c.writes(p, demoNumber, text) })
}

// agentSays lets an agent write, who is answered on their phone when it is a command.
func (c *console) agentSays(p *person, text string) error {
	if !strings.HasPrefix(text, "/") {
		return fmt.Errorf("what an agent writes is a command or nothing; type  %s: /help", p.name)
	}
	if err := c.writes(p, demoNumber, text); err != nil {
		return err
	}
	c.waits()
	return nil
}

func (c *console) phoneSays(ctx context.Context, name, text string) error {
	p, known := c.people[strings.ToLower(name)]
	if !known {
		return fmt.Errorf("nobody called %s has written yet; type  %s: hello", name, strings.ToLower(name))
	}
	return c.explained(ctx, p, chat.Outbound, text, func() error { return c.answers(p, demoNumber, text) })
}

// tap lets somebody tap an option of the menu that their phone shows.
func (c *console) tap(name, said string) error {
	p, known := c.people[strings.ToLower(name)]
	if !known {
		return fmt.Errorf("nobody called %s has written yet; type  %s: hello", title(name), strings.ToLower(name))
	}
	option, err := p.option(said)
	if err != nil {
		return err
	}
	if err := c.taps(p, option); err != nil {
		return err
	}
	c.waits()
	return nil
}

// waits says so when what was sent can't arrive yet.
func (c *console) waits() (yes bool) {
	if c.back != nil {
		c.print(plain, "  ", "waits until WhatsApp can be reached again")
	}
	return c.back != nil
}

// offline cuts the number off for a while.
func (c *console) offline(length string) error {
	d, err := time.ParseDuration(length)
	if err != nil || d <= 0 || d > time.Hour {
		return fmt.Errorf("say how long, at most 1h; type  offline 10s")
	}
	c.simulator.Offline(true)
	c.back = time.After(d)
	c.say(demoNumber, "is offline for "+d.String()+"; go on writing")
	return nil
}

func (c *console) online() {
	c.back = nil
	c.say(demoNumber, "can be reached again")
	c.simulator.Offline(false)
}

// title is a name with its first letter as a capital.
func title(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return strings.ToUpper(string(r)) + name[size:]
}
