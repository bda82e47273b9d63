package bot

import (
	"encoding/json"
	"fmt"
	"time"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/routing"
)

// openChat is the lead's open chat with a number.
func (b *builder) openChat(number string) (c Chat, open bool) {
	for _, c := range b.chats {
		if c.Number == number && c.Open() {
			return c, true
		}
	}
	return Chat{}, false
}

// chatByID is one of the lead's open chats.
func (b *builder) chatByID(id string) (c Chat, open bool) {
	for _, c := range b.chats {
		if c.ID == id && c.Open() {
			return c, true
		}
	}
	return Chat{}, false
}

// changeChat records a chat as it is now.
func (b *builder) changeChat(c Chat) {
	b.chats = put(b.chats, c, func(c Chat) string { return c.ID })
	b.decision.Chats = put(b.decision.Chats, c, func(c Chat) string { return c.ID })
}

// closeChat ends a chat. What the lead said is not kept any longer, nor is anything more said in it.
func (b *builder) closeChat(c Chat, cause chat.Cause) {
	b.free(c)
	c.Status, c.ClosedAt, c.Said = chat.ChatClosed, b.in.At, ""
	c.Dialogue.Menu = nil
	b.changeChat(c)
	b.withdraw(c.Number)
	b.event(ChatClosed, c.ID, closedData{chatData: b.chatData(c), Cause: cause})
}

// free gives the place of a chat with its agent to one that waits, if the agent has as many as they can.
func (b *builder) free(c Chat) {
	if c.Status != chat.ChatAssigned {
		return
	}
	b.busier(c.Agent, -1)
	if agent, is := b.policy.Routing.Agent(c.Agent); is && agent.Capacity > 0 {
		b.drainSoon()
	}
}

func decideOrder(p *Policy, in Input, s State) (Decision, error) {
	o := in.Order
	b := newBuilder(p, in, s, in.At, "")
	c, open := b.chatByID(o.ChatID)
	if !open {
		return Decision{}, fmt.Errorf("chat %q: %w", o.ChatID, ErrNoChat)
	}
	b.number = c.Number
	switch o.Do {
	case CloseChat:
		b.closeChat(c, o.Cause)
	case PassChat:
		if c.Status != chat.ChatAssigned {
			return Decision{}, fmt.Errorf("pass chat %q, which no agent has: %w", o.ChatID, ErrConflict)
		}
		b.lose(c, o.Cause)
	case AssignChat:
		if _, is := p.Routing.Agent(o.Agent); !is {
			return Decision{}, fmt.Errorf("agent %q: %w", o.Agent, ErrNoAgent)
		}
		if c.Status == chat.ChatAssigned && c.Agent == o.Agent {
			return Decision{}, nil
		}
		b.give(c, o.Agent, o.Cause)
	default:
		return Decision{}, fmt.Errorf("%q can't be done with a chat: %w", o.Do, ErrInvalid)
	}
	return b.done(), nil
}

// session is after how much time without a message a chat ends.
func (b *builder) session(c Chat) time.Duration { return b.policy.Responses.Session(c.Number) }

// sessionTimer looks at a chat again when it may have been idle for a session.
func (b *builder) sessionTimer(c Chat, at time.Time) {
	b.timer(fmt.Sprintf("session/%s/%d", c.ID, at.Unix()), "session/"+c.ID, Timer{Kind: TimerSession, ChatID: c.ID}, at)
}

// timer has the bot look at something later. Timers of one key are one. A timer tells of nobody: it outlives whoever is
// erased, for the others who wait for it.
func (b *builder) timer(key, lane string, t Timer, at time.Time) {
	b.timerAt(TimerDestination, key, lane, t, at)
}

// timerAt is a timer that a destination brings back.
func (b *builder) timerAt(destination, key, lane string, t Timer, at time.Time) {
	body, err := json.Marshal(t)
	if err != nil {
		panic(fmt.Sprintf("timer: %v", err)) // strings and numbers: JSON has a form for each of them
	}
	b.effects = append(b.effects, delivery.Delivery{
		Destination: destination, Lane: lane, Key: key, Body: body, CreatedAt: b.in.At, NotBefore: at,
	})
}

// drainSoon gives chats that wait to whoever is available once this input is committed.
func (b *builder) drainSoon() {
	key := newID("drain", b.in.Key)
	b.timer(key, "drain", Timer{Kind: TimerDrain}, time.Time{})
}

// sessionOver closes a chat that has been idle for a session. The session does not run while a chat waits for an agent.
func (b *builder) sessionOver(c Chat) {
	idleSince := c.ActiveAt
	switch c.Status {
	case chat.ChatWaiting:
		idleSince = b.in.At
	case chat.ChatAssigned:
		due := b.answerDue(c)
		if due.After(b.in.At) {
			due = b.in.At // an answer that comes sooner begins the session sooner
		}
		idleSince = latest(latest(c.ActiveAt, c.Place.Since), due)
	}
	if over := idleSince.Add(b.session(c)); over.After(b.in.At) {
		b.sessionTimer(c, over)
		return
	}
	b.closeChat(c, chat.Cause{Kind: chat.CauseTimeout, By: "session"})
}

// fresh reports whether an automatic message may still be sent to the lead of a chat.
func (b *builder) fresh(c Chat) bool {
	return b.in.At.Sub(c.SaidAt) < freshFor && !c.WroteAt.After(c.SaidAt)
}

// waitingPlace is the place of a chat that no agent has, since a time.
func waitingPlace(p routing.Place, since time.Time) routing.Place {
	p.Step, p.Target, p.Since = 0, "", since
	return p
}
