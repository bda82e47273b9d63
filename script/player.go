package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
)

// Play plays a script against a configuration, in a store of its own that is gone afterwards. The error is a *Failure
// when an expectation does not hold, and *Faults when the script names what the configuration does not have.
func Play(ctx context.Context, cfg *config.Config, s *Script) (err error) {
	if err := s.check(cfg); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "leadgate-script-")
	if err != nil {
		return fmt.Errorf("make a directory for the script's store: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p := &player{
		config:  cfg,
		url:     "sqlite:" + filepath.Join(dir, "script.db"),
		now:     begins(cfg),
		people:  make(map[chat.Phone]*person),
		offline: make(map[string]bool),
		waiting: make(map[string][]chat.Message),
	}
	if err := p.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.store.Close()) }()
	for _, st := range s.statements {
		if err := p.play(ctx, st); err != nil {
			return explain(s, st, err)
		}
	}
	return nil
}

// explain says where in the script an error came up.
func explain(s *Script, st statement, err error) error {
	var failure *Failure
	if errors.As(err, &failure) {
		failure.Script, failure.Line, failure.Statement = s.Name, st.line, st.text
		return failure
	}
	return fmt.Errorf("%s:%d: error: %w", s.Name, st.line, err)
}

// A player plays one script. It stands in for WhatsApp and for the clock.
type player struct {
	config  *config.Config
	url     string // of the store
	store   *store.Store
	bot     *bot.Bot
	carrier *delivery.Carrier

	now     time.Time // the virtual clock
	started bool      // something was played
	mark    int64     // Seq of the last event before the last action
	people  map[chat.Phone]*person
	sent    int // messages, for their ids
	offline map[string]bool
	waiting map[string][]chat.Message // for numbers that are offline, in the order in which they were written
}

// start is the start of the daemon.
func (p *player) start(ctx context.Context) error {
	kept, err := store.Open(ctx, p.url, store.Options{MessageText: p.config.Store.MessageText})
	if err != nil {
		return err
	}
	p.store = kept
	p.bot = bot.New(kept, p.config.Policy(), nil, prometheus.NewRegistry())
	p.carrier = delivery.New(kept, delivery.Options{})
	senders := make(map[string]delivery.Sender)
	for _, d := range p.config.Destinations {
		senders[d.Name] = unsent{}
	}
	p.carrier.SetSenders(senders)
	return nil
}

// unsent takes the webhooks of a configuration off: nothing of a script leaves the process.
type unsent struct{}

func (unsent) Send(context.Context, delivery.Delivery) delivery.Result {
	return delivery.Result{Verdict: delivery.Done}
}

// play plays a statement. All but expectations begin a new stretch of time, to which the expectations after them look.
func (p *player) play(ctx context.Context, st statement) error {
	if expectation, ok := st.act.(expectation); ok {
		return expectation.play(ctx, p)
	}
	if err := p.remember(ctx); err != nil {
		return err
	}
	if err := st.act.play(ctx, p); err != nil {
		return err
	}
	p.started = true
	return nil
}

// remember marks the events so far as those of earlier actions.
func (p *player) remember(ctx context.Context) error {
	events, err := p.recorded(ctx)
	if len(events) > 0 {
		p.mark = events[len(events)-1].Seq
	}
	return err
}

// recorded are the events since the last action began.
func (p *player) recorded(ctx context.Context) ([]store.Event, error) {
	const page = 1000
	var all []store.Event
	filter := store.EventFilter{After: p.mark}
	for {
		events, err := p.store.Events(ctx, filter, page)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
		if len(events) < page {
			return all, nil
		}
		filter.After = events[len(events)-1].Seq
	}
}

// handle has an input decided, and what follows from it carried out. The action is over a second later.
func (p *player) handle(ctx context.Context, in bot.Input) error {
	in.At = p.now.UTC()
	if err := p.bot.Handle(ctx, in); err != nil {
		return err
	}
	return p.carry(ctx)
}

// carry carries out what is due now.
func (p *player) carry(ctx context.Context) error {
	for {
		attempts, err := p.carrier.Step(ctx, p.now)
		if err != nil || attempts == 0 {
			return err
		}
	}
}

// passUntil lets time pass. What becomes due meanwhile is carried out at its own time.
func (p *player) passUntil(ctx context.Context, until time.Time) error {
	var destinations []string
	for _, d := range p.config.Destinations {
		destinations = append(destinations, d.Name)
	}
	for {
		due, err := p.store.NextAt(ctx, p.now, destinations)
		if err != nil {
			return err
		}
		if due.IsZero() || due.After(until) {
			p.now = until
			return nil
		}
		if due.After(p.now) {
			p.now = due.In(p.now.Location())
		}
		if err := p.carry(ctx); err != nil {
			return err
		}
	}
}

// deliver brings a message to the daemon, at once or when its number is online again.
func (p *player) deliver(ctx context.Context, m chat.Message) error {
	if p.offline[m.Number] {
		p.waiting[m.Number] = append(p.waiting[m.Number], m)
		return nil
	}
	return p.handle(ctx, bot.Input{Key: m.Key(), Message: &m})
}

// messageID is the id of a new message.
func (p *player) messageID() string {
	p.sent++
	return fmt.Sprintf("SCRIPT%06d", p.sent)
}
