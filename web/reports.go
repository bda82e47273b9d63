package web

import (
	"math"
	"net/http"
	"slices"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/store"
)

// A reportRequest is what a report is asked for.
type reportRequest struct {
	store.ReportFilter
	stages []string // of the funnel, in order
	by     string   // of cohorts
}

// reportOf reads the query of a report. Without a funnel it is the first one.
func (s *site) reportOf(r *http.Request, more ...string) (reportRequest, error) {
	l, err := queryOf(r, append([]string{"since", "until", "funnel", "source", "number"}, more...))
	if err != nil {
		return reportRequest{}, err
	}
	report := reportRequest{ReportFilter: store.ReportFilter{
		Funnel: l.filter["funnel"], Source: l.filter["source"], Number: l.filter["number"],
	}}
	if report.Since, report.Until, err = s.between(l); err != nil {
		return report, err
	}
	if report.by, err = oneOf(l, "by", "week", "month"); err != nil {
		return report, err
	}
	names := show(s.Bot.Policy().Numbers, func(n chat.Number) string { return n.Name })
	if report.Number != "" && !slices.Contains(names, report.Number) {
		return report, notOneOf("number", report.Number, names)
	}
	err = report.choose(s.Bot.Policy().Conversion.Funnels())
	return report, err
}

// choose finds the report's funnel among those that are configured.
func (r *reportRequest) choose(funnels []conversion.Funnel) error {
	for _, f := range funnels {
		if r.Funnel == "" || f.Name == r.Funnel {
			r.Funnel, r.stages = f.Name, f.Stages
			return nil
		}
	}
	if r.Funnel == "" {
		return nil
	}
	return notOneOf("funnel", r.Funnel, show(funnels, func(f conversion.Funnel) string { return f.Name }))
}

// errNoFunnel is the problem of a report about a funnel where there is none.
func errNoFunnel() problem {
	return problem{Status: http.StatusConflict, Detail: "no funnel is configured: there is nothing to report"}
}

// between reads the range of time of a query, from since until before until. A day begins in the business's zone.
func (s *site) between(l listing) (since, until time.Time, err error) {
	zone := s.Bot.Policy().Zone
	if zone == nil {
		zone = time.UTC
	}
	if since, err = instant(l, "since", zone); err != nil {
		return since, until, err
	}
	if until, err = instant(l, "until", zone); err != nil {
		return since, until, err
	}
	if !since.IsZero() && !until.IsZero() && !since.Before(until) {
		return since, until, wrong("until", "must be after since")
	}
	return since, until, nil
}

// instant is a time of a query; the zero time when it is not given.
func instant(l listing, name string, zone *time.Location) (time.Time, error) {
	text := l.filter[name]
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, wrong(name, `must be a time as in "2026-11-23T18:00:00Z" or a day as in "2026-11-23"`)
}

// funnelReport is the answer of GET /reports/funnel.
type funnelReport struct {
	Funnel string      `json:"funnel"`
	Stages []funnelRow `json:"stages"`
}

type funnelRow struct {
	Stage            string   `json:"stage"`
	Leads            int      `json:"leads"`
	RateFromPrevious *float64 `json:"rate_from_previous"` // from 0 to 1, or more: stages can be left out; null without a previous one, or nobody in it
	RateFromEntry    *float64 `json:"rate_from_entry"`    // likewise
}

// reportFunnel answers GET /reports/funnel.
func (s *site) reportFunnel(w http.ResponseWriter, r *http.Request) error {
	report, err := s.reportOf(r)
	if err != nil {
		return err
	}
	if report.Funnel == "" {
		return errNoFunnel()
	}
	counts, err := s.Store.FunnelReport(r.Context(), report.ReportFilter, report.stages)
	if err != nil {
		return err
	}
	answer := funnelReport{Funnel: report.Funnel, Stages: []funnelRow{}}
	for i, c := range counts {
		row := funnelRow{Stage: c.Stage, Leads: c.Leads, RateFromEntry: rate(c.Leads, counts[0].Leads)}
		if i > 0 {
			row.RateFromPrevious = rate(c.Leads, counts[i-1].Leads)
		}
		answer.Stages = append(answer.Stages, row)
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// rate is a part of a whole, with four decimals; nil of nothing.
func rate(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	const decimals = 10_000
	r := math.Round(float64(part)/float64(whole)*decimals) / decimals
	return &r
}

// cohortReport is the answer of GET /reports/cohort.
type cohortReport struct {
	Funnel  string      `json:"funnel"`
	By      string      `json:"by"` // week, month
	Cohorts []cohortRow `json:"cohorts"`
}

type cohortRow struct {
	Start  string        `json:"start"` // the first day of the week or month: "2026-11-23"
	Leads  int           `json:"leads"`
	Stages []cohortStage `json:"stages"`
}

type cohortStage struct {
	Stage string   `json:"stage"`
	Leads int      `json:"leads"`
	Rate  *float64 `json:"rate"` // of the cohort's leads, from 0 to 1
}

// reportCohort answers GET /reports/cohort, by week unless it is asked otherwise.
func (s *site) reportCohort(w http.ResponseWriter, r *http.Request) error {
	report, err := s.reportOf(r, "by")
	if err != nil {
		return err
	}
	if report.Funnel == "" {
		return errNoFunnel()
	}
	if report.by == "" {
		report.by = "week"
	}
	zone := s.Bot.Policy().Zone
	if zone == nil {
		zone = time.UTC
	}
	found, err := s.Store.CohortReport(r.Context(), report.ReportFilter, report.by, zone, report.stages)
	if err != nil {
		return err
	}
	answer := cohortReport{Funnel: report.Funnel, By: report.by, Cohorts: show(found, showCohort)}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

func showCohort(c store.Cohort) cohortRow {
	return cohortRow{Start: c.Start.Format(time.DateOnly), Leads: c.Leads, Stages: show(c.Stages, func(n store.StageCount) cohortStage {
		return cohortStage{Stage: n.Stage, Leads: n.Leads, Rate: rate(n.Leads, c.Leads)}
	})}
}
