package routing

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawnTeam is a random team: agents with hours and capacities, groups that share them, and rules over all of it.
func drawnTeam(t *rapid.T) Config {
	c := Config{}
	var names, targets []string
	for i := range rapid.IntRange(1, 8).Draw(t, "agents") {
		a := AgentConfig{Name: fmt.Sprintf("agent-%d", i), Phone: fmt.Sprintf("+551198765000%d", i), Hours: drawnHours(t)}
		a.Admin = rapid.Bool().Draw(t, "admin")
		a.Capacity = rapid.IntRange(0, 2).Draw(t, "capacity")
		if rapid.Bool().Draw(t, "holiday") {
			a.Holidays = []string{"2026-01-06"}
		}
		c.Agents = append(c.Agents, a)
		names = append(names, a.Name)
		targets = append(targets, agentTarget+a.Name)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "groups") {
		members := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "members")
		g := GroupConfig{Name: fmt.Sprintf("group-%d", i), Members: members}
		c.Groups = append(c.Groups, g)
		targets = append(targets, GroupLine+g.Name)
	}
	targets = append(targets, ownerTarget, AdminLine)
	c.Rules = []RuleConfig{{Name: "r", Targets: rapid.SliceOfNDistinct(rapid.SampledFrom(targets), 1, -1, rapid.ID[string]).Draw(t, "targets")}}
	return c
}

func drawnTime(t *rapid.T, label string) time.Time {
	return at("2026-01-05 00:00").Add(time.Duration(rapid.IntRange(0, 7*24*2).Draw(t, label)) * 30 * time.Minute)
}

func drawnStates(t *rapid.T, c Config) Team {
	team := Team{Agents: make(map[string]AgentState), Lines: make(map[string][]string)}
	var names []string
	for _, a := range c.Agents {
		names = append(names, a.Name)
		var s AgentState
		s.Open = rapid.IntRange(0, 2).Draw(t, "open")
		if rapid.Bool().Draw(t, "away") {
			s.AwayUntil = drawnTime(t, "away until")
		}
		if rapid.Bool().Draw(t, "back") {
			s.BackAt = drawnTime(t, "back at")
		}
		team.Agents[a.Name] = s
	}
	names = append(names, "zoe")
	for _, g := range c.Groups {
		team.Lines[GroupLine+g.Name] = rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "line")
	}
	team.Lines[AdminLine] = rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "line")
	return team
}

func drawnRequest(t *rapid.T, c Config, now time.Time) Request {
	r := Request{Rule: "r", From: rapid.IntRange(0, len(c.Rules[0].Targets)).Draw(t, "from"), Admins: rapid.Bool().Draw(t, "admins")}
	owners := []string{"", "zoe"}
	for _, a := range c.Agents {
		owners = append(owners, a.Name)
		if rapid.IntRange(0, 3).Draw(t, "asked") == 0 {
			ago := time.Duration(rapid.IntRange(0, 96).Draw(t, "ago")) * 30 * time.Minute
			r.Asked = append(r.Asked, Asked{Agent: a.Name, At: now.Add(-ago)})
		}
	}
	r.Owner = rapid.SampledFrom(owners).Draw(t, "owner")
	return r
}

func TestOnlyWhoIsAvailableGetsAChatAndDecidingTwiceIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnTeam(t)
		p, faults := New(c)
		if p == nil {
			t.Fatal(faults)
		}
		team, now := drawnStates(t, c), drawnTime(t, "now")
		r := drawnRequest(t, c, now)
		before := fmt.Sprint(team)
		o := p.Route(r, team, now)
		if again := p.Route(r, team, now); !reflect.DeepEqual(o, again) || fmt.Sprint(team) != before {
			t.Fatalf("decided again: %+v, after %+v", again, o)
		}
		agents, lines := p.Wants(r)
		for _, passed := range o.Passed {
			if passed.Agent != "" && passed.Reason != NotThere && !slices.Contains(agents, passed.Agent) {
				t.Fatalf("%s is not wanted: %q", passed, agents)
			}
			if available, _ := p.Available(passed.Agent, team.Agents[passed.Agent], now); available && passed.Reason != AskedBefore {
				t.Fatalf("%s though they are available", passed)
			}
		}
		if o.Agent == "" {
			return
		}
		if available, reason := p.Available(o.Agent, team.Agents[o.Agent], now); !available || !slices.Contains(agents, o.Agent) {
			t.Fatalf("%s gets it: %s; wanted are %q", o.Agent, reason, agents)
		}
		if o.Closed || !o.NextAt.IsZero() {
			t.Fatalf("somebody gets it, and %+v", o)
		}
		for _, turn := range o.Turns {
			if !slices.Contains(lines, turn.Line) || turn.Back[len(turn.Back)-1] != o.Agent {
				t.Fatalf("%+v; wanted are %q", turn, lines)
			}
		}
		// Whoever is given no chat keeps their place before all who stood behind them.
		line := slices.DeleteFunc(slices.Clone(team.Lines[o.Target]), func(name string) bool { return name == o.Agent || name == "zoe" })
		take(team.Lines, o.Turns)
		if after := team.Lines[o.Target]; len(o.Turns) > 0 {
			members := slices.DeleteFunc(line, func(name string) bool { return !slices.Contains(after, name) })
			if !slices.Equal(after[:len(members)], members) {
				t.Fatalf("%q stood in the line, and then it was %q", members, after)
			}
		}
	})
}

