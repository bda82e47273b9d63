package script

import (
	"context"
	"fmt"

	"leadgate/bot"
)

// connection is "number NUMBER offline" or "online".
type connection struct {
	number string
	online bool
}

func (n *connection) check(c *checker) { c.number(n.number) }

func (n *connection) play(ctx context.Context, p *player) error {
	if p.offline[n.number] != n.online {
		state := "offline"
		if n.online {
			state = "online"
		}
		return fmt.Errorf("number %q is %s already", n.number, state)
	}
	change := &bot.NumberChange{Number: n.number, Event: bot.NumberConnected}
	if !n.online {
		p.offline[n.number] = true
		change.Event, change.Reason = bot.NumberDisconnected, "the script says so"
	}
	if err := p.decide(ctx, bot.Input{Key: p.key("number"), Number: change}); err != nil {
		return err
	}
	if n.online {
		if err := p.catchUp(ctx, n.number); err != nil {
			return err
		}
	}
	return p.carryOn(ctx)
}

// catchUp has everything decided that WhatsApp has kept for a number. Nothing is sent before that is done.
func (p *player) catchUp(ctx context.Context, number string) error {
	for _, in := range p.waiting[number] {
		if err := p.decide(ctx, in); err != nil {
			return err
		}
	}
	delete(p.waiting, number)
	delete(p.offline, number)
	return nil
}

// restart is "restart": the daemon ends and starts again, with nothing but what it has on disk.
type restart struct{}

func (restart) check(*checker) {}

func (restart) play(ctx context.Context, p *player) error {
	if err := p.store.Close(); err != nil {
		return err
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	if err := p.join(ctx); err != nil {
		return err
	}
	return p.carryOn(ctx)
}
