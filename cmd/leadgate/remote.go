package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/store"
)

// A hand changes what is kept, for the commands that do. While the daemon runs it is the daemon's, through the API; else it
// is a bot's in this process. Never do two processes write to one SQLite file.
type hand interface {
	move(ctx context.Context, leadID, funnel, stage string) error
	merge(ctx context.Context, leadID, into string) error
	erase(ctx context.Context, leadID string) error
	// retry makes the deliveries of a filter due again that are pending or dead, and says how many these are.
	retry(ctx context.Context, f store.DeliveryFilter) (int, error)
	// afterwards says when the outside is told; "" when that goes without saying.
	afterwards() string
	io.Closer
}

// takeHand finds out who may write: on SQLite the daemon when it has the file, on PostgreSQL the daemon when it answers, so
// that what follows from a change happens at once.
func takeHand(ctx context.Context, p *process, cfg *config.Config) (hand, error) {
	if !strings.HasPrefix(cfg.Store.URL, "sqlite:") {
		if d, err := reachDaemon(ctx, p, cfg); err == nil {
			return d, nil
		}
		return ownHandOn(ctx, cfg)
	}
	own, err := ownHandOn(ctx, cfg)
	var inUse store.InUseError
	if !errors.As(err, &inUse) {
		return own, err
	}
	d, err := reachDaemon(ctx, p, cfg)
	if err != nil {
		return nil, fmt.Errorf("process %s has the store open, and only one may write to it: %w", inUse.Process, err)
	}
	return d, nil
}

// An ownHand is a bot in this process.
type ownHand struct {
	store *store.Store
	bot   *bot.Bot
	later string
}

func ownHandOn(ctx context.Context, cfg *config.Config) (hand, error) {
	st, err := openExisting(ctx, cfg)
	if err != nil {
		return nil, err
	}
	h := &ownHand{store: st, bot: bot.New(st, cfg.Policy(), nil, prometheus.NewRegistry())}
	if strings.HasPrefix(cfg.Store.URL, "sqlite:") {
		h.later = "The daemon tells the outside when it runs."
	}
	return h, nil
}

// openExisting opens a store to write to it, but creates none: where there is none, there is nothing to change.
func openExisting(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	looked, err := store.Open(ctx, cfg.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	_ = looked.Close() // it only read
	return store.Open(ctx, cfg.Store.URL, store.Options{MessageText: cfg.Store.MessageText})
}

// byHand is the cause of what somebody changes at the command line.
func byHand() chat.Cause { return chat.Cause{Kind: chat.CauseManual, By: "command line"} }

func (h *ownHand) handle(ctx context.Context, in bot.Input) error {
	in.Key, in.At = "command/"+rand.Text(), time.Now().UTC()
	return h.bot.Handle(ctx, in)
}

func (h *ownHand) move(ctx context.Context, leadID, funnel, stage string) error {
	return h.handle(ctx, bot.Input{Move: &bot.Move{LeadID: leadID, Funnel: funnel, Stage: stage, Cause: byHand()}})
}

func (h *ownHand) merge(ctx context.Context, leadID, into string) error {
	return h.handle(ctx, bot.Input{Merge: &bot.MergeLeads{LeadID: leadID, Into: into, Cause: byHand()}})
}

func (h *ownHand) erase(ctx context.Context, leadID string) error {
	return h.handle(ctx, bot.Input{Erase: &bot.EraseLead{LeadID: leadID, Cause: byHand()}})
}

func (h *ownHand) retry(ctx context.Context, f store.DeliveryFilter) (int, error) {
	return h.store.RetryDeliveries(ctx, f, time.Now())
}

func (h *ownHand) afterwards() string { return h.later }

func (h *ownHand) Close() error { return h.store.Close() }

// reachDaemon is the hand of the daemon that listens where the config says. The error says why there is none and what to
// do.
func reachDaemon(ctx context.Context, p *process, cfg *config.Config) (*daemonHand, error) {
	address, err := dialed(cfg.HTTP.Listen)
	if err != nil {
		return nil, err
	}
	d := newDaemonHand(p, cfg, address)
	if err := d.answers(ctx); err != nil {
		return nil, fmt.Errorf("nothing of leadgate answers at %s; end that process, or start the daemon with this config", address)
	}
	token, ok := config.WriteToken(cfg.Path, os.LookupEnv)
	if !ok {
		return nil, errors.New("the daemon would do it, but the config has no token that may write; " +
			`add a [[http.token]] with scope = "write" and reload, or stop the daemon first`)
	}
	d.token = token
	return d, nil
}

// dialed is the address at which one who listens there is reached from this machine.
func dialed(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	switch {
	case err != nil:
		return "", fmt.Errorf("listen in [http], %q, is no address: %w", listen, err)
	case port == "0":
		return "", fmt.Errorf("listen in [http], %q, does not say at which port; end that process first", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
