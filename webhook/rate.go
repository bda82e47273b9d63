package webhook

import (
	"context"
	"fmt"
	"sync"
	"time"

	"leadgate/delivery"
)

const (
	longestWait   = time.Second // within an attempt; who has to wait longer comes again
	longestUnsent = time.Minute
)

// A bucket holds the requests that may leave now. It fills at a steady rate.
type bucket struct {
	rate  float64 // requests a second
	burst float64
	now   func() time.Time

	mu       sync.Mutex
	left     float64   // below zero: taken by those who wait
	at       time.Time // when left was counted
	promised time.Time // until when those who were turned away have been told to come again
}

func newBucket(rate float64, burst int, now func() time.Time) *bucket {
	return &bucket{rate: rate, burst: float64(burst), now: now, left: float64(burst), at: now()}
}

// take is how long to wait before a request may leave, which it then has to; or how long until it is worth asking again.
func (b *bucket) take() (wait, again time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.burst, b.left+passed.Seconds()*b.rate)
		b.at = now
	}
	if wait = b.seconds((1 - b.left) / b.rate); wait <= longestWait {
		b.left--
		return max(wait, 0), 0
	}
	if b.promised.Before(now.Add(wait)) {
		b.promised = now.Add(wait)
	}
	again = min(b.promised.Sub(now), longestUnsent)
	b.promised = b.promised.Add(b.seconds(1 / b.rate))
	return 0, again
}

// giveBack undoes a take whose request did not leave.
func (b *bucket) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.burst, b.left+1)
}

func (b *bucket) seconds(s float64) time.Duration {
	return time.Duration(min(s, longestUnsent.Seconds()) * float64(time.Second))
}

// wait holds a request back until the destination's rate lets it leave. It is nil when it may, else what becomes of the
// delivery.
func (s *Sender) wait(ctx context.Context) *delivery.Result {
	if s.bucket == nil {
		return nil
	}
	wait, again := s.bucket.take()
	if again > 0 {
		return &delivery.Result{
			Verdict: delivery.Unsent, After: again, Detail: fmt.Sprintf("the destination takes %g requests a second", s.bucket.rate),
		}
	}
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		s.bucket.giveBack()
		return &delivery.Result{Verdict: delivery.Unsent, After: wait, Detail: "cut off while it waited for its turn"}
	}
}
