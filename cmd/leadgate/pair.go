package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
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
	cfg, err := loadConfig(p, c.Config)
	if err != nil {
		return err
	}
	number, err := findNumber(cfg, c.Number)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, cfg.Store.URL, store.Options{MessageText: cfg.Store.MessageText})
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	log := newLogger(io.Discard, false) // the screen shows what there is to say
	defer closing(newLogger(p.stderr, false), "store", st.Close)
	// What people write while the phone links the number is handled as in run; its webhooks wait for run.
	registry := prometheus.NewRegistry()
	deciding := bot.New(st, policyOf(cfg), nil, registry)
	db, dialect := st.WhatsApp()
	numbers, err := whatsapp.Open(ctx, db, dialect, whatsappConfig(cfg, log, registry), []chat.Number{number},
		&listener{bot: deciding, store: st, now: time.Now})
	if err != nil {
		return fmt.Errorf("open the number: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- numbers.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	screen := pairScreen{out: p.stdout, number: number, plain: c.Plain || !isTerminal(p.stdout), code: c.Code}
	return screen.pair(ctx, numbers.Number(number.Name))
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
	return chat.Number{}, fmt.Errorf("no number is called %q; the config has %s", name, strings.Join(names, ", "))
}

// A pairScreen is what somebody sees who pairs a number.
type pairScreen struct {
	out    io.Writer
	number chat.Number
	plain  bool // lines of text instead of a picture
	code   bool // the letters to type instead of the QR code
}

// pair shows codes until the phone has taken one.
func (s *pairScreen) pair(ctx context.Context, n *whatsapp.Number) error {
	events, err := n.Pair(ctx, s.code)
	if errors.Is(err, whatsapp.ErrPaired) {
		return fmt.Errorf("%s is linked already; to link it anew, unlink leadgate on the phone first", s.number.Name)
	}
	if err != nil {
		return fmt.Errorf("pair %s: %w", s.number.Name, err)
	}
	for e := range events {
		done, err := s.show(e)
		if done || err != nil {
			return err
		}
	}
	return fmt.Errorf("%s was not linked", s.number.Name)
}

// show shows one step. It is done when the phone has linked the number.
func (s *pairScreen) show(e whatsapp.PairEvent) (done bool, err error) {
	switch e.Kind {
	case whatsapp.PairQR:
		if !s.code {
			return false, s.qr(e.Text)
		}
	case whatsapp.PairCode:
		if s.plain {
			fmt.Fprintln(s.out, e.Text)
			break
		}
		fmt.Fprintf(s.out, "On the phone %s: WhatsApp, Linked devices, Link a device, Link with phone number instead.\nType  %s\n", s.number.Phone, e.Text)
	case whatsapp.PairExpired, whatsapp.PairRefused:
		if !s.plain {
			fmt.Fprintln(s.out, e.Text+"; a new code follows")
		}
	case whatsapp.PairFailed:
		return false, fmt.Errorf("pair %s: %s", s.number.Name, e.Text)
	case whatsapp.PairDone:
		if !s.plain {
			fmt.Fprintf(s.out, "%s (%s) is linked. Start the daemon with: leadgate run\n", s.number.Name, s.number.Phone)
		}
		return true, nil
	}
	return false, nil
}

func (s *pairScreen) qr(text string) error {
	if s.plain {
		fmt.Fprintln(s.out, text)
		return nil
	}
	picture, err := drawQR(text)
	if err != nil {
		return fmt.Errorf("draw the QR code: %w; its text is shown with --plain", err)
	}
	fmt.Fprint(s.out, clearScreen, picture, "On the phone "+string(s.number.Phone)+": WhatsApp, Linked devices, Link a device. Ctrl-C ends.")
	return nil
}
