package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/delivery"
)

// Turn settles and claims as delivery.Queue says, each with a few statements for all rows together. A poll that finds
// nothing due costs a read and keeps no writer waiting. A settlement whose delivery has been claimed again since, or is
// settled already, changes nothing: that may happen when the lease ran out, or when it was withdrawn.
func (s *Store) Turn(ctx context.Context, now time.Time, ended []delivery.Settled, destinations []string, limit int,
	lease time.Duration,
) ([]delivery.Delivery, error) {
	if len(ended) == 0 {
		due, err := s.NextAt(ctx, now, destinations)
		if err != nil || due.IsZero() || due.After(now) {
			return nil, err
		}
	}
	var claimed []delivery.Delivery
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := settle(ctx, tx, now, ended); err != nil {
			return err
		}
		var err error
		claimed, err = claimAll(ctx, tx, now, destinations, limit, lease)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("turn deliveries: %w", err)
	}
	return claimed, nil
}

// NextAt is the earliest time at which Turn may claim something at one of the destinations, leases that run out among
// it; zero when nothing is pending.
func (s *Store) NextAt(ctx context.Context, _ time.Time, destinations []string) (time.Time, error) {
	queues, err := loadQueues(ctx, s.reads, destinations)
	if err != nil {
		return time.Time{}, err
	}
	var next time.Time
	for _, q := range queues {
		if at, ok := q.claimableAt(); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, nil
}

// A queue is how a destination does, and when its next lane is due.
type queue struct {
	delivery.Health
	probe      int64     // delivery that was sent to find out whether the pause is over; 0: none
	probeUntil time.Time // until when it is waited for
	pending    bool
	nextAt     time.Time // when the first lane is due; meaningful when pending
}

// claimableAt is when something may be claimed of the queue.
func (q queue) claimableAt() (at time.Time, ok bool) {
	at = q.nextAt
	switch {
	case !q.pending || q.State == delivery.Disabled:
		return time.Time{}, false
	case q.State != delivery.Paused:
		return at, true
	}
	if q.ResumeAt.After(at) {
		at = q.ResumeAt
	}
	if q.probeUntil.After(at) {
		at = q.probeUntil
	}
	return at, true
}

const queuesQuery = `SELECT e.key, COALESCE(d.state, 'active'), COALESCE(d.failures, 0), COALESCE(d.pauses, 0),
		COALESCE(d.resume_at, 0), COALESCE(d.reason, ''), COALESCE(d.probe, 0), COALESCE(d.probe_until, 0),
		(SELECT MIN(l.next_at) FROM lane l WHERE l.destination = e.key AND l.next_at IS NOT NULL)
	FROM json_each($1) e LEFT JOIN destination d ON d.name = e.key`

// loadQueues are the queues of the destinations, in some order.
func loadQueues(ctx context.Context, q querier, destinations []string) ([]queue, error) {
	if len(destinations) == 0 {
		return nil, nil
	}
	var names table
	for _, name := range destinations {
		names.row(name)
	}
	rows, err := q.QueryContext(ctx, queuesQuery, names.json())
	if err != nil {
		return nil, fmt.Errorf("look at the destinations: %w", err)
	}
	defer rows.Close()
	var queues []queue
	for rows.Next() {
		var one queue
		var state string
		var resumeAt, probeUntil int64
		var nextAt sql.NullInt64
		err := rows.Scan(&one.Destination, &state, &one.Failures, &one.Pauses, &resumeAt, &one.Reason, &one.probe,
			&probeUntil, &nextAt)
		if err != nil {
			return nil, fmt.Errorf("look at the destinations: %w", err)
		}
		one.State = delivery.HealthState(state)
		one.ResumeAt, one.probeUntil = fromMicros(resumeAt), fromMicros(probeUntil)
		one.pending, one.nextAt = nextAt.Valid, time.UnixMicro(nextAt.Int64).UTC()
		queues = append(queues, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the destinations: %w", err)
	}
	return queues, nil
}

// claimAll claims up to limit deliveries, an equal share of each destination as long as it has that many.
func claimAll(ctx context.Context, tx *sql.Tx, now time.Time, destinations []string, limit int, lease time.Duration,
) ([]delivery.Delivery, error) {
	if limit <= 0 {
		return nil, nil
	}
	queues, err := loadQueues(ctx, tx, destinations)
	if err != nil {
		return nil, err
	}
	open := queues[:0]
	for _, q := range queues {
		if at, ok := q.claimableAt(); ok && !at.After(now) {
			open = append(open, q)
		}
	}
	c := claim{tx: tx, now: micros(now), until: micros(now.Add(lease))}
	for len(open) > 0 && len(c.claimed) < limit {
		share := max(1, (limit-len(c.claimed))/len(open))
		rest := open[:0]
		for _, q := range open {
			more, err := c.from(ctx, q, min(share, limit-len(c.claimed)))
			if err != nil {
				return nil, fmt.Errorf("claim of destination %q: %w", q.Destination, err)
			}
			if more {
				rest = append(rest, q)
			}
		}
		open = rest
	}
	return c.claimed, nil
}

// A claim collects what one turn claims.
type claim struct {
	tx      *sql.Tx
	now     int64
	until   int64 // the lease's end
	claimed []delivery.Delivery
}

// from claims up to n deliveries of a destination, one when that is paused, and reports whether there may be more.
func (c *claim) from(ctx context.Context, q queue, n int) (more bool, err error) {
	if q.State == delivery.Paused {
		n = 1
	}
	if n <= 0 {
		return false, nil
	}
	heads, waiting, err := c.heads(ctx, q.Destination, n)
	if err != nil {
		return false, err
	}
	if err := continueLanes(ctx, c.tx, waiting, c.now); err != nil {
		return false, err
	}
	if err := c.lease(ctx, heads); err != nil {
		return false, err
	}
	more = len(heads)+waiting.n == n
	if q.State != delivery.Paused || len(heads) == 0 {
		return more, nil
	}
	const probe = `UPDATE destination SET probe = $1, probe_until = $2 WHERE name = $3`
	if _, err := c.tx.ExecContext(ctx, probe, heads[0].id, c.until, q.Destination); err != nil {
		return false, fmt.Errorf("remember the probe: %w", err)
	}
	return false, nil
}

// head is the first pending delivery of a lane, by the ids of both.
type head struct{ lane, id int64 }

// The inner query chooses the lanes before anybody looks at their heads.
const headsQuery = `SELECT l.id, l.key, d.id, d.key, COALESCE(d.body, e.body), d.about, d.attempt, d.rejected,
		d.created_at, d.not_before
	FROM (SELECT id, destination, key, next_at FROM lane WHERE destination = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3) l
	LEFT JOIN delivery d ON d.id = (SELECT MIN(h.id) FROM delivery h
		WHERE h.destination = l.destination AND h.lane = l.id AND h.state = 'pending')
	LEFT JOIN event e ON e.seq = d.event
	ORDER BY l.next_at`

// heads are the first deliveries of the lanes that are due, of at most n lanes; and the lanes whose first delivery is
// not due, or that have none.
func (c *claim) heads(ctx context.Context, destination string, n int) (heads []head, waiting table, err error) {
	rows, err := c.tx.QueryContext(ctx, headsQuery, destination, c.now, n)
	if err != nil {
		return nil, waiting, fmt.Errorf("look for due lanes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h head
		var id, attempt, rejected, createdAt, notBefore sql.NullInt64
		var key, about sql.NullString
		d := delivery.Delivery{Destination: destination}
		err := rows.Scan(&h.lane, &d.Lane, &id, &key, &d.Body, &about, &attempt, &rejected, &createdAt, &notBefore)
		if err != nil {
			return nil, waiting, fmt.Errorf("look for due lanes: %w", err)
		}
		if !id.Valid || notBefore.Int64 > c.now {
			waiting.id(h.lane)
			continue
		}
		h.id = id.Int64
		d.ID, d.Key, d.About, d.Attempt, d.Rejected = h.id, key.String, about.String, int(attempt.Int64)+1, int(rejected.Int64)
		d.CreatedAt, d.NotBefore = fromMicros(createdAt.Int64), fromMicros(notBefore.Int64)
		heads = append(heads, h)
		c.claimed = append(c.claimed, d)
	}
	if err := rows.Err(); err != nil {
		return nil, waiting, fmt.Errorf("look for due lanes: %w", err)
	}
	return heads, waiting, nil
}

// lease leases lanes and counts the attempts that their heads begin.
func (c *claim) lease(ctx context.Context, heads []head) error {
	if len(heads) == 0 {
		return nil
	}
	var lanes, deliveries table
	for _, h := range heads {
		lanes.id(h.lane)
		deliveries.id(h.id)
	}
	if _, err := c.tx.ExecContext(ctx, leaseLanes, c.until, lanes.json()); err != nil {
		return fmt.Errorf("lease lanes: %w", err)
	}
	if _, err := c.tx.ExecContext(ctx, countAttempts, deliveries.json()); err != nil {
		return fmt.Errorf("count attempts: %w", err)
	}
	return nil
}

const (
	leaseLanes = `UPDATE lane SET next_at = $1, lease_until = $1
		WHERE id IN (SELECT CAST(key AS BIGINT) FROM json_each($2))`
	countAttempts = `UPDATE delivery SET attempt = attempt + 1
		WHERE id IN (SELECT CAST(key AS BIGINT) FROM json_each($1))`
)
