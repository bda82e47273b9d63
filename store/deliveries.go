package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

// notTimers leaves out what the bot puts off for itself, over "delivery d".
const notTimers = `d.destination NOT LIKE '` + bot.TimerDestination + `%'`

// A Delivery is a delivery as it is kept, without its body. Attempt counts the attempts that have begun.
type Delivery struct {
	delivery.Delivery
	State     delivery.State
	Event     bot.EventType // "" when it carries no event
	LeadID    string        // whom its event concerns, or its body tells of; "" for nobody
	Status    int           // of the last attempt that ended; 0 when there was no answer
	Detail    string        // of the last attempt that ended
	SettledAt time.Time     // zero while it is pending
}

// DeliveryFilter chooses deliveries; the zero filter chooses all. What the bot puts off for itself is none of them.
type DeliveryFilter struct {
	ID          int64
	Destination string
	State       delivery.State
	LeadID      string
	Since       time.Time // committed then or later
	Until       time.Time // committed before
}

// add adds the filter's conditions, over "delivery d LEFT JOIN event e".
func (f DeliveryFilter) add(w *where) error {
	w.conditions = append(w.conditions, notTimers)
	if f.ID != 0 {
		w.and("d.id = ", f.ID)
	}
	if f.Destination != "" {
		w.and("d.destination = ", f.Destination)
	}
	switch f.State {
	case "":
	case delivery.Pending, delivery.Delivered, delivery.Dead, delivery.Withdrawn:
		// Spelled out, so that the indexes of one state serve.
		w.conditions = append(w.conditions, "d.state = '"+string(f.State)+"'")
	default:
		return fmt.Errorf("state %q of deliveries is none of pending, delivered, dead, withdrawn", f.State)
	}
	if f.LeadID != "" {
		lead := w.arg(f.LeadID)
		w.conditions = append(w.conditions, `d.id IN (
			SELECT t.id FROM event v JOIN delivery t ON t.event = v.seq WHERE v.lead = `+lead+`
			UNION ALL SELECT id FROM delivery WHERE about = `+lead+`)`)
	}
	if !f.Since.IsZero() {
		w.and("d.created_at >= ", micros(f.Since))
	}
	if !f.Until.IsZero() {
		w.and("d.created_at < ", micros(f.Until))
	}
	return nil
}

// Deliveries are up to limit deliveries, the last committed first, and the cursor of the next page.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter, from Cursor, limit int) ([]Delivery, Cursor, error) {
	var err error
	if f.LeadID, err = s.leadID(ctx, f.LeadID); err != nil {
		return nil, 0, err
	}
	var w where
	if err := f.add(&w); err != nil {
		return nil, 0, err
	}
	if from > 0 {
		w.and("d.id < ", int64(from))
	}
	// One more than asked for tells whether there is another page.
	query := `SELECT d.id, d.destination, l.key, d.key, d.created_at, d.not_before, d.attempt, d.rejected, d.state, e.type,
			COALESCE(e.lead, d.about), d.status, d.detail, d.settled_at
		FROM delivery d JOIN lane l ON l.id = d.lane LEFT JOIN event e ON e.seq = d.event` + w.text() + `
		ORDER BY d.id DESC LIMIT ` + w.arg(limit+1)
	rows, err := s.reads.QueryContext(ctx, query, w.args...)
	if err != nil {
		return nil, 0, fmt.Errorf("list deliveries: %w", err)
	}
	defer rows.Close()
	var all []Delivery
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, 0, err
		}
		all = append(all, d)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("list deliveries: %w", err)
	}
	if len(all) > limit {
		return all[:limit], Cursor(all[limit-1].ID), nil
	}
	return all, 0, nil
}

func scanDelivery(rows *sql.Rows) (Delivery, error) {
	var d Delivery
	var createdAt, notBefore int64
	var settledAt sql.NullInt64
	var state string
	var event, lead sql.NullString
	err := rows.Scan(&d.ID, &d.Destination, &d.Lane, &d.Key, &createdAt, &notBefore, &d.Attempt, &d.Rejected, &state, &event,
		&lead, &d.Status, &d.Detail, &settledAt)
	if err != nil {
		return d, fmt.Errorf("read a delivery: %w", err)
	}
	d.CreatedAt, d.NotBefore, d.SettledAt = fromMicros(createdAt), fromMicros(notBefore), fromMicros(settledAt.Int64)
	d.State, d.Event, d.LeadID = delivery.State(state), bot.EventType(event.String), lead.String
	return d, nil
}

