package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"leadgate/simulator"
	"leadgate/store"
)

// A show plays the conversation on a demo stage and prints what happens.
type show struct {
	*demoStage
	out    io.Writer
	screen *os.File                     // the terminal that out is; nil for none: then nobody reads along
	keys   *os.File                     // the same terminal's keyboard
	people map[string]*simulator.Person // by lower-case name
	shown  int                          // webhooks that were printed
}

const (
	anaWrites    = "Hi, I came from Instagram and wanted to know more about the product!"
	phoneAnswers = "Thank you for scheduling with us! Your time is: 3:00 PM"
	anaPhone     = "+5511911112222"
)

// readingPause is how long a line stands on a terminal before the next one comes.
const readingPause = 1200 * time.Millisecond

// play is the conversation of the README, and on a terminal whatever people type afterwards.
func (s *show) play(ctx context.Context) error {
	s.people = map[string]*simulator.Person{}
	s.print(plain, "", "leadgate demo: the real WhatsApp client on a simulated WhatsApp. Nothing leaves this machine.")
	fmt.Fprintln(s.out)
	if err := s.pair(ctx); err != nil {
		return err
	}
	s.say("front-desk", "scanned the QR code: leadgate is a linked device of "+s.account.Phone())
	if err := s.scene(ctx, 2, func() error { return s.leadWrites("Ana", anaWrites) }); err != nil {
		return err
	}
	if err := s.scene(ctx, 3, func() error { return s.phoneWrites("Ana", phoneAnswers) }); err != nil {
		return err
	}
	if err := s.printFunnel(ctx); err != nil {
		return err
	}
	if s.screen != nil {
		return s.console(ctx)
	}
	return s.printWebhooks()
}

// scene lets something happen, waits until webhooks have arrived in all, and prints the new ones.
func (s *show) scene(ctx context.Context, webhooks int, act func() error) error {
	if s.screen != nil && !pause(ctx, readingPause) {
		return nil
	}
	if err := act(); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	if err := s.receiver.wait(wait, webhooks); err != nil {
		return err
	}
	if s.screen != nil && !pause(ctx, readingPause) {
		return nil
	}
	s.printNew()
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *show) leadWrites(name, text string) error {
	person, err := s.person(name)
	if err != nil {
		return err
	}
	s.say(name+" writes", text)
	_, err = person.Send(s.account, simulator.Message{Text: text})
	return err
}

func (s *show) phoneWrites(name, text string) error {
	s.say("the phone writes to "+name, text)
	_, err := s.account.Send(s.people[strings.ToLower(name)], simulator.Message{Text: text})
	return err
}

// person finds somebody by name, or lets them exist from now on with a phone of their own.
func (s *show) person(name string) (*simulator.Person, error) {
	if p, known := s.people[strings.ToLower(name)]; known {
		return p, nil
	}
	phone := anaPhone
	if n := len(s.people); n > 0 {
		phone = fmt.Sprintf("+55119%08d", 11112222+n)
	}
	p, err := s.simulator.AddPerson(simulator.PersonOptions{Phone: phone, Name: name})
	if err != nil {
		return nil, err
	}
	s.people[strings.ToLower(name)] = p
	return p, nil
}

// say prints a line of the conversation.
func (s *show) say(who, text string) { s.print(bold, fmt.Sprintf("%-28s ", who), text) }

// printNew prints the webhooks that arrived since it was last called.
func (s *show) printNew() {
	arrived, _ := s.receiver.since(s.shown)
	for _, w := range arrived {
		text := w.line()
		if !w.Verified {
			text += "  SIGNATURE WRONG"
		}
		s.print(plain, fmt.Sprintf("  webhook  %-25s ", w.Type), text)
	}
	s.shown += len(arrived)
}

// How a label looks on a terminal (ECMA-48: SGR).
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
)

// print prints a text behind a label. On a terminal the label has a look, and a text that is longer than the line goes on
// below itself.
func (s *show) print(look, label, text string) {
	if s.screen == nil {
		fmt.Fprintln(s.out, label+text)
		return
	}
	indent := utf8.RuneCountInString(label)
	lines := wrap(text, columns(s.screen)-indent)
	if look != plain && os.Getenv("NO_COLOR") == "" {
		label = look + label + plain
	}
	fmt.Fprintln(s.out, label+strings.Join(lines, "\n"+strings.Repeat(" ", indent)))
}

// barWidth is the width of a full bar, in characters.
const barWidth = 30

// printFunnel prints how many leads ever reached each stage, and where each lead stands, as the store says it.
func (s *show) printFunnel(ctx context.Context) error {
	st, err := store.Open(ctx, s.config.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	defer func() { _ = st.Close() }() // it only read
	for _, funnel := range s.config.Conversion.Funnels() {
		counts, err := st.FunnelCounts(ctx, funnel.Name, funnel.Stages)
		if err != nil {
			return fmt.Errorf("count funnel %q: %w", funnel.Name, err)
		}
		fmt.Fprintf(s.out, "\nFunnel %q\n", funnel.Name)
		for _, c := range counts {
			bar := 0
			if counts[0].Leads > 0 {
				bar = barWidth * c.Leads / counts[0].Leads
			}
			line := fmt.Sprintf("  %-12s %3d  %s", c.Stage, c.Leads, strings.Repeat("█", bar))
			fmt.Fprintln(s.out, strings.TrimRight(line, " "))
		}
	}
	fmt.Fprintln(s.out, "\nLeads")
	arrived, _ := s.receiver.since(0)
	latest := map[string]webhookSeen{}
	var names []string
	for _, w := range arrived {
		if _, seen := latest[w.Data.Lead.Phone]; !seen {
			names = append(names, w.Data.Lead.Phone)
		}
		latest[w.Data.Lead.Phone] = w
	}
	for _, phone := range names {
		lead := latest[phone].Data.Lead
		for funnel, stage := range lead.Stages {
			fmt.Fprintf(s.out, "  %-12s source %q, stands in %q of %q\n", lead.Name, lead.Source, stage, funnel)
		}
	}
	return nil
}

// printWebhooks prints everything that the CRM received, with what its own check of the signature said.
func (s *show) printWebhooks() error {
	fmt.Fprintf(s.out, "\nWebhooks that arrived at %s\n", s.receiver.url)
	arrived, _ := s.receiver.since(0)
	wrong := 0
	for i, w := range arrived {
		verdict := "signature verified"
		if !w.Verified {
			verdict = "SIGNATURE WRONG"
			wrong++
		}
		fmt.Fprintf(s.out, "  %d  %-25s %s\n     %s  %s  %s\n", i+1, w.Type, w.line(), w.ID, shorten(w.Signature, 16), verdict)
	}
	if wrong > 0 {
		return fmt.Errorf("%d webhooks had a wrong signature", wrong)
	}
	return nil
}

func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
