package routing

import (
	"slices"
	"time"

	"leadgate/chat"
	"leadgate/fault"
)

// A Policy is a checked configuration that decides. It never changes, and any number of goroutines may use it.
type Policy struct {
	agents  []*agent // in the order of the configuration
	byName  map[string]*agent
	byPhone map[chat.Phone]*agent
	lines   []*line // the groups' in the order of the configuration, then the admins'
	rules   []*rule // in the order of the configuration
	byRule  map[string]*rule
}

// agent is an Agent with their hours.
type agent struct {
	Agent
	order int // in the configuration
	hours *schedule
}

// line is the agents who are given chats in turn.
type line struct {
	name    string
	members []*agent       // in the order of the configuration
	place   map[string]int // in members, by name
}

// rule is an ordered list of targets.
type rule struct {
	name    string
	targets []*target
	within  time.Duration // 0: for ever
}

// target is one step of a rule. It has an agent or a line, or asks the owner.
type target struct {
	name  string // as in the configuration
	agent *agent // of "agent:NAME"
	line  *line  // of "group:NAME" and "admin"
}

// How targets are spelled. A group's target is spelled like its line, and the admins' like theirs.
const (
	ownerTarget = "owner"
	agentTarget = "agent:"
)

// New checks a configuration and makes the policy of it. The list holds every error and warning, in the order of the
// configuration, with paths as in "rule[0].targets[1]"; with an error in it the policy is nil. It warns of chains that can
// end with nobody, of groups without members, of rules that nothing uses, of agents without a reachable hour.
func New(config Config) (*Policy, fault.List) {
	c := newChecker(config)
	c.check()
	c.warnOfGaps()
	faults := c.faults()
	if faults.Err() != nil {
		return nil, faults
	}
	return c.policy, faults
}

// admins is the line of the admins, which is always there.
func (p *Policy) admins() *line { return p.lines[len(p.lines)-1] }

// Agents returns every agent, in the order of the configuration.
func (p *Policy) Agents() []Agent {
	agents := make([]Agent, len(p.agents))
	for i, a := range p.agents {
		agents[i] = a.Agent
	}
	return agents
}

// Agent finds an agent by name.
func (p *Policy) Agent(name string) (a Agent, found bool) {
	if known := p.byName[name]; known != nil {
		return known.Agent, true
	}
	return Agent{}, false
}

// AgentByPhone finds an agent by phone; none has the phone "".
func (p *Policy) AgentByPhone(phone chat.Phone) (a Agent, found bool) {
	if known := p.byPhone[phone]; known != nil {
		return known.Agent, true
	}
	return Agent{}, false
}

// A Line is a line as it is configured.
type Line struct {
	Name    string
	Members []string
}

// Lines returns every line with its members, in the order of the configuration: one for each group, and AdminLine.
func (p *Policy) Lines() []Line {
	lines := make([]Line, len(p.lines))
	for i, l := range p.lines {
		lines[i].Name = l.name
		for _, member := range l.members {
			lines[i].Members = append(lines[i].Members, member.Name)
		}
	}
	return lines
}

// Rules returns the names of the rules, in the order of the configuration.
func (p *Policy) Rules() []string {
	names := make([]string, len(p.rules))
	for i, r := range p.rules {
		names[i] = r.name
	}
	return names
}

// AcceptWithin is how long an agent may take to answer a chat of the rule; 0: for ever.
func (p *Policy) AcceptWithin(name string) time.Duration {
	if r := p.byRule[name]; r != nil {
		return r.within
	}
	return 0
}

// reaches returns every agent whom one of the targets names; the owner is whoever is given, nil for nobody.
func (p *Policy) reaches(targets []*target, owner *agent) []*agent {
	met := make([]bool, len(p.agents))
	var agents []*agent
	meet := func(a *agent) {
		if a != nil && !met[a.order] {
			met[a.order] = true
			agents = append(agents, a)
		}
	}
	for _, t := range targets {
		switch {
		case t.line != nil:
			for _, a := range t.line.members {
				meet(a)
			}
		case t.agent != nil:
			meet(t.agent)
		default:
			meet(owner)
		}
	}
	return slices.Clip(agents)
}
