package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/config"
	"leadgate/conversion"
	"leadgate/store"
)

type reportCommand struct {
	Funnel       reportFunnel       `cmd:"" help:"How many leads reached each stage, and which part of those before."`
	Cohort       reportCohort       `cmd:"" help:"Leads by the week or month in which they entered, and which part reached each stage."`
	Sources      reportSources      `cmd:"" help:"Leads and results by the source that brought them first."`
	Agents       reportAgents       `cmd:"" help:"Chats that agents were given and answered, and how soon."`
	Integrations reportIntegrations `cmd:"" help:"What came in and went out, by source, form and destination."`
}

// reportWhich is what a report counts, and how it is printed.
type reportWhich struct {
	configFile
	outputFormat
	Since  string `placeholder:"TIME" help:"Only what happened then or later: 2026-11-21, or 2026-11-21T12:00."`
	Until  string `placeholder:"TIME" help:"Only what happened before that time."`
	Funnel string `placeholder:"FUNNEL" help:"The funnel; the first by default."`
	Source string `placeholder:"SOURCE" help:"Only leads whom this source brought first."`
	Number string `placeholder:"NUMBER" help:"Only what happened on this number, by its name in the config."`
}

// A reporting is a report that can begin: a store to ask, and what to ask it.
type reporting struct {
	store.ReportFilter
	store  *store.Store
	zone   *time.Location
	funnel conversion.Funnel // zero: none is configured
}

// begin opens what the report is about. It only reads, so the daemon may be running. The caller closes the store.
func (w *reportWhich) begin(ctx context.Context) (r reporting, err error) {
	cfg, err := loadConfig(w.Config)
	if err != nil {
		return r, err
	}
	r.zone = cfg.Timezone
	if err := w.filter(cfg, &r); err != nil {
		return r, err
	}
	r.store, err = store.Open(ctx, cfg.Store.URL, store.Options{ReadOnly: true})
	return r, err
}

func (w *reportWhich) filter(cfg *config.Config, r *reporting) (err error) {
	if r.Since, err = parseTime("--since", w.Since, cfg.Timezone); err != nil {
		return err
	}
	if r.Until, err = parseTime("--until", w.Until, cfg.Timezone); err != nil {
		return err
	}
	if !r.Until.IsZero() && !r.Since.Before(r.Until) {
		return usageError{fmt.Errorf("--until %s is not after --since %s; nothing lies between", w.Until, w.Since)}
	}
	if w.Number != "" {
		if _, err := findNumber(cfg, w.Number); err != nil {
			return err
		}
	}
	if funnels := cfg.Conversion.Funnels(); w.Funnel == "" && len(funnels) > 0 {
		r.funnel = funnels[0]
	} else if w.Funnel != "" {
		if r.funnel, err = funnelOf(cfg, w.Funnel); err != nil {
			return err
		}
	}
	r.Funnel, r.Source, r.Number = r.funnel.Name, w.Source, w.Number
	return nil
}

// close closes the store; it was only read.
func (r reporting) close() { _ = r.store.Close() }

// needFunnel is the error of a report about a funnel where there is none.
func (r reporting) needFunnel() error {
	if r.funnel.Name == "" {
		return fmt.Errorf("the config has no funnel, so there is nothing to report; add a [[funnel]]")
	}
	return nil
}

// part is a part of a whole from 0 to 1, with four decimals; nil of nothing.
func part(n, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	const decimals = 10_000
	r := math.Round(float64(n)/float64(whole)*decimals) / decimals
	return &r
}

