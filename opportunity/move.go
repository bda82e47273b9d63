package opportunity

import (
	"fmt"
	"slices"
	"time"

	"leadgate/fault"
)

// Advance returns those of the opportunities that a conversion to the stage moves, as they are afterwards, ActiveAt
// included: the open ones whose board has a stage of exactly that name that comes after the one where they stand. One
// whose stage is no longer on its board stands before all of them. It never moves one backwards.
func (p *Policy) Advance(stage string, at time.Time, all []Opportunity) []Opportunity {
	var moved []Opportunity
	for _, o := range all {
		board := p.board(o.Type)
		if o.Status == Open && slices.Index(board, stage) > slices.Index(board, o.Stage) {
			o.Stage = stage
			o.ActiveAt = later(o.ActiveAt, at)
			moved = append(moved, o)
		}
	}
	return moved
}

// Change is what somebody changes by hand; nil leaves as it is.
type Change struct {
	Stage  *string
	Owner  *string // "" for nobody
	Status *Status
}

// Set returns the opportunity after a change by hand, in any direction, ActiveAt included; one that the change leaves as it
// was comes back as it was. The error names a stage that its board does not have, with the nearest one, or a status that is
// none; it is a fault.Fault whose path is "stage" or "status". Whether the owner is an agent, the caller knows.
func (p *Policy) Set(o Opportunity, c Change, at time.Time) (Opportunity, error) {
	changed := o
	if c.Stage != nil {
		board := p.board(o.Type)
		if *c.Stage != o.Stage && !slices.Contains(board, *c.Stage) {
			return Opportunity{}, fault.Fault{
				Path: "stage", Problem: fmt.Sprintf("opportunity type %q has no stage %q", o.Type, *c.Stage),
				Hint: fault.Suggest(*c.Stage, "stage", board),
			}
		}
		changed.Stage = *c.Stage
	}
	if c.Status != nil {
		states := []string{string(Open), string(Won), string(Lost)}
		if !slices.Contains(states, string(*c.Status)) {
			return Opportunity{}, fault.Fault{
				Path: "status", Problem: fmt.Sprintf("status %q is not known", *c.Status),
				Hint: fault.Suggest(string(*c.Status), "status", states),
			}
		}
		changed.Status = *c.Status
	}
	if c.Owner != nil {
		changed.Owner = *c.Owner
	}
	if changed != o {
		changed.ActiveAt = later(o.ActiveAt, at)
	}
	return changed, nil
}

// board is the stages of a type, in order; none when the type is not configured any more.
func (p *Policy) board(name string) []string {
	if i := p.index(name); i >= 0 {
		return p.types[i].Stages
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
