package routing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/fault"
)

// longestWait bounds accept_within: an agent who has not answered for a month of their working time never will.
const longestWait = 30 * 24 * time.Hour

// checker makes a policy of a configuration and notes what is wrong with it.
type checker struct {
	config Config
	policy *Policy
	noted  []note
	groups map[string]*line // by name
	failed bool             // a reference leads nowhere: what refers to what is not known
}

// note is a fault and the table that it is about, by which faults are put in order.
type note struct {
	table int
	fault.Fault
}

func newChecker(config Config) *checker {
	if config.Zone == nil {
		config.Zone = time.UTC
	}
	p := &Policy{byName: make(map[string]*agent), byPhone: make(map[chat.Phone]*agent), byRule: make(map[string]*rule)}
	return &checker{config: config, policy: p, groups: make(map[string]*line)}
}

// The tables of the configuration in their order, the top level being 0.
func (c *checker) agentTable(i int) int { return 1 + i }
func (c *checker) groupTable(i int) int { return 1 + len(c.config.Agents) + i }
func (c *checker) ruleTable(i int) int  { return 1 + len(c.config.Agents) + len(c.config.Groups) + i }

func (c *checker) add(table int, path, problem, hint string) {
	c.noted = append(c.noted, note{table, fault.Fault{Path: path, Problem: problem, Hint: hint}})
}

func (c *checker) warn(table int, path, problem, hint string) {
	c.noted = append(c.noted, note{table, fault.Fault{Path: path, Problem: problem, Hint: hint, Warning: true}})
}

// addError notes an error that is a fault without a path.
func (c *checker) addError(table int, path string, err error) {
	f := fault.Fault{Problem: err.Error()}
	errors.As(err, &f)
	c.add(table, path, f.Problem, f.Hint)
}

// faults returns what was noted, in the order of the configuration.
func (c *checker) faults() fault.List {
	slices.SortStableFunc(c.noted, func(a, b note) int { return cmp.Compare(a.table, b.table) })
	var list fault.List
	for _, n := range c.noted {
		list = append(list, n.Fault)
	}
	return list
}

func (c *checker) check() {
	everybodys := c.holidays(0, "holidays", c.config.Holidays)
	names := make(map[string]string)
	for i, a := range c.config.Agents {
		c.addAgent(i, a, everybodys, names)
	}
	names = make(map[string]string)
	for i, g := range c.config.Groups {
		c.addGroup(i, g, names)
	}
	admins := &line{name: AdminLine, place: make(map[string]int)}
	for _, a := range c.policy.agents {
		if a.Admin {
			admins.join(a)
		}
	}
	c.policy.lines = append(c.policy.lines, admins)
	names = make(map[string]string)
	for i, r := range c.config.Rules {
		c.addRule(i, r, names)
	}
}

func (l *line) join(a *agent) {
	l.place[a.Name] = len(l.members)
	l.members = append(l.members, a)
}

// checkName notes a name that is missing, or that the map has already, and adds it to the map with its path.
func (c *checker) checkName(table int, path, kind, name string, names map[string]string) {
	namePath := fault.Join(path, "name")
	if strings.TrimSpace(name) == "" {
		c.add(table, namePath, fmt.Sprintf("the %s has no name", kind), "")
		return
	}
	if earlier, taken := names[name]; taken {
		c.add(table, namePath, fmt.Sprintf("%s %q is there twice, first as %s", kind, name, earlier), "give each a name of its own")
		return
	}
	names[name] = path
}

func (c *checker) addAgent(i int, config AgentConfig, everybodys []date, names map[string]string) {
	table, path := c.agentTable(i), fault.Index("agent", i)
	c.checkName(table, path, "agent", config.Name, names)
	a := &agent{Agent: Agent{Name: config.Name, Admin: config.Admin, Capacity: config.Capacity}, order: i}
	a.Phone = c.phone(table, path, config)
	var shifts []shift
	for j, text := range config.Hours {
		s, err := parseShift(text)
		if err != nil {
			c.addError(table, fault.Index(fault.Join(path, "hours"), j), err)
			continue
		}
		shifts = append(shifts, s)
	}
	own := c.holidays(table, fault.Join(path, "holidays"), config.Holidays)
	a.hours = newSchedule(c.config.Zone, shifts, everybodys, own)
	if config.Capacity < 0 {
		c.add(table, fault.Join(path, "capacity"), fmt.Sprintf("capacity %d is below zero", config.Capacity),
			"it is the most open chats at once; 0 is no limit")
	}
	c.policy.agents = append(c.policy.agents, a)
	if c.policy.byName[a.Name] == nil {
		c.policy.byName[a.Name] = a
	}
	if a.Phone != "" {
		c.policy.byPhone[a.Phone] = a
	}
}

// phone returns an agent's phone, "" when it can't be theirs.
func (c *checker) phone(table int, path string, config AgentConfig) chat.Phone {
	path = fault.Join(path, "phone")
	if strings.TrimSpace(config.Phone) == "" {
		c.add(table, path, fmt.Sprintf("agent %q has no phone", config.Name), `for example phone = "+5511988880001"`)
		return ""
	}
	phone, err := chat.ParsePhone(config.Phone, c.config.Country)
	if err != nil {
		c.addError(table, path, err)
		return ""
	}
	if other := c.policy.byPhone[phone]; other != nil {
		c.add(table, path, fmt.Sprintf("agent %q has the same phone as agent %q", config.Name, other.Name),
			"an agent is known by their phone: give each their own")
		return ""
	}
	for _, number := range c.config.Numbers {
		if number.Phone == phone {
			c.add(table, path, fmt.Sprintf("agent %q has the phone of number %q", config.Name, number.Name),
				"an agent writes to the number from another phone")
			return ""
		}
	}
	return phone
}

func (c *checker) holidays(table int, path string, texts []string) []date {
	var dates []date
	for i, text := range texts {
		d, err := parseHoliday(text)
		if err != nil {
			c.addError(table, fault.Index(path, i), err)
			continue
		}
		dates = append(dates, d)
	}
	return dates
}

func (c *checker) addGroup(i int, config GroupConfig, names map[string]string) {
	table, path := c.groupTable(i), fault.Index("group", i)
	c.checkName(table, path, "group", config.Name, names)
	l := &line{name: GroupLine + config.Name, place: make(map[string]int)}
	for j, name := range config.Members {
		memberPath := fault.Index(fault.Join(path, "members"), j)
		a := c.policy.byName[name]
		if a == nil {
			c.failed = true
			c.add(table, memberPath, fmt.Sprintf("agent %q is not configured", name), fault.Suggest(name, "agent", c.agentNames()))
			continue
		}
		if _, twice := l.place[name]; twice {
			c.add(table, memberPath, fmt.Sprintf("agent %q is in group %q twice", name, config.Name), "remove one of the two")
			continue
		}
		l.join(a)
	}
	c.policy.lines = append(c.policy.lines, l)
	if c.groups[config.Name] == nil {
		c.groups[config.Name] = l
	}
}

func (c *checker) agentNames() []string {
	names := make([]string, len(c.config.Agents))
	for i, a := range c.config.Agents {
		names[i] = a.Name
	}
	return names
}

func (c *checker) groupNames() []string {
	names := make([]string, len(c.config.Groups))
	for i, g := range c.config.Groups {
		names[i] = g.Name
	}
	return names
}
