package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/store"
)

// exportPage is how many leads are held in memory at once.
const exportPage = 500

type leadsExport struct {
	configFile
	leadsWhich
	Format string `enum:"csv,json" default:"csv" placeholder:"FORMAT" help:"As csv or json; ${default} by default."`
}

// An exporter writes out leads as they come.
type exporter interface {
	lead(l chat.Lead, v bot.LeadView) error
	end() error
}

// Run writes out all leads, the last recorded first, however many there are. It only reads, so the daemon may be running.
func (c *leadsExport) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	filter, err := c.filter(cfg)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(p.stdout)
	var out exporter = &jsonExport{w: buffered}
	if c.Format == "csv" {
		if out, err = newCSVExport(ctx, buffered, cfg, st, filter); err != nil {
			return err
		}
	}
	n, shown := 0, time.Now()
	err = eachLead(ctx, st, filter, func(l chat.Lead) error {
		view, err := viewLead(ctx, st, l)
		if err != nil {
			return err
		}
		n++
		if isTerminal(p.stderr) && !isTerminal(p.stdout) && time.Since(shown) > progressEvery {
			shown = time.Now()
			fmt.Fprintf(p.stderr, "leadgate: %d leads\n", n)
		}
		return out.lead(l, view)
	})
	if err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return fmt.Errorf("write leads: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write leads: %w", err)
	}
	return nil
}

// eachLead calls do for each of the filter's leads, the last recorded first.
func eachLead(ctx context.Context, st *store.Store, filter store.LeadFilter, do func(chat.Lead) error) error {
	for from, first := store.Cursor(0), true; first || from != 0; first = false {
		found, next, err := st.Leads(ctx, filter, from, exportPage)
		if err != nil {
			return err
		}
		for _, l := range found {
			if err := do(l); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

// A csvExport has a column for each funnel and for each field that anybody has.
type csvExport struct {
	out     *csv.Writer
	funnels []string
	fields  []string
}

// newCSVExport writes the header. Which fields there are it has to look up first: one that comes up while it writes is left out.
func newCSVExport(ctx context.Context, w io.Writer, cfg *config.Config, st *store.Store, filter store.LeadFilter) (*csvExport, error) {
	names := map[string]bool{}
	err := eachLead(ctx, st, filter, func(l chat.Lead) error {
		for name := range l.Fields {
			names[name] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	e := &csvExport{out: csv.NewWriter(w), fields: slices.Sorted(maps.Keys(names))}
	header := exportHeader()
	for _, f := range cfg.Conversion.Funnels() {
		e.funnels = append(e.funnels, f.Name)
		header = append(header, "stage: "+f.Name)
	}
	for _, name := range e.fields {
		header = append(header, "field: "+name)
	}
	if err := e.write(header); err != nil {
		return nil, err
	}
	return e, nil
}

func exportHeader() []string {
	return []string{
		"id", "created_at", "name", "phone", "source", "last_source", "ad_source_id", "ad_source_url", "ad_source_app", "ad_headline",
		"ad_ctwa_clid",
	}
}

func (e *csvExport) lead(l chat.Lead, v bot.LeadView) error {
	var ad chat.Ad
	if l.Ad != nil {
		ad = *l.Ad
	}
	row := []string{
		v.ID, v.CreatedAt, l.Name, string(l.Phone), l.Source, l.LastSource, ad.SourceID, ad.SourceURL, ad.SourceApp, ad.Headline,
		ad.ClickID,
	}
	for _, funnel := range e.funnels {
		row = append(row, v.Stages[funnel])
	}
	for _, name := range e.fields {
		row = append(row, l.Fields[name])
	}
	return e.write(row)
}

func (e *csvExport) write(row []string) error {
	if err := e.out.Write(cells(row)); err != nil {
		return fmt.Errorf("write leads: %w", err)
	}
	return nil
}

func (e *csvExport) end() error {
	e.out.Flush()
	return e.out.Error()
}

// A jsonExport is one list, as GET /api/v1/leads gives a page of it.
type jsonExport struct {
	w     io.Writer
	begun bool
}

func (e *jsonExport) lead(_ chat.Lead, v bot.LeadView) error {
	item, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write lead %q: %w", v.ID, err)
	}
	if _, err := fmt.Fprintf(e.w, "%s%s", e.separator(), item); err != nil {
		return fmt.Errorf("write leads: %w", err)
	}
	return nil
}

// separator is what stands before the next item.
func (e *jsonExport) separator() string {
	if e.begun {
		return ",\n"
	}
	e.begun = true
	return `{"items": [` + "\n"
}

func (e *jsonExport) end() error {
	if !e.begun {
		_, err := fmt.Fprintln(e.w, `{"items": [], "next_cursor": null}`)
		return err
	}
	_, err := fmt.Fprint(e.w, "\n"+`], "next_cursor": null}`+"\n")
	return err
}
