package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// fresh is how long a successful write speaks for the store. After it, an idle daemon writes once to find out.
	fresh = time.Minute
	// probeEvery bounds how often a store that could not write is tried again.
	probeEvery = time.Second
	// padding is what a probe writes after a write that failed: more than a decision does, which changes some thirty pages
	// of 4 kB, so that room for the probe is room for the next input.
	padding = 256 << 10
)

// health remembers how the last write went.
type health struct {
	mu      sync.Mutex
	err     error     // of the last write; nil when it went well
	wroteAt time.Time // of the last one that went well
	triedAt time.Time // of the last probe
}

// wrote takes note of a write that ended. A caller who gave up, or wanted what can't be, says nothing about the store.
func (h *health) wrote(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || refused(err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
	if err == nil {
		h.wroteAt = time.Now()
	}
}

// doubt has the next Ping find out, after a write of somebody else's to the same file failed.
func (h *health) doubt(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || refused(err) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wroteAt = time.Time{}
}

// due reports whether a probe should be written at a time, and what the last write came to.
func (h *health) due(now time.Time) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil && now.Sub(h.wroteAt) < fresh || now.Sub(h.triedAt) < probeEvery {
		return false, h.err
	}
	h.triedAt = now
	return true, h.err
}

// Ping says whether the store answers and takes writes. It costs a read; a write only when there has been none for a
// minute, or when the last one failed, and then at most every second.
func (s *Store) Ping(ctx context.Context) error {
	var version int
	if err := s.reads.QueryRowContext(ctx, `SELECT version FROM leadgate_schema`).Scan(&version); err != nil {
		return fmt.Errorf("the store does not answer: %w", err)
	}
	if s.opts.ReadOnly {
		return nil
	}
	due, err := s.health.due(time.Now())
	if due {
		size := 0
		if err != nil {
			size = padding
		}
		err = s.probe(ctx, size)
	}
	if err != nil {
		return fmt.Errorf("the store takes no writes: %w", err)
	}
	return nil
}

// probe writes some bytes and deletes them again: the room that they took up is the next input's.
func (s *Store) probe(ctx context.Context, size int) error {
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const fill = `INSERT INTO probe (id, at, padding) VALUES (1, $1, $2)
			ON CONFLICT (id) DO UPDATE SET at = excluded.at, padding = excluded.padding`
		_, err := tx.ExecContext(ctx, fill, micros(time.Now()), make([]byte, size))
		return err
	})
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM probe`)
		return err
	})
}
