package store

import (
	"context"
	"database/sql"
	"fmt"

	"leadgate/chat"
)

// Labels are those of a number's WhatsApp Business app as it last told, by id; with the deleted ones.
func (s *Store) Labels(ctx context.Context, number string) ([]chat.PhoneLabel, error) {
	const query = `SELECT id, name, colour, deleted FROM label WHERE number = $1 ORDER BY id`
	rows, err := s.reads.QueryContext(ctx, query, number)
	if err != nil {
		return nil, fmt.Errorf("look for the labels of number %q: %w", number, err)
	}
	defer rows.Close()
	var all []chat.PhoneLabel
	for rows.Next() {
		var l chat.PhoneLabel
		var deleted int
		if err := rows.Scan(&l.ID, &l.Name, &l.Colour, &deleted); err != nil {
			return nil, fmt.Errorf("look for the labels of number %q: %w", number, err)
		}
		l.Deleted = deleted == 1
		all = append(all, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for the labels of number %q: %w", number, err)
	}
	return all, nil
}

// SetLabel keeps a label of a number, in place of the one with the same id.
func (s *Store) SetLabel(ctx context.Context, number string, l chat.PhoneLabel) error {
	deleted := 0
	if l.Deleted {
		deleted = 1
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const upsert = `INSERT INTO label (number, id, name, colour, deleted) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (number, id) DO UPDATE SET name = excluded.name, colour = excluded.colour, deleted = excluded.deleted`
		if _, err := tx.ExecContext(ctx, upsert, number, clean(l.ID), clean(l.Name), l.Colour, deleted); err != nil || !l.Deleted {
			return err
		}
		// A label that is made anew under the same id is on no chat.
		_, err := tx.ExecContext(ctx, `DELETE FROM labelled WHERE number = $1 AND label = $2`, number, clean(l.ID))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep label %q of number %q: %w", l.ID, number, err)
	}
	return nil
}

// Labelled are the ids of the labels that a chat of a number carries, by WhatsApp's address of the chat.
func (s *Store) Labelled(ctx context.Context, number, jid string) ([]string, error) {
	const query = `SELECT label FROM labelled WHERE number = $1 AND jid = $2 ORDER BY label`
	ids, err := queryTexts(ctx, s.reads, query, number, jid)
	if err != nil {
		return nil, fmt.Errorf("look for the labels of a chat of number %q: %w", number, err)
	}
	return ids, nil
}

// SetLabelled keeps that a chat carries a label, or that it does not any more. Either may be said again.
func (s *Store) SetLabelled(ctx context.Context, number, jid, labelID string, on bool) error {
	statement := `DELETE FROM labelled WHERE number = $1 AND jid = $2 AND label = $3`
	if on {
		statement = `INSERT INTO labelled (number, jid, label) VALUES ($1, $2, $3) ON CONFLICT (number, jid, label) DO NOTHING`
	}
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, number, jid, labelID)
		return err
	})
	if err != nil {
		return fmt.Errorf("label a chat of number %q with %q: %w", number, labelID, err)
	}
	return nil
}

// queryTexts runs a query for one column of texts.
func queryTexts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
