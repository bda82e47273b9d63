package routing

import (
	"fmt"
	"slices"

	"leadgate/fault"
)

// warnOfGaps notes what works and is probably not meant: agents and groups that get no chats, and chains that can end with
// nobody. That a business closes at night is meant.
func (c *checker) warnOfGaps() {
	asked := c.askedByRules()
	for i, a := range c.policy.agents {
		c.warnOfAgent(i, a, asked)
	}
	if len(c.policy.rules) == 0 && len(c.policy.agents) > 0 {
		c.warn(c.agentTable(0), fault.Index("agent", 0), "no rule gives the agents chats", "add a [[rule]] that does")
	}
	for i, g := range c.config.Groups {
		table, path := c.groupTable(i), fault.Index("group", i)
		l := c.policy.lines[i]
		if len(g.Members) == 0 {
			c.warn(table, path, fmt.Sprintf("group %q has no members", g.Name), "name its agents in members")
		}
		if len(c.policy.rules) > 0 && !c.failed && !asked.lines[l] {
			c.warn(table, path, fmt.Sprintf("no rule uses group %q", g.Name), fmt.Sprintf("name it in a rule as %q, or remove it", l.name))
		}
	}
	for i, r := range c.policy.rules {
		c.warnOfRule(i, r)
	}
}

// asked is whom the rules of a configuration can give chats.
type asked struct {
	lines  map[*line]bool
	agents map[*agent]bool
	owners bool // whoever owns an opportunity
}

func (c *checker) askedByRules() asked {
	a := asked{lines: make(map[*line]bool), agents: make(map[*agent]bool)}
	for _, r := range c.policy.rules {
		targets := r.targets
		if r.within > 0 {
			targets = append(slices.Clone(targets), &target{name: AdminLine, line: c.policy.admins()})
		}
		for _, t := range targets {
			if t.line != nil {
				a.lines[t.line] = true
			}
			a.owners = a.owners || t.name == ownerTarget
		}
		for _, reached := range c.policy.reaches(targets, nil) {
			a.agents[reached] = true
		}
	}
	return a
}

func (c *checker) warnOfAgent(i int, a *agent, asked asked) {
	table, path := c.agentTable(i), fault.Index("agent", i)
	if !a.hours.reachable() {
		c.warn(table, fault.Join(path, "hours"), fmt.Sprintf("agent %q has no working hour that is not a holiday for more than a year", a.Name),
			"look at hours and holidays")
	}
	if len(c.policy.rules) > 0 && !c.failed && !asked.owners && !asked.agents[a] {
		c.warn(table, path, fmt.Sprintf("no rule gives agent %q chats", a.Name),
			fmt.Sprintf("put them into a group that a rule names, or name %q in a rule", agentTarget+a.Name))
	}
}

func (c *checker) warnOfRule(i int, r *rule) {
	table, path := c.ruleTable(i), fault.Index("rule", i)
	targetsPath := fault.Join(path, "targets")
	if _, used := c.config.Used[r.name]; !used {
		c.warn(table, path, fmt.Sprintf("nothing uses rule %q", r.name), "name it in an opportunity type or an autoresponse, or remove it")
	}
	for _, t := range r.targets {
		if t.name == AdminLine && len(t.line.members) == 0 {
			at := slices.Index(c.config.Rules[i].Targets, AdminLine)
			c.warn(table, fault.Index(targetsPath, at), fmt.Sprintf("rule %q names the admins, and there is none", r.name),
				"set admin = true for an agent")
		}
	}
	reached := c.policy.reaches(r.targets, nil)
	owner := slices.ContainsFunc(r.targets, func(t *target) bool { return t.name == ownerTarget })
	someday := slices.ContainsFunc(reached, func(a *agent) bool { return a.hours.reachable() })
	switch {
	case len(r.targets) < len(c.config.Rules[i].Targets) || len(r.targets) == 0:
	case owner && len(r.targets) == 1:
		c.warn(table, targetsPath, fmt.Sprintf("rule %q asks the owner alone: a chat whose owner is not available, or that has none, waits", r.name),
			`add whom to ask next: a group, an agent or "admin"`)
	case !someday:
		c.warn(table, targetsPath, fmt.Sprintf("rule %q can end with nobody: no agent whom it names ever works", r.name),
			"name a group with members, or an agent with working hours")
	case r.within > 0 && !owner && len(reached) == 1 && !c.othersAreAdmins(reached[0]):
		c.warn(table, fault.Join(path, "accept_within"),
			fmt.Sprintf("rule %q has nobody but agent %q: a chat that they don't answer in time waits", r.name, reached[0].Name),
			"name somebody else in the rule, or set admin = true for another agent")
	}
}

// othersAreAdmins reports whether there is an admin besides an agent: admins are asked last, whether a rule names them or
// not.
func (c *checker) othersAreAdmins(a *agent) bool {
	return slices.ContainsFunc(c.policy.admins().members, func(admin *agent) bool { return admin != a })
}

// reachable reports whether working time is left between the holidays: whether there is any within a horizon of the
// first of them.
func (s *schedule) reachable() bool {
	if len(s.holidays) == 0 {
		return true
	}
	first := s.lastHoliday
	for d := range s.holidays {
		first = min(first, d)
	}
	begin, _ := s.next(first.at(0, s.zone))
	return !begin.IsZero()
}
