package routing

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// take brings lines in step with turns as whoever keeps them does.
func take(lines map[string][]string, turns []Turn) {
	for _, turn := range turns {
		kept := slices.DeleteFunc(slices.Clone(lines[turn.Line]), func(name string) bool {
			return slices.Contains(turn.Left, name) || slices.Contains(turn.Back, name)
		})
		lines[turn.Line] = append(kept, turn.Back...)
	}
}

func TestWhoGetsAChatThroughALineGoesToItsEnd(t *testing.T) {
	config := team("owner agent:ana group:sales admin", person("ana"), person("bob"), person("dora"), admin("carla"), admin("eva"))
	away := AgentState{AwayUntil: monday().Add(1)}
	for _, c := range []struct {
		name string
		r    Request
		team Team
		want []Turn
	}{
		{"a line that nobody has kept", Request{From: 2}, Team{}, []Turn{{Line: "group:sales", Back: []string{"bob", "dora", "ana"}}}},
		{"a line that is kept", Request{From: 2}, Team{Lines: map[string][]string{"group:sales": {"dora", "ana", "bob"}}},
			[]Turn{{Line: "group:sales", Back: []string{"dora"}}}},
		{"who joined stands behind those who are kept", Request{From: 2}, Team{Lines: map[string][]string{"group:sales": {"bob"}}},
			[]Turn{{Line: "group:sales", Back: []string{"ana", "dora", "bob"}}}},
		{"who joined gets it when the others can't", Request{From: 2},
			Team{Lines: map[string][]string{"group:sales": {"bob"}}, Agents: states("bob", away)},
			[]Turn{{Line: "group:sales", Back: []string{"dora", "ana"}}}},
		{"who left is taken out", Request{From: 2}, Team{Lines: map[string][]string{"group:sales": {"zoe", "dora", "yan", "ana", "bob"}}},
			[]Turn{{Line: "group:sales", Left: []string{"zoe", "yan"}, Back: []string{"dora"}}}},
		{"who is passed over keeps their place", Request{From: 2},
			Team{Lines: map[string][]string{"group:sales": {"dora", "ana", "bob"}}, Agents: states("dora", away)},
			[]Turn{{Line: "group:sales", Back: []string{"ana"}}}},
		{"a line that is kept wrongly", Request{From: 2}, Team{Lines: map[string][]string{"group:sales": {"dora", "dora", "ana", "zoe", "zoe", "bob"}}},
			[]Turn{{Line: "group:sales", Left: []string{"zoe"}, Back: []string{"dora"}}}},
		{"the admins have a line too", Request{From: 3}, Team{Lines: map[string][]string{"admin": {"eva", "carla"}}},
			[]Turn{{Line: "admin", Back: []string{"eva"}}}},
		{"as an owner nobody moves", Request{Owner: "bob"}, Team{}, nil},
		{"nor by name", Request{From: 1}, Team{}, nil},
		{"a line that was asked in vain stays", Request{From: 2}, Team{Agents: states("ana", away, "bob", away, "dora", away)},
			[]Turn{{Line: "admin", Back: []string{"eva", "carla"}}}},
		{"nobody", Request{From: 3}, Team{Agents: states("carla", away, "eva", away)}, nil},
	} {
		c.r.Rule = "r"
		if got := mustNew(t, config).Route(c.r, c.team, monday()).Turns; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestStraightenedLinesAreThoseOfTheConfiguration(t *testing.T) {
	p := mustNew(t, team("group:sales admin", person("ana"), person("bob"), person("dora"), admin("carla")))
	kept := map[string][]string{"group:sales": {"zoe", "dora", "ana"}, "group:old": {"ana", "zoe"}, "group:empty": nil, "group:a": {"ana"}, "group:z": {"ana"}, "admin": {"carla"}}
	want := []Turn{
		{Line: "group:sales", Left: []string{"zoe"}, Back: []string{"bob"}},
		{Line: "group:a", Left: []string{"ana"}},
		{Line: "group:old", Left: []string{"ana", "zoe"}},
		{Line: "group:z", Left: []string{"ana"}},
	}
	turns := p.Straighten(kept)
	if !reflect.DeepEqual(turns, want) {
		t.Errorf("%+v, want %+v", turns, want)
	}
	take(kept, turns)
	if got := fmt.Sprint(kept); got != "map[admin:[carla] group:a:[] group:empty:[] group:old:[] group:sales:[dora ana bob] group:z:[]]" {
		t.Errorf("then they are %s", got)
	}
	if again := p.Straighten(kept); again != nil {
		t.Errorf("straightened again: %+v", again)
	}
	if first := p.Straighten(nil); !reflect.DeepEqual(first, []Turn{{Line: "group:sales", Back: []string{"ana", "bob", "dora"}}, {Line: "admin", Back: []string{"carla"}}}) {
		t.Errorf("with nothing kept: %+v", first)
	}
}

func TestThePolicyTellsWhatItIsMadeOf(t *testing.T) {
	c := team("group:sales", person("ana"), admin("carla"), person("bob"))
	c.Groups = append(c.Groups, GroupConfig{Name: "empty"})
	c.Rules = append(c.Rules, RuleConfig{Name: "slow", Targets: []string{"admin"}, AcceptWithin: "1h30m"})
	p := mustNew(t, c)
	got := fmt.Sprint(p.Lines(), p.Rules(), p.AcceptWithin("slow"), p.AcceptWithin("r"), p.AcceptWithin("none"), len(p.Agents()), p.Agents()[1].Admin)
	if want := "[{group:sales [ana bob]} {group:empty []} {admin [carla]}] [r slow] 1h30m0s 0s 0s 3 true"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, found := p.Agent("zoe"); found {
		t.Error("zoe is found")
	}
	if ok, reason := p.Available("zoe", AgentState{}, monday()); ok || reason != NotThere {
		t.Errorf("zoe is available: %v, %s", ok, reason)
	}
}

func TestAReasonReadsLikeASentence(t *testing.T) {
	for want, p := range map[string]Passed{
		"owner: the opportunity has none": {Target: "owner", Reason: NoOwner},
		"owner ana: outside hours":        {Target: "owner", Agent: "ana", Reason: OutsideHours},
		"owner zoe: not configured":       {Target: "owner", Agent: "zoe", Reason: NotThere},
		"owner ana: at 8 of 8":            {Target: "owner", Agent: "ana", Reason: AtCapacity, Open: 8, Of: 8},
		"agent maria: away":               {Target: "agent:maria", Agent: "maria", Reason: IsAway},
		"agent maria: on holiday":         {Target: "agent:maria", Agent: "maria", Reason: OnHoliday},
		"group sales: bob at 8 of 8":      {Target: "group:sales", Agent: "bob", Reason: AtCapacity, Open: 8, Of: 8},
		"group sales: bob asked before":   {Target: "group:sales", Agent: "bob", Reason: AskedBefore},
		"group sales: no members":         {Target: "group:sales", Reason: NoMembers},
		"admin: carla away":               {Target: "admin", Agent: "carla", Reason: IsAway},
		"admin: no members":               {Target: "admin", Reason: NoMembers},
	} {
		if got := p.String(); got != want {
			t.Errorf("%+v reads %q, want %q", p, got, want)
		}
	}
}
