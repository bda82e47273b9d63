package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"leadgate/bot"
	"leadgate/routing"
)

// agentItem is an agent, and why they would or would not get a chat now.
type agentItem struct {
	bot.AgentView
	Reason    *string        `json:"reason"`     // why they are not available: "away"; null when they are
	AwayUntil *string        `json:"away_until"` // null when they are not away
	Open      int            `json:"open"`       // chats that they have
	Capacity  *int           `json:"capacity"`   // most chats at once; null: no limit
	Admin     bool           `json:"admin"`
	Groups    []string       `json:"groups"`
	Turns     map[string]int `json:"turns"` // where they stand in line for a target of a rule, "group:sales" or "admin"; 1: next
}

// agents answers GET /agents, in the order of the configuration.
func (s *site) agents(w http.ResponseWriter, r *http.Request) error {
	items, err := s.team(r.Context())
	if err != nil {
		return err
	}
	writeList(w, items, 0)
	return nil
}

// team is every agent of the configuration as they stand now.
func (s *site) team(ctx context.Context) ([]agentItem, error) {
	policy := s.Bot.Policy().Routing
	configured := policy.Agents()
	states, err := s.Store.AgentStates(ctx, show(configured, func(a routing.Agent) string { return a.Name }))
	if err != nil {
		return nil, err
	}
	turns, err := s.Store.Turns(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	items := show(configured, func(a routing.Agent) agentItem { return showAgent(policy, a, states[a.Name], now) })
	for _, line := range policy.Lines() {
		for i, name := range inTurn(line.Members, turns[line.Name]) {
			at := slices.IndexFunc(items, func(a agentItem) bool { return a.Name == name })
			if group, is := strings.CutPrefix(line.Name, routing.GroupLine); is {
				items[at].Groups = append(items[at].Groups, group)
			}
			items[at].Turns[line.Name] = i + 1
		}
	}
	return items, nil
}

func showAgent(policy *routing.Policy, a routing.Agent, state routing.AgentState, now time.Time) agentItem {
	available, reason := policy.Available(a.Name, state, now)
	item := agentItem{
		AgentView: bot.AgentView{Name: a.Name, Available: available}, Reason: optional(string(reason)),
		Open: state.Open, Admin: a.Admin, Groups: []string{}, Turns: map[string]int{},
	}
	if state.AwayUntil.After(now) {
		item.AwayUntil = optionalMoment(state.AwayUntil)
	}
	if a.Capacity > 0 {
		item.Capacity = &a.Capacity
	}
	return item
}

// inTurn is the members of a line, who goes next first: those who stood in it as they stood, then those who joined.
func inTurn(members, kept []string) []string {
	var line []string
	for _, name := range kept {
		if slices.Contains(members, name) {
			line = append(line, name)
		}
	}
	for _, name := range members {
		if !slices.Contains(kept, name) {
			line = append(line, name)
		}
	}
	return line
}

// changeAgent answers PATCH /agents/{name}: away, until a time or the end of their day, or back.
func (s *site) changeAgent(w http.ResponseWriter, r *http.Request) error {
	var available bool
	var until *time.Time
	if err := body(r, fields{"available": &available, "until": &until}); err != nil {
		return err
	}
	name := r.PathValue("name")
	order := bot.SetAvailable{Agent: name, Available: available, Cause: cause(r)}
	if until != nil {
		if available {
			return wrong("until", "is for who is away")
		}
		if !until.After(s.Now()) {
			return wrong("until", "is over already")
		}
		order.Until = until.UTC()
	}
	key := inputKey(r)
	if err := s.change(r, key, bot.Input{Available: &order}, nil); err != nil {
		return err
	}
	items, err := s.team(r.Context())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(items, func(a agentItem) bool { return a.Name == name })
	if at < 0 {
		return unknown("agent", name)
	}
	writeJSON(w, http.StatusOK, items[at])
	return nil
}
