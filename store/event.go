package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

// An Event is an event as it is kept, with its place among all.
type Event struct {
	bot.Event
	Seq int64 // grows with every commit
}

// EventFilter chooses events; the zero filter chooses all.
type EventFilter struct {
	After  int64 // those whose Seq is greater
	Type   bot.EventType
	LeadID string
}

// Events are up to limit events, in the order in which they were committed.
func (s *Store) Events(ctx context.Context, f EventFilter, limit int) ([]Event, error) {
	lead, err := s.leadID(ctx, f.LeadID)
	if err != nil {
		return nil, err
	}
	var w where
	w.and("seq > ", f.After)
	if f.Type != "" {
		w.and("type = ", string(f.Type))
	}
	if lead != "" {
		w.and("lead = ", lead)
	}
	query := `SELECT seq, id, type, at, lead, number, body FROM event` + w.text() + ` ORDER BY seq LIMIT ` + w.arg(limit)
	rows, err := s.reads.QueryContext(ctx, query, w.args...)
	if err != nil {
		return nil, fmt.Errorf("look for events: %w", err)
	}
	defer rows.Close()
	var events []Event
	for rows.Next() {
		var e Event
		var kind string
		var at int64
		var lead, number sql.NullString
		if err := rows.Scan(&e.Seq, &e.ID, &kind, &at, &lead, &number, &e.Body); err != nil {
			return nil, fmt.Errorf("read an event: %w", err)
		}
		e.Type, e.At, e.LeadID, e.Number = bot.EventType(kind), fromMicros(at), lead.String, number.String
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for events: %w", err)
	}
	return events, nil
}

// writeEvents records events and returns their places by id.
func writeEvents(ctx context.Context, tx *sql.Tx, events []bot.Event) (map[string]int64, error) {
	places := make(map[string]int64, len(events))
	for _, e := range events {
		const insert = `INSERT INTO event (id, type, at, lead, number, body) VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq`
		var seq int64
		err := tx.QueryRowContext(ctx, insert, e.ID, string(e.Type), micros(e.At), null(e.LeadID), null(e.Number),
			notNil(e.Body)).Scan(&seq)
		if err != nil {
			return nil, fmt.Errorf("write event %q: %w", e.ID, err)
		}
		places[e.ID] = seq
	}
	return places, nil
}

// writeDeliveries queues deliveries in their lanes. One whose key names an event carries the event's body; one whose
// destination had that key before is there already.
func writeDeliveries(ctx context.Context, tx *sql.Tx, now time.Time, deliveries []delivery.Delivery, events map[string]int64) error {
	type place struct{ destination, lane string }
	lanes := map[place]int64{}
	for _, d := range deliveries {
		if d.CreatedAt.IsZero() {
			d.CreatedAt = now
		}
		at := place{d.Destination, d.Lane}
		lane, ok := lanes[at]
		if !ok {
			const enter = `INSERT INTO lane (destination, key, next_at) VALUES ($1, $2, $3)
				ON CONFLICT (destination, key) DO UPDATE SET next_at = COALESCE(lane.next_at, excluded.next_at)
				RETURNING id`
			due := max(micros(d.CreatedAt), micros(d.NotBefore))
			if err := tx.QueryRowContext(ctx, enter, d.Destination, d.Lane, due).Scan(&lane); err != nil {
				return fmt.Errorf("enter lane %q of destination %q: %w", d.Lane, d.Destination, err)
			}
			lanes[at] = lane
		}
		var event sql.NullInt64
		event.Int64, event.Valid = events[d.Key]
		var body []byte
		var about sql.NullString
		if !event.Valid {
			body, about = notNil(d.Body), null(d.About)
		}
		const insert = `INSERT INTO delivery (destination, lane, key, event, body, about, state, attempt, rejected, status,
				detail, created_at, not_before)
			VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, 0, 0, '', $7, $8) ON CONFLICT (destination, key) DO NOTHING`
		_, err := tx.ExecContext(ctx, insert, d.Destination, lane, d.Key, event, body, about, micros(d.CreatedAt),
			micros(d.NotBefore))
		if err != nil {
			return fmt.Errorf("queue delivery %q for destination %q: %w", d.Key, d.Destination, err)
		}
	}
	return nil
}

// notNil is a body that the database does not take for a missing one.
func notNil(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}
