package webhook

import (
	"fmt"
	"slices"
	"strings"

	"leadgate/fault"
)

func checkRules(faults *fault.List, rules []RuleConfig, known Names) {
	for i, r := range rules {
		path := fault.Index("rule", i)
		if r.Funnel == "" && len(r.Stages)+len(r.Sources)+len(r.Types)+len(r.Reasons)+len(r.Fields) == 0 {
			faults.Warn(path, "a rule that says nothing holds for every event", "say what it is about, or leave it out")
		}
		if r.Funnel != "" {
			checkKnown(faults, fault.Join(path, "funnel"), "funnel", r.Funnel, known.Funnels)
		}
		for _, list := range []struct {
			key, kind    string
			given, known []string
		}{
			{"stages", "stage", r.Stages, known.Stages},
			{"sources", "source", r.Sources, known.Sources},
			{"types", "type of opportunity", r.Types, known.Types},
		} {
			for j, name := range list.given {
				checkKnown(faults, fault.Index(fault.Join(path, list.key), j), list.kind, name, list.known)
			}
		}
	}
}

func checkKnown(faults *fault.List, path, kind, name string, known []string) {
	if known == nil || slices.Contains(known, name) {
		return
	}
	hint := "it is one of " + strings.Join(known, ", ")
	if meant := fault.Nearest(name, known); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	faults.Add(path, fmt.Sprintf("there is no %s %q", kind, name), hint)
}

func checkFormat(faults *fault.List, c Config) {
	switch c.Format {
	case "", "json", "xml":
	default:
		faults.Add("format", fmt.Sprintf("%q is neither json nor xml", c.Format), "")
	}
	if c.Rate < 0 || c.Rate > 10_000 {
		faults.Add("rate", fmt.Sprintf("a rate of %g requests a second", c.Rate), "leave it out, or set it above 0")
	}
	switch {
	case c.Burst < 0:
		faults.Add("burst", fmt.Sprintf("a burst of %d requests", c.Burst), "set it to 1 or more")
	case c.Burst > 0 && c.Rate == 0:
		faults.Add("burst", "a burst without a rate", "set rate as well")
	}
}
