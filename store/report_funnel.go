package store

import (
	"context"
	"errors"
	"fmt"
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
