package store

import (
	"context"
	"fmt"
	"time"
)

// A Cohort is the leads who entered a funnel in the same week or month.
type Cohort struct {
	Start  time.Time    // when the week or month begins, in the report's zone
	Leads  int          // who entered
	Stages []StageCount // who of them ever reached each stage, at any time
}

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
	days, err := s.entries(ctx, f, stretch{day, nearestSlot(whole.from, quartersADay) - 1, nearestSlot(whole.until, quartersADay) + 1, 1})
	if err != nil {
		return nil, fmt.Errorf("cohorts of funnel %q: %w", f.Funnel, err)
	}
	var all []Cohort
	for from := whole.from; len(days) > 0; {
		from = max(from, days[0].slot*quartersADay)
		if from >= whole.until {
			break
		}
		start, next := period(time.Unix(from*quarter, 0).In(zone), by)
		entered, err := s.cohort(ctx, f, days, span{quarterOf(start), quarterOf(next)}.within(whole))
		if err != nil {
			return nil, fmt.Errorf("cohorts of funnel %q: %w", f.Funnel, err)
		}
		if n := int(entered[""].n); n > 0 {
			all = append(all, Cohort{Start: start, Leads: n, Stages: inOrder(stages, entered)})
		}
		from = quarterOf(next)
		for len(days) > 0 && (days[0].slot+1)*quartersADay <= from {
			days = days[1:]
		}
	}
	return all, nil
}

// cohort counts who entered in a span, by the stage that they ever reached: the days that come nearest, and what these lack
// or have too much.
func (s *Store) cohort(ctx context.Context, f ReportFilter, days []entry, within span) (map[string]sum, error) {
	entered := map[string]sum{}
	whole, ends := within.coarser(quarter, day)
	for _, d := range days {
		if d.slot >= whole.until {
			break
		}
		if d.slot >= whole.from {
			entered[d.stage] = sum{n: entered[d.stage].n + d.n}
		}
	}
	for _, end := range ends {
		quarters, err := s.entries(ctx, f, end)
		if err != nil {
			return nil, err
		}
		for _, q := range quarters {
			entered[q.stage] = sum{n: entered[q.stage].n + end.sign*q.n}
		}
	}
	return entered, nil
}

// An entry is how many of those who entered the funnel in a slot ever reached a stage; "": all of them.
type entry struct {
	slot  int64
	stage string
	n     int64
}

const (
	// entriesQuery has the filter's conditions added, and then entriesOrder: that of the primary key, so that nothing has to be
	// sorted.
	entriesQuery = `SELECT slot, name, CAST(SUM(n) AS BIGINT) FROM tally
	WHERE kind = $1 AND funnel = $2 AND grain = $3 AND slot >= $4 AND slot < $5`
	entriesOrder = ` GROUP BY slot, name ORDER BY slot, name`
)

// entries are those of a stretch, in order of time.
func (s *Store) entries(ctx context.Context, f ReportFilter, part stretch) ([]entry, error) {
	k := kindEntered
	if f.Source == "" && f.Number == "" {
		k = kindCohort
	}
	query, args := f.over(entriesQuery, k, f.Funnel, part)
	rows, err := s.reads.QueryContext(ctx, query+entriesOrder, args...)
	if err != nil {
		return nil, fmt.Errorf("count who entered: %w", err)
	}
	defer rows.Close()
	var all []entry
	for rows.Next() {
		var e entry
		if err := rows.Scan(&e.slot, &e.stage, &e.n); err != nil {
			return nil, fmt.Errorf("count who entered: %w", err)
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count who entered: %w", err)
	}
	return all, nil
}
