package bot_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
	"leadgate/routing"
)

const (
	people       = 3
	mostReminded = 2
)

func numbers() []chat.Number {
	return []chat.Number{
		{Name: "front-desk", Phone: "+5511987650001", Labels: true}, {Name: "sales", Phone: "+5511987650002"},
	}
}

func agents() []string { return []string{"maria", "joao", "carla", "ana"} }

func agentPhone(i int) chat.Phone { return chat.Phone(fmt.Sprintf("+551198888000%d", i+1)) }

// person is somebody who writes.
func person(i int) chat.Person {
	return chat.Person{Phone: chat.Phone(fmt.Sprintf("+551191111000%d", i+1)), LID: chat.LID(fmt.Sprintf("20030040%d", i+1))}
}

func board() []string { return []string{"Lead Entry", "Scheduling", "Sale"} }

// A business is a configuration.
type business struct {
	team   routing.Config
	policy *bot.Policy
}

// drawnBusiness is one at random: some of the agents with hours, holidays and capacities, in groups that share them, with
// rules over all of it, and menus of every kind.
func drawnBusiness(t *rapid.T) business {
	return newBusiness(t, drawnTeam(t), drawnResponses(t)...)
}

// newBusiness is one with a team, which has the rules "first" and "second", and auto-responses: without any, leads who
// write to sales are routed by the first rule.
func newBusiness(t rapid.TB, team routing.Config, answers ...autoresponse.ResponseConfig) business {
	rules := []string{"first", "second"}
	if len(answers) == 0 {
		answers = []autoresponse.ResponseConfig{{Number: "sales", DefaultRule: "first"}}
	}
	team.Numbers, team.Country, team.Zone = numbers(), "BR", time.UTC
	var desks []string
	for _, n := range numbers() {
		desks = append(desks, n.Name)
	}
	opportunities, faults := opportunity.New(opportunity.Config{
		Numbers: desks, Rules: rules, Stages: board(),
		Types: []opportunity.TypeConfig{
			{Name: "Course", Numbers: []string{"front-desk"}, Field: "Course", Values: []string{"AI", "Data Science"}, Rule: "first"},
			{Name: "Loan", Rule: "second"},
		},
	})
	must(t, faults.Err())
	funnels, faults := conversion.New(conversion.Config{Numbers: desks, Funnels: []conversion.FunnelConfig{
		{Name: "Sales", Stages: []conversion.StageConfig{
			{Name: "Lead Entry", Triggers: []conversion.TriggerConfig{{Phrase: "I came from Instagram", Source: "Instagram"}}},
			{Name: "Scheduling", Triggers: []conversion.TriggerConfig{{Phrase: "Thank you for scheduling"}}},
			{Name: "Sale", Triggers: []conversion.TriggerConfig{{Phrase: "Your payment has arrived"}}},
		}},
	}})
	must(t, faults.Err())
	responses, faults := autoresponse.New(autoresponse.Config{
		Numbers: desks, Rules: rules, Opportunities: opportunities, Language: "en", Responses: answers,
	})
	must(t, faults.Err())
	routes, faults := routing.New(team)
	must(t, faults.Err())
	return business{team: team, policy: &bot.Policy{
		Conversion: funnels, Opportunities: opportunities, Responses: responses, Routing: routes, Language: "en", Country: "BR",
		Numbers: numbers(), Subscriptions: []bot.Subscription{{Destination: "crm"}},
	}}
}

func must(t rapid.TB, err error) {
	if err != nil {
		t.Fatalf("what was drawn is no configuration: %v", err)
	}
}

