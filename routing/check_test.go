package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/fault"
)

// used is a configuration all of whose rules something refers to.
func used(c Config) Config {
	c.Used = make(map[string]string)
	for _, r := range c.Rules {
		c.Used[r.Name] = "autoresponse[0].default_rule"
	}
	return c
}

// with is ana, bob and the admin carla, with something changed.
func with(change func(*Config)) Config {
	c := used(team("owner group:sales admin", person("ana"), person("bob"), admin("carla")))
	change(&c)
	return c
}

func targets(targets ...string) Config {
	return with(func(c *Config) { c.Rules[0].Targets = targets })
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		want   []string // each a part of the fault in its place; "warning " before one that only warns
	}{
		{"nothing at all", Config{}, nil},
		{"nothing wrong", with(func(*Config) {}), nil},
		{"a holiday that is no date", with(func(c *Config) { c.Holidays = []string{"2026-12-25", "25/12"} }),
			[]string{`holidays[1]: holiday "25/12" is no date; write year, month and day as in "2026-12-25"`}},
		{"an agent's holiday that is no date", with(func(c *Config) { c.Agents[1].Holidays = []string{"x"} }),
			[]string{`agent[1].holidays[0]: holiday "x" is no date`}},
		{"an agent without a name", with(func(c *Config) { c.Agents = append(c.Agents, AgentConfig{Name: " ", Phone: "+5511988880009"}) }),
			[]string{`agent[3].name: the agent has no name`}},
		{"two agents of one name", with(func(c *Config) { c.Agents = append(c.Agents, AgentConfig{Name: "bob", Phone: "+5511988880009"}) }),
			[]string{`agent[3].name: agent "bob" is there twice, first as agent[1]`}},
		{"no phone", with(func(c *Config) { c.Agents[0].Phone = "" }), []string{`agent[0].phone: agent "ana" has no phone`}},
		{"a phone that is none", with(func(c *Config) { c.Agents[0].Phone = "12" }), []string{`agent[0].phone: phone "12" `}},
		{"two agents with one phone", with(func(c *Config) {
			c.Agents[0].Phone, c.Agents[1].Phone, c.Country = "+551188880001", "(11) 98888-0001", "BR"
		}), []string{`agent[1].phone: agent "bob" has the same phone as agent "ana"`}},
		{"the phone of a number", with(func(c *Config) {
			c.Agents[0].Phone, c.Numbers = "+55 11 8765-0001", []chat.Number{{Name: "front-desk", Phone: "+5511987650001"}}
		}), []string{`agent[0].phone: agent "ana" has the phone of number "front-desk"`}},
		{"hours that are none", with(func(c *Config) { c.Agents[0].Hours = []string{"mon-fri 09:00-18:00", "sat 9"} }),
			[]string{`agent[0].hours[1]: hours "sat 9": "9" has no end`}},
		{"a capacity below zero", with(func(c *Config) { c.Agents[0].Capacity = -1 }), []string{`agent[0].capacity: capacity -1 is below zero`}},
		{"a group without a name", with(func(c *Config) { c.Groups[0].Name = ""; c.Rules[0].Targets = []string{"owner", "group:"} }),
			[]string{`group[0].name: the group has no name`}},
		{"two groups of one name", with(func(c *Config) { c.Groups = append(c.Groups, c.Groups[0]) }),
			[]string{`group[1].name: group "sales" is there twice, first as group[0]`, `warning group[1]: no rule uses group "sales"`}},
		{"a member who is nobody", with(func(c *Config) { c.Groups[0].Members = []string{"ana", "bop"} }),
			[]string{`group[0].members[1]: agent "bop" is not configured; did you mean "bob"?`}},
		{"a member who is nobody, by whose slip of the pen bob gets no chats", with(func(c *Config) {
			c.Groups[0].Members, c.Rules[0].Targets = []string{"ana", "bop"}, []string{"group:sales", "admin"}
		}), []string{`group[0].members[1]: agent "bop" is not configured`}},
		{"a member twice", with(func(c *Config) { c.Groups[0].Members = []string{"ana", "bob", "ana"} }),
			[]string{`group[0].members[2]: agent "ana" is in group "sales" twice`}},
		{"a group without members", with(func(c *Config) { c.Groups[0].Members = nil }),
			[]string{`warning group[0]: group "sales" has no members`}},
		{"a group that no rule uses", targets("owner", "admin"), []string{`warning group[0]: no rule uses group "sales"; name it in a rule as "group:sales"`}},
		{"a rule without a name", with(func(c *Config) { c.Rules[0].Name, c.Used[""] = "", "x" }), []string{`rule[0].name: the rule has no name`}},
		{"two rules of one name", with(func(c *Config) { c.Rules = append(c.Rules, c.Rules[0]) }),
			[]string{`rule[1].name: rule "r" is there twice, first as rule[0]`}},
		{"a rule without targets", with(func(c *Config) { c.Rules = append(c.Rules, RuleConfig{Name: "e"}); c.Used["e"] = "x" }),
			[]string{`rule[1].targets: rule "e" has no targets`}},
		{"a group that is not there", targets("owner", "group:slaes"),
			[]string{`rule[0].targets[1]: group "slaes" is not configured; did you mean "sales"?`}},
		{"an agent who is not there", targets("owner", "agent:wolfgang"),
			[]string{`rule[0].targets[1]: agent "wolfgang" is not configured; known: ["ana" "bob" "carla"]`}},
		{"a target that is nothing", targets("owner", "somebody else"),
			[]string{`rule[0].targets[1]: target "somebody else" is not known; a target is "owner", "admin", "group:NAME" or "agent:NAME"`}},
		{"a target that is misspelt", targets("owners", "admin"), []string{`rule[0].targets[0]: target "owners" is not known; did you mean "owner"?`}},
		{"a target in capitals", targets("Owner", "admin"), []string{`target "Owner" is not known; did you mean "owner"?`}},
		{"the bare name of a group", targets("owner", "sales"), []string{`target "sales" is not known; did you mean "group:sales"?`}},
		{"an empty target", targets("owner", ""), []string{`rule[0].targets[1]: target "" is not known`}},
		{"a target twice", targets("owner", "group:sales", "owner"), []string{`rule[0].targets[2]: target "owner" is in rule "r" twice`}},
		{"accept_within is no duration", with(func(c *Config) { c.Rules[0].AcceptWithin = "10" }),
			[]string{`rule[0].accept_within: accept_within "10" is not a duration; for example "10m" or "2h"`}},
		{"accept_within is below zero", with(func(c *Config) { c.Rules[0].AcceptWithin = "-10m" }), []string{`accept_within "-10m" is not a duration`}},
		{"accept_within is too long", with(func(c *Config) { c.Rules[0].AcceptWithin = "31d" }), []string{`accept_within "31d" is too long`}},
		{"accept_within is too short", with(func(c *Config) { c.Rules[0].AcceptWithin = "1ms" }), []string{`accept_within "1ms" is too short`}},
		{"accept_within is for ever", with(func(c *Config) { c.Rules[0].AcceptWithin = "0" }), nil},
		{"a rule that nothing uses", with(func(c *Config) { c.Used = nil }), []string{`warning rule[0]: nothing uses rule "r"`}},
		{"no rule", with(func(c *Config) { c.Rules = nil }), []string{`warning agent[0]: no rule gives the agents chats`}},
		{"the owner alone", with(func(c *Config) { c.Groups, c.Rules[0].Targets = nil, []string{"owner"} }),
			[]string{`warning rule[0].targets: rule "r" asks the owner alone`}},
		{"no admin", with(func(c *Config) { c.Agents[2].Admin = false }), []string{`warning rule[0].targets[2]: rule "r" names the admins, and there is none`}},
		{"nobody in the whole chain", with(func(c *Config) {
			c.Groups[0].Members, c.Agents[2].Admin, c.Rules[0].Targets = nil, false, []string{"owner", "group:sales"}
		}), []string{`warning group[0]: group "sales" has no members`, `warning rule[0].targets: rule "r" can end with nobody`}},
		{"an agent whom no rule reaches", targets("agent:ana", "group:sales"), []string{`warning agent[2]: no rule gives agent "carla" chats`}},
		{"an admin whom the end of the time reaches", with(func(c *Config) {
			c.Rules[0].Targets, c.Rules[0].AcceptWithin = []string{"group:sales"}, "10m"
		}), nil},
		{"one agent and a time", with(func(c *Config) {
			*c = used(team("agent:ana group:sales", person("ana")))
			c.Rules[0].AcceptWithin = "10m"
		}), []string{`warning rule[0].accept_within: rule "r" has nobody but agent "ana"`}},
		{"one agent, a time and an admin", with(func(c *Config) {
			*c = used(team("agent:ana group:sales", person("ana"), admin("carla")))
			c.Rules[0].AcceptWithin = "10m"
		}), nil},
		{"one agent, a time and an owner", with(func(c *Config) {
			*c = used(team("owner group:sales", person("ana"), person("bob")))
			c.Groups[0].Members, c.Rules[0].AcceptWithin = []string{"ana"}, "10m"
		}), nil},
		{"one admin and a time", with(func(c *Config) {
			*c = used(Config{Agents: []AgentConfig{admin("carla")}, Rules: []RuleConfig{{Name: "r", Targets: []string{"admin"}, AcceptWithin: "10m"}}})
		}), []string{`warning rule[0].accept_within: rule "r" has nobody but agent "carla"`}},
		{"everything in its order", Config{
			Holidays: []string{"x"},
			Agents:   []AgentConfig{{Name: "ana", Phone: "+5511988880001", Capacity: -1}, {Name: "ana", Phone: "+5511988880002"}},
			Groups:   []GroupConfig{{Name: "sales"}},
			Rules:    []RuleConfig{{Name: "r", Targets: []string{"owner"}, AcceptWithin: "x"}},
		}, []string{
			"holidays[0]", "agent[0].capacity", "agent[1].name", "warning group[0]: group", "warning group[0]: no rule",
			"rule[0].accept_within", "warning rule[0]: nothing",
			"warning rule[0].targets",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, faults := New(c.config)
			if (p == nil) != (faults.Err() != nil) {
				t.Errorf("the policy is %v with %v", p, faults)
			}
			checkFaults(t, faults, c.want)
		})
	}
}

