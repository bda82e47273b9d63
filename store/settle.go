package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/delivery"
)

// settle writes what became of ended attempts: of the deliveries, of their lanes and of the destinations.
func settle(ctx context.Context, tx *sql.Tx, now time.Time, ended []delivery.Settled) error {
	if len(ended) == 0 {
		return nil
	}
	steps := make([]delivery.Step, len(ended))
	var rows table
	for i, e := range ended {
		step := delivery.Next(e.Delivery, e.Result, now)
		steps[i] = step
		rows.id(e.Delivery.ID).number(int64(e.Delivery.Attempt)).text(string(step.State)).number(int64(step.Attempt)).
			number(int64(step.Rejected)).number(int64(e.Result.Status)).text(e.Result.Detail)
		if step.State != delivery.Pending {
			rows.number(micros(step.At))
		}
	}
	lanes, err := settleDeliveries(ctx, tx, rows.json())
	if err != nil {
		return err
	}
	var next table
	destinations := map[string]bool{}
	counts := tally{}
	valid := ended[:0:0]
	for i, e := range ended {
		lane, ok := lanes[e.Delivery.ID]
		if !ok {
			continue // it was claimed again since, or is settled already
		}
		delete(lanes, e.Delivery.ID)
		valid = append(valid, e)
		destinations[e.Delivery.Destination] = true
		next.id(lane)
		countSettled(counts, e.Delivery.Destination, steps[i])
		if steps[i].State == delivery.Pending {
			next.number(micros(steps[i].At))
		}
	}
	if err := counts.write(ctx, tx); err != nil {
		return err
	}
	if err := continueLanes(ctx, tx, next, micros(now)); err != nil {
		return err
	}
	return settleHealth(ctx, tx, now, valid, destinations)
}

// A row is the delivery's id, the attempt that ended, and what the delivery is now; the time only when it is settled. What
// was delivered loses its words.
const settleQuery = `UPDATE delivery SET state = e.value ->> 1, attempt = CAST(e.value ->> 2 AS BIGINT),
		rejected = CAST(e.value ->> 3 AS BIGINT), status = CAST(e.value ->> 4 AS BIGINT), detail = e.value ->> 5,
		settled_at = CAST(e.value ->> 6 AS BIGINT),
		body = CASE e.value ->> 1 WHEN 'delivered' THEN ` + wordless + ` ELSE body END
	FROM json_each($1) e
	WHERE delivery.id = CAST(e.key AS BIGINT) AND delivery.state = 'pending'
		AND delivery.attempt = CAST(e.value ->> 0 AS BIGINT)
	RETURNING delivery.id, delivery.lane`

// settleDeliveries writes the rows whose attempt is still the last, and returns the lanes of these deliveries.
func settleDeliveries(ctx context.Context, tx *sql.Tx, settled string) (lanes map[int64]int64, err error) {
	rows, err := tx.QueryContext(ctx, settleQuery, settled)
	if err != nil {
		return nil, fmt.Errorf("settle deliveries: %w", err)
	}
	defer rows.Close()
	lanes = map[int64]int64{}
	for rows.Next() {
		var id, lane int64
		if err := rows.Scan(&id, &lane); err != nil {
			return nil, fmt.Errorf("settle deliveries: %w", err)
		}
		lanes[id] = lane
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("settle deliveries: %w", err)
	}
	return lanes, nil
}

// A row is the lane's id and when it goes on; without a time: when its next delivery is due.
const continueQuery = `UPDATE lane SET lease_until = NULL, next_at = COALESCE(CAST(e.value ->> 0 AS BIGINT),
		(SELECT CASE WHEN d.not_before > $1 THEN d.not_before ELSE $1 END FROM delivery d
			WHERE d.destination = lane.destination AND d.lane = lane.id AND d.state = 'pending' ORDER BY d.id LIMIT 1))
	FROM json_each($2) e WHERE lane.id = CAST(e.key AS BIGINT)`

// continueLanes ends leases, and lets lanes wait until they go on.
func continueLanes(ctx context.Context, tx *sql.Tx, next table, now int64) error {
	if next.n == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, continueQuery, now, next.json()); err != nil {
		return fmt.Errorf("continue lanes: %w", err)
	}
	return nil
}

// settleHealth writes how the destinations do after the attempts that ended.
func settleHealth(ctx context.Context, tx *sql.Tx, now time.Time, ended []delivery.Settled, names map[string]bool) error {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	queues, err := loadQueues(ctx, tx, list)
	if err != nil {
		return err
	}
	for _, q := range queues {
		before := q.Health
		probing := q.probe != 0
		for _, e := range ended {
			if e.Delivery.Destination != q.Destination {
				continue
			}
			q.Health = q.After(e.Delivery, e.Result, now)
			if e.Delivery.ID == q.probe {
				q.probe = 0
			}
		}
		if q.Health == before && probing == (q.probe != 0) {
			continue
		}
		if err := writeHealth(ctx, tx, q); err != nil {
			return err
		}
	}
	return nil
}

func writeHealth(ctx context.Context, tx *sql.Tx, q queue) error {
	var probe, probeUntil sql.NullInt64
	if q.probe != 0 && q.State == delivery.Paused {
		probe = sql.NullInt64{Int64: q.probe, Valid: true}
		probeUntil = sql.NullInt64{Int64: micros(q.probeUntil), Valid: true}
	}
	const upsert = `INSERT INTO destination (name, state, failures, pauses, resume_at, reason, probe, probe_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET state = excluded.state, failures = excluded.failures, pauses = excluded.pauses,
			resume_at = excluded.resume_at, reason = excluded.reason, probe = excluded.probe,
			probe_until = excluded.probe_until`
	_, err := tx.ExecContext(ctx, upsert, q.Destination, string(q.State), q.Failures, q.Pauses, micros(q.ResumeAt), q.Reason,
		probe, probeUntil)
	if err != nil {
		return fmt.Errorf("write how destination %q does: %w", q.Destination, err)
	}
	return nil
}
