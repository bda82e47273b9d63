package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"leadgate/delivery"
)

// QueueStat is how much is queued for a destination, and how that does.
type QueueStat struct {
	delivery.Health
	Pending  int
	Dead     int
	OldestAt time.Time // when the oldest pending delivery that is due was committed, or due if that is later; zero without one
}

const (
	pendingQuery = `SELECT p.destination, p.pending, COALESCE(o.created_at, 0), COALESCE(o.not_before, 0)
		FROM (SELECT d.destination, COUNT(*) AS pending, MIN(CASE WHEN d.not_before <= $1 THEN d.id END) AS oldest
			FROM delivery d WHERE d.state = 'pending' AND ` + notTimers + ` GROUP BY d.destination) p
		LEFT JOIN delivery o ON o.id = p.oldest`
	deadQuery = `SELECT d.destination, COUNT(*), 0, 0 FROM delivery d WHERE d.state = 'dead' AND ` + notTimers + `
		GROUP BY d.destination`
)

// QueueStats are the destinations that have something pending or dead, or have had trouble, by name; what the bot puts off
// for itself is none of it.
func (s *Store) QueueStats(ctx context.Context) ([]QueueStat, error) {
	stats := map[string]*QueueStat{}
	of := func(name string) *QueueStat {
		if stats[name] == nil {
			stats[name] = &QueueStat{Health: delivery.Health{Destination: name, State: delivery.Active}}
		}
		return stats[name]
	}
	err := s.eachCount(ctx, func(name string, n int, oldest time.Time) {
		of(name).Pending, of(name).OldestAt = n, oldest
	}, pendingQuery, micros(time.Now()))
	if err != nil {
		return nil, err
	}
	err = s.eachCount(ctx, func(name string, n int, _ time.Time) { of(name).Dead = n }, deadQuery)
	if err != nil {
		return nil, err
	}
	health, err := s.troubled(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range health {
		of(h.Destination).Health = h
	}
	list := make([]QueueStat, 0, len(stats))
	for _, name := range slices.Sorted(maps.Keys(stats)) {
		list = append(list, *stats[name])
	}
	return list, nil
}

// eachCount calls take with each row of a query for a name, a count and two times, of which it takes the later.
func (s *Store) eachCount(ctx context.Context, take func(name string, n int, at time.Time), query string, args ...any) error {
	rows, err := s.reads.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		var at, notBefore int64
		if err := rows.Scan(&name, &n, &at, &notBefore); err != nil {
			return fmt.Errorf("count deliveries: %w", err)
		}
		take(name, n, fromMicros(max(at, notBefore)))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count deliveries: %w", err)
	}
	return nil
}

// troubled is the health of the destinations that have, or have had, trouble.
func (s *Store) troubled(ctx context.Context) ([]delivery.Health, error) {
	const query = `SELECT name, state, failures, pauses, resume_at, reason FROM destination`
	rows, err := s.reads.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look at the destinations: %w", err)
	}
	defer rows.Close()
	var all []delivery.Health
	for rows.Next() {
		var h delivery.Health
		var state string
		var resumeAt int64
		if err := rows.Scan(&h.Destination, &state, &h.Failures, &h.Pauses, &resumeAt, &h.Reason); err != nil {
			return nil, fmt.Errorf("look at the destinations: %w", err)
		}
		h.State, h.ResumeAt = delivery.HealthState(state), fromMicros(resumeAt)
		all = append(all, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the destinations: %w", err)
	}
	return all, nil
}

// Size is how many bytes the store takes up: on SQLite the file and its log, on PostgreSQL the tables of its schema.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var size int64
	if s.dialect == postgres {
		const query = `SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
			WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`
		if err := s.reads.QueryRowContext(ctx, query).Scan(&size); err != nil {
			return 0, fmt.Errorf("measure the store: %w", err)
		}
		return size, nil
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(s.path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("measure the store: %w", err)
		}
		size += info.Size()
	}
	return size, nil
}
