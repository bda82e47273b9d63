package conversion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"

	"leadgate/chat"
	"leadgate/fault"
)

// checker makes a policy of a configuration and notes what is wrong with it.
type checker struct {
	config Config
	policy *Policy
	noted  []note
	table  int // how many tables of the configuration have been visited
	same   map[string][]*trigger
}

// note is a fault and the table that it is about, by which faults are put in order.
type note struct {
	table int
	fault.Fault
}

func (c *checker) add(path, problem, hint string) {
	c.noted = append(c.noted, note{table: c.table, Fault: fault.Fault{Path: path, Problem: problem, Hint: hint}})
}

func (c *checker) warn(path, problem, hint string) {
	c.noted = append(c.noted, note{table: c.table, Fault: fault.Fault{Path: path, Problem: problem, Hint: hint, Warning: true}})
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

func newChecker(config Config, exact, loose *folder) *checker {
	return &checker{
		config: config,
		policy: &Policy{numbers: slices.Clone(config.Numbers), exact: exact, loose: loose},
		same:   make(map[string][]*trigger),
	}
}

func (c *checker) check() {
	if len(c.config.Funnels) == 0 {
		c.warn("", "no funnel is configured: no message will register anybody", "add a [[funnel]] with a [[funnel.stage]]")
	}
	names := make(map[string]string)
	for i, f := range c.config.Funnels {
		c.table++
		path := fault.Index("funnel", i)
		c.checkName(path, "funnel", f.Name, names)
		c.addFunnel(path, i, f)
	}
}

// checkName notes a name that is missing, or that the map has already, and adds it to the map with its path.
func (c *checker) checkName(path, kind, name string, names map[string]string) {
	namePath := fault.Join(path, "name")
	if strings.TrimSpace(name) == "" {
		c.add(namePath, fmt.Sprintf("the %s has no name", kind), "")
		return
	}
	if earlier, taken := names[name]; taken {
		c.add(namePath, fmt.Sprintf("%s %q is there twice, first as %s", kind, name, earlier), "give each a name of its own")
		return
	}
	names[name] = path
}

func (c *checker) addFunnel(path string, index int, config FunnelConfig) {
	f := configured{Funnel: Funnel{Name: config.Name}, untracked: config.UntrackedLeads, adSource: config.AdSource}
	if f.adSource == "" {
		f.adSource = DefaultAdSource
	}
	if len(config.Stages) == 0 {
		c.add(path, fmt.Sprintf("funnel %q has no stages", config.Name), "add a [[funnel.stage]]: the first is the entry stage")
	}
	if len(config.Stages) > 0 && len(config.Stages[0].Triggers) == 0 && !f.untracked && index > 0 {
		c.warn(path, fmt.Sprintf("nobody enters funnel %q but by hand: its first stage has no trigger, and ads lead into the first funnel",
			config.Name), "add a trigger with a source to the first stage, or set untracked_leads")
	}
	names := make(map[string]string)
	for i, s := range config.Stages {
		c.table++
		stagePath := fault.Index(fault.Join(path, "stage"), i)
		c.checkName(stagePath, "stage", s.Name, names)
		f.Stages = append(f.Stages, s.Name)
		c.checkMeta(stagePath, config.Name, s.Name, s.Meta)
		for j, t := range s.Triggers {
			c.addTrigger(fault.Index(fault.Join(stagePath, "trigger"), j), index, i, t)
		}
	}
	c.policy.funnels = append(c.policy.funnels, f)
}

func (c *checker) addTrigger(path string, funnel, stage int, config TriggerConfig) {
	c.table++
	t := &trigger{TriggerConfig: config, path: path, order: len(c.policy.triggers), table: c.table, funnel: funnel, stage: stage}
	t.Numbers = slices.Clone(config.Numbers)
	c.policy.triggers = append(c.policy.triggers, t)
	c.checkMatch(t)
	c.checkPhrase(t)
	c.checkSource(t)
	c.checkSame(t)
	for _, number := range t.Numbers {
		if !slices.Contains(c.config.Numbers, number) {
			c.add(fault.Join(path, "numbers"), fmt.Sprintf("number %q is not configured", number),
				fault.Suggest(number, "number", c.config.Numbers))
		}
	}
}

func (c *checker) checkMatch(t *trigger) {
	switch t.Match {
	case "":
		t.Match = matchExact
	case matchExact:
	case matchLoose:
		if c.policy.loose == nil {
			c.policy.loose = newFolder(true)
		}
	default:
		c.add(fault.Join(t.path, "match"), fmt.Sprintf("match %q is not known", t.Match),
			fault.Suggest(t.Match, "match", []string{matchExact, matchLoose}))
		t.Match = matchExact
	}
}

// checkPhrase notes a phrase that can't be found in a message, and measures one that can.
func (c *checker) checkPhrase(t *trigger) {
	path := fault.Join(t.path, "phrase")
	if strings.TrimSpace(t.Phrase) == "" {
		c.add(path, "the phrase is empty", "write what the message has to contain")
		return
	}
	if emoji, at := findEmoji(t.Phrase); emoji != "" {
		c.add(path, fmt.Sprintf("phrase %q has the emoji %s at character %d", t.Phrase, nameEmoji(emoji), characterAt(t.Phrase, at)),
			"a phrase holds no emoji: choose a part of the message without one")
		return
	}
	compared := c.policy.folderOf(t).key(t.Phrase)
	if strings.TrimSpace(string(compared)) == "" {
		c.add(path, fmt.Sprintf("phrase %q has no visible characters", t.Phrase), "write what the message has to contain")
		return
	}
	if mark(compared[0]) {
		c.add(path, fmt.Sprintf("phrase %q begins with a mark (%U) that belongs to the character before it", t.Phrase, compared[0]),
			"begin the phrase with a whole character")
		return
	}
	if trimmed := strings.TrimSpace(t.Phrase); trimmed != t.Phrase {
		c.warn(path, fmt.Sprintf("phrase %q begins or ends with white space, which a message has to have too", t.Phrase),
			fmt.Sprintf("write %q if that is not meant", trimmed))
	}
	t.length = keyLength(compared)
}

// nameEmoji is an emoji with its code points and the name of the first.
func nameEmoji(emoji string) string {
	var points []string
	for _, r := range emoji {
		points = append(points, fmt.Sprintf("%U", r))
	}
	first, _ := utf8.DecodeRuneInString(emoji)
	return fmt.Sprintf("%q (%s, %s)", emoji, strings.Join(points, " "), strings.ToLower(runenames.Name(first)))
}

func (c *checker) checkSource(t *trigger) {
	path := fault.Join(t.path, "source")
	given := strings.TrimSpace(t.Source) != ""
	switch {
	case t.direction() == chat.Inbound && !given:
		c.add(path, fmt.Sprintf("phrase %q of the first stage has no source", t.Phrase), `name the channel that it stands for: source = "Instagram"`)
	case t.direction() == chat.Outbound && given:
		c.add(path, fmt.Sprintf("phrase %q of a later stage has the source %q", t.Phrase, t.Source),
			"remove it: only phrases of the first stage, which the lead writes, name a source")
	}
}
