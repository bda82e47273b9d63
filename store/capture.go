package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

const capturedQuery = `SELECT name, value FROM capture
	WHERE lead = COALESCE((SELECT lead FROM alias WHERE name = $1), $1) AND destination = $2`

// Captured is what a destination's answers have told of a lead, by name. It is empty when they told nothing.
func (s *Store) Captured(ctx context.Context, destination, leadID string) (map[string]string, error) {
	rows, err := s.reads.QueryContext(ctx, capturedQuery, leadID, destination)
	if err != nil {
		return nil, fmt.Errorf("look for what destination %q told of lead %q: %w", destination, leadID, err)
	}
	defer rows.Close()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("read what destination %q told of lead %q: %w", destination, leadID, err)
		}
		values[name] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for what destination %q told of lead %q: %w", destination, leadID, err)
	}
	return values, nil
}

// captureQuery follows a lead who became part of another, and leaves alone who is erased or nobody.
const captureQuery = `INSERT INTO capture (lead, destination, name, value)
	SELECT id, $1, $2, $3 FROM lead
	WHERE id = COALESCE((SELECT lead FROM alias WHERE name = $4), $4) AND erased_at = 0
	ON CONFLICT (lead, destination, name) DO UPDATE SET value = excluded.value`

// Capture keeps what a destination's answer tells of a lead, in place of what it told before under the same names; other
// names stay. About who is erased, or nobody, nothing is kept.
func (s *Store) Capture(ctx context.Context, destination, leadID string, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if _, err := tx.ExecContext(ctx, captureQuery, destination, clean(name), clean(values[name]), leadID); err != nil {
				return fmt.Errorf("value %q: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep what destination %q told of lead %q: %w", destination, leadID, err)
	}
	return nil
}
