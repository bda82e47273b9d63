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

// stretches take a span apart into slots that are as coarse as they can be.
func (s span) stretches() []stretch {
	if s.from >= s.until {
		return nil
	}
	days, all := span{s.from, s.until}.coarser(quarter, day)
	if days.until-days.from < 2*stride/day {
		return append(all, stretch{day, days.from, days.until, 1})
	}
	strides, ends := days.coarser(day, stride)
	return append(append(all, ends...), stretch{stride, strides.from, strides.until, 1})
}

// coarser is a span of slots of one grain as that of a coarser grain which comes nearest, and what this lacks at its ends, or
// has too much.
func (s span) coarser(grain, to int64) (nearest span, ends []stretch) {
	ratio := to / grain
	nearest = span{nearestSlot(s.from, ratio), nearestSlot(s.until, ratio)}
	if end, some := between(grain, s.from, nearest.from*ratio); some {
		ends = append(ends, end)
	}
	if end, some := between(grain, nearest.until*ratio, s.until); some {
		ends = append(ends, end)
	}
	return nearest, ends
}

// between is the slots from one to another, which count against when these stand the other way round.
func between(grain, from, until int64) (s stretch, some bool) {
	if from > until {
		return stretch{grain, until, from, -1}, true
	}
	return stretch{grain, from, until, 1}, from < until
}

func nearestSlot(at, ratio int64) int64 {
	at += ratio / 2
	if at < 0 {
		at -= ratio - 1
	}
	return at / ratio
}

// sumsQuery has the filter's conditions and its grouping added.
const sumsQuery = `SELECT name, source, CAST(SUM(n) AS BIGINT), CAST(SUM(amount) AS BIGINT) FROM tally
	WHERE kind = $1 AND funnel = $2 AND grain = $3 AND slot >= $4 AND slot < $5`

// sums are the sums of a kind in a span, by name and source.
func (s *Store) sums(ctx context.Context, k kind, funnel string, f ReportFilter, within span) (map[[2]string]sum, error) {
	all := map[[2]string]sum{}
	for _, part := range within.stretches() {
		query, args := f.over(sumsQuery, k, funnel, part)
		if err := s.addSums(ctx, all, part.sign, query+" GROUP BY name, source", args); err != nil {
			return nil, fmt.Errorf("count %s: %w", k, err)
		}
	}
	return all, nil
}

// over adds the filter's conditions to a query for counts of a kind in a stretch.
func (f ReportFilter) over(query string, k kind, funnel string, part stretch) (text string, args []any) {
	w := where{args: []any{string(k), funnel, part.grain, part.from, part.until}}
	w.andText("source = ", f.Source)
	w.andText("number = ", f.Number)
	for _, condition := range w.conditions {
		query += " AND " + condition
	}
	return query, w.args
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
