package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"leadgate/bot"
	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
	"leadgate/web"
	"leadgate/whatsapp"
)

type runCommand struct {
	configFile
	Debug bool `help:"Log more, phones and texts included."`
}

// Run runs the daemon until it is interrupted.
func (c *runCommand) Run(ctx context.Context, p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	log := newLogger(p.stderr, c.Debug)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	// A limit on the size of files (LimitFSIZE=, ulimit -f) fails a write, as a full disk does, instead of ending the process.
	signal.Ignore(syscall.SIGXFSZ)
	return (&daemon{config: cfg, log: log, hangup: hangup}).run(ctx)
}

// A daemon is the whole program at work: run, demo and the tests start the same one.
type daemon struct {
	config *config.Config
	log    *slog.Logger
	hangup <-chan os.Signal                // asks for the config to be read again; may be nil
	ready  func(address string)            // called once it listens; may be nil
	typing func(text string) time.Duration // how long the daemon appears to type; nil: as a person would
}

// run wires the parts together and runs them until ctx ends or one of them fails. It is one straight line on purpose.
func (d *daemon) run(ctx context.Context) error {
	cfg := d.config
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	own := newMetrics(registry)

	st, err := store.Open(ctx, cfg.Store.URL, store.Options{MessageText: cfg.Store.MessageText})
	if err != nil {
		return err
	}
	defer closing(d.log, "store", st.Close)

	carrier := delivery.New(st, delivery.Options{Log: d.log, Metrics: registry})
	deciding := bot.New(st, cfg.Policy(), carrier.Wake, registry)
	registry.MustRegister(newStoreCollector(st, deciding.Policy))
	limits, err := st.Limits(ctx)
	if err != nil {
		return err
	}
	toWhatsApp := whatsappConfig(cfg, d.log, registry)
	toWhatsApp.Labels, toWhatsApp.Limits, toWhatsApp.Opened = st, limits, carrier.Wake
	toWhatsApp.Typing = d.typing
	toWhatsApp.StillWanted = func(ctx context.Context, d delivery.Delivery) (bool, error) { return st.Pending(ctx, d.ID) }
	db, dialect := st.WhatsApp()
	numbers, err := whatsapp.Open(ctx, db, dialect, toWhatsApp, cfg.Numbers, &listener{bot: deciding, store: st, now: time.Now})
	if err != nil {
		return fmt.Errorf("open the numbers: %w", err)
	}

	live := &live{carrier: carrier, bot: deciding, numbers: numbers, store: st, metrics: own, log: d.log, started: cfg}
	live.begin(ctx, cfg)
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.HTTP.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use; end what uses it, or choose another for listen in [http]", cfg.HTTP.Listen)
	}
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	site := web.New(web.Options{
		Tokens: live.webTokens, Numbers: live.webNumbers, Pair: live.pair, Reload: live.reload, Ping: st.Ping,
		Forms: func() []web.Form { return *live.forms.Load() }, Bot: deciding, Store: st,
		Wake: carrier.Wake, Gatherer: registry, Metrics: registry, Now: time.Now, Log: d.log,
	})

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return named("deliveries", carrier.Run(ctx)) })
	group.Go(func() error { return named("numbers", numbers.Run(ctx)) })
	group.Go(func() error { return named("HTTP", web.Serve(ctx, socket, site, d.log)) })
	group.Go(func() error { return named("reload", live.follow(ctx, d.hangup)) })
	group.Go(func() error { return named("retention", live.retain(ctx)) })
	group.Go(func() error { return named("supervisor", live.tellSystemd(ctx)) })
	d.log.Info("leadgate runs", "http", socket.Addr().String(), "numbers", len(cfg.Numbers), "destinations", len(cfg.Destinations))
	if d.ready != nil {
		d.ready(socket.Addr().String())
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// named says which part of the daemon an error comes from. The end of the context is no error.
func named(part string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

func closing(log *slog.Logger, what string, closeIt func() error) {
	if err := closeIt(); err != nil {
		log.Error("closing failed", "what", what, "err", err)
	}
}

// sendersOf says who carries what to where: to the destinations, to WhatsApp, and back to the bot.
func sendersOf(cfg *config.Config, deciding *bot.Bot, numbers *whatsapp.Numbers, st *store.Store) map[string]delivery.Sender {
	timers, late := deciding.Timers(time.Now), deciding.Late(time.Now)
	senders := map[string]delivery.Sender{bot.TimerDestination: timers}
	if cfg.Meta != nil {
		senders[bot.MetaDestination] = cfg.Meta.Sender
	}
	for _, d := range cfg.Destinations {
		d.Sender.Remember(st)
		senders[d.Name] = d.Sender
	}
	for _, n := range cfg.Numbers {
		senders[bot.SendDestination(n.Name)] = numbers.Sender(n.Name)
		senders[bot.NumberTimerDestination(n.Name)] = numbers.Gated(n.Name, timers)
		senders[bot.LateDestination(n.Name)] = numbers.Gated(n.Name, late)
		senders[bot.LabelDestination(n.Name)] = numbers.Labeller(n.Name)
	}
	return senders
}

func whatsappConfig(cfg *config.Config, log *slog.Logger, reg prometheus.Registerer) whatsapp.Config {
	c := whatsapp.Config{
		DeviceName: cfg.WhatsApp.DeviceName, Server: cfg.WhatsApp.Server, Log: log, Metrics: reg, Lazily: store.Lazily,
	}
	if key := cfg.WhatsApp.ServerKey; key != nil {
		c.ServerKey = key[:]
	}
	return c
}
