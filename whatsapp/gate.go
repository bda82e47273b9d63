package whatsapp

import (
	"context"
	"fmt"
	"time"

	"leadgate/delivery"
)

const (
	// quietFor is how long a connection must have been quiet to count as caught up when WhatsApp does not say that its
	// queue is at its end. Tests shorten it.
	quietFor = 10 * time.Second
	// silencedAtMost is how many reconnects for a message that is not committed keep a number from sending. It must not be
	// silent for ever because of one message.
	silencedAtMost = 3
)

// drained is the notice that WhatsApp has delivered what it kept while the number was away, and that all of it has been
// handled: whatsmeow hands on one thing at a time (handlerQueueLoop).
type drained struct{ dial uint64 }

// behind says that a connection begins: what was written meanwhile comes first, what was not committed with it.
func (n *Number) behind() {
	n.dials.Add(1)
	n.caughtUp, n.resetAt, n.quietAt = false, time.Time{}, time.Time{}
}

// hearDrained takes the end of WhatsApp's queue. What of it was not committed comes with the next connection.
func (n *Number) hearDrained(of drained) {
	if of.dial == n.dials.Load() {
		n.caughtUp = n.resetAt.IsZero() || n.resets > silencedAtMost
	}
}

// tendCatchUp takes a connection for caught up that has been quiet for a while.
func (n *Number) tendCatchUp(now time.Time) {
	if n.caughtUp || !n.online() || !n.resetAt.IsZero() {
		n.quietAt = time.Time{}
		return
	}
	if n.quietAt.IsZero() || n.inbox.heardSince(n.quietAt.Add(-n.delays.quietFor)) {
		n.quietAt = now.Add(n.delays.quietFor)
		return
	}
	if due(n.quietAt, now) {
		n.caughtUp, n.quietAt = true, time.Time{}
	}
}

// online reports whether the number is logged in, and not about to connect anew.
func (n *Number) online() bool {
	return n.line.state == Connected && n.line.dialAt.IsZero() && n.line.loginBy.IsZero()
}

// turnGate opens and shuts the way for what is to be sent.
func (n *Number) turnGate() {
	open := n.online() && n.caughtUp
	if open && !n.open.Swap(true) {
		n.config.Opened()
	}
	if !open {
		n.open.Store(false)
	}
}

// Open reports whether the number may send: it is connected, and everything that was written while it was not has been
// heard and committed. What is to be said may have become wrong by that.
func (n *Number) Open() bool { return n.open.Load() }

// Sender sends deliveries through the number that has the name when they are sent. Their bodies are chat.Outgoing. It is
// open when that number is; one that is banned, logged out or replaced keeps them waiting.
func (ns *Numbers) Sender(name string) delivery.Gate { return senderByName{ns, name} }

type senderByName struct {
	numbers *Numbers
	name    string
}

// Open implements delivery.Gate.
func (s senderByName) Open() bool {
	n := s.numbers.Number(s.name)
	return n != nil && n.Open()
}

// Send implements delivery.Sender.
func (s senderByName) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	n := s.numbers.Number(s.name)
	if n == nil {
		return notNow(fmt.Sprintf("no number is called %q", s.name))
	}
	return n.Send(ctx, d)
}

// Gated puts the gate of a number before another sender, for what can be decided only once the number has caught up.
func (ns *Numbers) Gated(name string, s delivery.Sender) delivery.Gate {
	return gated{s, senderByName{ns, name}}
}

type gated struct {
	delivery.Sender
	gate senderByName
}

// Open implements delivery.Gate.
func (g gated) Open() bool { return g.gate.Open() }