// Pending reports whether a delivery is still wanted: it was neither withdrawn nor settled. Who is about to send asks this
// last.
func (s *Store) Pending(ctx context.Context, deliveryID int64) (bool, error) {
	var n int
	const query = `SELECT COUNT(*) FROM delivery WHERE id = $1 AND state = 'pending'`
	if err := s.reads.QueryRowContext(ctx, query, deliveryID).Scan(&n); err != nil {
		return false, fmt.Errorf("look whether delivery %d is pending: %w", deliveryID, err)
	}
	return n == 1, nil
}

// RetryDeliveries makes the filter's deliveries that are pending or dead due again: the dead are pending again, with all
// attempts before them, and the pending wait no longer for their next one. Their destinations, and the one that the
// filter names, are enabled when they were disabled, and probed at once when they were paused. It returns how many
// deliveries these are. A delivery whose attempt is under way is left to it.
func (s *Store) RetryDeliveries(ctx context.Context, f DeliveryFilter, now time.Time) (n int, err error) {
	if f.LeadID, err = s.leadID(ctx, f.LeadID); err != nil {
		return 0, err
	}
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = retry(ctx, tx, f, micros(now))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry deliveries: %w", err)
	}
	return n, nil
}

func retry(ctx context.Context, tx *sql.Tx, f DeliveryFilter, now int64) (n int, err error) {
	chosen, args, err := f.undelivered()
	if err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) `+chosen, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count: %w", err)
	}
	if err := uncountDead(ctx, tx, chosen, args); err != nil {
		return 0, err
	}
	const wakeLanes = `UPDATE lane SET next_at = $1 WHERE lease_until IS NULL AND id IN (SELECT d.lane `
	const wakeDestinations = `UPDATE destination SET resume_at = CASE state WHEN 'paused' THEN CAST($1 AS BIGINT) ELSE 0 END,
			failures = CASE state WHEN 'disabled' THEN 0 ELSE failures END,
			pauses = CASE state WHEN 'disabled' THEN 0 ELSE pauses END,
			reason = CASE state WHEN 'disabled' THEN '' ELSE reason END,
			state = CASE state WHEN 'disabled' THEN 'active' ELSE state END
		WHERE name = $2 OR name IN (SELECT d.destination `
	const revive = `UPDATE delivery SET state = 'pending', attempt = 0, rejected = 0, settled_at = NULL
		WHERE state = 'dead' AND id IN (SELECT d.id `
	for _, update := range []struct {
		text string
		args []any
	}{{wakeLanes, []any{now}}, {wakeDestinations, []any{now, f.Destination}}, {revive, nil}} {
		chosen, args, err := f.undelivered(update.args...)
		if err != nil {
			return 0, err
		}
		if _, err := tx.ExecContext(ctx, update.text+chosen+`)`, args...); err != nil {
			return 0, fmt.Errorf("make due: %w", err)
		}
	}
	return n, nil
}

// undelivered is the part of a statement that chooses the filter's deliveries that are pending or dead, with the arguments
// of the statement: those that stand before this part, and its own.
func (f DeliveryFilter) undelivered(before ...any) (text string, args []any, err error) {
	w := where{args: before}
	if err := f.add(&w); err != nil {
		return "", nil, err
	}
	w.conditions = append(w.conditions, `d.state IN ('pending', 'dead')`)
	return `FROM delivery d LEFT JOIN event e ON e.seq = d.event` + w.text(), w.args, nil
}

// EnableDestinations lets destinations that were disabled have deliveries again.
func (s *Store) EnableDestinations(ctx context.Context, names []string) error {
	var set table
	for _, name := range names {
		set.row(name)
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const enable = `UPDATE destination SET state = 'active', failures = 0, pauses = 0, reason = ''
			WHERE state = 'disabled' AND name IN (SELECT key FROM json_each($1))`
		_, err := tx.ExecContext(ctx, enable, set.json())
		return err
	})
	if err != nil {
		return fmt.Errorf("enable destinations: %w", err)
	}
	return nil
}
