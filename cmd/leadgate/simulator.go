package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"syscall"

	"leadgate/simulator"
)

type simulatorCommand struct {
	Listen string `default:"127.0.0.1:7777" placeholder:"HOST:PORT" help:"Where to listen, on this machine only; ${default} by default."`
	Seed   uint64 `default:"1" placeholder:"N" help:"What the faults of --nasty are drawn from; ${default} by default."`
	Nasty  bool   `help:"Mix in mild faults: duplicates, delays, messages that can't be decrypted at first."`
}

// Run serves until it is interrupted. It prints what a config needs to be pointed at it.
func (c *simulatorCommand) Run(ctx context.Context, p *process) error {
	server, err := simulator.New(simulator.Options{Listen: c.Listen, Seed: c.Seed, Nasty: c.Nasty, Log: newLogger(p.stderr, false)})
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use; end what uses it, or choose another with --listen", c.Listen)
	}
	if err != nil {
		return fmt.Errorf("start the simulated WhatsApp: %w", err)
	}
	key := server.RootKey()
	fmt.Fprintf(p.stdout, "# A simulated WhatsApp for tests and demos. It must never face the internet.\n[whatsapp]\nserver = %q\nserver_key = %q\n# control API: %s\n",
		server.URL(), hex.EncodeToString(key[:]), server.ControlURL())
	<-ctx.Done()
	return server.Close()
}
