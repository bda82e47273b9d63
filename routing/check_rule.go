package routing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/fault"
)

func (c *checker) addRule(i int, config RuleConfig, names map[string]string) {
	table, path := c.ruleTable(i), fault.Index("rule", i)
	c.checkName(table, path, "rule", config.Name, names)
	r := &rule{name: config.Name, within: c.acceptWithin(table, path, config.AcceptWithin)}
	if len(config.Targets) == 0 {
		c.add(table, fault.Join(path, "targets"), fmt.Sprintf("rule %q has no targets", config.Name),
			`say who gets its chats, as in targets = ["owner", "admin"]`)
	}
	for j, text := range config.Targets {
		targetPath := fault.Index(fault.Join(path, "targets"), j)
		if slices.Contains(config.Targets[:j], text) {
			c.add(table, targetPath, fmt.Sprintf("target %q is in rule %q twice", text, config.Name), "remove one of the two")
			continue
		}
		if t := c.target(table, targetPath, text); t != nil {
			r.targets = append(r.targets, t)
		}
	}
	c.policy.rules = append(c.policy.rules, r)
	if c.policy.byRule[r.name] == nil {
		c.policy.byRule[r.name] = r
	}
}

// target finds out whom a target means, nil when it is nobody who is configured.
func (c *checker) target(table int, path, text string) *target {
	group, isGroup := strings.CutPrefix(text, GroupLine)
	name, isAgent := strings.CutPrefix(text, agentTarget)
	switch {
	case text == ownerTarget:
		return &target{name: text}
	case text == AdminLine:
		return &target{name: text, line: c.policy.admins()}
	case isGroup && c.groups[group] != nil:
		return &target{name: text, line: c.groups[group]}
	case isAgent && c.policy.byName[name] != nil:
		return &target{name: text, agent: c.policy.byName[name]}
	}
	c.failed = true
	switch {
	case isGroup:
		c.add(table, path, fmt.Sprintf("group %q is not configured", group), fault.Suggest(group, "group", c.groupNames()))
	case isAgent:
		c.add(table, path, fmt.Sprintf("agent %q is not configured", name), fault.Suggest(name, "agent", c.agentNames()))
	default:
		c.add(table, path, fmt.Sprintf("target %q is not known", text), c.suggestTarget(text))
	}
	return nil
}

// suggestTarget is the hint for what is no target: the one that was probably meant, or how targets are spelled.
func (c *checker) suggestTarget(text string) string {
	known := []string{ownerTarget, AdminLine}
	for _, name := range c.groupNames() {
		known = append(known, GroupLine+name)
	}
	for _, name := range c.agentNames() {
		known = append(known, agentTarget+name)
	}
	for _, k := range known {
		if _, name, named := strings.Cut(k, ":"); named && strings.EqualFold(name, strings.TrimSpace(text)) {
			return fmt.Sprintf("did you mean %q?", k)
		}
	}
	if near := fault.Nearest(text, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return `a target is "owner", "admin", "group:NAME" or "agent:NAME"`
}

func (c *checker) acceptWithin(table int, path, text string) time.Duration {
	path = fault.Join(path, "accept_within")
	if text == "" {
		return 0
	}
	within, err := chat.ParseDuration(text)
	switch {
	case err != nil:
		c.add(table, path, fmt.Sprintf("accept_within %q is not a duration", text), `for example "10m" or "2h"; "0" is for ever`)
	case within > longestWait:
		c.add(table, path, fmt.Sprintf("accept_within %q is too long", text), `at most "30d"; "0" is for ever`)
	case within > 0 && within < time.Second:
		c.add(table, path, fmt.Sprintf("accept_within %q is too short", text), `for example "10m" or "2h"; "0" is for ever`)
	}
	return within
}
