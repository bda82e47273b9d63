package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"leadgate/chat"
	"leadgate/delivery"
)

// Timers is the sender of TimerDestination, and of every NumberTimerDestination, for which the caller's gate waits: what was
// put off becomes an input when it is due.
func (b *Bot) Timers(now func() time.Time) delivery.Sender {
	return returned{bot: b, now: now, input: func(body []byte) (Input, error) {
		var t Timer
		err := json.Unmarshal(body, &t)
		return Input{Timer: &t}, err
	}}
}

// Late is the sender of every LateDestination: a message that came late becomes an input when its number has caught up,
// for which the caller's gate waits.
func (b *Bot) Late(now func() time.Time) delivery.Sender {
	return returned{bot: b, now: now, input: func(body []byte) (Input, error) {
		var m chat.Message
		err := json.Unmarshal(body, &m)
		return Input{Late: &m}, err
	}}
}

// returned hands deliveries back to the bot as inputs.
type returned struct {
	bot   *Bot
	now   func() time.Time
	input func(body []byte) (Input, error)
}

// Send implements delivery.Sender. An input is keyed by its delivery: one that was handled before its delivery was settled
// changes nothing when it comes again.
func (r returned) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	in, err := r.input(d.Body)
	if err != nil {
		return delivery.Result{Verdict: delivery.Never, Detail: "this is nothing that the bot has put off: " + err.Error()}
	}
	in.Key, in.At = "timer/"+d.Key, r.now().UTC()
	switch err := r.bot.Handle(ctx, in); {
	case err == nil:
		return delivery.Result{Verdict: delivery.Done}
	case errors.Is(err, ErrUndecidable):
		return delivery.Result{Verdict: delivery.Never, Detail: "what was put off can't be decided; the log says why"}
	default:
		return delivery.Result{Verdict: delivery.Again, After: time.Second, Detail: "the store does not take it"}
	}
}
