package whatsapp

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
)

const (
	// paceWithin is how long a send waits for its turn: it leaves time to send within the deadline of an attempt.
	paceWithin = 18 * time.Second
	// paceAgain is how soon a send that had no turn in time asks for one again.
	paceAgain = time.Second
)

// A pacer hands out turns to send, in the order in which they were asked for: as many at once as the pace's burst, and one
// after another in the long run.
type pacer struct {
	head chan struct{} // holds one token while somebody waits for the next turn

	mu      sync.Mutex
	pace    chat.Pace
	turns   float64 // that could be taken at the time at
	at      time.Time
	changed chan struct{} // closed when the pace changes
}

func newPacer(pace chat.Pace, now time.Time) *pacer {
	p := &pacer{head: make(chan struct{}, 1), at: now, changed: make(chan struct{})}
	p.set(pace, now)
	p.turns = float64(p.pace.Burst)
	return p
}

// set changes the pace at once, for those who wait as well. What is not set is that of chat.DefaultPace.
func (p *pacer) set(pace chat.Pace, now time.Time) {
	if pace.PerMinute <= 0 {
		pace.PerMinute = chat.DefaultPace().PerMinute
	}
	if pace.Burst <= 0 {
		pace.Burst = chat.DefaultPace().Burst
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pace == p.pace {
		return
	}
	p.rest(now)
	p.pace = pace
	p.turns = min(p.turns, float64(pace.Burst))
	close(p.changed)
	p.changed = make(chan struct{})
}

// rest adds the turns that time has brought; p.mu is held.
func (p *pacer) rest(now time.Time) {
	if passed := now.Sub(p.at); passed > 0 {
		p.turns = min(p.turns+passed.Minutes()*float64(p.pace.PerMinute), float64(p.pace.Burst))
	}
	p.at = now
}

// take takes a turn, or says after how long there is one, and what is closed when that changes.
func (p *pacer) take(now time.Time) (wait time.Duration, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest(now)
	if p.turns >= 1 {
		p.turns--
		return 0, nil
	}
	missing := (1 - p.turns) / float64(p.pace.PerMinute)
	return max(time.Duration(missing*float64(time.Minute)), time.Microsecond), p.changed
}

// wait waits for a turn, behind those who wait already. It returns false when there is none in time.
func (p *pacer) wait(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case p.head <- struct{}{}:
		defer func() { <-p.head }()
	case <-ctx.Done():
		return false
	}
	for {
		wait, changed := p.take(time.Now())
		if wait == 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// How long the daemon appears to type: a moment, and longer for a longer text, but not so long that somebody waits.
const (
	typingAtLeast = 400 * time.Millisecond
	typingAtMost  = 1500 * time.Millisecond
	typingPerRune = 8 * time.Millisecond
)

// typingTime is how long the daemon appears to type a text.
func typingTime(text string) time.Duration {
	return min(typingAtLeast+time.Duration(utf8.RuneCountInString(text))*typingPerRune, typingAtMost)
}

// appear shows the recipient "typing" for a while. Presence "available" is not sent for that: the phone would show no
// notifications as long as it lasts. A failure means only that nothing is shown.
func appear(ctx context.Context, cli *whatsmeow.Client, to types.JID, typing time.Duration) {
	if typing <= 0 {
		return
	}
	_ = cli.SendChatPresence(ctx, to, types.ChatPresenceComposing, types.ChatPresenceMediaText)
	pause(ctx, typing)
}
