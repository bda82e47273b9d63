package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/simulator"
	"leadgate/store"
)

// A console takes what people type after the play, and prints webhooks above it as they arrive.
type console struct {
	*show
	terminal *term.Terminal
	back     <-chan time.Time // when WhatsApp can be reached again; nil while it can
}

// console takes lines until there are no more, or somebody quits.
func (s *show) console(ctx context.Context) error {
	before, err := term.MakeRaw(int(s.keys.Fd()))
	if err != nil {
		return fmt.Errorf("read from the terminal: %w", err)
	}
	defer func() { _ = term.Restore(int(s.keys.Fd()), before) }() // nothing else can be done about it
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{s.keys, s.screen}, "> ")
	s.out = terminal
	c := &console{show: s, terminal: terminal}
	c.fit()
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	c.help()
	lines, next := c.read(ctx)
	for {
		_, more := s.receiver.since(s.shown)
		select {
		case <-ctx.Done():
			return nil
		case <-resized:
			c.fit()
		case <-more:
			s.printNew()
		case <-c.back:
			c.online()
		case line, open := <-lines:
			if !open {
				fmt.Fprint(s.screen, "\r\n") // the prompt stands there
			}
			if !open || line == "quit" || line == "exit" {
				return nil
			}
			if err := c.obey(ctx, line); err != nil {
				s.print(plain, "  ", err.Error())
			}
			next <- struct{}{}
		}
	}
}

// read reads lines, the next one when the one before was obeyed. The end of the input closes the channel, and so does Ctrl-C.
func (c *console) read(ctx context.Context) (lines <-chan string, next chan<- struct{}) {
	read, obeyed := make(chan string), make(chan struct{}, 1)
	go func() {
		defer close(read)
		for {
			line, err := c.terminal.ReadLine()
			if err != nil {
				return
			}
			select {
			case read <- strings.TrimSpace(line):
			case <-ctx.Done():
				return
			}
			select {
			case <-obeyed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return read, obeyed
}

// fit tells the terminal how large it is.
func (c *console) fit() {
	if width, height, err := term.GetSize(int(c.screen.Fd())); err == nil {
		_ = c.terminal.SetSize(width, height) // it fails when it can't repaint: the next line does
	}
}

func columns(terminal *os.File) int {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 80
	}
	return width
}

func (c *console) help() {
	fmt.Fprint(c.out, `
Go on yourself, one line at a time:
  ana: TEXT            a lead writes; a new name is a new person
  phone to ana: TEXT   the business answers on its phone
  offline 10s          WhatsApp is out of reach; what is sent arrives afterwards
  funnel               the funnel, and where the leads stand
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
	names, text := strings.Fields(strings.ToLower(who)), strings.TrimSpace(text)
	switch {
	case !colon || len(names) == 0:
		return errors.New("not understood; type  ana: hello  or help")
	case text == "":
		return fmt.Errorf("there is no text after the colon; type  %s: hello", who)
	case names[0] != "phone":
		return c.leadSays(ctx, title(strings.Join(names, " ")), text)
	case len(names) < 3 || names[1] != "to":
		return fmt.Errorf("say to whom the phone writes; type  phone to ana: %s", text)
	}
	return c.phoneSays(ctx, title(strings.Join(names[2:], " ")), text)
}

// leadSays lets a lead write. The line that was typed stands there already.
func (c *console) leadSays(ctx context.Context, name, text string) error {
	person, err := c.person(name)
	if err != nil {
		return err
	}
	why, err := c.whyNothing(ctx, person.Phone(), chat.Inbound, text)
	if err != nil {
		return err
	}
	if _, err := person.Send(c.account, simulator.Message{Text: text}); err != nil {
		return err
	}
	c.note(why)
	return nil
}

func (c *console) phoneSays(ctx context.Context, name, text string) error {
	person, known := c.people[strings.ToLower(name)]
	if !known {
		return fmt.Errorf("nobody called %s has written yet; type  %s: hello", name, strings.ToLower(name))
	}
	why, err := c.whyNothing(ctx, person.Phone(), chat.Outbound, text)
	if err != nil {
		return err
	}
	if _, err := c.account.Send(person, simulator.Message{Text: text}); err != nil {
		return err
	}
	c.note(why)
	return nil
}

// note says what comes of a message that leads to no webhook now.
func (c *console) note(why string) {
	switch {
	case c.back != nil:
		c.print(plain, "  ", "waits until WhatsApp can be reached again")
	case why != "":
		c.print(plain, "  ", "changes nothing: "+why)
	}
}

// whyNothing says why a message will change nothing, as leadgate explain does; "" when it will change something.
func (c *console) whyNothing(ctx context.Context, phone string, from chat.Direction, text string) (string, error) {
	st, err := store.Open(ctx, c.config.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = st.Close() }() // it only read
	var state conversion.State
	if state.Lead, err = st.LeadByPhone(ctx, chat.Phone(phone)); err != nil {
		return "", err
	}
	kept, err := st.Transitions(ctx, state.Lead.ID, false)
	if err != nil {
		return "", err
	}
	for _, t := range kept {
		state.Transitions = append(state.Transitions, t.Transition)
	}
	e := c.config.Conversion.Explain(chat.Message{
		Number: c.number, ID: "demo", Person: chat.Person{Phone: chat.Phone(phone)}, Direction: from, Text: text, SentAt: time.Now().UTC(),
	}, state)
	if len(e.Decision.Transitions) > 0 || e.Decision.Returned {
		return "", nil
	}
	for _, t := range e.Triggers {
		if t.Found || t.Near != nil {
			return fmt.Sprintf("%q: %s", t.Phrase, t.Detail), nil
		}
	}
	return "none of the phrases is in it; help shows them", nil
}

// offline cuts the number off for a while.
func (c *console) offline(length string) error {
	d, err := time.ParseDuration(length)
	if err != nil || d <= 0 || d > time.Hour {
		return fmt.Errorf("say how long, at most 1h; type  offline 10s")
	}
	c.simulator.Offline(true)
	c.back = time.After(d)
	c.say(c.number, "is offline for "+d.String()+"; go on writing")
	return nil
}

func (c *console) online() {
	c.back = nil
	c.say(c.number, "can be reached again")
	c.simulator.Offline(false)
}

// title is a name with its first letter as a capital.
func title(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return strings.ToUpper(string(r)) + name[size:]
}
