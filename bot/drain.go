package bot

import (
	"fmt"
	"slices"
	"time"

	"leadgate/chat"
	"leadgate/routing"
)

func decideTimer(p *Policy, in Input, s State) Decision {
	b := newBuilder(p, in, s, in.At, "")
	switch in.Timer.Kind {
	case TimerDrain:
		b.drain()
	case TimerBack:
		b.back(in.Timer.Agent)
	case TimerSession, TimerAccept:
		c, open := b.chatByID(in.Timer.ChatID)
		if !open {
			return Decision{}
		}
		b.number = c.Number
		if in.Timer.Kind == TimerSession {
			b.sessionOver(c)
		} else {
			b.acceptOver(c, in.Timer.Nth)
		}
	}
	return b.done()
}

// decideTeam brings what is kept of the team in step with a configuration that came into force.
func decideTeam(p *Policy, in Input, s State) Decision {
	b := newBuilder(p, in, s, in.At, "")
	b.need(nil, []string{"*"})
	b.decision.Turns = p.Routing.Straighten(b.lines)
	if len(p.Routing.Agents()) > 0 {
		b.drainSoon()
	}
	return b.done()
}

// drain gives the chat that has waited longest, of those that somebody is available for, to them, and goes on until nobody
// is. What is left is looked at again when the clock makes somebody available.
func (b *builder) drain() {
	if !b.state.Loaded.Waiting {
		b.needs.Waiting = true
		return
	}
	var next time.Time
	for _, head := range b.state.Waiting {
		waits := Chat{Chat: chat.Chat{ID: head.ChatID}, Place: head.Place}
		out := b.offer(request(waits, head.Owner, 0))
		if out.Agent != "" && b.needs.None() {
			b.drainOne(head)
			return
		}
		if !out.NextAt.IsZero() && (next.IsZero() || out.NextAt.Before(next)) {
			next = out.NextAt
		}
	}
	if !next.IsZero() {
		b.drainAt(next)
	}
}

// drainOne gives a chat that waits to somebody, and has the others looked at.
func (b *builder) drainOne(head WaitingLine) {
	if b.state.Loaded.ChatID != head.ChatID {
		b.needs.ChatID = head.ChatID
		return
	}
	c, open := b.chatByID(head.ChatID)
	if !open || c.Status != chat.ChatWaiting {
		return
	}
	b.number = c.Number
	b.route(c, 0, chat.Cause{Kind: chat.CauseAgent, By: "available"})
	b.drainSoon()
}

// drainAt looks at the chats that wait at a time. Timers for the same moment are one.
func (b *builder) drainAt(at time.Time) {
	key := fmt.Sprintf("drain/%d", at.UnixMilli())
	b.timer(key, key, Timer{Kind: TimerDrain}, at)
}

// back ends an agent's absence whose time is over.
func (b *builder) back(agent string) {
	b.need([]string{agent}, nil)
	state := b.agents[agent]
	if state.AwayUntil.IsZero() || state.AwayUntil.After(b.in.At) {
		return // they came back themselves, or are away for longer now
	}
	b.available(agent, chat.Cause{Kind: chat.CauseTimeout, By: "away"})
}

func decideAvailable(p *Policy, in Input, s State) (Decision, error) {
	a := in.Available
	if _, is := p.Routing.Agent(a.Agent); !is {
		return Decision{}, fmt.Errorf("agent %q: %w", a.Agent, ErrNoAgent)
	}
	b := newBuilder(p, in, s, in.At, "")
	if a.Available {
		b.available(a.Agent, a.Cause)
	} else {
		b.away(a.Agent, a.Until, a.Cause)
	}
	return b.done(), nil
}

// away lets an agent get no more chats until a time; the zero time is the end of their day.
func (b *builder) away(agent string, until time.Time, cause chat.Cause) {
	b.need([]string{agent}, nil)
	if until.IsZero() {
		until = b.policy.Routing.DayEnds(agent, b.in.At)
	}
	state := b.agents[agent]
	was := state.AwayUntil.After(b.in.At)
	state.AwayUntil = until
	b.keepAgent(agent, state)
	b.timer(fmt.Sprintf("back/%s/%d", agent, until.UnixMilli()), fmt.Sprintf("back/%s/%d", agent, until.UnixMilli()),
		Timer{Kind: TimerBack, Agent: agent}, until)
	if !was {
		b.availability(agent, false, cause)
	}
}

// available lets an agent get chats again, and those that wait for them at once.
func (b *builder) available(agent string, cause chat.Cause) {
	b.need([]string{agent}, nil)
	state := b.agents[agent]
	was := !state.AwayUntil.IsZero()
	state.AwayUntil, state.BackAt = time.Time{}, b.in.At
	b.keepAgent(agent, state)
	if was {
		b.availability(agent, true, cause)
	}
	b.drainSoon()
}

func (b *builder) availability(agent string, available bool, cause chat.Cause) {
	b.event(AgentAvailability, agent, availabilityData{
		Number: optional(b.number), Agent: AgentView{Name: agent, Available: available}, Available: available, Cause: cause,
	})
}

// keepAgent records an agent's state as it is now.
func (b *builder) keepAgent(name string, state routing.AgentState) {
	state.Numbers = slices.Clone(state.Numbers)
	b.agents[name] = state
	b.decision.Agents = put(b.decision.Agents, AgentChange{Name: name, State: state}, func(c AgentChange) string { return c.Name })
}
