package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"leadgate/bot"
	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
	"leadgate/web"
	"leadgate/whatsapp"
)

// live is what of the running daemon a reload changes, and what the pages ask.
type live struct {
	carrier *delivery.Carrier
	bot     *bot.Bot
	numbers *whatsapp.Numbers
	store   *store.Store
	metrics *metrics
	log     *slog.Logger
	started *config.Config // with which the daemon began
	tokens  atomic.Pointer[[]config.Token]
	forms   atomic.Pointer[[]web.Form]

	retention atomic.Int64 // how long closed chats and events are kept, a time.Duration; 0: for ever

	reloading sync.Mutex
}

// follow reads the config again whenever a signal asks for it. The file is the one with which the daemon began.
func (l *live) follow(ctx context.Context, hangup <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			_ = l.reload(ctx) // the log says what is wrong
		}
	}
}

// reload reads the config again. What can fail happens before anything changes: a config that comes into force is sound,
// and every part only swaps what it had. A file with errors is refused whole: the error is its first, and the config in
// force stays.
func (l *live) reload(ctx context.Context) error {
	l.reloading.Lock()
	defer l.reloading.Unlock()
	cfg, report := config.Load(l.started.Path, os.LookupEnv)
	if err := report.Err(); err != nil {
		l.metrics.reloaded(false, time.Now())
		l.log.Error("the config has errors: the one in force stays; leadgate check shows them all", "err", err)
		return err
	}
	l.bot.SetPolicy(cfg.Policy())
	l.numbers.SetNumbers(cfg.Numbers)
	names := []string{bot.MetaDestination}
	for _, d := range cfg.Destinations {
		names = append(names, d.Name)
	}
	if err := l.store.EnableDestinations(ctx, names); err != nil {
		l.log.Error("destinations that were disabled stay so", "err", err)
	}
	l.begin(ctx, cfg)
	for _, key := range afterRestart(l.started, cfg) {
		l.log.Warn("a change of the config waits for the next start of the daemon", "key", key)
	}
	l.log.Info("the config was reloaded", "numbers", len(cfg.Numbers), "destinations", len(cfg.Destinations))
	return nil
}

// begin lets a config that came into force have its effects: deliveries go where it says, and the team is as it says.
func (l *live) begin(ctx context.Context, cfg *config.Config) {
	l.carrier.SetSenders(sendersOf(cfg, l.bot, l.numbers, l.store))
	l.tokens.Store(&cfg.HTTP.Tokens)
	forms := make([]web.Form, len(cfg.Forms))
	for i, f := range cfg.Forms {
		forms[i] = web.Form(f)
	}
	l.forms.Store(&forms)
	l.retention.Store(int64(cfg.Store.Retention))
	now := time.Now().UTC()
	key := fmt.Sprintf("team/%d", now.UnixNano())
	if err := l.bot.Handle(ctx, bot.Input{Key: key, At: now, Team: &bot.TeamChange{}}); err != nil {
		l.log.Error("chats that wait are not looked at for the new config", "err", err)
	}
	l.metrics.reloaded(true, now)
}

// afterRestart is what differs and is read only at the start.
func afterRestart(before, after *config.Config) (keys []string) {
	for key, differs := range map[string]bool{
		"store":       before.Store.URL != after.Store.URL || before.Store.MessageText != after.Store.MessageText,
		"http.listen": before.HTTP.Listen != after.HTTP.Listen,
		"whatsapp":    !reflect.DeepEqual(before.WhatsApp, after.WhatsApp),
	} {
		if differs {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (l *live) webTokens() []web.Token {
	configured := *l.tokens.Load()
	tokens := make([]web.Token, len(configured))
	for i, t := range configured {
		tokens[i] = web.Token{Name: t.Name, Hash: t.Hash, Write: t.Scope == config.ScopeWrite}
	}
	return tokens
}

// webNumbers is how the numbers stand, as the pages show it.
func (l *live) webNumbers() []web.Number {
	all := l.numbers.Status()
	shown := make([]web.Number, len(all))
	for i, s := range all {
		shown[i] = web.Number{
			Name: s.Name, Phone: string(s.Phone), State: string(s.State), Sentence: s.Sentence,
			QR: optional(s.QR), LastError: optional(s.LastError), Ready: s.State.Ready(),
		}
	}
	return shown
}

// pair begins to show QR codes of a number.
func (l *live) pair(_ context.Context, name string) error {
	n := l.numbers.Number(name)
	if n == nil {
		return web.ErrNotFound
	}
	err := n.StartPairing()
	if errors.Is(err, whatsapp.ErrPaired) {
		return fmt.Errorf("%w: %q is linked already; unlink leadgate on the phone first", web.ErrConflict, name)
	}
	return err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
