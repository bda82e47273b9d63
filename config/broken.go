package config

import (
	"slices"
	"strings"
)

// A broken set holds the paths of values that could not be read.
type brokenSet map[string]bool

// An aftermath knows which faults are but the consequences of values that could not be read.
type aftermath struct {
	broken  brokenSet
	lacking map[string]bool // tables and lists that the values are missing from
	keys    map[string]bool // the values' own keys, without positions
}

func (b brokenSet) aftermath() aftermath {
	a := aftermath{broken: b, lacking: make(map[string]bool, len(b)), keys: make(map[string]bool)}
	for path := range b {
		a.lacking[parent(path)] = true
		a.keys[plain(path)] = true
	}
	return a
}

// explains reports whether a fault at path may be such a consequence: of the value itself, of what it is a part of, of a
// part that its table lacks, or of something elsewhere by which it is right or wrong.
func (a aftermath) explains(path string) bool {
	if a.lacking[path] || slices.ContainsFunc(dependsOn(path), func(key string) bool { return a.keys[key] }) {
		return true
	}
	for ; path != ""; path = parent(path) {
		if a.broken[path] {
			return true
		}
	}
	return false
}

func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// dependsOn returns the keys and tables elsewhere by which what stands at a path is right or wrong.
func dependsOn(path string) []string {
	switch plain(path) {
	case "funnel.stage.trigger.numbers", "opportunity_type.numbers", "autoresponse.number":
		return []string{"number", "number.name"}
	case "agent":
		return []string{"rule", "rule.targets", "group", "group.name", "group.members"}
	case "group", "group.name":
		return []string{"rule", "rule.targets"}
	case "group.members":
		return []string{"agent", "agent.name"}
	case "rule", "rule.name":
		return []string{
			"opportunity_type", "opportunity_type.rule", "autoresponse", "autoresponse.default_rule", "autoresponse.first",
			"autoresponse.first.other", "autoresponse.first.other.rule",
		}
	case "rule.targets":
		return []string{"agent", "agent.name", "agent.admin", "agent.hours", "group", "group.name", "group.members"}
	case "opportunity_type":
		return []string{"funnel", "funnel.stage", "funnel.stage.name"}
	case "opportunity_type.field", "opportunity_type.values":
		return []string{"opportunity_type.field", "opportunity_type.values"}
	case "opportunity_type.rule", "autoresponse.default_rule", "autoresponse.first.other.rule":
		return []string{"rule", "rule.name"}
	case "autoresponse.create_opportunity", "autoresponse.second":
		return []string{"autoresponse.default_type", "autoresponse.first"}
	case "autoresponse.default_type":
		return []string{"opportunity_type", "opportunity_type.name", "opportunity_type.numbers", "autoresponse.create_opportunity"}
	case "autoresponse.first", "autoresponse.first.display", "autoresponse.first.options.type", "autoresponse.first.options.value":
		return []string{
			"opportunity_type", "opportunity_type.name", "opportunity_type.numbers", "opportunity_type.field", "opportunity_type.values",
		}
	}
	return nil
}
