package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"leadgate/bot"
	"leadgate/chat"
)

const unclaimedQuery = `SELECT message FROM unclaimed WHERE phone = $1
	UNION SELECT message FROM unclaimed WHERE lid = $2`

// loadUnclaimed is what the business wrote to the person who wrote a message and is no lead; nothing for other inputs.
func loadUnclaimed(ctx context.Context, tx *sql.Tx, in bot.Input) ([]chat.Message, error) {
	m := in.Message
	if m == nil {
		m = in.Late
	}
	if m == nil || m.Direction != chat.Inbound {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, unclaimedQuery, null(string(m.Person.Phone)), null(string(m.Person.LID)))
	if err != nil {
		return nil, fmt.Errorf("look for follow-ups: %w", err)
	}
	defer rows.Close()
	var all []chat.Message
	for rows.Next() {
		var text string
		var written chat.Message
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("look for follow-ups: %w", err)
		}
		if err := json.Unmarshal([]byte(text), &written); err != nil {
			return nil, fmt.Errorf("read a follow-up: %w", err)
		}
		all = append(all, written)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for follow-ups: %w", err)
	}
	slices.SortStableFunc(all, func(a, b chat.Message) int { return a.SentAt.Compare(b.SentAt) })
	return all, nil
}

// writeUnclaimed keeps a follow-up, and forgets those that nobody has claimed for long.
func writeUnclaimed(ctx context.Context, tx *sql.Tx, in bot.Input, m *chat.Message) error {
	if m == nil {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write a follow-up: %w", err)
	}
	const forget = `DELETE FROM unclaimed WHERE sent_at < $1`
	if _, err := tx.ExecContext(ctx, forget, micros(in.At.Add(-bot.UnclaimedFor))); err != nil {
		return fmt.Errorf("forget old follow-ups: %w", err)
	}
	const insert = `INSERT INTO unclaimed (key, phone, lid, sent_at, message) VALUES ($1, $2, $3, $4, $5)`
	_, err = tx.ExecContext(ctx, insert, in.Key, null(string(m.Person.Phone)), null(string(m.Person.LID)), micros(m.SentAt), string(text))
	if err != nil {
		return fmt.Errorf("keep a follow-up: %w", err)
	}
	return nil
}

// forgetUnclaimed forgets what the business wrote to a person who is a lead now.
func forgetUnclaimed(ctx context.Context, tx *sql.Tx, p chat.Person) error {
	const forget = `DELETE FROM unclaimed WHERE phone = $1 OR lid = $2`
	if _, err := tx.ExecContext(ctx, forget, null(string(p.Phone)), null(string(p.LID))); err != nil {
		return fmt.Errorf("forget follow-ups: %w", err)
	}
	return nil
}
