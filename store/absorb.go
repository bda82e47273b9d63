package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"leadgate/chat"
)

// dissolve removes a lead who becomes part of another, and remembers by what the one was known. What belonged to them is
// nobody's until handOver.
func dissolve(ctx context.Context, tx *sql.Tx, absorbed string, lead chat.Lead) error {
	if absorbed == lead.ID {
		return fmt.Errorf("%w: lead %q absorbs itself", errImpossible, absorbed)
	}
	var phone, lid sql.NullString
	err := tx.QueryRowContext(ctx, `DELETE FROM lead WHERE id = $1 RETURNING phone, lid`, absorbed).Scan(&phone, &lid)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: there is no lead %q to absorb", errImpossible, absorbed)
	}
	if err != nil {
		return fmt.Errorf("absorb lead %q: %w", absorbed, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE alias SET lead = $1 WHERE lead = $2`, lead.ID, absorbed); err != nil {
		return fmt.Errorf("remember whom lead %q had absorbed: %w", absorbed, err)
	}
	for _, name := range []string{absorbed, phone.String, lid.String} {
		if name == "" || name == string(lead.Phone) || name == string(lead.LID) {
			continue // nothing to remember, or the lead is known by it itself
		}
		const remember = `INSERT INTO alias (name, lead) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET lead = excluded.lead`
		if _, err := tx.ExecContext(ctx, remember, name, lead.ID); err != nil {
			return fmt.Errorf("remember lead %q: %w", absorbed, err)
		}
	}
	return nil
}

// handOver makes all that belonged to a dissolved lead belong to another. By then one of two open chats on the same number
// has to be closed; of two values that a destination told, the lead's own stays.
func handOver(ctx context.Context, tx *sql.Tx, absorbed, lead string) error {
	for _, move := range []string{
		`UPDATE transition SET lead = $1 WHERE lead = $2`,
		`UPDATE input SET lead = $1 WHERE lead = $2`,
		`UPDATE event SET lead = $1 WHERE lead = $2`,
		`UPDATE opportunity SET lead = $1 WHERE lead = $2`,
		`UPDATE chat SET lead = $1 WHERE lead = $2`,
		`UPDATE payment SET lead = $1 WHERE lead = $2`,
		`UPDATE feedback SET lead = $1 WHERE lead = $2`,
		`UPDATE delivery SET about = $1 WHERE about = $2`,
		`INSERT INTO capture (lead, destination, name, value) SELECT $1, destination, name, value FROM capture WHERE lead = $2
			ON CONFLICT (lead, destination, name) DO NOTHING`,
		`INSERT INTO contact (lead, number, wrote_at) SELECT $1, number, wrote_at FROM contact WHERE lead = $2 ` + laterContact,
	} {
		if _, err := tx.ExecContext(ctx, move, lead, absorbed); err != nil {
			return fmt.Errorf("move what belonged to lead %q: %w", absorbed, err)
		}
	}
	for _, forget := range []string{`DELETE FROM contact WHERE lead = $1`, `DELETE FROM capture WHERE lead = $1`} {
		if _, err := tx.ExecContext(ctx, forget, absorbed); err != nil {
			return fmt.Errorf("move what belonged to lead %q: %w", absorbed, err)
		}
	}
	return nil
}

// laterContact keeps the later of two times at which the business wrote.
const laterContact = `ON CONFLICT (lead, number) DO UPDATE SET wrote_at = excluded.wrote_at
	WHERE excluded.wrote_at > contact.wrote_at`

// writeContact records when the business wrote to a lead; what it wrote later stays the last.
func writeContact(ctx context.Context, tx *sql.Tx, lead, number string, wroteAt int64) error {
	const insert = `INSERT INTO contact (lead, number, wrote_at) VALUES ($1, $2, $3) ` + laterContact
	if _, err := tx.ExecContext(ctx, insert, lead, number, wroteAt); err != nil {
		return fmt.Errorf("record when the business wrote to lead %q: %w", lead, err)
	}
	return nil
}
