package whatsapp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"leadgate/chat"
)

const (
	// textFor is how long menus go out as text once WhatsApp has refused their form: SPEC section 7. Whether a number may
	// send forms changes with WhatsApp's roll-outs, not by the hour.
	textFor = 24 * time.Hour
	// repliesFor is how long nobody is written to who has not written first, once WhatsApp has locked that. It does not say
	// until when; locks are reported to last from hours to days, and to grow with each message that runs into them.
	repliesFor = 24 * time.Hour
)

// limitKind names a limit. It is a label of a metric.
type limitKind string

// The limits.
const (
	limitText    limitKind = "text"
	limitReplies limitKind = "replies"
)

// limit respects what WhatsApp's server has refused, and has it committed, so that the next process does too. Sending goes
// on when that fails: the worst is that WhatsApp has to refuse once more.
func (n *Number) limit(ctx context.Context, kind limitKind, now time.Time) {
	n.mu.Lock()
	switch kind {
	case limitText:
		n.limits.TextUntil = now.Add(textFor).UTC()
	case limitReplies:
		n.limits.RepliesUntil = now.Add(repliesFor).UTC()
	}
	limits := n.limits
	n.mu.Unlock()
	n.nudge()
	n.log.Warn("whatsapp has limited the number", "limit", string(kind), "meaning", strings.TrimSpace(limitSentence(limits, now)))
	if err := n.listener.Limited(ctx, n.name, limits); err != nil {
		n.log.Error("limit of the number not committed, it is forgotten when leadgate ends", "limit", string(kind), "err", err)
	}
}

func (n *Number) limitsNow() chat.Limits {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.limits
}

// showLimits brings the metric up to date, and returns when that has to be done again.
func (n *Number) showLimits(now time.Time) (next time.Time) {
	limits := n.limitsNow()
	for kind, until := range map[limitKind]time.Time{limitText: limits.TextUntil, limitReplies: limits.RepliesUntil} {
		n.metrics.limited(n.name, kind, until.After(now))
		if until.After(now) && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}

// limitSentence tells a person what WhatsApp does not allow just now; "" for nothing.
func limitSentence(l chat.Limits, now time.Time) string {
	const day = "2006-01-02 15:04 MST"
	var sentence string
	if l.RepliesUntil.After(now) {
		sentence += fmt.Sprintf(" WhatsApp lets it write only to people who have written first (code %d): others are not written to before %s.",
			codeReachOut, l.RepliesUntil.UTC().Format(day))
	}
	if l.TextUntil.After(now) {
		sentence += fmt.Sprintf(" WhatsApp has refused the form of a menu: until %s menus go out as text.", l.TextUntil.UTC().Format(day))
	}
	return sentence
}
