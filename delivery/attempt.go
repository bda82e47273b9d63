package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
)

// longestDetail bounds what is kept of an attempt, in bytes.
const longestDetail = 500

// work is what a worker does until the desk is closed.
func (c *Carrier) work(ctx context.Context) {
	for {
		j, ok := c.desk.wait(c.options.Now)
		if !ok {
			return
		}
		c.carry(ctx, j, c.options.Now)
	}
}

// carry makes an attempt and lays down what came of it.
func (c *Carrier) carry(ctx context.Context, j job, now func() time.Time) {
	r := c.attempt(ctx, j)
	at := now()
	before, after, known := c.desk.finish(j, r, at)
	if !known {
		return
	}
	c.metrics.count(j.Delivery, r, at)
	c.report(j.Delivery, r, before, after, at)
}

// attempt has a delivery sent. One that was claimed more often than it may be tried ended the process, or was cut off,
// each time: it is not sent again.
func (c *Carrier) attempt(ctx context.Context, j job) (r Result) {
	if j.Attempt > MaxAttempts {
		return Result{Verdict: Never, Detail: "its last attempts were begun and never ended"}
	}
	started := time.Now()
	inFlight := c.metrics.inFlight.WithLabelValues(j.Destination)
	inFlight.Inc()
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("a sender panicked", slog.String("destination", j.Destination), slog.Int64("delivery", j.ID),
				slog.Any("err", p), slog.String("stack", string(debug.Stack())))
			r = Result{Verdict: Again, Detail: fmt.Sprintf("the sender failed: %v", p)}
		}
		inFlight.Dec()
		if r.Took <= 0 {
			r.Took = time.Since(started)
		}
		r.Verdict, r.Detail = r.Verdict.known(), oneLine(r.Detail)
	}()
	ctx, cancel := context.WithTimeout(ctx, c.options.Lease/2)
	defer cancel()
	return j.sender.Send(ctx, j.Delivery)
}

// known is a verdict of a sender, or Again for one that it made up.
func (v Verdict) known() Verdict {
	switch v {
	case Done, Again, Reject, Never, Disable, Unsent:
		return v
	}
	return Again
}

// oneLine makes a detail fit to be kept and shown: valid UTF-8, printable, of bounded length.
func oneLine(detail string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, detail[:min(len(detail), longestDetail)])
}

// report logs what somebody may have to act on.
func (c *Carrier) report(d Delivery, r Result, before, after Health, now time.Time) {
	destination := slog.String("destination", d.Destination)
	if Next(d, r, now).State == Dead {
		c.log.Warn("a delivery is dead", destination, slog.Int64("delivery", d.ID), slog.Int("attempt", d.Attempt),
			slog.String("err", r.Detail))
	}
	if before.State == after.State || before.State == "" && after.State == Active {
		return
	}
	switch after.State {
	case Paused:
		c.log.Warn("a destination keeps failing and is paused", destination, slog.Time("until", after.ResumeAt),
			slog.String("err", after.Reason))
	case Disabled:
		c.log.Warn("a destination is disabled", destination, slog.String("err", after.Reason))
	case Active:
		c.log.Info("a destination works again", destination)
	}
}
