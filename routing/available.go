package routing

import "time"

// Available reports whether an agent could get a chat now, and why not.
func (p *Policy) Available(name string, s AgentState, now time.Time) (available bool, reason Reason) {
	a := p.byName[name]
	if a == nil {
		return false, NotThere
	}
	if reason = a.absent(s, now); reason == "" {
		reason = a.full(s)
	}
	return reason == "", reason
}

// absent says why an agent is not at work, "" when they are.
func (a *agent) absent(s AgentState, now time.Time) Reason {
	if s.AwayUntil.After(now) {
		return IsAway
	}
	switch working, holiday := a.hours.open(now); {
	case working:
		return ""
	case holiday:
		return OnHoliday
	}
	return OutsideHours
}

// full is AtCapacity when an agent can take no more chats, "" when they can.
func (a *agent) full(s AgentState) Reason {
	if a.Capacity > 0 && s.Open >= a.Capacity {
		return AtCapacity
	}
	return ""
}

// rested reports whether an agent who is at work now has been away from it since a moment: by their own word, or because
// there was time since in which they do not work.
func (a *agent) rested(s AgentState, since, now time.Time) bool {
	return s.BackAt.After(since) || s.AwayUntil.After(since) || !a.hours.rest(since, now).IsZero()
}

// opens is the first moment after now when the clock makes an agent available who is not: because they come back, or
// because their working time begins. For one who is at work that is when they begin anew. Capacity does not count. Zero
// when the clock does not.
func (a *agent) opens(s AgentState, now time.Time) time.Time {
	from := now
	if s.AwayUntil.After(now) {
		from = s.AwayUntil
	} else if working, _ := a.hours.open(now); working {
		from = a.hours.rest(now, now.AddDate(0, 0, horizon))
		if from.IsZero() {
			return from
		}
	}
	begin, _ := a.hours.next(from)
	if !begin.IsZero() && begin.Before(from) {
		begin = from
	}
	return begin.UTC()
}

// Deadline is when an agent has had a chat for so long of their own working time; zero when their working time never adds
// up to it. Being away does not stop it.
func (p *Policy) Deadline(name string, from time.Time, within time.Duration) time.Time {
	a := p.byName[name]
	if a == nil {
		return time.Time{}
	}
	return a.hours.adds(from, within).UTC()
}

// DayEnds is when the agent's working day ends: the end of today's last working hours, or midnight when these are over or
// there are none. Hours over midnight belong to the day on which they begin. For somebody who is no agent it is zero.
func (p *Policy) DayEnds(name string, now time.Time) time.Time {
	a := p.byName[name]
	if a == nil {
		return time.Time{}
	}
	return a.hours.dayEnds(now).UTC()
}
