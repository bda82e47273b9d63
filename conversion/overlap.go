package conversion

import (
	"fmt"
	"slices"

	"leadgate/chat"
	"leadgate/fault"
)

// checkSame notes a phrase that stands for a second source, or leads to a second stage, or is there twice.
func (c *checker) checkSame(t *trigger) {
	if t.length == 0 {
		return
	}
	var twin *trigger
	for _, key := range c.comparedAs(t) {
		for _, earlier := range c.same[key] {
			if !t.meets(earlier) {
				continue
			}
			if c.contradict(t, earlier) {
				return
			}
			if twin == nil && t.funnel == earlier.funnel && t.stage == earlier.stage {
				twin = earlier
			}
		}
		c.same[key] = append(c.same[key], t)
	}
	if twin != nil {
		c.warn(fault.Join(t.path, "phrase"), fmt.Sprintf("phrase %q is there twice, first as %s", t.Phrase, twin.path), "remove one of them")
	}
}

// contradict notes it if two triggers with the same phrase, on one number, mean different things, and reports whether
// they do. The same phrase may move leads in several funnels.
func (c *checker) contradict(t, earlier *trigger) bool {
	path := fault.Join(t.path, "phrase")
	switch {
	case t.direction() == chat.Inbound && t.Source != earlier.Source:
		c.add(path, fmt.Sprintf("phrase %q of source %q is also the phrase of source %q (%s)",
			t.Phrase, t.Source, earlier.Source, earlier.path), "give each source a phrase of its own, or other numbers")
	case t.direction() == chat.Outbound && t.funnel == earlier.funnel && t.stage != earlier.stage:
		stages := c.config.Funnels[t.funnel].Stages
		c.add(path, fmt.Sprintf("phrase %q of stage %q is also the phrase of stage %q (%s)",
			t.Phrase, stages[t.stage].Name, stages[earlier.stage].Name, earlier.path),
			"a phrase leads to one stage: choose another one, or other numbers")
	default:
		return false
	}
	return true
}

// comparedAs returns the keys by which a trigger's phrase may be the same as another's of its direction: as written, and
// for a loose one also loosely.
func (c *checker) comparedAs(t *trigger) []string {
	direction := string(t.direction())
	keys := []string{direction + " exact " + string(c.policy.exact.key(t.Phrase))}
	if t.isLoose() {
		keys = append(keys, direction+" loose "+string(c.policy.loose.key(t.Phrase)))
	}
	return keys
}

// overlap says where a phrase was found.
type overlap struct {
	container *trigger // the first
	others    int      // how many more
}

// warnOfOverlaps warns of each phrase that is found wherever another one is.
func (c *checker) warnOfOverlaps() {
	overlaps := make(map[*trigger]overlap)
	for _, t := range c.policy.triggers {
		for _, h := range c.policy.hits(t.direction(), t.Phrase) {
			if !c.competes(h.trigger, t) {
				continue
			}
			o, again := overlaps[h.trigger]
			if again {
				o.others++
			} else {
				o.container = t
			}
			overlaps[h.trigger] = o
		}
	}
	for _, t := range c.policy.triggers {
		if o, contained := overlaps[t]; contained {
			c.warnOfOverlap(t, o)
		}
	}
}

func (c *checker) warnOfOverlap(t *trigger, o overlap) {
	problem := fmt.Sprintf("phrase %q is contained in %q (%s)", t.Phrase, o.container.Phrase, o.container.path)
	if o.others > 0 {
		problem += fmt.Sprintf(" and in %d more", o.others)
	}
	hint := "where both are found, the longer one wins"
	if t.length == o.container.length {
		hint = "where both are found, the first in the file wins"
	}
	c.table = t.table
	c.warn(fault.Join(t.path, "phrase"), problem, hint)
}

// competes reports whether a phrase that was found in another one may win or lose against it. The same phrase was noted
// as such.
func (c *checker) competes(inner, outer *trigger) bool {
	if inner == outer || inner.length > outer.length || !inner.meets(outer) ||
		outer.direction() == chat.Outbound && inner.funnel != outer.funnel {
		return false
	}
	keys := c.comparedAs(outer)
	return !slices.ContainsFunc(c.comparedAs(inner), func(key string) bool { return slices.Contains(keys, key) })
}
