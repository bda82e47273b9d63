package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"leadgate/simulator"
)

// A console takes what people type after the play, and prints above it what arrives: webhooks, and messages on phones.
type console struct {
	*show
	terminal *term.Terminal
	back     <-chan time.Time // when WhatsApp can be reached again; nil while it can
	arrived  chan arrival
}

// An arrival is a message that came to somebody's phone.
type arrival struct {
	*person
	simulator.Received
}

// console takes lines until there are no more, or somebody quits.
func (s *show) console(ctx context.Context) error {
	before, err := term.MakeRaw(int(s.keys.Fd()))
	if err != nil {
		return fmt.Errorf("read from the terminal: %w", err)
	}
	defer func() { _ = term.Restore(int(s.keys.Fd()), before) }() // nothing else can be done about it
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{s.keys, s.screen}, "> ")
	s.out = terminal
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &console{show: s, terminal: terminal, arrived: make(chan arrival)}
	c.fit()
	c.watchPhones(ctx)
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	c.help()
	lines, next := c.read(ctx)
	for {
		more := s.printNew()
		select {
		case <-ctx.Done():
			return nil
		case <-resized:
			c.fit()
		case <-more:
		case message := <-c.arrived:
			s.received(message.person, message.Received)
		case <-c.back:
			c.online()
		case line, open := <-lines:
			if !open {
				fmt.Fprint(s.screen, "\r\n") // the prompt stands there
			}
			if !open || line == "quit" || line == "exit" {
				return nil
			}
			if err := c.obey(ctx, line); err != nil {
				s.print(plain, "  ", err.Error())
			}
			next <- struct{}{}
		}
	}
}

// watchPhones has every message on a phone arrive, those of people who come later too.
func (c *console) watchPhones(ctx context.Context) {
	c.watch = func(p *person) {
		known := map[string]bool{}
		go func() {
			for {
				r, err := p.WaitReceived(ctx, func(r simulator.Received) bool { return !known[r.ID] })
				if err != nil {
					return // the demo is over
				}
				known[r.ID] = true
				select {
				case c.arrived <- arrival{p, r}:
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	for _, p := range c.people {
		c.watch(p)
	}
}

// read reads lines, the next one when the one before was obeyed. The end of the input closes the channel, and so does Ctrl-C.
func (c *console) read(ctx context.Context) (lines <-chan string, next chan<- struct{}) {
	read, obeyed := make(chan string), make(chan struct{}, 1)
	go func() {
		defer close(read)
		for {
			line, err := c.terminal.ReadLine()
			if err != nil {
				return
			}
			select {
			case read <- strings.TrimSpace(line):
			case <-ctx.Done():
				return
			}
			select {
			case <-obeyed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return read, obeyed
}

// fit tells the terminal how large it is.
func (c *console) fit() {
	if width, height, err := term.GetSize(int(c.screen.Fd())); err == nil {
		_ = c.terminal.SetSize(width, height) // it fails when it can't repaint: the next line does
	}
}

func columns(terminal *os.File) int {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil {
		return 80
	}
	return width
}
