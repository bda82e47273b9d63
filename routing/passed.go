package routing

import (
	"fmt"
	"strings"
)

// String is the reason as people read it: "owner ana: outside hours", "group sales: bob at 8 of 8".
func (p Passed) String() string {
	switch {
	case p.Target == ownerTarget && p.Agent == "":
		return "owner: the opportunity has none"
	case p.Target == ownerTarget:
		return "owner " + p.Agent + ": " + p.why()
	case strings.HasPrefix(p.Target, agentTarget):
		return "agent " + strings.TrimPrefix(p.Target, agentTarget) + ": " + p.why()
	}
	line := p.Target
	if name, isGroup := strings.CutPrefix(p.Target, GroupLine); isGroup {
		line = "group " + name
	}
	if p.Agent == "" {
		return line + ": " + p.why()
	}
	return line + ": " + p.Agent + " " + p.why()
}

func (p Passed) why() string {
	switch p.Reason {
	case AtCapacity:
		return fmt.Sprintf("at %d of %d", p.Open, p.Of)
	case OnHoliday:
		return "on holiday"
	}
	return string(p.Reason)
}
