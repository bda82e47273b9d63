package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadgate/chat"
)

// A SourceStat is what came of the leads of a source: of the leads whose first source it is.
type SourceStat struct {
	Source string
	Leads  int          // created in the range
	Stages []StageCount // of the filter's funnel, as FunnelReport counts
	Won    int          // opportunities won in the range
	Paid   []chat.Money // succeeded payments in the range, by currency
}

// SourcesReport tells what came of each source, the one with the most leads first. Without a funnel nobody reached a stage.
func (s *Store) SourcesReport(ctx context.Context, f ReportFilter, stages []string) ([]SourceStat, error) {
	stats := map[string]*SourceStat{}
	reached := map[string]map[string]sum{}
	for _, k := range []kind{kindLead, kindReached, kindWon, kindPaid} {
		funnel := ""
		if k == kindReached {
			funnel = f.Funnel
		}
		sums, err := s.sums(ctx, k, funnel, f, f.span())
		if err != nil {
			return nil, fmt.Errorf("report of sources: %w", err)
		}
		for key, n := range sums {
			name, source := key[0], key[1]
			if n == (sum{}) {
				continue
			}
			if stats[source] == nil {
				stats[source], reached[source] = &SourceStat{Source: source}, map[string]sum{}
			}
			switch k {
			case kindLead:
				stats[source].Leads = int(n.n)
			case kindReached:
				reached[source][name] = n
			case kindWon:
				stats[source].Won = int(n.n)
			default:
				stats[source].Paid = append(stats[source].Paid, chat.Money{Minor: n.amount, Currency: name})
			}
		}
	}
	list := make([]SourceStat, 0, len(stats))
	for _, source := range slices.Sorted(maps.Keys(stats)) {
		one := stats[source]
		one.Stages = inOrder(stages, reached[source])
		slices.SortFunc(one.Paid, func(a, b chat.Money) int { return cmp.Compare(a.Currency, b.Currency) })
		list = append(list, *one)
	}
	slices.SortStableFunc(list, func(a, b SourceStat) int { return b.Leads - a.Leads })
	return list, nil
}

// An AgentStat is how an agent does.
type AgentStat struct {
	Agent    string
	Taken    int           // chats that were given to the agent in the range; one that is given twice counts twice
	Answered int           // of these, those in which the business wrote afterwards
	Mean     time.Duration // from the assignment to that; zero when none was answered
}

// AgentsReport tells how each agent does who was given a chat, by name.
func (s *Store) AgentsReport(ctx context.Context, f ReportFilter) ([]AgentStat, error) {
	given, err := s.sums(ctx, kindTaken, "", f, f.span())
	if err != nil {
		return nil, fmt.Errorf("report of agents: %w", err)
	}
	written, err := s.sums(ctx, kindAnswered, "", f, f.span())
	if err != nil {
		return nil, fmt.Errorf("report of agents: %w", err)
	}
	chats, answers := byName(given), byName(written)
	var list []AgentStat
	for _, agent := range slices.Sorted(maps.Keys(chats)) {
		if chats[agent].n == 0 {
			continue
		}
		stat := AgentStat{Agent: agent, Taken: int(chats[agent].n), Answered: int(answers[agent].n)}
		if stat.Answered > 0 {
			stat.Mean = time.Duration(answers[agent].amount/answers[agent].n) * time.Microsecond
		}
		list = append(list, stat)
	}
	return list, nil
}