// rate is a part as the format has it: in percent for people, as a fraction for programs.
func (o outputFormat) rate(part *float64) string {
	switch {
	case part == nil && o.Format == "table":
		return "–"
	case part == nil:
		return ""
	case o.Format == "table":
		return strconv.FormatFloat(*part*100, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(*part, 'f', -1, 64)
}

type reportFunnel struct{ reportWhich }

// The answers of GET /api/v1/reports/funnel and /cohort.
type (
	funnelReport struct {
		Funnel string      `json:"funnel"`
		Stages []funnelRow `json:"stages"`
	}
	funnelRow struct {
		Stage            string   `json:"stage"`
		Leads            int      `json:"leads"`
		RateFromPrevious *float64 `json:"rate_from_previous"`
		RateFromEntry    *float64 `json:"rate_from_entry"`
	}
	cohortReport struct {
		Funnel  string      `json:"funnel"`
		By      string      `json:"by"`
		Cohorts []cohortRow `json:"cohorts"`
	}
	cohortRow struct {
		Start  string        `json:"start"`
		Leads  int           `json:"leads"`
		Stages []cohortStage `json:"stages"`
	}
	cohortStage struct {
		Stage string   `json:"stage"`
		Leads int      `json:"leads"`
		Rate  *float64 `json:"rate"`
	}
)

// Run reports on a funnel.
func (c *reportFunnel) Run(ctx context.Context, p *process) error {
	r, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.needFunnel(); err != nil {
		return err
	}
	counts, err := r.store.FunnelReport(ctx, r.ReportFilter, r.funnel.Stages)
	if err != nil {
		return err
	}
	report := funnelReport{Funnel: r.Funnel, Stages: []funnelRow{}}
	l := listing{header: []string{"stage", "leads", "rate_from_previous", "rate_from_entry"}, counts: true}
	for i, n := range counts {
		row := funnelRow{Stage: n.Stage, Leads: n.Leads, RateFromEntry: part(n.Leads, counts[0].Leads)}
		if i > 0 {
			row.RateFromPrevious = part(n.Leads, counts[i-1].Leads)
		}
		report.Stages = append(report.Stages, row)
		l.rows = append(l.rows, []string{row.Stage, strconv.Itoa(row.Leads), c.rate(row.RateFromPrevious), c.rate(row.RateFromEntry)})
	}
	l.items = report
	return c.print(p.stdout, l)
}

type reportCohort struct {
	reportWhich
	By string `enum:"week,month" default:"week" placeholder:"PERIOD" help:"By week or month; ${default} by default."`
}

// Run reports on cohorts.
func (c *reportCohort) Run(ctx context.Context, p *process) error {
	r, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.needFunnel(); err != nil {
		return err
	}
	found, err := r.store.CohortReport(ctx, r.ReportFilter, c.By, r.zone, r.funnel.Stages)
	if err != nil {
		return err
	}
	report := cohortReport{Funnel: r.Funnel, By: c.By, Cohorts: []cohortRow{}}
	l := listing{header: append([]string{"start", "leads"}, r.funnel.Stages...), none: "Nobody entered the funnel.", counts: true}
	for _, cohort := range found {
		row := cohortRow{Start: cohort.Start.Format(time.DateOnly), Leads: cohort.Leads, Stages: []cohortStage{}}
		cells := []string{row.Start, strconv.Itoa(row.Leads)}
		for _, n := range cohort.Stages {
			stage := cohortStage{Stage: n.Stage, Leads: n.Leads, Rate: part(n.Leads, cohort.Leads)}
			row.Stages = append(row.Stages, stage)
			cells = append(cells, c.rate(stage.Rate))
		}
		report.Cohorts, l.rows = append(report.Cohorts, row), append(l.rows, cells)
	}
	l.items = report
	return c.print(p.stdout, l)
}

type reportSources struct{ reportWhich }

// The items of GET /api/v1/reports/sources.
type (
	sourceItem struct {
		Source *string      `json:"source"`
		Leads  int          `json:"leads"`
		Stages []stageCount `json:"stages"`
		Won    int          `json:"won"`
		Paid   []paidItem   `json:"paid"`
	}
	stageCount struct {
		Stage string `json:"stage"`
		Leads int    `json:"leads"`
	}
)

// Run reports on sources.
func (c *reportSources) Run(ctx context.Context, p *process) error {
	r, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	found, err := r.store.SourcesReport(ctx, r.ReportFilter, r.funnel.Stages)
	if err != nil {
		return err
	}
	l := listing{none: "No leads.", counts: true}
	l.header = append(append([]string{"source", "leads"}, r.funnel.Stages...), "won", "paid")
	l.items = page(mapped(found, showSource))
	for _, stat := range found {
		row := []string{stat.Source, strconv.Itoa(stat.Leads)}
		for _, n := range stat.Stages {
			row = append(row, strconv.Itoa(n.Leads))
		}
		paid := mapped(stat.Paid, func(m chat.Money) string { return m.Decimal() + " " + m.Currency })
		l.rows = append(l.rows, append(row, strconv.Itoa(stat.Won), strings.Join(paid, "; ")))
	}
	return c.print(p.stdout, l)
}
