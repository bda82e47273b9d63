package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"

	"leadgate/chat"
)

// An identity is all by which a person is known, as it stood before they were erased.
type identity struct {
	lead      string
	name      string   // "" for none
	addresses []string // phones in E.164 and LIDs, those that they once had too, and the e-mail address
	digits    []string // of the phones and LIDs, in every spelling
}

// identify collects what identifies a lead.
func identify(ctx context.Context, tx *sql.Tx, l chat.Lead) (identity, error) {
	who := identity{lead: l.ID, name: l.Name}
	names, err := queryTexts(ctx, tx, `SELECT name FROM alias WHERE lead = $1`, l.ID)
	if err != nil {
		return who, fmt.Errorf("look by what else lead %q was known: %w", l.ID, err)
	}
	if email := l.Fields[chat.FieldEmail]; email != "" {
		who.addresses = append(who.addresses, email)
	}
	for _, name := range append(names, string(l.Phone), string(l.LID)) {
		digits := strings.TrimPrefix(name, "+")
		if digits == "" || strings.Trim(digits, "0123456789") != "" {
			continue // nothing, or the id of a lead: that tells nobody who it was
		}
		who.addresses = append(who.addresses, name)
		if name == digits {
			who.digits = append(who.digits, digits)
		} else {
			who.digits = append(who.digits, chat.Phone(name).Spellings()...)
		}
	}
	return who, nil
}

// checkErased refuses to call somebody erased who was not there, or who keeps what identifies them.
func checkErased(before, l chat.Lead) error {
	switch {
	case before.ID != l.ID:
		return fmt.Errorf("%w: lead %q is erased in place of %q", errImpossible, l.ID, before.ID)
	case l.Name != "", l.Phone != "", l.LID != "", len(l.Fields) > 0, l.Ad != nil, l.FirstAd != nil, l.ErasedAt.IsZero():
		return fmt.Errorf("%w: lead %q is erased and keeps a name, phone, lid, field or ad, or no time of it", errImpossible, l.ID)
	}
	return nil
}

// erase removes what identifies a person from everything that is kept but the lead itself. The lead's id stays, and with it
// every count.
func erase(ctx context.Context, tx *sql.Tx, now int64, l chat.Lead) error {
	who, err := identify(ctx, tx, l)
	if err != nil {
		return err
	}
	for _, forget := range []func(context.Context, *sql.Tx, int64) error{
		who.forgetNames, who.forgetWords, who.forgetDeliveries, who.forgetEvents, who.forgetSetAside,
		who.forgetAnswers,
	} {
		if err := forget(ctx, tx, now); err != nil {
			return fmt.Errorf("erase lead %q: %w", l.ID, err)
		}
	}
	return nil
}

// forgetNames removes what is kept under their addresses.
func (who identity) forgetNames(ctx context.Context, tx *sql.Tx, _ int64) error {
	for _, step := range []struct {
		text string
		keys []string
	}{
		{`DELETE FROM alias WHERE name IN (SELECT key FROM json_each($1))`, who.addresses},
		{`DELETE FROM unclaimed WHERE phone IN (SELECT key FROM json_each($1)) OR lid IN (SELECT key FROM json_each($1))`, who.addresses},
		{`DELETE FROM labelled WHERE EXISTS (SELECT 1 FROM json_each($1) e WHERE labelled.jid LIKE e.key || '@%')`, who.digits},
	} {
		if _, err := tx.ExecContext(ctx, step.text, keys(step.keys)); err != nil {
			return fmt.Errorf("forget their addresses: %w", err)
		}
	}
	return nil
}

// forgetWords removes what they wrote, and what was written with their name in it.
func (who identity) forgetWords(ctx context.Context, tx *sql.Tx, _ int64) error {
	for _, text := range []string{
		`UPDATE input SET text = NULL WHERE lead = $1 AND text IS NOT NULL`,
		`UPDATE chat SET said = '', told = '[]', dialogue = '{}' WHERE lead = $1`,
		`UPDATE opportunity SET title = '' WHERE lead = $1`,
		`DELETE FROM capture WHERE lead = $1`,
	} {
		if _, err := tx.ExecContext(ctx, text, who.lead); err != nil {
			return fmt.Errorf("forget their words: %w", err)
		}
	}
	return nil
}

