package whatsapp

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
)

const (
	// labelsAtMost is how many labels WhatsApp lets a phone have.
	labelsAtMost = 20
	// labelColours is how many colors the app draws its labels from, numbered from 0.
	labelColours = 20
	// labelsLearnedAgain is how soon the labels of a phone are asked for again that could not be had.
	labelsLearnedAgain = 5 * time.Second
	// unheardAtMost bounds the changes of labels that wait for the store; the oldest is given up for a newer one.
	unheardAtMost = 10_000
)

// A LabelBook keeps what the numbers' phones show as labels: WhatsApp tells of changes only. A chat is called by its JID
// as WhatsApp's app state spells it ("1234567890@lid", "5511987650001@s.whatsapp.net"); a person's chat may have been
// labelled under both.
type LabelBook interface {
	// Labels is every label that the number's phone has or had, in any order. Those that are deleted stay among them, so
	// that their ids are not used again.
	Labels(ctx context.Context, number string) ([]chat.PhoneLabel, error)
	// SetLabel keeps a label under its id. One that is deleted is on no chat any more.
	SetLabel(ctx context.Context, number string, label chat.PhoneLabel) error
	// Labelled is the ids of the labels on a chat, in any order.
	Labelled(ctx context.Context, number, jid string) ([]string, error)
	// SetLabelled puts a label on a chat or takes it off. What is so already is no error.
	SetLabelled(ctx context.Context, number, jid, labelID string, on bool) error
}

// labels are those of one number's phone: what the book says of them, what the phone says, and what the daemon changes.
//
// The daemon hears of its own changes too, as WhatsApp's server tells a linked device all. They are known by the book,
// which is written before a change is sent, and by a memory of the latest ones, as their news may come after the next.
type labels struct {
	number   string
	book     LabelBook // nil: labels are not kept
	listener Listener
	metrics  labelMetrics
	log      *slog.Logger
	nudge    func() // wakes the number's loop

	wanted  atomic.Bool   // the configuration says that the number's chats are labelled
	sending chan struct{} // holds a token while a labelling is under way
	turn    sync.Mutex    // held while the book is read and written to one end

	mu      sync.Mutex // guards what follows
	heard   []func(context.Context) error
	againAt time.Time // when to try again what could not be committed; zero: nothing waits
	learned bool      // the book says what the phone shows
	blank   bool      // the book says nothing, and the phone must be asked for everything
	learnAt time.Time // when to ask the phone, once connected; zero: it is being asked
	own     labelChanges
	byHand  labelChanges
	early   []association // of labels that are not known yet, oldest first
}

func newLabels(want chat.Number, ns *Numbers, nudge func()) *labels {
	l := &labels{
		number: want.Name, book: ns.labels, listener: ns.listener, metrics: ns.metrics.labels, log: ns.log, nudge: nudge,
		sending: make(chan struct{}, 1), learnAt: time.Unix(0, 0),
	}
	l.wanted.Store(want.Labels)
	if want.Labels {
		l.look()
	} else {
		l.forget() // they may have been on when the process ended
	}
	return l
}

// on reports whether the number's chats are labelled.
func (l *labels) on() bool { return l.book != nil && l.wanted.Load() }

// want switches the labels of the number on or off. Those that are off are forgotten: what the phone changes from then
// on is not heard, so that all of it must be asked for when they are on again.
func (l *labels) want(on bool) {
	if l.wanted.Swap(on) == on {
		return
	}
	if !on {
		l.forget()
	}
	l.nudge()
}

// begin is told when it is not known any more what the phone shows: of a new client, and after an outcome that is not known.
func (l *labels) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.learned, l.learnAt = false, time.Unix(0, 0)
}

// forget leaves nothing in the book but ids that were used. A phone that is linked anew tells everything anew.
func (l *labels) forget() {
	if l.book == nil {
		return
	}
	l.push(func(ctx context.Context) error {
		l.mu.Lock()
		l.learned, l.blank, l.early = false, true, nil
		l.mu.Unlock()
		known, err := l.book.Labels(ctx, l.number)
		for i := 0; err == nil && i < len(known); i++ {
			if !known[i].Deleted {
				known[i].Deleted = true
				err = l.book.SetLabel(ctx, l.number, known[i])
			}
		}
		return err //nolint:wrapcheck // drain says what failed
	})
	l.soon()
}

// look finds out whether the book says anything, before the first change is written into it.
func (l *labels) look() {
	if l.book == nil {
		return
	}
	l.push(func(ctx context.Context) error {
		known, err := l.book.Labels(ctx, l.number)
		if err != nil {
			return fmt.Errorf("list labels: %w", err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.blank = !slices.ContainsFunc(known, func(label chat.PhoneLabel) bool { return !label.Deleted })
		return nil
	})
	l.soon()
}

// soon lets the number's loop commit what was pushed.
func (l *labels) soon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.againAt = time.Now()
}

// isDue reports whether what could not be committed is to be tried again now.
func (l *labels) isDue(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return due(l.againAt, now)
}

// next is when the labels have something to do, zero when they have not.
func (l *labels) next(connected bool) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if connected && l.on() && !l.learned && !l.learnAt.IsZero() {
		return earliest(l.learnAt, l.againAt)
	}
	return l.againAt
}

// tendLabels does what is due for the labels, and returns when the next of it is.
func (n *Number) tendLabels(ctx context.Context, now time.Time) time.Time {
	l := n.labels
	if l.isDue(now) {
		l.drain(ctx)
	}
	connected := n.line.state == Connected && n.cli != nil
	switch {
	case !l.on() || !connected:
	case !n.cli.EmitAppStateEventsOnFullSync: // they were off when the client was made
		n.giveUp()
		n.device, n.deviceAt = types.EmptyJID, now
		n.adoptDevice(ctx, now)
	case l.mayLearn(now):
		go l.learn(n.cli.BackgroundEventCtx, n.cli)
	}
	return l.next(connected)
}
