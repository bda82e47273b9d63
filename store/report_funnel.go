package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errNoFunnel = errors.New("the report is about one funnel; name it")

// StageCount is how many leads reached a stage.
type StageCount struct {
	Stage string
	Leads int
}

// FunnelCounts are the leads that ever reached each of the stages, by transitions that count, in the order of stages.
func (s *Store) FunnelCounts(ctx context.Context, funnel string, stages []string) ([]StageCount, error) {
	return s.FunnelReport(ctx, ReportFilter{Funnel: funnel}, stages)
}

// FunnelReport counts the leads that reached each of the stages, by transitions that count, in the order of stages. A lead
// counts once for a stage, when it first reached it: the counts of successive ranges add up. The filter names the funnel.
func (s *Store) FunnelReport(ctx context.Context, f ReportFilter, stages []string) ([]StageCount, error) {
	if f.Funnel == "" {
		return nil, errNoFunnel
	}
	reached, err := s.sums(ctx, kindReached, f.Funnel, f, f.span())
	if err != nil {
		return nil, fmt.Errorf("report of funnel %q: %w", f.Funnel, err)
	}
	return inOrder(stages, byName(reached)), nil
}

// A Cohort is the leads who entered a funnel in the same week or month.
type Cohort struct {
	Start  time.Time    // when the week or month begins, in the report's zone
	Leads  int          // who entered
	Stages []StageCount // who of them ever reached each stage, at any time
}

const nextDayQuery = `SELECT COALESCE(MIN(slot), $1) FROM tally WHERE kind = $2 AND funnel = $3 AND grain = $4 AND slot >= $5`

// CohortReport groups the leads who entered a funnel in the filter's range by the week (from Monday) or month of the zone in
// which they did, and tells how many of each group ever reached each of the stages. A lead enters by its first transition
// in the funnel that counts. Periods in which nobody entered are left out. By is "week" or "month".
func (s *Store) CohortReport(ctx context.Context, f ReportFilter, by string, zone *time.Location, stages []string) ([]Cohort, error) {
	if f.Funnel == "" {
		return nil, errNoFunnel
	}
	if by != "week" && by != "month" {
		return nil, fmt.Errorf(`cohorts are by "week" or "month", not by %q`, by)
	}
	whole := f.span()
	var all []Cohort
	for from := whole.from; ; {
		slot, err := s.nextDay(ctx, f.Funnel, from)
		if err != nil {
			return nil, fmt.Errorf("cohorts of funnel %q: %w", f.Funnel, err)
		}
		from = max(from, slot*quartersADay)
		if from >= whole.until || slot == always {
			return all, nil
		}
		start, next := period(time.Unix(from*quarter, 0).In(zone), by)
		entered, err := s.sums(ctx, kindEntered, f.Funnel, f, span{quarterOf(start), quarterOf(next)}.within(whole))
		if err != nil {
			return nil, fmt.Errorf("cohorts of funnel %q: %w", f.Funnel, err)
		}
		reached := byName(entered)
		if n := int(reached[""].n); n > 0 {
			all = append(all, Cohort{Start: start, Leads: n, Stages: inOrder(stages, reached)})
		}
		from = quarterOf(next)
	}
}

// nextDay is the first day on which somebody entered the funnel of those that end after a quarter; always when there is none.
func (s *Store) nextDay(ctx context.Context, funnel string, from int64) (slot int64, err error) {
	first := max(from, 0) / quartersADay
	err = s.reads.QueryRowContext(ctx, nextDayQuery, always, string(kindEntered), funnel, day, first).Scan(&slot)
	if err != nil {
		return 0, fmt.Errorf("look for the next day: %w", err)
	}
	return slot, nil
}

// period is the week or month of a time in its zone: when it begins, and when the next one does.
func period(t time.Time, by string) (start, next time.Time) {
	y, m, d := t.Date()
	if by == "month" {
		return midnight(y, m, 1, t.Location()), midnight(y, m+1, 1, t.Location())
	}
	monday := d - (int(t.Weekday())+6)%7
	return midnight(y, m, monday, t.Location()), midnight(y, m, monday+7, t.Location())
}

// midnight is when a day begins. Where clocks are set at midnight that is not when they show zero, or it is the first of two
// times when they do.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	const step = 15 * time.Minute
	want := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).YearDay()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for t.YearDay() != want {
		t = t.Add(step)
	}
	for t.Add(-step).YearDay() == want {
		t = t.Add(-step)
	}
	return t
}
