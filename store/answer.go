package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// keepAnswers is how long an idempotency key is honored.
const keepAnswers = 24 * time.Hour

// A KeptAnswer is what a request was answered that came with an idempotency key.
type KeptAnswer struct {
	Key         string // the request's, with whatever tells clients apart
	RequestHash string // of the request: another request under the same key is a mistake
	Status      int
	ContentType string
	Body        []byte // empty, too, when it told of somebody who was erased since
	At          time.Time
}

// Answer is what is kept under a key. It may be older than a day when nothing has been purged since.
func (s *Store) Answer(ctx context.Context, key string) (a KeptAnswer, found bool, err error) {
	var at int64
	const query = `SELECT key, request_hash, status, content_type, body, at FROM answer WHERE key = $1`
	err = s.reads.QueryRowContext(ctx, query, clean(key)).Scan(&a.Key, &a.RequestHash, &a.Status, &a.ContentType, &a.Body, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return KeptAnswer{}, false, nil
	}
	if err != nil {
		return KeptAnswer{}, false, fmt.Errorf("look for the answer under key %q: %w", key, err)
	}
	a.At = fromMicros(at)
	return a, true, nil
}

// KeepAnswer keeps an answer under its key, unless one is there that is younger than a day: the first one counts.
func (s *Store) KeepAnswer(ctx context.Context, a KeptAnswer) error {
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const upsert = `INSERT INTO answer (key, request_hash, status, content_type, body, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
				content_type = excluded.content_type, body = excluded.body, at = excluded.at
			WHERE answer.at <= $7`
		_, err := tx.ExecContext(ctx, upsert, clean(a.Key), clean(a.RequestHash), a.Status, clean(a.ContentType), notNil(a.Body),
			micros(a.At), micros(a.At.Add(-keepAnswers)))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the answer under key %q: %w", a.Key, err)
	}
	return nil
}

// forgetAnswers empties the answers that tell of them. The keys stay: nothing is done a second time.
func (who identity) forgetAnswers(ctx context.Context, tx *sql.Tx, _ int64) error {
	told, err := who.answers(ctx, tx)
	if err != nil {
		return fmt.Errorf("look through the answers: %w", err)
	}
	const empty = `UPDATE answer SET body = ` + wordless + ` WHERE key IN (SELECT key FROM json_each($1))`
	if _, err := tx.ExecContext(ctx, empty, keys(told)); err != nil {
		return fmt.Errorf("empty the answers: %w", err)
	}
	return nil
}

// answers are the keys of the answers that tell of them.
func (who identity) answers(ctx context.Context, tx *sql.Tx) (told []string, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT key, body FROM answer`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var body []byte
		if err := rows.Scan(&key, &body); err != nil {
			return nil, err
		}
		for _, word := range append(append([]string{who.lead}, who.digits...), who.addresses...) {
			if bytes.Contains(body, []byte(word)) {
				told = append(told, key)
				break
			}
		}
	}
	return told, rows.Err()
}
