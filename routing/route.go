package routing

import (
	"slices"
	"time"
)

// Wants returns which agents' states and which lines Route has to know to answer a request.
func (p *Policy) Wants(r Request) (agents, lines []string) {
	_, targets := p.chain(r)
	for _, a := range p.reaches(targets, p.byName[r.Owner]) {
		agents = append(agents, a.Name)
	}
	for _, t := range targets {
		if t.line != nil {
			lines = append(lines, t.line.name)
		}
	}
	return agents, lines
}

// chain returns the targets that are left for a request, and the step of the first.
func (p *Policy) chain(r Request) (first int, targets []*target) {
	asked := p.byRule[r.Rule]
	if asked == nil {
		return 0, nil
	}
	all := asked.targets
	first = max(0, r.From)
	targets = all[min(first, len(all)):]
	namesAdmins := slices.ContainsFunc(targets, func(t *target) bool { return t.name == AdminLine })
	if r.Admins && !namesAdmins && first <= len(all) {
		targets = append(slices.Clone(targets), &target{name: AdminLine, line: p.admins()})
	}
	return first, targets
}

// Route decides who gets a chat. Its outcome follows from its arguments alone, and the chain always ends: every agent
// who is at work is asked once.
func (p *Policy) Route(r Request, t Team, now time.Time) Outcome {
	s := &search{policy: p, request: r, team: t, now: now}
	first, targets := p.chain(r)
	for i, target := range targets {
		if s.try(target) {
			s.outcome.Step, s.outcome.Target = first+i, target.name
			return s.outcome
		}
	}
	s.outcome.Closed = s.closed && !s.open
	s.outcome.NextAt = s.nextAt(targets)
	return s.outcome
}

// search is the way through a chain.
type search struct {
	policy  *Policy
	request Request
	team    Team
	now     time.Time
	outcome Outcome
	open    bool // somebody who was passed over is within their hours and has not been asked before
	closed  bool // somebody who was passed over is outside their hours
}

// try gives the chat to whom the target means, if they can get it.
func (s *search) try(t *target) (given bool) {
	switch {
	case t.agent != nil:
		return s.ask(t, t.agent)
	case t.line != nil:
		return s.tryLine(t)
	case s.request.Owner == "":
		s.pass(Passed{Target: t.name, Reason: NoOwner})
		return false
	}
	owner := s.policy.byName[s.request.Owner]
	if owner == nil {
		s.pass(Passed{Target: t.name, Agent: s.request.Owner, Reason: NotThere})
		return false
	}
	return s.ask(t, owner)
}

func (s *search) tryLine(t *target) (given bool) {
	if len(t.line.members) == 0 {
		s.pass(Passed{Target: t.name, Reason: NoMembers})
		return false
	}
	q := t.line.standing(s.team.Lines[t.line.name])
	for _, a := range q.turns {
		if s.ask(t, a) {
			s.outcome.Turns = []Turn{q.serve(a.Name)}
			return true
		}
	}
	return false
}

// ask gives the chat to an agent, if they can get it.
func (s *search) ask(t *target, a *agent) (given bool) {
	state := s.team.Agents[a.Name]
	passed := Passed{Target: t.name, Agent: a.Name, Reason: a.absent(state, s.now)}
	if passed.Reason == "" && s.askedBefore(a, state) {
		passed.Reason = AskedBefore
	}
	if passed.Reason == "" {
		passed.Reason = a.full(state)
	}
	switch passed.Reason {
	case "":
		s.outcome.Agent = a.Name
		return true
	case AtCapacity:
		passed.Open, passed.Of = state.Open, a.Capacity
		s.open = true
	case OutsideHours, OnHoliday:
		s.closed = true
	case IsAway:
		working, _ := a.hours.open(s.now)
		s.open = s.open || working
		s.closed = s.closed || !working
	}
	s.pass(passed)
	return false
}

func (s *search) pass(p Passed) { s.outcome.Passed = append(s.outcome.Passed, p) }

// askedBefore reports whether an agent who is at work has had this chat and lost it, and been at work ever since.
func (s *search) askedBefore(a *agent, state AgentState) bool {
	var last time.Time
	had := false
	for _, asked := range s.request.Asked {
		if asked.Agent == a.Name && (!had || asked.At.After(last)) {
			last, had = asked.At, true
		}
	}
	return had && !a.rested(state, last, s.now)
}

// nextAt is when the clock makes one available of those who were passed over. Who lacks nothing but capacity waits for no
// clock.
func (s *search) nextAt(targets []*target) time.Time {
	var earliest time.Time
	for _, a := range s.policy.reaches(targets, s.policy.byName[s.request.Owner]) {
		state := s.team.Agents[a.Name]
		if a.absent(state, s.now) == "" && !s.askedBefore(a, state) {
			continue
		}
		if at := a.opens(state, s.now); !at.IsZero() && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	return earliest
}
