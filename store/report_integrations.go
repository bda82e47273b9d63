package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// An IntegrationStat is how much of one thing came in or went out.
type IntegrationStat struct {
	Direction string // "in" or "out"
	What      string // in: "source", "lead", "payment", "feedback", "message"; out: "delivered", "dead"
	Name      string // of a source: of the leads created; of the others in: through whom, a token or form; out: the destination
	Count     int
}

// IntegrationsReport tells what came in and went out in the filter's range, in order of direction, what it is, and name. What
// went out has no source and no number: with either, nothing did.
func (s *Store) IntegrationsReport(ctx context.Context, f ReportFilter) ([]IntegrationStat, error) {
	var list []IntegrationStat
	for _, part := range []struct {
		kind      kind
		funnel    string
		direction string
		what      string
	}{
		{kindLead, "", "in", "source"},
		{kindIn, "lead", "in", "lead"},
		{kindIn, "payment", "in", "payment"},
		{kindIn, "feedback", "in", "feedback"},
		{kindIn, "message", "in", "message"},
		{kindDelivered, "", "out", "delivered"},
		{kindDead, "", "out", "dead"},
	} {
		sums, err := s.sums(ctx, part.kind, part.funnel, f, f.span())
		if err != nil {
			return nil, fmt.Errorf("report of integrations: %w", err)
		}
		counts := map[string]int{}
		for key, n := range sums {
			name := key[0]
			if part.kind == kindLead {
				name = key[1]
			}
			counts[name] += int(n.n)
		}
		for name, n := range counts {
			if n != 0 {
				list = append(list, IntegrationStat{part.direction, part.what, name, n})
			}
		}
	}
	slices.SortFunc(list, func(a, b IntegrationStat) int {
		return cmp.Or(cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.What, b.What), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}
