package script

import (
	"strings"

	"leadgate/fault"
	"leadgate/opportunity"
	"leadgate/routing"
)

// agent finds an agent of the configuration.
func (c *checker) agent(name string) routing.Agent {
	var known []string
	for _, a := range c.policy.Routing.Agents() {
		if a.Name == name {
			return a
		}
		known = append(known, a.Name)
	}
	c.fail("%w", unknown("agent", name, known))
	return routing.Agent{}
}

// rule checks that the configuration has a routing rule of this name.
func (c *checker) rule(name string) {
	if known := c.policy.Routing.Rules(); !has(known, name) {
		c.fail("%w", unknown("rule", name, known))
	}
}

// target checks that a rule of the configuration could have this target.
func (c *checker) target(target string) {
	known := []string{"owner", "admin"}
	for _, line := range c.policy.Routing.Lines() {
		if strings.HasPrefix(line.Name, routing.GroupLine) {
			known = append(known, line.Name)
		}
	}
	for _, a := range c.policy.Routing.Agents() {
		known = append(known, "agent:"+a.Name)
	}
	if !has(known, target) {
		c.fail("%w", unknown("target", target, known))
	}
}

// opportunityType finds a type of opportunities of the configuration.
func (c *checker) opportunityType(name string) opportunity.Type {
	var known []string
	for _, t := range c.policy.Opportunities.Types() {
		if t.Name == name {
			return t
		}
		known = append(known, t.Name)
	}
	c.fail("%w", unknown("type", name, known))
	return opportunity.Type{}
}

// label checks that a label that somebody puts on by hand is no misspelt stage. Others are of no concern to the daemon, and
// may be there all the same.
func (c *checker) label(label string) {
	var stages []string
	for _, f := range c.config.Conversion.Funnels() {
		stages = append(stages, f.Stages...)
	}
	if !has(stages, label) && fault.Nearest(label, stages) != "" {
		c.fail("%w", unknown("stage", label, stages))
	}
}

// A recipient is a lead by phone, or an agent by name.
type recipient struct {
	written string
	who     *phone // nil: the agent
	agent   routing.Agent
}

// recipient takes a phone or the name of an agent.
func (l *line) recipient() (recipient, error) {
	if l.peek().isPhone() {
		who, err := l.phone()
		return recipient{written: who.written, who: &who}, err
	}
	name, err := l.value("a phone or the name of an agent")
	return recipient{written: name}, err
}

func (r *recipient) check(c *checker) {
	if r.who != nil {
		r.who.check(c)
		return
	}
	r.agent = c.agent(r.written)
}
