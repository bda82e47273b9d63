package delivery

import (
	"context"
	"log/slog"
	"time"
)

const (
	queueWithin   = 10 * time.Second       // for a turn of the queue; then it counts as failed
	lookEvery     = time.Second            // other processes may have committed what this one was not told of
	lookSoonest   = 20 * time.Millisecond  // when something was due that could not be claimed
	firstBackoff  = 100 * time.Millisecond // after a turn that failed, doubled by each that follows
	longestOutage = 10 * time.Second       // between two tries
	gatherFor     = 4 * time.Millisecond   // while all workers have enough to do: one commit settles more
)

// coordinate turns until the context ends: it settles what has ended, claims what is due, and waits for more.
func (c *Carrier) coordinate(ctx context.Context) {
	backoff := time.Duration(0)
	for ctx.Err() == nil {
		c.alive.Store(time.Now().UnixNano())
		wait, due, err := c.round(ctx)
		switch {
		case err == nil && backoff > 0:
			c.log.Info("the delivery queue works again")
			backoff = 0
		case err != nil && ctx.Err() == nil:
			if backoff == 0 {
				c.log.Error("the delivery queue fails; trying on", slog.Any("err", err))
			}
			c.metrics.queueErrors.Inc()
			backoff = min(max(2*backoff, firstBackoff), longestOutage)
			c.pause(ctx, backoff)
			continue
		}
		c.rest(ctx, wait, due)
	}
}

// round settles and claims once. It returns how long to wait, unless something ends or is committed before, and whether
// something is due then.
func (c *Carrier) round(ctx context.Context) (wait time.Duration, due bool, err error) {
	now := c.options.Now()
	ended := c.desk.takeEnded()
	claimed := 0
	for _, wanted := range c.desk.wanting() {
		got, err := c.turn(ctx, now, ended, wanted)
		if err != nil {
			c.desk.returnEnded(ended)
			c.desk.lookAgain()
			return 0, false, err
		}
		ended = nil
		claimed += len(got)
		c.desk.put(got, now)
	}
	if err := c.settle(ctx, ended, now); err != nil {
		c.desk.returnEnded(ended)
		return 0, false, err
	}
	if claimed > 0 && now.Sub(c.checked) < lookEvery {
		return lookEvery, false, nil
	}
	c.checked = now
	return c.untilDue(ctx, now)
}

// untilDue is how long to wait for what is due next at the destinations that have room.
func (c *Carrier) untilDue(ctx context.Context, now time.Time) (wait time.Duration, due bool, err error) {
	names := c.desk.names()
	if len(names) == 0 {
		return lookEvery, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, queueWithin)
	defer cancel()
	next, err := c.queue.NextAt(ctx, now, names)
	if err != nil || next.IsZero() || next.Sub(now) > lookEvery {
		return lookEvery, false, err
	}
	return max(next.Sub(now), lookSoonest), true, nil
}

// rest waits until something has ended, something was committed, or the time is over.
func (c *Carrier) rest(ctx context.Context, wait time.Duration, due bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-c.desk.notice:
		if c.desk.busy() {
			c.pause(ctx, gatherFor)
		}
	case <-c.woken:
		c.desk.lookAgain()
	case <-timer.C:
		if due {
			c.desk.lookAgain()
		}
	}
}

// pause waits, whatever happens meanwhile.
func (c *Carrier) pause(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
