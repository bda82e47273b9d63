package store

import (
	"context"
	"database/sql"
	"fmt"

	"leadgate/chat"
)

// Limits are what WhatsApp has refused to numbers, by name; a number to which it never refused anything is missing.
func (s *Store) Limits(ctx context.Context) (map[string]chat.Limits, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT number, text_until, replies_until FROM limits`)
	if err != nil {
		return nil, fmt.Errorf("look for the limits of numbers: %w", err)
	}
	defer rows.Close()
	all := map[string]chat.Limits{}
	for rows.Next() {
		var number string
		var text, replies int64
		if err := rows.Scan(&number, &text, &replies); err != nil {
			return nil, fmt.Errorf("look for the limits of numbers: %w", err)
		}
		all[number] = chat.Limits{TextUntil: fromMicros(text), RepliesUntil: fromMicros(replies)}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for the limits of numbers: %w", err)
	}
	return all, nil
}

// SetLimits keeps what WhatsApp has refused to a number, in place of what was kept before.
func (s *Store) SetLimits(ctx context.Context, number string, l chat.Limits) error {
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const upsert = `INSERT INTO limits (number, text_until, replies_until) VALUES ($1, $2, $3)
			ON CONFLICT (number) DO UPDATE SET text_until = excluded.text_until, replies_until = excluded.replies_until`
		_, err := tx.ExecContext(ctx, upsert, number, micros(l.TextUntil), micros(l.RepliesUntil))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the limits of number %q: %w", number, err)
	}
	return nil
}
