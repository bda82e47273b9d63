package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"leadgate/chat"
	"leadgate/store"
)

// A show plays the conversation on a demo stage and prints what happens.
type show struct {
	*demoStage
	out    io.Writer
	screen *os.File           // the terminal that out is; nil for none: then nobody reads along
	keys   *os.File           // the same terminal's keyboard
	people map[string]*person // by lower-case name
	leads  int                // of the people, those who are no agents
	watch  func(*person)      // is told of each new person; may be nil
	shown  int                // webhooks that were printed
}

// The conversation of the README.
const (
	demoNumber   = "front-desk"
	anaWrites    = "Hi, I came from Instagram and wanted to know more about the product!"
	anaTaps      = "Artificial Intelligence"
	phoneAnswers = "Thank you for scheduling with us! Your time is: 3:00 PM"
	biaWrites    = "Good morning! Is there a place left in Data Science?"
	phoneReplies = "Good morning Bia! One. I'll call you in five minutes."
)

// readingPause is how long a line stands on a terminal before the next one comes.
const readingPause = 1200 * time.Millisecond

// play is the conversation of the README, and on a terminal whatever people type afterwards.
func (s *show) play(ctx context.Context) error {
	s.print(plain, "", "leadgate demo: the real WhatsApp client on a simulated WhatsApp. Nothing leaves this machine.")
	fmt.Fprintln(s.out)
	if err := s.addAgents(); err != nil {
		return err
	}
	if err := s.pair(ctx, demoNumber); err != nil {
		return err
	}
	s.say(demoNumber, "scanned the QR code: leadgate is a linked device of "+s.accounts[demoNumber].Phone())
	for _, act := range []func(context.Context) error{s.playMenu, s.playAnswer, s.playTakeover, s.printFunnel} {
		if err := act(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	if s.screen != nil {
		return s.console(ctx)
	}
	return s.printWebhooks()
}

// playMenu: a lead comes, is asked what they want, and an agent gets the chat.
func (s *show) playMenu(ctx context.Context) error {
	ana, err := s.person("Ana")
	if err != nil {
		return err
	}
	err = s.scene(ctx, 3, "Ana writes", anaWrites, func() error { return s.writes(ana, demoNumber, anaWrites) }, ana)
	if err != nil {
		return err
	}
	return s.scene(ctx, 7, "Ana taps", anaTaps, func() error { return s.taps(ana, anaTaps) }, ana, s.people["maria"])
}

// playAnswer: the agent answers on the business's phone, which moves the lead, and what the lead wants with them.
func (s *show) playAnswer(ctx context.Context) error {
	ana := s.people["ana"]
	return s.scene(ctx, 9, "the phone writes to Ana", phoneAnswers, func() error { return s.answers(ana, demoNumber, phoneAnswers) })
}

// playTakeover: somebody of the business answers before the lead has chosen anything.
func (s *show) playTakeover(ctx context.Context) error {
	bia, err := s.person("Bia")
	if err != nil {
		return err
	}
	err = s.scene(ctx, 11, "Bia writes", biaWrites, func() error { return s.writes(bia, demoNumber, biaWrites) }, bia)
	if err != nil {
		return err
	}
	err = s.scene(ctx, 11, "the phone writes to Bia", phoneReplies, func() error { return s.answers(bia, demoNumber, phoneReplies) })
	if err != nil {
		return err
	}
	err = s.settle(ctx, demoNumber)
	s.print(plain, "  the menu is over: ", "a person has taken over, and nothing automatic is said in this chat any more")
	return err
}

// scene lets something happen, waits until webhooks have arrived in all, and prints the new ones and what comes to phones.
func (s *show) scene(ctx context.Context, webhooks int, who, text string, act func() error, phones ...*person) error {
	if !s.pause(ctx) {
		return nil
	}
	s.say(who, text)
	if err := act(); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	if err := s.receiver.wait(wait, webhooks); err != nil {
		return err
	}
	if !s.pause(ctx) {
		return nil
	}
	s.printNew()
	for _, p := range phones {
		if err := s.showNext(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// settle waits until the daemon has handled everything that was sent to a number: it acknowledges after the commit.
func (s *show) settle(ctx context.Context, number string) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	return poll(ctx, func() (bool, error) { return s.accounts[number].Waiting() == 0, nil })
}

// pause gives who reads along time to read; false when they have seen enough.
func (s *show) pause(ctx context.Context) bool {
	return s.screen == nil || pause(ctx, readingPause)
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

// labelWidth is the width of the column that says who does something, in characters.
const labelWidth = 29

// say prints a line of the conversation.
func (s *show) say(who, text string) { s.print(bold, fmt.Sprintf("%-*s ", labelWidth-1, who), text) }

// printNew prints the webhooks that arrived since it was last called. The channel is closed when there are more.
func (s *show) printNew() (more <-chan struct{}) {
	arrived, more := s.receiver.since(s.shown)
	for _, w := range arrived {
		text := w.line()
		if !w.Verified {
			text += "  SIGNATURE WRONG"
		}
		s.print(plain, fmt.Sprintf("  webhook  %-26s ", w.Type), text)
	}
	s.shown += len(arrived)
	return more
}

// How a label looks on a terminal (ECMA-48: SGR).
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
)

// print prints a text behind a label. On a terminal the label has a look, and a text that is longer than the line goes on
// below itself.
func (s *show) print(look, label, text string) {
	indent := utf8.RuneCountInString(label)
	lines := s.fitted(text, indent)
	if s.screen != nil && look != plain && os.Getenv("NO_COLOR") == "" {
		label = look + label + plain
	}
	fmt.Fprintln(s.out, strings.TrimRight(label+strings.Join(lines, "\n"+strings.Repeat(" ", indent)), " "))
}

// fitted is a text in lines that fit on the terminal behind so many characters.
func (s *show) fitted(text string, indent int) []string {
	if s.screen == nil {
		return []string{text}
	}
	return wrap(text, columns(s.screen)-indent)
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
	return s.printLeads(ctx)
}

// printLeads prints where each lead stands, and who has the chat with them, as the API says it.
func (s *show) printLeads(ctx context.Context) error {
	var leads struct {
		Items []struct {
			ID, Name, Source string
			Stages           map[string]string
		}
	}
	var chats struct {
		Items []struct {
			LeadID        string `json:"lead_id"`
			Status, Agent string
		}
	}
	if err := s.ask(ctx, http.MethodGet, "/api/v1/leads", &leads); err != nil {
		return err
	}
	if err := s.ask(ctx, http.MethodGet, "/api/v1/chats", &chats); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "\nLeads")
	for _, lead := range slices.Backward(leads.Items) { // the API begins with the newest
		var is []string
		if lead.Source != "" {
			is = append(is, fmt.Sprintf("source %q", lead.Source))
		}
		for funnel, stage := range lead.Stages {
			is = append(is, fmt.Sprintf("stands in %q of %q", stage, funnel))
		}
		for _, c := range chats.Items {
			if c.LeadID == lead.ID {
				is = append(is, standing(chat.Status(c.Status), c.Agent))
			}
		}
		s.print(plain, fmt.Sprintf("  %-12s ", lead.Name), strings.Join(is, ", "))
	}
	return nil
}

// standing says how a chat stands.
func standing(status chat.Status, agent string) string {
	switch status {
	case chat.ChatMenu:
		return "is being asked"
	case chat.ChatWaiting:
		return "waits for an agent"
	case chat.ChatAssigned:
		return "has a chat with " + agent
	case chat.ChatTaken:
		return "has a chat with whoever is on the business's phone"
	}
	return "has a chat that is closed"
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
		fmt.Fprintf(s.out, "  %2d  %-25s %s  %s  %s\n", i+1, w.Type, shorten(w.ID, 12), shorten(w.Signature, 10), verdict)
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
