package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
)

type deliveriesCommand struct {
	List  deliveriesList  `cmd:"" default:"withargs" help:"List deliveries, newest last; while the daemon runs, too."`
	Retry deliveriesRetry `cmd:"" help:"Send deliveries again: dead ones, and at once those that wait for their next attempt."`
}

// deliveriesWhich is what the deliveries commands select by.
type deliveriesWhich struct {
	configFile
	Destination string `placeholder:"NAME" help:"Only those to this destination."`
	Lead        string `placeholder:"ID" help:"Only those of this lead."`
	Since       string `placeholder:"TIME" help:"Only what happened then or later: 2026-11-21, or 2026-11-21T12:00."`
	Until       string `placeholder:"TIME" help:"Only what happened before that time."`
}

type deliveriesList struct {
	deliveriesWhich
	outputFormat
	Status *string `enum:"pending,delivered,dead" placeholder:"STATUS" help:"Only those that are pending, delivered or dead."`
	Limit  int     `default:"100" placeholder:"N" help:"How many at most; ${default} by default."`
}

type deliveriesRetry struct {
	deliveriesWhich
	outputFormat
	ID string `arg:"" optional:"" help:"Only this delivery; leadgate deliveries list shows its id."`
}

// filter is what is selected, with times in the config's time zone.
func (w *deliveriesWhich) filter(zone *time.Location) (f store.DeliveryFilter, err error) {
	f = store.DeliveryFilter{Destination: w.Destination, LeadID: w.Lead}
	if f.Since, err = parseTime("--since", w.Since, zone); err != nil {
		return f, err
	}
	f.Until, err = parseTime("--until", w.Until, zone)
	return f, err
}

// knownDestination is nil when the config has the destination that was asked for. One that it has no more may still have
// deliveries.
func (w *deliveriesWhich) knownDestination(cfg *config.Config) error {
	names := make([]string, len(cfg.Destinations))
	for i, d := range cfg.Destinations {
		names[i] = d.Name
	}
	if w.Destination == "" || slices.Contains(names, w.Destination) {
		return nil
	}
	return fmt.Errorf("no destination is called %q; %s", w.Destination, insteadOf(w.Destination, names))
}

// parseTime reads a day, or a day and a time, in a zone; "" is the zero time.
func parseTime(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("%s %q is not a time; write 2026-11-21 or 2026-11-21T12:00", flag, text)}
}

// Run lists deliveries. It only reads, so the daemon may be running.
func (c *deliveriesList) Run(ctx context.Context, p *process) error {
	if c.Limit < 1 {
		return usageError{fmt.Errorf("--limit %d shows nothing; write 1 or more", c.Limit)}
	}
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	filter, err := c.filter(cfg.Timezone)
	if err != nil {
		return err
	}
	filter.State = delivery.State(value(c.Status))
	st, err := store.Open(ctx, cfg.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	newestFirst, more, err := st.Deliveries(ctx, filter, 0, c.Limit)
	if err != nil {
		return err
	}
	if err := c.knownDestination(cfg); err != nil && len(newestFirst) == 0 {
		return err
	}
	slices.Reverse(newestFirst)
	rows := make([]deliveryRow, len(newestFirst))
	for i, d := range newestFirst {
		rows[i] = newDeliveryRow(d)
	}
	if err := c.print(p.stdout, deliveryListing(rows)); err != nil {
		return err
	}
	if more != 0 {
		fmt.Fprintf(p.stderr, "leadgate: there are more than these %d; narrow them down, or give a higher --limit\n", len(rows))
	}
	return nil
}

// Run makes deliveries due again, whether the daemon runs or not.
func (c *deliveriesRetry) Run(ctx context.Context, p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	filter, err := c.filter(cfg.Timezone)
	if err != nil {
		return err
	}
	if filter == (store.DeliveryFilter{}) && c.ID == "" {
		return usageError{errors.New("say which deliveries: an id, --destination, --lead, --since or --until")}
	}
	if filter.ID, err = deliveryID(c.ID); err != nil {
		return err
	}
	hand, err := takeHand(ctx, p, cfg)
	if err != nil {
		return err
	}
	n, err := hand.retry(ctx, filter)
	if err := errors.Join(err, hand.Close()); err != nil {
		return err
	}
	if err := c.knownDestination(cfg); err != nil && n == 0 {
		return err
	}
	if n == 0 {
		return errors.New("none of these deliveries is pending or dead; leadgate deliveries list shows what there is")
	}
	said := fmt.Sprintf("%d deliveries are due again.", n)
	if n == 1 {
		said = "1 delivery is due again."
	}
	if later := hand.afterwards(); later != "" {
		said += " " + later
	}
	return c.printDone(p.stdout, said, []string{"retried"}, []string{strconv.Itoa(n)}, map[string]int{"retried": n})
}

// deliveryID reads an id as it is listed; "" is 0, which is no delivery's.
func deliveryID(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usageError{fmt.Errorf("%q is not the id of a delivery; leadgate deliveries list shows the ids", text)}
	}
	return id, nil
}

// A deliveryRow is a delivery as it is listed.
type deliveryRow struct {
	ID          int64   `json:"id"`
	CreatedAt   string  `json:"created_at"`
	Destination string  `json:"destination"`
	Status      string  `json:"status"`
	Attempts    int     `json:"attempts"`
	Event       *string `json:"event"`    // type; null when it carries none
	EventID     string  `json:"event_id"` // its key at the destination
	LeadID      *string `json:"lead_id"`
	Answer      *string `json:"answer"` // of the last attempt, in words
}

func newDeliveryRow(d store.Delivery) deliveryRow {
	return deliveryRow{
		ID: d.ID, CreatedAt: d.CreatedAt.UTC().Format(time.RFC3339), Destination: d.Destination, Status: string(d.State),
		Attempts: d.Attempt, Event: optional(string(d.Event)), EventID: d.Key, LeadID: optional(d.LeadID), Answer: optional(d.Detail),
	}
}

// cells are the row's values in the order of the header.
func (r deliveryRow) cells() []string {
	return []string{
		strconv.FormatInt(r.ID, 10), r.CreatedAt, r.Destination, r.Status, strconv.Itoa(r.Attempts),
		value(r.Event), r.EventID, value(r.LeadID), value(r.Answer),
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func deliveryListing(rows []deliveryRow) listing {
	l := listing{
		header: []string{"id", "created_at", "destination", "status", "attempts", "event", "event_id", "lead_id", "answer"},
		items:  page(rows), none: "No deliveries.",
	}
	for _, r := range rows {
		l.rows = append(l.rows, r.cells())
	}
	return l
}