const (
	// blockedBy finds the lanes whose first pending delivery tells of a lead.
	blockedBy = `SELECT d.lane FROM delivery d WHERE d.about = $1 AND d.state = 'pending' AND d.id = (SELECT MIN(h.id)
		FROM delivery h WHERE h.destination = d.destination AND h.lane = d.lane AND h.state = 'pending')`

	// silence withdraws what has not been delivered: without its words it could never be.
	silence = `UPDATE delivery SET settled_at = COALESCE(settled_at, $1), body = ` + wordless + `,
			state = CASE WHEN state IN ('pending', 'dead') THEN 'withdrawn' ELSE state END
		WHERE about = $2`
)

// forgetDeliveries empties what was to tell of them. Events stay queued: their bodies are rewritten.
func (who identity) forgetDeliveries(ctx context.Context, tx *sql.Tx, now int64) error {
	lanes, err := queryIDs(ctx, tx, blockedBy, who.lead)
	if err != nil {
		return fmt.Errorf("look for what is about to be sent: %w", err)
	}
	if _, err := tx.ExecContext(ctx, silence, now, who.lead); err != nil {
		return fmt.Errorf("forget what was to be sent: %w", err)
	}
	return continueLanes(ctx, tx, lanes, now)
}

// forgetEvents rewrites the events that concern them.
func (who identity) forgetEvents(ctx context.Context, tx *sql.Tx, _ int64) error {
	bodies, err := eventBodies(ctx, tx, who.lead)
	if err != nil {
		return err
	}
	for seq, body := range bodies {
		clean, err := who.scrub(body)
		if err != nil {
			return fmt.Errorf("rewrite event %d: %w", seq, err)
		}
		if bytes.Equal(clean, body) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE event SET body = $1 WHERE seq = $2`, clean, seq); err != nil {
			return fmt.Errorf("rewrite event %d: %w", seq, err)
		}
	}
	return nil
}

// eventBodies are the bodies of a lead's events, by seq.
func eventBodies(ctx context.Context, tx *sql.Tx, lead string) (map[int64][]byte, error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, body FROM event WHERE lead = $1`, lead)
	if err != nil {
		return nil, fmt.Errorf("look for their events: %w", err)
	}
	defer rows.Close()
	bodies := map[int64][]byte{}
	for rows.Next() {
		var seq int64
		var body []byte
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, fmt.Errorf("look for their events: %w", err)
		}
		bodies[seq] = body
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for their events: %w", err)
	}
	return bodies, nil
}

// forgetSetAside deletes messages that could not be handled and hold one of their addresses: nobody knows whose they are.
func (who identity) forgetSetAside(ctx context.Context, tx *sql.Tx, _ int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq, payload FROM set_aside`)
	if err != nil {
		return fmt.Errorf("look through what was set aside: %w", err)
	}
	defer rows.Close()
	var theirs table
	for rows.Next() {
		var seq int64
		var payload []byte
		if err := rows.Scan(&seq, &payload); err != nil {
			return fmt.Errorf("look through what was set aside: %w", err)
		}
		for _, digits := range who.digits {
			if bytes.Contains(payload, []byte(digits)) {
				theirs.id(seq)
				break
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look through what was set aside: %w", err)
	}
	const forget = `DELETE FROM set_aside WHERE seq IN (SELECT CAST(key AS BIGINT) FROM json_each($1))`
	if _, err := tx.ExecContext(ctx, forget, theirs.json()); err != nil {
		return fmt.Errorf("forget what was set aside: %w", err)
	}
	return nil
}

// wipeLog takes out of SQLite's log what was erased from the file. When somebody is reading just then, the log keeps it until
// the daemon writes over it.
func (s *Store) wipeLog(ctx context.Context) {
	if s.dialect != sqlite {
		return
	}
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return
	}
	defer leave()
	pool := s.sqlitePool("mode=rw&_busy_timeout=200", 1)
	defer pool.Close()
	_, _ = pool.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`) // what was to be erased is erased either way
}
