package script

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/conversion"
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
	p := newPlayer(cfg, dir)
	if err := p.open(ctx); err != nil {
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
	policy  *bot.Policy
	url     string // of the store
	store   *store.Store
	bot     *bot.Bot
	carrier *delivery.Carrier
	senders map[string]delivery.Sender
	site    http.Handler
	answer  *answer // of the last call of the API; nil before the first

	now     time.Time // the virtual clock
	started bool      // something was played
	keys    int       // how many keys of inputs have been made
	people  map[chat.Phone]*person
	leads   map[chat.Phone][]string // ids of the leads that somebody has been
	written int                     // messages, for their ids

	offline  map[string]bool
	waiting  map[string][]bot.Input // for numbers that are offline, in order
	sent     []sending              // by the daemon, in order
	metas    []conversion.MetaEvent // of which Meta was told, in order
	labelled map[labelled][]string
	broken   error // what a sender could not do, to be told at the end of the action

	recordedBefore int64 // Seq of the last event before the last action
	sentBefore     int   // messages sent before the last action
	metasBefore    int   // conversions told before the last action
}

// newPlayer makes a player whose store is in a directory.
func newPlayer(cfg *config.Config, dir string) *player {
	return &player{
		config:   cfg,
		policy:   cfg.Policy(),
		url:      "sqlite:" + filepath.Join(dir, "script.db"),
		now:      begins(cfg),
		people:   make(map[chat.Phone]*person),
		leads:    make(map[chat.Phone][]string),
		offline:  make(map[string]bool),
		waiting:  make(map[string][]bot.Input),
		labelled: make(map[labelled][]string),
	}
}

// open is what the daemon makes of a configuration and its store when it starts.
func (p *player) open(ctx context.Context) error {
	kept, err := store.Open(ctx, p.url, store.Options{MessageText: p.config.Store.MessageText})
	if err != nil {
		return err
	}
	p.store = kept
	p.bot = bot.New(kept, p.policy, nil, prometheus.NewRegistry())
	p.senders = p.connect()
	p.carrier = delivery.New(kept, delivery.Options{})
	p.carrier.SetSenders(p.senders)
	p.site = p.newSite()
	return nil
}

// join lets the daemon bring what it keeps in step with the configuration, as after every start.
func (p *player) join(ctx context.Context) error {
	return p.handle(ctx, bot.Input{Key: p.key("team"), Team: &bot.TeamChange{}})
}

// play plays a statement. All but expectations begin a new stretch of time, to which the expectations after them look.
func (p *player) play(ctx context.Context, st statement) error {
	if expectation, ok := st.act.(expectation); ok {
		return expectation.play(ctx, p)
	}
	if err := p.begin(ctx, st.act); err != nil {
		return err
	}
	if err := p.remember(ctx); err != nil {
		return err
	}
	return st.act.play(ctx, p)
}

// begin starts the daemon before the first action, at the time for which the script sets the clock.
func (p *player) begin(ctx context.Context, first action) error {
	if p.started {
		return nil
	}
	p.started = true
	if clock, ok := first.(*setClock); ok {
		p.now = clock.at
	}
	return p.join(ctx)
}

// remember marks what has been recorded and sent so far as that of earlier actions.
func (p *player) remember(ctx context.Context) error {
	events, err := p.recorded(ctx)
	if len(events) > 0 {
		p.recordedBefore = events[len(events)-1].Seq
	}
	p.sentBefore, p.metasBefore = len(p.sent), len(p.metas)
	return err
}

// recorded are the events since the last action began.
func (p *player) recorded(ctx context.Context) ([]store.Event, error) {
	const page = 1000
	var all []store.Event
	filter := store.EventFilter{After: p.recordedBefore}
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

// decide has an input decided. What follows from it is not carried out yet.
func (p *player) decide(ctx context.Context, in bot.Input) error {
	in.At = p.clock()
	return p.bot.Handle(ctx, in)
}

// handle has an input decided, and what follows from it at once carried out.
func (p *player) handle(ctx context.Context, in bot.Input) error {
	if err := p.decide(ctx, in); err != nil {
		return err
	}
	return p.carry(ctx)
}

// carryOn carries out what follows from an action, which is over a second later.
func (p *player) carryOn(ctx context.Context) error {
	if err := p.carry(ctx); err != nil {
		return err
	}
	return p.passUntil(ctx, p.now.Add(perAction))
}

// mostRounds is how often something may become due at one moment, before it is taken for a circle.
const mostRounds = 10_000

// carry carries out what is due now, and what follows from that.
func (p *player) carry(ctx context.Context) error {
	for range mostRounds {
		attempts, err := p.carrier.Step(ctx, p.now)
		if err == nil {
			err = p.broken
		}
		if err != nil || attempts == 0 {
			return err
		}
	}
	return p.circle()
}

// passUntil lets time pass. What becomes due meanwhile is carried out at its own time.
func (p *player) passUntil(ctx context.Context, until time.Time) error {
	for rounds := 0; rounds < mostRounds; rounds++ {
		due, err := p.store.NextAt(ctx, p.now, p.openDestinations())
		if err != nil {
			return err
		}
		if due.IsZero() || due.After(until) {
			p.now = until
			return nil
		}
		if due.After(p.now) {
			p.now, rounds = due.In(p.now.Location()), 0
		}
		if err := p.carry(ctx); err != nil {
			return err
		}
	}
	return p.circle()
}

// circle is the error for what never ends being due.
func (p *player) circle() error {
	return fmt.Errorf("something is due again and again at %s", p.now.Format(secondForm))
}

// messageID is the id of a new message.
func (p *player) messageID() string {
	p.written++
	return fmt.Sprintf("SCRIPT%06d", p.written)
}

// key is the key of a new input.
func (p *player) key(kind string) string {
	p.keys++
	return fmt.Sprintf("script/%s/%d", kind, p.keys)
}
