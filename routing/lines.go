package routing

import (
	"maps"
	"slices"
)

// queue is a line as it stands: its members in turn, and how they differ from what is kept.
type queue struct {
	line   *line
	turns  []*agent // who goes next first
	joined []string // members who are not kept yet; they stand at the end, in the order of the configuration
	left   []string // kept, and members no more
}

// standing brings what is kept of a line in step with its members.
func (l *line) standing(kept []string) queue {
	q := queue{line: l, turns: make([]*agent, 0, len(l.members))}
	stands := make([]bool, len(l.members))
	for _, name := range kept {
		i, member := l.place[name]
		switch {
		case !member && !slices.Contains(q.left, name):
			q.left = append(q.left, name)
		case member && !stands[i]:
			stands[i] = true
			q.turns = append(q.turns, l.members[i])
		}
	}
	for i, a := range l.members {
		if !stands[i] {
			q.turns = append(q.turns, a)
			q.joined = append(q.joined, a.Name)
		}
	}
	return q
}

// serve is the turn that gives somebody of the line a chat: who joined stands behind the others before they go to the end.
func (q queue) serve(name string) Turn {
	others := slices.DeleteFunc(q.joined, func(joined string) bool { return joined == name })
	return Turn{Line: q.line.name, Left: q.left, Back: append(others, name)}
}

// Straighten returns what brings the kept lines in step with the configuration: who left is taken out, who joined goes to
// the end, and lines that are no more lose everybody. There is no turn for a line that is in step.
func (p *Policy) Straighten(kept map[string][]string) []Turn {
	gone := maps.Clone(kept)
	var turns []Turn
	for _, l := range p.lines {
		delete(gone, l.name)
		q := l.standing(kept[l.name])
		if len(q.left) > 0 || len(q.joined) > 0 {
			turns = append(turns, Turn{Line: l.name, Left: q.left, Back: q.joined})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if len(gone[name]) > 0 {
			turns = append(turns, Turn{Line: name, Left: slices.Clone(gone[name])})
		}
	}
	return turns
}
