package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"leadgate/chat"
)

// person is an agent who always works, with a phone of their own.
func person(name string) AgentConfig {
	digits := 0
	for _, r := range name {
		digits = (digits*31 + int(r)) % 10000
	}
	return AgentConfig{Name: name, Phone: fmt.Sprintf("+551198888%04d", digits)}
}

func working(name string, hours ...string) AgentConfig {
	a := person(name)
	a.Hours = hours
	return a
}

func admin(name string) AgentConfig {
	a := person(name)
	a.Admin = true
	return a
}

func capable(name string, capacity int) AgentConfig {
	a := person(name)
	a.Capacity = capacity
	return a
}

// team is a configuration of agents, in which group sales is all who are no admins.
func team(targets string, agents ...AgentConfig) Config {
	c := Config{Agents: agents, Groups: []GroupConfig{{Name: "sales"}}}
	for _, a := range agents {
		if !a.Admin {
			c.Groups[0].Members = append(c.Groups[0].Members, a.Name)
		}
	}
	c.Rules = []RuleConfig{{Name: "r", Targets: strings.Fields(targets)}}
	return c
}

func mustNew(t testing.TB, c Config) *Policy {
	t.Helper()
	p, faults := New(c)
	if p == nil {
		t.Fatal(faults)
	}
	return p
}

// at is a moment in UTC.
func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// monday is a working day.
func monday() time.Time { return at("2026-01-05 10:00") }

func states(pairs ...any) map[string]AgentState {
	m := make(map[string]AgentState)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1].(AgentState)
	}
	return m
}

// told is an outcome as people read it.
func told(o Outcome) string {
	var parts []string
	for _, p := range o.Passed {
		parts = append(parts, p.String())
	}
	if o.Agent != "" {
		return strings.Join(append(parts, fmt.Sprintf("%s: %s, step %d", o.Target, o.Agent, o.Step)), "; ")
	}
	if o.Closed {
		parts = append(parts, "closed")
	}
	if !o.NextAt.IsZero() {
		parts = append(parts, "next "+o.NextAt.Format("2006-01-02 15:04"))
	}
	return strings.Join(append(parts, "nobody"), "; ")
}