func drawnTeam(t *rapid.T) routing.Config {
	c := routing.Config{}
	var names, targets []string
	for i, name := range agents() {
		if i > 0 && rapid.IntRange(0, 3).Draw(t, "is no agent") == 0 {
			continue
		}
		c.Agents = append(c.Agents, routing.AgentConfig{
			Name: name, Phone: string(agentPhone(i)), Admin: rapid.Bool().Draw(t, "admin"),
			Hours: rapid.SampledFrom([][]string{
				nil, nil, {"mon-fri 09:00-18:00"}, {"mon-sun 10:00-12:00", "mon-sun 13:00-17:00"}, {"sat 09:00-13:00"},
			}).Draw(t, "hours"),
			Holidays: rapid.SampledFrom([][]string{nil, {"2026-11-24"}}).Draw(t, "holidays"),
			Capacity: rapid.IntRange(0, 2).Draw(t, "capacity"),
		})
		names, targets = append(names, name), append(targets, "agent:"+name)
	}
	for _, group := range []string{"north", "south"} {
		members := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, "members")
		c.Groups = append(c.Groups, routing.GroupConfig{Name: group, Members: members})
		targets = append(targets, "group:"+group, "group:"+group)
	}
	targets = slices.Compact(append(targets, "owner", "admin"))
	for _, rule := range []string{"first", "second"} {
		c.Rules = append(c.Rules, routing.RuleConfig{
			Name:         rule,
			Targets:      rapid.SliceOfNDistinct(rapid.SampledFrom(targets), 1, 4, rapid.ID[string]).Draw(t, "targets"),
			AcceptWithin: rapid.SampledFrom([]string{"", "10m", "90m"}).Draw(t, "accept within"),
		})
	}
	return c
}

func drawnResponses(t *rapid.T) []autoresponse.ResponseConfig {
	display := rapid.SampledFrom([]string{"text", "list", "buttons", "poll"})
	reminders := rapid.IntRange(0, mostReminded).Draw(t, "reminders")
	desk := autoresponse.ResponseConfig{
		Number: "front-desk", CreateOpportunity: rapid.Bool().Draw(t, "create"), DefaultRule: "second", Session: "6h", Reminders: &reminders,
		First:    &autoresponse.FirstConfig{Display: display.Draw(t, "first display"), Message: "What would you like?"},
		Assigned: &autoresponse.WordsConfig{Message: "{agent.name} will answer you here."},
		Waiting:  &autoresponse.WordsConfig{Message: "All of us are busy."}, Closed: &autoresponse.WordsConfig{Message: "We are closed."},
	}
	if rapid.Bool().Draw(t, "other") {
		desk.First.Other = &autoresponse.OtherConfig{Rule: "first"}
	}
	if rapid.Bool().Draw(t, "second menu") {
		desk.Second = &autoresponse.SecondConfig{
			Display: display.Draw(t, "second display"), Message: "Which one do you mean?",
			Scope: rapid.SampledFrom([]string{"selected", "type", "all"}).Draw(t, "scope"), New: &autoresponse.NewConfig{},
		}
	}
	sales := autoresponse.ResponseConfig{
		Number: "sales", CreateOpportunity: true, DefaultRule: "first", DefaultType: "Loan", Session: "26h",
		Audience: rapid.SampledFrom([]string{"everyone", "leads"}).Draw(t, "audience"),
		Assigned: &autoresponse.WordsConfig{Message: "{agent.name} is with you."},
	}
	return []autoresponse.ResponseConfig{desk, sales}
}

// works reports whether an agent of a team works at a time, by the hours as they are written.
func works(c routing.Config, name string, at time.Time) bool {
	i := slices.IndexFunc(c.Agents, func(a routing.AgentConfig) bool { return a.Name == name })
	if i < 0 || slices.Contains(c.Agents[i].Holidays, at.Format("2006-01-02")) {
		return false
	}
	if len(c.Agents[i].Hours) == 0 {
		return true
	}
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	today := (int(at.Weekday()) + 6) % 7
	clock := at.Format("15:04:05.000000000")
	for _, hours := range c.Agents[i].Hours {
		on, from, _ := strings.Cut(hours, " ")
		from, to, _ := strings.Cut(from, "-")
		first, last, span := strings.Cut(on, "-")
		if !span {
			last = first
		}
		if slices.Index(days, first) <= today && today <= slices.Index(days, last) && from <= clock && clock < to {
			return true
		}
	}
	return false
}

// capacity is how many open chats an agent can have; 0: any number.
func capacity(c routing.Config, name string) int {
	for _, a := range c.Agents {
		if a.Name == name {
			return a.Capacity
		}
	}
	return 0
}

// refused reports whether an input asked for what can't be.
func refused(err error) bool {
	return slices.ContainsFunc([]error{
		bot.ErrNoLead, bot.ErrNoTransition, bot.ErrNoChat, bot.ErrNoOpportunity, bot.ErrNoAgent, bot.ErrConflict, bot.ErrInvalid,
	}, func(known error) bool { return errors.Is(err, known) })
}