func checkFaults(t *testing.T, faults fault.List, want []string) {
	t.Helper()
	if len(faults) != len(want) {
		t.Fatalf("%d faults, want %d:\n%v", len(faults), len(want), faults)
	}
	for i, f := range faults {
		text := f.Error()
		if f.Warning {
			text = "warning " + text
		}
		if !strings.Contains(text, want[i]) {
			t.Errorf("fault %d is\n%s\nwant\n%s", i, text, want[i])
		}
	}
}

func TestAnAgentWhoseHoursAreAllHolidaysIsWarnedAbout(t *testing.T) {
	c := with(func(*Config) {})
	c.Agents[0].Hours = []string{"mon 09:00-10:00"}
	for d := at("2026-01-05 00:00"); d.Before(at("2027-03-01 00:00")); d = d.AddDate(0, 0, 7) {
		c.Agents[0].Holidays = append(c.Agents[0].Holidays, d.Format(time.DateOnly))
	}
	_, faults := New(c)
	checkFaults(t, faults, []string{`warning agent[0].hours: agent "ana" has no working hour that is not a holiday`})

	c.Rules[0].Targets = []string{"owner", "agent:ana"}
	_, faults = New(c)
	checkFaults(t, faults, []string{"warning agent[0].hours", "warning group[0]: no rule", `warning rule[0].targets: rule "r" can end with nobody`})

	c.Agents[0].Hours = append(c.Agents[0].Hours, "tue 09:00-10:00")
	_, faults = New(c)
	checkFaults(t, faults, []string{"warning group[0]: no rule"})
}

func TestManyNamesAreNotAllSuggested(t *testing.T) {
	c := Config{Rules: []RuleConfig{{Name: "r", Targets: []string{"agent:nobody of these", "group:x"}}}}
	for i := range 12 {
		c.Agents = append(c.Agents, AgentConfig{Name: fmt.Sprintf("agent-%d", i), Phone: fmt.Sprintf("+55119888800%02d", i)})
	}
	_, faults := New(used(c))
	checkFaults(t, faults, []string{`"agent-7"] and 4 more`, `group "x" is not configured; there is no group`})
}
