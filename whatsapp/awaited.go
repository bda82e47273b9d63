package whatsapp

import (
	"context"
	"maps"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

const (
	// overdueAfter is how long a message may be awaited before it is set aside: the phone may be asleep, not for long.
	overdueAfter = 10 * time.Minute
	// askAgainFirst is when the phone is asked again, and doubles from then on. whatsmeow asks once, and that fails in the
	// first seconds after a pairing, before phone and device have a session.
	askAgainFirst = 15 * time.Second
	// awaitedAtMost bounds how many are remembered; a number that misses more has another trouble.
	awaitedAtMost = 10_000
	// lookForOverdue is how often messages that did not come are looked at.
	lookForOverdue = 5 * time.Second
	// askWithin bounds asking the phone for one message.
	askWithin = 10 * time.Second
	// leaveWithin bounds setting aside what has not come when the number ends.
	leaveWithin = 2 * time.Second
)

// awaited are the messages that WhatsApp has announced and that have not come, by id.
type awaited map[types.MessageID]absent

type absent struct {
	info  types.MessageInfo
	since time.Time
	asked int // times the phone was asked again
	why   string
}

// came reports whether the message was awaited, and awaits it no longer.
func (a awaited) came(id types.MessageID) bool {
	_, was := a[id]
	delete(a, id)
	return was
}

// undecryptable notes a message that came without content that can be read. whatsmeow has asked for it already, the
// sender and the phone (sendRetryReceipt, immediateRequestMessageFromPhone).
func (in *inbox) undecryptable(device *store.Device, evt *events.UndecryptableMessage, now time.Time) {
	direction := directionOf(&evt.Info)
	if why := audience(&evt.Info, identityOf(device)); why != counts {
		in.metrics.ignore(in.number, direction, why)
		return
	}
	what, why := outcomeUndecryptable, "it could not be decrypted, and neither its sender nor the phone has sent it again"
	if evt.IsUnavailable {
		what, why = outcomeMissing, "WhatsApp gave it to the phone only, and the phone has not handed it over"
	}
	if evt.UnavailableType == events.UnavailableTypeViewOnce {
		why = "it can be viewed once, on the phone only"
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if _, known := in.awaited[evt.Info.ID]; known {
		return
	}
	in.metrics.message(in.number, direction, what)
	in.log.Info("message without readable content, asked for again", "number", in.number, "message_id", evt.Info.ID, "outcome", string(what))
	// A hidden failure is one of which the person sees nothing either: a reaction, a receipt. Nobody waits for it.
	if evt.DecryptFailMode == events.DecryptFailHide || len(in.awaited) >= awaitedAtMost {
		return
	}
	in.awaited[evt.Info.ID] = absent{info: evt.Info, since: now, why: why}
	in.metrics.missing.WithLabelValues(in.number).Set(float64(len(in.awaited)))
}

// missing is what is awaited, for status and for asking.
func (in *inbox) missing() awaited {
	in.mu.Lock()
	defer in.mu.Unlock()
	return maps.Clone(in.awaited)
}

// askAgain is the messages for which the phone should be asked again now; they count as asked.
func (in *inbox) askAgain(now time.Time) []types.MessageInfo {
	in.mu.Lock()
	defer in.mu.Unlock()
	var ask []types.MessageInfo
	for id, missing := range in.awaited {
		if now.Sub(missing.since) >= growing(askAgainFirst, overdueAfter, missing.asked) {
			missing.asked++
			in.awaited[id] = missing
			ask = append(ask, missing.info)
		}
	}
	return ask
}

// giveUp sets aside what has been awaited since a time or earlier. A message that comes later is handled all the same.
func (in *inbox) giveUp(ctx context.Context, since time.Time) {
	for id, missing := range in.missing() {
		if missing.since.After(since) {
			continue
		}
		if err := in.setAside(ctx, id, missing.why, nil); err != nil {
			in.log.Warn("missing message not set aside yet", "number", in.number, "message_id", id, "err", err)
			return
		}
		in.log.Warn("message did not come, read it on the phone", "number", in.number, "message_id", id, "reason", missing.why)
		in.mu.Lock()
		if in.awaited.came(id) {
			in.metrics.message(in.number, directionOf(&missing.info), outcomeSetAside)
			in.metrics.missing.WithLabelValues(in.number).Set(float64(len(in.awaited)))
		}
		in.mu.Unlock()
	}
}

// tendMissing asks the phone again for messages that did not come, and gives them up in the end.
func (n *Number) tendMissing(ctx context.Context, now time.Time) {
	if n.overdueAt.After(now) {
		return
	}
	n.overdueAt = now.Add(lookForOverdue)
	n.inbox.giveUp(ctx, now.Add(-overdueAfter))
	if n.line.state != Connected {
		return
	}
	for _, info := range n.inbox.askAgain(now) {
		n.askPhone(ctx, info)
	}
}

func (n *Number) askPhone(ctx context.Context, info types.MessageInfo) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if _, err := n.cli.SendPeerMessage(ctx, n.cli.BuildUnavailableMessageRequest(info.Chat, info.Sender, info.ID)); err != nil {
		n.log.Info("phone not asked for a missing message", "message_id", info.ID, "err", longNumbers.ReplaceAllString(err.Error(), "…"))
	}
}

// leaveMissing sets aside what has not come when the number ends: the next process does not know of it.
func (n *Number) leaveMissing(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	n.inbox.giveUp(ctx, time.Now())
}
