package conversion

import (
	"fmt"
	"slices"
	"time"

	"leadgate/chat"
	"leadgate/fault"
)

// Move returns the decision that puts a lead into a stage by hand: any stage of any funnel, whether the lead is in it or
// not. It is empty when the lead stands there already. The transition is at the given time, but never before the one at
// which the lead stands now: clocks differ, and a move by hand holds. The error names a funnel or stage that is not
// configured.
func (p *Policy) Move(funnel, stage string, cause chat.Cause, at time.Time, s State) (Decision, error) {
	i := slices.IndexFunc(p.funnels, func(f configured) bool { return f.Name == funnel })
	if i < 0 {
		return Decision{}, fmt.Errorf("funnel %q is not configured; %s", funnel, fault.Suggest(funnel, "funnel", p.funnelNames()))
	}
	if stages := p.funnels[i].Stages; !slices.Contains(stages, stage) {
		return Decision{}, fmt.Errorf("funnel %q has no stage %q; %s", funnel, stage, fault.Suggest(stage, "stage", stages))
	}
	from := Standing(s.Transitions, funnel)
	if from == stage {
		return Decision{}, nil
	}
	for _, t := range s.Transitions {
		if t.Funnel == funnel && t.At.After(at) {
			at = t.At
		}
	}
	return Decision{Transitions: []Transition{{Funnel: funnel, From: from, To: stage, Cause: cause, At: at}}}, nil
}

func (p *Policy) funnelNames() []string {
	names := make([]string, len(p.funnels))
	for i, f := range p.funnels {
		names[i] = f.Name
	}
	return names
}
