package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/store"
	"leadgate/whatsapp"
)

type pairCommand struct {
	configFile
	Number string `arg:"" help:"The number to log into, by its name in the config."`
	Plain  bool   `help:"Print the text of the QR code instead, one line each time it changes."`
	Code   bool   `help:"Print the eight letters to type on the phone instead of scanning."`
}

// Run shows what the phone has to scan, or to be typed on it, until it has linked the number.
func (c *pairCommand) Run(ctx context.Context, p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	number, err := findNumber(cfg, c.Number)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, cfg.Store.URL, store.Options{MessageText: cfg.Store.MessageText})
	if err != nil {
		return err
	}
	log := newLogger(io.Discard, false) // the screen shows what there is to say
	defer closing(newLogger(p.stderr, false), "store", st.Close)
	// What people write while the phone links the number is handled as in run; its webhooks wait for run.
	registry := prometheus.NewRegistry()
	deciding := bot.New(st, cfg.Policy(), nil, registry)
	db, dialect := st.WhatsApp()
	toWhatsApp := whatsappConfig(cfg, log, registry)
	toWhatsApp.Labels = st
	numbers, err := whatsapp.Open(ctx, db, dialect, toWhatsApp, []chat.Number{number}, &listener{bot: deciding, store: st, now: time.Now})
	if err != nil {
		return fmt.Errorf("open the number: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- numbers.Run(ctx) }()
	err = newPairScreen(p, number, c.Plain, c.Code).pair(ctx, numbers.Number(number.Name))
	cancel()
	return errors.Join(err, <-ended)
}

// findNumber is the number of that name. Its error lists the names that there are.
func findNumber(cfg *config.Config, name string) (chat.Number, error) {
	i := slices.IndexFunc(cfg.Numbers, func(n chat.Number) bool { return n.Name == name })
	if i >= 0 {
		return cfg.Numbers[i], nil
	}
	names := make([]string, len(cfg.Numbers))
	for i, n := range cfg.Numbers {
		names[i] = n.Name
	}
	return chat.Number{}, fmt.Errorf("no number is called %q; %s", name, insteadOf(name, names))
}
