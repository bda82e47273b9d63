package script

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
)

// A World is a daemon at work, with the WhatsApp and the clock that it has. PlayLive plays scripts in one.
type World interface {
	// ServeHTTP calls the daemon's API.
	http.Handler
	// Bring has WhatsApp bring the daemon a message, under the id that it carries, or a label.
	Bring(ctx context.Context, in bot.Input) error
	// Connect takes a number offline, or online again.
	Connect(ctx context.Context, number string, online bool) error
	// Restart ends the daemon and starts it again.
	Restart(ctx context.Context) error
	// Settle returns when nothing is left to be done at once.
	Settle(ctx context.Context) error
	// Sent is what phones have received from the daemon, in order; Labels the labels on a number's chat with somebody.
	Sent() []Received
	Labels(number string, who chat.Phone) []string
}

// Received is a message from the daemon as it has reached somebody's phone.
type Received struct {
	Number string // name of the number from which it came
	ID     string // WhatsApp's
	To     chat.Phone
	Text   string      // as the phone shows it; of a menu that is shown as one, nothing
	Menu   *chat.Sheet // nil: a text alone
}

// ErrClock is the error for a script that a world can't play: what it expects depends on its virtual clock.
var ErrClock = errors.New("the script needs the virtual clock")

// PlayLive plays a script against a daemon that runs with the configuration, and whose store it only reads. In a world time
// passes by itself: what lets time pass is skipped, where nothing would have been due meanwhile. The errors are those of
// Play, and ErrClock.
func PlayLive(ctx context.Context, cfg *config.Config, s *Script, w World) (err error) {
	if err := s.check(cfg); err != nil {
		return err
	}
	kept, err := store.Open(ctx, cfg.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	l := &livePlayer{player: newPlayer(cfg, ""), world: w, away: make(map[string]bool)}
	l.store, l.site, l.carrier = kept, w, delivery.New(kept, delivery.Options{})
	for _, n := range cfg.Numbers {
		l.offline[n.Name] = true
	}
	for _, st := range s.statements {
		if err := l.play(ctx, st); err != nil {
			return explain(s, st, err)
		}
	}
	return nil
}

// A livePlayer plays one script in a world. Its own player looks, and says what is to be brought: to it every number is
// offline, so that what it brings waits.
type livePlayer struct {
	*player
	world   World
	skipped time.Duration // of the virtual clock
	away    map[string]bool
}

func (l *livePlayer) play(ctx context.Context, st statement) error {
	if looks, ok := st.act.(expectation); ok {
		return looks.play(ctx, l.player)
	}
	if err := l.remember(ctx); err != nil {
		return err
	}
	if err := l.act(ctx, st.act); err != nil {
		return err
	}
	if err := l.world.Settle(ctx); err != nil {
		return err
	}
	return l.look(ctx)
}

// act does what a statement says, in the world.
func (l *livePlayer) act(ctx context.Context, act action) error {
	switch a := act.(type) {
	case *setClock:
		return l.skip(ctx, a.at)
	case *letPass:
		return l.skip(ctx, l.now.Add(a.duration))
	case *connection:
		l.away[a.number] = !a.online
		return l.world.Connect(ctx, a.number, a.online)
	case *restart:
		return l.world.Restart(ctx)
	}
	l.started = true
	if err := act.play(ctx, l.player); err != nil {
		return err
	}
	for number, waiting := range l.waiting {
		delete(l.waiting, number)
		for _, in := range waiting {
			if err := l.world.Bring(ctx, in); err != nil {
				return fmt.Errorf("bring %q: %w", in.Key, err)
			}
		}
	}
	return nil
}

// skip sets the script's clock and lets no time pass, if nothing would have come of it.
func (l *livePlayer) skip(ctx context.Context, until time.Time) error {
	passed := until.Sub(l.now)
	if l.now = until; !l.started {
		return nil
	}
	l.skipped += passed
	for number, away := range l.away {
		if away {
			return fmt.Errorf("%w: time passes while number %q is offline", ErrClock, number)
		}
	}
	timers := []string{bot.TimerDestination}
	for _, n := range l.config.Numbers {
		timers = append(timers, bot.NumberTimerDestination(n.Name))
	}
	due, err := l.store.NextAt(ctx, time.Now(), timers)
	if err != nil {
		return err
	}
	if !due.IsZero() && due.Before(time.Now().Add(l.skipped)) {
		return fmt.Errorf("%w: something would be due after %s", ErrClock, passed)
	}
	return nil
}

// look sees what the phones show.
func (l *livePlayer) look(ctx context.Context) error {
	received := l.world.Sent()
	for _, r := range received[len(l.sent):] {
		s := sending{number: r.Number, id: r.ID, to: r.To, Outgoing: chat.Outgoing{Phone: r.To, Text: r.Text, Menu: r.Menu}}
		var err error
		if s.menu, err = l.menuOf(ctx, s); err != nil {
			return err
		}
		l.sent = append(l.sent, s)
	}
	for _, n := range l.config.Numbers {
		for who := range l.people {
			l.labelled[labelled{n.Name, who}] = l.world.Labels(n.Name, who)
		}
	}
	return nil
}
