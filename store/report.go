package store

import (
	"context"
	"fmt"
	"time"
)

// A ReportFilter chooses what a report counts; the zero filter chooses all. Since and Until are widened to whole quarters of
// an hour, on which the days of every time zone begin.
type ReportFilter struct {
	Since  time.Time // then or later
	Until  time.Time // before
	Funnel string    // of stages
	Source string    // the lead's first source
	Number string    // of stages: on which the lead entered the funnel; of chats: theirs; else: to which the lead wrote first
}

// A span is a range of time in quarters of an hour since 1970: from the first until before the second.
type span struct{ from, until int64 }

// always bounds what has no bound.
const always = 1 << 30 * quartersADay

func (f ReportFilter) span() span {
	all := span{-always, always}
	if !f.Since.IsZero() {
		all.from = quarterOf(f.Since)
	}
	if !f.Until.IsZero() {
		all.until = quarterOf(f.Until.Add(time.Duration(quarter)*time.Second - 1))
	}
	return all
}

func quarterOf(t time.Time) int64 { return t.Unix() / quarter }

// within is the part of a span that lies in another.
func (s span) within(other span) span {
	return span{max(s.from, other.from), min(s.until, other.until)}
}

// A stretch is slots of one grain, whose sums count once, or against.
type stretch struct {
	grain       int64
	from, until int64
	sign        int64
}

// stretches take a span apart: the days that come nearest, and at both ends the quarters that these lack, or have too many.
func (s span) stretches() []stretch {
	if s.from >= s.until {
		return nil
	}
	first, last := nearestDay(s.from), nearestDay(s.until)
	all := []stretch{{day, first, last, 1}}
	for _, end := range []struct{ at, day, sign int64 }{{s.from, first, 1}, {s.until, last, -1}} {
		switch edge := end.day * quartersADay; {
		case end.at < edge:
			all = append(all, stretch{quarter, end.at, edge, end.sign})
		case end.at > edge:
			all = append(all, stretch{quarter, edge, end.at, -end.sign})
		}
	}
	return all
}

func nearestDay(q int64) int64 {
	q += quartersADay / 2
	if q < 0 {
		q -= quartersADay - 1
	}
	return q / quartersADay
}

// sumsQuery has the filter's conditions and its grouping added.
const sumsQuery = `SELECT name, source, CAST(SUM(n) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM tally
	WHERE kind = $1 AND funnel = $2 AND grain = $3 AND slot >= $4 AND slot < $5`

// sums are the sums of a kind in a span, by name and source.
func (s *Store) sums(ctx context.Context, k kind, funnel string, f ReportFilter, within span) (map[[2]string]sum, error) {
	all := map[[2]string]sum{}
	for _, part := range within.stretches() {
		w := where{args: []any{string(k), funnel, part.grain, part.from, part.until}}
		w.andText("source = ", f.Source)
		w.andText("number = ", f.Number)
		query := sumsQuery
		for _, condition := range w.conditions {
			query += " AND " + condition
		}
		if err := s.addSums(ctx, all, part.sign, query+" GROUP BY name, source", w.args); err != nil {
			return nil, fmt.Errorf("count %s: %w", k, err)
		}
	}
	return all, nil
}

func (s *Store) addSums(ctx context.Context, all map[[2]string]sum, sign int64, query string, args []any) error {
	rows, err := s.reads.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key [2]string
		var more sum
		if err := rows.Scan(&key[0], &key[1], &more.n, &more.amount); err != nil {
			return err
		}
		was := all[key]
		all[key] = sum{was.n + sign*more.n, was.amount + sign*more.amount}
	}
	return rows.Err()
}

// byName are the sums of all sources by name.
func byName(sums map[[2]string]sum) map[string]sum {
	all := map[string]sum{}
	for key, s := range sums {
		was := all[key[0]]
		all[key[0]] = sum{was.n + s.n, was.amount + s.amount}
	}
	return all
}

// inOrder are the counts of stages in the order of a funnel.
func inOrder(stages []string, reached map[string]sum) []StageCount {
	counts := make([]StageCount, len(stages))
	for i, stage := range stages {
		counts[i] = StageCount{Stage: stage, Leads: int(reached[stage].n)}
	}
	return counts
}