func TestTheTargetsOfARuleAreTriedInOrder(t *testing.T) {
	office := "mon-fri 09:00-18:00"
	away := AgentState{AwayUntil: monday().Add(time.Hour)}
	for _, c := range []struct {
		name   string
		config Config
		r      Request
		team   Team
		want   string
	}{
		{"the owner comes first", team("owner group:sales", person("ana"), person("bob")), Request{Owner: "bob"}, Team{}, "owner: bob, step 0"},
		{"without an owner the group is next", team("owner group:sales", person("ana"), person("bob")), Request{}, Team{},
			"owner: the opportunity has none; group:sales: ana, step 1"},
		{"an owner who is no agent any more is passed over", team("owner admin", admin("carla")), Request{Owner: "zoe"}, Team{},
			"owner zoe: not configured; admin: carla, step 1"},
		{"every reason is kept", team("owner group:sales admin", working("ana", "tue 09:00-18:00"), capable("bob", 8), admin("carla")),
			Request{Owner: "ana"}, Team{Agents: states("bob", AgentState{Open: 8})},
			"owner ana: outside hours; group sales: ana outside hours; group sales: bob at 8 of 8; admin: carla, step 2"},
		{"one who is named", team("agent:bob agent:ana", person("ana"), person("bob")), Request{}, Team{Agents: states("bob", away)},
			"agent bob: away; agent:ana: ana, step 1"},
		{"a chain of any length begins where it is told to", team("owner agent:ana agent:bob group:sales", person("ana"), person("bob")),
			Request{From: 2}, Team{}, "agent:bob: bob, step 2"},
		{"the admins come after the last target when they are asked for", team("agent:ana", person("ana"), admin("carla")),
			Request{Admins: true}, Team{Agents: states("ana", away)}, "agent ana: away; admin: carla, step 1"},
		{"they come once", team("agent:ana admin", person("ana"), admin("carla")), Request{Admins: true},
			Team{Agents: states("ana", away, "carla", away)}, "agent ana: away; admin: carla away; next 2026-01-05 11:00; nobody"},
		{"they come again when the rule had them before", team("admin agent:ana", person("ana"), admin("carla")), Request{From: 1, Admins: true},
			Team{Agents: states("ana", away)}, "agent ana: away; admin: carla, step 2"},
		{"their step can be where a chain begins", team("agent:ana", person("ana"), admin("carla")), Request{From: 1, Admins: true}, Team{},
			"admin: carla, step 1"},
		{"no admin", team("admin", person("ana")), Request{}, Team{}, "admin: no members; nobody"},
		{"no rule", team("agent:ana", person("ana")), Request{Rule: "other", Admins: true}, Team{}, "nobody"},
		{"a step beyond the last", team("agent:ana", person("ana")), Request{From: 7, Admins: true}, Team{}, "nobody"},
		{"a step before the first", team("agent:ana", person("ana")), Request{From: -7}, Team{}, "agent:ana: ana, step 0"},
		{"capacity without a limit", team("agent:ana", person("ana")), Request{}, Team{Agents: states("ana", AgentState{Open: 1000})},
			"agent:ana: ana, step 0"},
		{"one below capacity", team("agent:ana", capable("ana", 3)), Request{}, Team{Agents: states("ana", AgentState{Open: 2})},
			"agent:ana: ana, step 0"},
		{"who is full waits for no clock", team("agent:ana", capable("ana", 3)), Request{}, Team{Agents: states("ana", AgentState{Open: 4})},
			"agent ana: at 4 of 3; nobody"},
		{"nor for the next day's hours", team("agent:ana", AgentConfig{Name: "ana", Phone: "+5511988880001", Hours: []string{office}, Capacity: 1}), Request{},
			Team{Agents: states("ana", AgentState{Open: 1})}, "agent ana: at 1 of 1; nobody"},
		{"a line that names somebody twice asks them once", team("group:sales", person("ana"), person("bob")), Request{},
			Team{Agents: states("ana", away), Lines: map[string][]string{"group:sales": {"ana", "ana", "bob"}}},
			"group sales: ana away; group:sales: bob, step 0"},
		{"away ends by itself", team("agent:ana", person("ana")), Request{}, Team{Agents: states("ana", AgentState{AwayUntil: monday()})},
			"agent:ana: ana, step 0"},
		{"outside everybody's hours it is closed", team("group:sales", working("ana", "tue 09:00-18:00"), working("bob", "tue 08:00-12:00")),
			Request{}, Team{}, "group sales: ana outside hours; group sales: bob outside hours; closed; next 2026-01-06 08:00; nobody"},
		{"with one who is full it is not closed", team("group:sales", working("ana", "tue 09:00-18:00"), capable("bob", 1)),
			Request{}, Team{Agents: states("bob", AgentState{Open: 1})},
			"group sales: ana outside hours; group sales: bob at 1 of 1; next 2026-01-06 09:00; nobody"},
		{"with one who is away within their hours it is not closed", team("group:sales", working("ana", "tue 09:00-18:00"), working("bob", office)),
			Request{}, Team{Agents: states("bob", away)},
			"group sales: ana outside hours; group sales: bob away; next 2026-01-05 11:00; nobody"},
		{"with one who is away outside their hours it is closed", team("group:sales", working("ana", "tue 09:00-18:00")),
			Request{}, Team{Agents: states("ana", AgentState{AwayUntil: at("2026-01-07 12:00")})},
			"group sales: ana away; closed; next 2026-01-13 09:00; nobody"},
		{"who is away until within their hours is next then", team("group:sales", working("ana", "tue 09:00-18:00")),
			Request{}, Team{Agents: states("ana", AgentState{AwayUntil: at("2026-01-06 12:00")})},
			"group sales: ana away; closed; next 2026-01-06 12:00; nobody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.r.Rule == "" {
				c.r.Rule = "r"
			}
			if got := told(mustNew(t, c.config).Route(c.r, c.team, monday())); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAHolidayClosesForEverybodyOrForOne(t *testing.T) {
	c := team("group:sales", working("ana", "mon-fri 09:00-18:00"), person("bob"))
	c.Holidays = []string{"2026-01-05"}
	c.Agents[1].Holidays = []string{"2026-01-06"}
	p := mustNew(t, c)
	for now, want := range map[string]string{
		"2026-01-05 10:00": "group sales: ana on holiday; group sales: bob on holiday; closed; next 2026-01-06 09:00; nobody",
		"2026-01-06 08:00": "group sales: ana outside hours; group sales: bob on holiday; closed; next 2026-01-06 09:00; nobody",
		"2026-01-07 00:00": "group sales: ana outside hours; group:sales: bob, step 0",
	} {
		if got := told(p.Route(Request{Rule: "r"}, Team{}, at(now))); got != want {
			t.Errorf("at %s: got  %s\nwant %s", now, got, want)
		}
	}
}

func TestWhoLostAChatGetsItAgainAfterBeingAwayFromWork(t *testing.T) {
	lost := at("2026-01-05 10:00")
	for _, c := range []struct {
		name  string
		agent AgentConfig
		state AgentState
		now   string
		want  string
	}{
		{"not at once", working("ana", "mon-fri 09:00-18:00"), AgentState{}, "2026-01-05 10:00", "agent ana: asked before; next 2026-01-06 09:00; nobody"},
		{"not on the same day", working("ana", "mon-fri 09:00-18:00"), AgentState{}, "2026-01-05 17:59", "agent ana: asked before; next 2026-01-06 09:00; nobody"},
		{"not while they are closed", working("ana", "mon-fri 09:00-18:00"), AgentState{}, "2026-01-05 18:00", "agent ana: outside hours; closed; next 2026-01-06 09:00; nobody"},
		{"on the next morning", working("ana", "mon-fri 09:00-18:00"), AgentState{}, "2026-01-06 09:00", "agent:ana: ana, step 0"},
		{"after lunch", working("ana", "mon 09:00-12:00", "mon 13:00-18:00"), AgentState{}, "2026-01-05 13:00", "agent:ana: ana, step 0"},
		{"not when hours only touch", working("ana", "mon 09:00-12:00", "mon 12:00-18:00"), AgentState{}, "2026-01-05 12:30", "agent ana: asked before; next 2026-01-12 09:00; nobody"},
		{"not over midnight within a shift", working("ana", "mon 08:00-24:00", "tue 00:00-06:00"), AgentState{}, "2026-01-06 01:00", "agent ana: asked before; next 2026-01-12 08:00; nobody"},
		{"never by the clock when they always work", person("ana"), AgentState{}, "2026-02-06 01:00", "agent ana: asked before; nobody"},
		{"nor when every hour of the week is theirs", working("ana", "mon-sun 08:00-20:00", "mon-sun 20:00-08:00"), AgentState{}, "2026-02-06 01:00", "agent ana: asked before; nobody"},
		{"after a holiday though they always work otherwise", AgentConfig{Name: "ana", Phone: "+5511988880001", Holidays: []string{"2026-01-08"}},
			AgentState{}, "2026-01-09 00:00", "agent:ana: ana, step 0"},
		{"after the last of some holidays too", AgentConfig{Name: "ana", Phone: "+5511988880001", Holidays: []string{"2026-01-03", "2026-01-08", "2026-01-02"}},
			AgentState{}, "2026-01-07 00:00", "agent ana: asked before; next 2026-01-09 00:00; nobody"},
		{"not before that holiday", AgentConfig{Name: "ana", Phone: "+5511988880001", Holidays: []string{"2026-01-08"}},
			AgentState{}, "2026-01-07 00:00", "agent ana: asked before; next 2026-01-09 00:00; nobody"},
		{"when they came back", person("ana"), AgentState{BackAt: lost.Add(time.Minute)}, "2026-01-05 10:01", "agent:ana: ana, step 0"},
		{"not when they came back before", person("ana"), AgentState{BackAt: lost}, "2026-01-05 10:01", "agent ana: asked before; nobody"},
		{"when their being away has ended", person("ana"), AgentState{AwayUntil: lost.Add(time.Minute)}, "2026-01-05 10:01", "agent:ana: ana, step 0"},
		{"not when it ended before", person("ana"), AgentState{AwayUntil: lost}, "2026-01-05 10:01", "agent ana: asked before; nobody"},
		{"not while they are away", person("ana"), AgentState{AwayUntil: lost.Add(time.Hour)}, "2026-01-05 10:01", "agent ana: away; next 2026-01-05 11:00; nobody"},
		{"full counts less", capable("ana", 1), AgentState{Open: 1}, "2026-01-05 10:01", "agent ana: asked before; nobody"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustNew(t, team("agent:ana", c.agent))
			r := Request{Rule: "r", Asked: []Asked{{"ana", lost}, {"ana", lost.Add(-48 * time.Hour)}, {"bob", lost.Add(time.Hour)}}}
			if got := told(p.Route(r, Team{Agents: states("ana", c.state)}, at(c.now))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestARequestWantsWhomItCanReach(t *testing.T) {
	c := team("owner agent:bob group:sales", person("ana"), person("bob"), admin("carla"), person("dora"))
	c.Groups[0].Members = []string{"dora", "ana"}
	p := mustNew(t, c)
	for _, test := range []struct {
		name          string
		r             Request
		agents, lines []string
	}{
		{"all of it", Request{Rule: "r", Owner: "carla"}, []string{"carla", "bob", "dora", "ana"}, []string{"group:sales"}},
		{"with the admins", Request{Rule: "r", Admins: true}, []string{"bob", "dora", "ana", "carla"}, []string{"group:sales", "admin"}},
		{"an owner who is no agent", Request{Rule: "r", Owner: "zoe", From: 0}, []string{"bob", "dora", "ana"}, []string{"group:sales"}},
		{"what is left", Request{Rule: "r", Owner: "carla", From: 2}, []string{"dora", "ana"}, []string{"group:sales"}},
		{"no rule", Request{Owner: "ana", Admins: true}, nil, nil},
	} {
		agents, lines := p.Wants(test.r)
		if !slices.Equal(agents, test.agents) || !slices.Equal(lines, test.lines) {
			t.Errorf("%s: %q and %q, want %q and %q", test.name, agents, lines, test.agents, test.lines)
		}
	}
}

func TestAnAgentIsFoundByPhoneHoweverItIsWritten(t *testing.T) {
	c := team("owner", person("ana"))
	c.Country, c.Agents[0].Phone = "BR", "11 8888-0001"
	p := mustNew(t, c)
	if a, found := p.AgentByPhone(chat.WhatsAppPhone("551188880001")); !found || a.Name != "ana" {
		t.Errorf("found %v, %v", a, found)
	}
	if a, found := p.AgentByPhone(""); found {
		t.Errorf("%v has no phone", a)
	}
}
