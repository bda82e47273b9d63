package routing

import (
	"fmt"
	"testing"
	"time"
)

// bigTeam is 200 agents with office hours and holidays, 50 groups of 20 of them, and a rule that asks the owner, three
// groups and the admins.
func bigTeam(b *testing.B) (*Policy, Team) {
	b.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		b.Fatal(err)
	}
	c := Config{Zone: zone, Holidays: []string{"2026-01-01", "2026-12-25"}}
	t := Team{Agents: make(map[string]AgentState), Lines: make(map[string][]string)}
	for i := range 200 {
		a := AgentConfig{Name: fmt.Sprintf("agent-%d", i), Phone: fmt.Sprintf("+551198765%04d", i), Admin: i < 5, Capacity: 50}
		a.Hours = []string{"mon-fri 09:00-12:00", "mon-fri 13:00-18:00", "sat 09:00-13:00"}
		c.Agents = append(c.Agents, a)
		t.Agents[a.Name] = AgentState{Open: 50}
	}
	for i := range 50 {
		g := GroupConfig{Name: fmt.Sprintf("group-%d", i)}
		for j := range 20 {
			g.Members = append(g.Members, c.Agents[(i*7+j)%200].Name)
		}
		c.Groups = append(c.Groups, g)
		t.Lines[GroupLine+g.Name] = g.Members
	}
	c.Rules = []RuleConfig{{Name: "r", Targets: []string{"owner", "group:group-0", "group:group-20", "group:group-40", "admin"}}}
	p, faults := New(c)
	if p == nil {
		b.Fatal(faults)
	}
	return p, t
}

// Ten thousand open chats are as many as 200 agents can have when each is at a capacity of 50.
func BenchmarkRoute(b *testing.B) {
	p, team := bigTeam(b)
	for _, c := range []struct {
		name string
		now  string
		free string // who has not all that they can
		want string
	}{
		{"the owner", "2026-01-05 13:00", "agent-150", "agent-150"},
		{"the tenth of the first group", "2026-01-05 13:00", "agent-9", "agent-9"},
		{"the last of the third group", "2026-01-05 13:00", "agent-99", "agent-99"},
		{"nobody below capacity", "2026-01-05 13:00", "", ""},
		{"nobody on a Sunday", "2026-01-04 13:00", "", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			team.Agents[c.free] = AgentState{}
			defer func() { team.Agents[c.free] = AgentState{Open: 50} }()
			r, now := Request{Rule: "r", Owner: "agent-150", Admins: true}, at(c.now)
			b.ReportAllocs()
			for b.Loop() {
				if o := p.Route(r, team, now); o.Agent != c.want {
					b.Fatalf("%q got it, want %q", o.Agent, c.want)
				}
			}
		})
	}
}
