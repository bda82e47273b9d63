package config

import (
	"cmp"
	"fmt"
	"slices"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/fault"
	"leadgate/opportunity"
	"leadgate/routing"
)

// deciders hands each package that decides its part of the file. A part with errors leaves its policy nil; those that build
// on it still report their own.
func (c *checker) deciders(config *Config, f *file) {
	config.Funnels = conversion.Config{Funnels: f.Funnels, Numbers: numberNames(f)}
	config.Conversion = c.conversion(config.Funnels, f)
	config.Opportunities = c.opportunities(f)
	config.Responses = c.responses(config, f)
	config.Routing = c.routing(config, f)
	c.ignoredAgents(config, f)
}

// conversion makes the funnels' policy. That there is no funnel goes without saying where menus register people.
func (c *checker) conversion(funnels conversion.Config, f *file) *conversion.Policy {
	registers := slices.ContainsFunc(f.Responses, func(r autoresponse.ResponseConfig) bool { return r.Audience != "leads" })
	policy, faults := conversion.New(funnels)
	for _, found := range faults {
		switch {
		case found.Path != "":
			c.faults = append(c.faults, found)
		case !registers:
			found.Path = "funnel"
			c.faults = append(c.faults, found)
		}
	}
	return policy
}

func (c *checker) opportunities(f *file) *opportunity.Policy {
	policy, faults := opportunity.New(opportunity.Config{
		Types: f.OpportunityTypes, Numbers: numberNames(f), Rules: ruleNames(f), Stages: firstBoard(f),
	})
	c.faults = append(c.faults, faults...)
	return policy
}

// responses makes the policy of the auto-responses. Where the types have errors, it takes what refers to one on trust.
func (c *checker) responses(config *Config, f *file) *autoresponse.Policy {
	policy, faults := autoresponse.New(autoresponse.Config{
		Responses: f.Responses, Numbers: numberNames(f), Rules: ruleNames(f), Opportunities: config.Opportunities,
		Language: config.Language,
	})
	c.faults = append(c.faults, faults...)
	return policy
}

// routing makes the team's policy.
func (c *checker) routing(config *Config, f *file) *routing.Policy {
	policy, faults := routing.New(routing.Config{
		Agents: f.Agents, Groups: f.Groups, Rules: f.Rules, Holidays: f.Holidays, Zone: config.Timezone, Country: config.Country,
		Numbers: config.Numbers, Used: usedRules(config, f),
	})
	c.faults = append(c.faults, faults...)
	return policy
}

// usedRules are the rules that something refers to, with the path of what does. Where what may refer to one has errors, every
// rule counts as used: by itself, when by nothing else.
func usedRules(config *Config, f *file) map[string]string {
	used := make(map[string]string)
	for i, t := range f.OpportunityTypes {
		if t.Rule != "" && used[t.Rule] == "" {
			used[t.Rule] = fault.Index("opportunity_type", i) + ".rule"
		}
	}
	if config.Opportunities != nil && config.Responses != nil {
		for rule, path := range config.Responses.Rules() {
			used[rule] = cmp.Or(used[rule], path)
		}
		return used
	}
	for i, r := range f.Rules {
		used[r.Name] = cmp.Or(used[r.Name], fault.Index("rule", i))
	}
	return used
}

// ignoredAgents warns of agents who are told to be ignored: their commands are heard all the same.
func (c *checker) ignoredAgents(config *Config, f *file) {
	for i, agent := range f.Agents {
		phone, err := chat.ParsePhone(agent.Phone, config.Country)
		if err != nil {
			continue // which routing reports
		}
		for _, n := range config.Numbers {
			if slices.Contains(n.Ignore, phone) {
				c.faults.Warn(fault.Index("agent", i)+".phone",
					fmt.Sprintf("agent %q need not be among those whom number %q ignores", agent.Name, n.Name),
					"take the phone off the number's ignore list: agents are never leads, and their commands are heard")
			}
		}
	}
}

func numberNames(f *file) []string {
	var all []string
	for _, n := range f.Numbers {
		all = append(all, n.Name)
	}
	return all
}

// firstBoard is the stages of the first funnel.
func firstBoard(f *file) []string {
	var stages []string
	if len(f.Funnels) > 0 {
		for _, s := range f.Funnels[0].Stages {
			stages = append(stages, s.Name)
		}
	}
	return stages
}

func ruleNames(f *file) []string {
	var all []string
	for _, r := range f.Rules {
		all = append(all, r.Name)
	}
	return all
}
