package main

import (
	"context"
	"time"
)

const (
	// retainEvery is how often the daemon looks for what is older than it keeps.
	retainEvery = time.Hour
	// retainAtOnce bounds what is removed in one transaction, in rows: others who write wait for some milliseconds.
	retainAtOnce = 500
	// retainPause lets others write in between.
	retainPause = 50 * time.Millisecond
)

// retain removes what is older than the config keeps, in batches, for as long as the daemon runs.
func (l *live) retain(ctx context.Context) error {
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		if l.removeOld(ctx, time.Now().UTC()) > 0 {
			next.Reset(retainPause)
		} else {
			next.Reset(retainEvery)
		}
	}
}

// removeOld removes one batch, and returns how much that was.
func (l *live) removeOld(ctx context.Context, now time.Time) int {
	var before time.Time
	if kept := time.Duration(l.retention.Load()); kept > 0 {
		before = now.Add(-kept)
	}
	removed, err := l.store.Purge(ctx, now, before, retainAtOnce)
	if err != nil {
		if ctx.Err() == nil {
			l.log.Error("what is old was not removed", "err", err)
		}
		return 0
	}
	return removed
}
