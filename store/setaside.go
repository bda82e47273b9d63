package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/bot"
)

// A SetAside is a message that could not be handled, however often it was tried. Nothing followed from it.
type SetAside struct {
	Number    string
	MessageID string
	Reason    string // the last error
	At        time.Time
	Payload   []byte // the message as it came
}

// SetAside keeps a message that could not be handled; again with the last reason when it was kept before.
func (s *Store) SetAside(ctx context.Context, number, messageID, reason string, at time.Time, payload []byte) error {
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const upsert = `INSERT INTO set_aside (number, message_id, reason, at, payload) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (number, message_id) DO UPDATE SET reason = excluded.reason, at = excluded.at,
				payload = excluded.payload`
		_, err := tx.ExecContext(ctx, upsert, number, messageID, reason, micros(at), notNil(payload))
		return err
	})
	if err != nil {
		return fmt.Errorf("set message %q of number %q aside: %w", messageID, number, err)
	}
	return nil
}

// takeBack forgets that the input's message was set aside: it came after all, and something follows from it.
func takeBack(ctx context.Context, tx *sql.Tx, in bot.Input) error {
	if in.Message == nil {
		return nil
	}
	const forget = `DELETE FROM set_aside WHERE number = $1 AND message_id = $2`
	if _, err := tx.ExecContext(ctx, forget, in.Message.Number, clean(in.Message.ID)); err != nil {
		return fmt.Errorf("take a message back that was set aside: %w", err)
	}
	return nil
}

// SetAsides are up to limit messages that were set aside, the last first.
func (s *Store) SetAsides(ctx context.Context, limit int) ([]SetAside, error) {
	const query = `SELECT number, message_id, reason, at, payload FROM set_aside ORDER BY at DESC, seq DESC LIMIT $1`
	rows, err := s.reads.QueryContext(ctx, query, limit)
	if err != nil {
		return nil, fmt.Errorf("list messages set aside: %w", err)
	}
	defer rows.Close()
	var all []SetAside
	for rows.Next() {
		var m SetAside
		var at int64
		if err := rows.Scan(&m.Number, &m.MessageID, &m.Reason, &at, &m.Payload); err != nil {
			return nil, fmt.Errorf("list messages set aside: %w", err)
		}
		m.At = fromMicros(at)
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list messages set aside: %w", err)
	}
	return all, nil
}