func TestAChainEndsWhenEverybodyWhoIsAtWorkHasBeenAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnTeam(t)
		p, faults := New(c)
		if p == nil {
			t.Fatal(faults)
		}
		team, now := drawnStates(t, c), drawnTime(t, "now")
		for name, s := range team.Agents {
			if s.BackAt.After(now) {
				s.BackAt = now
				team.Agents[name] = s
			}
		}
		r := Request{Rule: "r", Owner: "agent-0", Admins: true}
		had := make(map[string]bool)
		for {
			o := p.Route(r, team, now)
			if o.Agent == "" {
				return
			}
			if had[o.Agent] || o.Step < r.From {
				t.Fatalf("%+v after %+v", o, r)
			}
			had[o.Agent] = true
			take(team.Lines, o.Turns)
			r.From = o.Step
			r.Asked = append(r.Asked, Asked{Agent: o.Agent, At: now})
		}
	})
}

func TestWithAllAvailableNMembersShareKTimesNChatsEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnTeam(t)
		for i := range c.Agents {
			c.Agents[i] = AgentConfig{Name: c.Agents[i].Name, Phone: c.Agents[i].Phone, Admin: c.Agents[i].Admin}
		}
		c.Rules = nil
		for _, g := range c.Groups {
			c.Rules = append(c.Rules, RuleConfig{Name: g.Name, Targets: []string{GroupLine + g.Name}})
		}
		c.Rules = append(c.Rules, RuleConfig{Name: "admins", Targets: []string{AdminLine}}, RuleConfig{Name: "one", Targets: []string{"agent:agent-0"}})
		p, faults := New(c)
		if p == nil {
			t.Fatal(faults)
		}
		team := drawnStates(t, c)
		team.Agents = nil
		got := make(map[string][]string)
		for range rapid.IntRange(1, 100).Draw(t, "chats") {
			rule := rapid.SampledFrom(p.Rules()).Draw(t, "rule")
			o := p.Route(Request{Rule: rule}, team, monday())
			if o.Agent != "" {
				got[o.Target] = append(got[o.Target], o.Agent)
			}
			take(team.Lines, o.Turns)
		}
		for _, l := range p.Lines() {
			n := len(l.Members)
			for i, name := range got[l.Name] {
				if !slices.Contains(l.Members, name) || i >= n && got[l.Name][i-n] != name || slices.Contains(got[l.Name][max(0, i-n+1):i], name) {
					t.Fatalf("%s gave %q to %q", l.Name, got[l.Name], l.Members)
				}
			}
		}
	})
}

// The clock opens the chain at NextAt and not before, as far as nobody is full.
func TestTheClockMakesSomebodyAvailableAtNextAtAndNotBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnTeam(t)
		for i := range c.Agents {
			c.Agents[i].Capacity = 0
		}
		p, faults := New(c)
		if p == nil {
			t.Fatal(faults)
		}
		team, now := drawnStates(t, c), drawnTime(t, "now")
		for name, s := range team.Agents {
			if s.BackAt.After(now) {
				s.BackAt = now
				team.Agents[name] = s
			}
		}
		r := drawnRequest(t, c, now)
		o := p.Route(r, team, now)
		if o.Agent != "" {
			return
		}
		end := now.AddDate(0, 0, 10)
		if !o.NextAt.IsZero() && o.NextAt.Before(end) {
			end = o.NextAt
			if next := p.Route(r, team, o.NextAt); next.Agent == "" {
				t.Fatalf("at %s it is %+v", now, o)
			}
		}
		for at := now; at.Before(end); at = at.Add(30 * time.Minute) {
			if sooner := p.Route(r, team, at); sooner.Agent != "" {
				t.Fatalf("at %s it is %+v, and at %s %+v", now, o, at, sooner)
			}
		}
	})
}
