package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadgate/chat"
	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
)

type leadsStage struct {
	configFile
	outputFormat
	Lead   string `arg:"" help:"The lead: their id, phone or e-mail address."`
	Funnel string `arg:"" help:"The funnel."`
	Stage  string `arg:"" help:"The stage where they stand from now on."`
}

// Run moves a lead to a stage by hand, whether the daemon runs or not.
func (c *leadsStage) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	funnel, err := funnelOf(cfg, c.Funnel)
	if err != nil {
		return err
	}
	if !slices.Contains(funnel.Stages, c.Stage) {
		return noStage(funnel, c.Stage)
	}
	lead, err := findLead(ctx, st, cfg, c.Lead)
	if err != nil {
		return err
	}
	before, err := viewLead(ctx, st, lead)
	if err != nil {
		return err
	}
	if before.Stages[funnel.Name] == c.Stage {
		said := fmt.Sprintf("%s is at %q of funnel %q already.", who(lead), c.Stage, funnel.Name)
		return c.printDone(p.stdout, said, leadHeader(), leadRow(before), before)
	}
	later, err := c.change(ctx, p, cfg, func(h hand) error { return h.move(ctx, lead.ID, funnel.Name, c.Stage) })
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%s is at %q of funnel %q now.%s", who(lead), c.Stage, funnel.Name, later)
	return c.printLead(ctx, p, st, lead.ID, said)
}

// change has a hand change something, and says when the outside is told.
func (o outputFormat) change(ctx context.Context, p *process, cfg *config.Config, do func(hand) error) (later string, err error) {
	h, err := takeHand(ctx, p, cfg)
	if err != nil {
		return "", err
	}
	if later = h.afterwards(); later != "" {
		later = " " + later
	}
	return later, errors.Join(do(h), h.Close())
}

// printLead says what was done, or shows the lead as they are now.
func (o outputFormat) printLead(ctx context.Context, p *process, st *store.Store, leadID, said string) error {
	lead, err := st.LeadByID(ctx, leadID)
	if err != nil {
		return err
	}
	view, err := viewLead(ctx, st, lead)
	if err != nil {
		return err
	}
	return o.printDone(p.stdout, said, leadHeader(), leadRow(view), view)
}

type leadsMerge struct {
	configFile
	outputFormat
	Lead string `arg:"" help:"The lead who becomes part of the other: their id, phone or e-mail address."`
	Into string `arg:"" help:"The lead who stays."`
}

// Run makes one lead part of another, whether the daemon runs or not.
func (c *leadsMerge) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	lead, err := findLead(ctx, st, cfg, c.Lead)
	if err != nil {
		return err
	}
	into, err := findLead(ctx, st, cfg, c.Into)
	if err != nil {
		return err
	}
	if lead.ID == into.ID {
		return fmt.Errorf("%q and %q are the same lead already", c.Lead, c.Into)
	}
	if err := errors.Join(notErased(lead), notErased(into)); err != nil {
		return err
	}
	later, err := c.change(ctx, p, cfg, func(h hand) error { return h.merge(ctx, lead.ID, into.ID) })
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%s (%s) is part of %s (%s) now.%s", who(lead), lead.ID, who(into), into.ID, later)
	return c.printLead(ctx, p, st, into.ID, said)
}

type leadsErase struct {
	configFile
	outputFormat
	Lead string `arg:"" help:"The lead: their id, phone or e-mail address."`
	Yes  bool   `help:"Don't ask."`
}

// An erasure is what was removed of a lead.
type erasure struct {
	LeadID    string   `json:"lead_id"`
	Removed   []string `json:"removed"`   // what of the lead themselves: "name", "phone", …
	Chats     int      `json:"chats"`     // whose words are gone
	Events    int      `json:"events"`    // that don't tell any more who it was
	Withdrawn int      `json:"withdrawn"` // messages that were still to be said, or could not be
}

// Run erases a lead, whether the daemon runs or not.
func (c *leadsErase) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	lead, err := findLead(ctx, st, cfg, c.Lead)
	if err != nil {
		return err
	}
	if !lead.ErasedAt.IsZero() {
		return notErased(lead)
	}
	if err := c.confirm(ctx, p, lead); err != nil {
		return err
	}
	removed, err := measure(ctx, st, lead)
	if err != nil {
		return err
	}
	later, err := c.change(ctx, p, cfg, func(h hand) error { return h.erase(ctx, lead.ID) })
	if err != nil {
		return err
	}
	row := []string{removed.LeadID, strings.Join(removed.Removed, " "), strconv.Itoa(removed.Chats), strconv.Itoa(removed.Events), strconv.Itoa(removed.Withdrawn)}
	return c.printDone(p.stdout, removed.sentence()+later, []string{"lead_id", "removed", "chats", "events", "withdrawn"}, row, removed)
}

// confirm asks on a terminal whether it is meant. Where nobody can answer, --yes has to be said.
func (c *leadsErase) confirm(ctx context.Context, p *process, lead chat.Lead) error {
	if c.Yes {
		return nil
	}
	if !isTerminal(p.stdin) {
		return usageError{errors.New("erasing can't be undone, and nobody is here to be asked; say --yes if it is meant")}
	}
	fmt.Fprintf(p.stderr, "Erase %s? What identifies them can't be brought back.\nType yes: ", visible(described(lead)))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(p.stdin).ReadString('\n') // no line is no yes
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.stderr)
		return ctx.Err()
	case said := <-answer:
		if !strings.EqualFold(said, "yes") {
			return errors.New("nothing was erased; type yes if it is meant")
		}
	}
	return nil
}

// described is a lead with all by which one knows them again.
func described(l chat.Lead) string {
	parts := []string{l.ID}
	if l.Phone != "" {
		parts = append(parts, string(l.Phone))
	}
	if l.Name == "" {
		return strings.Join(parts, ", ")
	}
	return l.Name + " (" + strings.Join(parts, ", ") + ")"
}

// measure is what erasing a lead will remove.
func measure(ctx context.Context, st *store.Store, l chat.Lead) (e erasure, err error) {
	e = erasure{LeadID: l.ID, Removed: []string{}}
	for _, part := range []struct {
		name  string
		there bool
	}{
		{"name", l.Name != ""}, {"phone", l.Phone != ""}, {"lid", l.LID != ""}, {"email", l.Fields[chat.FieldEmail] != ""},
		{"fields", len(l.Fields) > 0}, {"ad", l.Ad != nil || l.FirstAd != nil},
	} {
		if part.there {
			e.Removed = append(e.Removed, part.name)
		}
	}
	s := &story{store: st, lead: l}
	if err := s.load(ctx); err != nil {
		return e, err
	}
	e.Chats, e.Events = len(s.chats), len(s.events)
	for _, d := range s.deliveries {
		if d.Event == "" && (d.State == delivery.Pending || d.State == delivery.Dead) {
			e.Withdrawn++
		}
	}
	return e, nil
}

// sentence says what was removed.
func (e erasure) sentence() string {
	removed := e.Removed
	if e.Chats > 0 {
		removed = append(slices.Clone(removed), "words in "+counted(e.Chats, "chat"))
	}
	if e.Events > 0 {
		removed = append(slices.Clone(removed), "who they were in "+counted(e.Events, "event"))
	}
	if e.Withdrawn > 0 {
		removed = append(slices.Clone(removed), counted(e.Withdrawn, "message")+" not sent")
	}
	if len(removed) == 0 {
		removed = []string{"nothing was known"}
	}
	return fmt.Sprintf("Erased %s: %s. The id and the counts stay.", e.LeadID, strings.Join(removed, ", "))
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
