package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/bot"
)

// keepInputs is how long the key of an input is kept at least: WhatsApp may deliver the same message again.
const keepInputs = 30 * 24 * time.Hour

// Purge removes what is older than before, in one short transaction, and returns how many rows that were: closed chats with
// their assignments, events with their deliveries, other deliveries that are done with (but for Meta's, by whose keys no
// conversion is told twice), follow-ups that nobody claimed, and the keys of inputs, which stay for 30 days at least. An event with a delivery that is pending stays with all of its
// deliveries. The zero time keeps all that. Answers of the API are removed a day before now in any case.
//
// It removes about limit rows at most: who wants all of it gone calls it until it returns zero, and lets others write in
// between. Leads, transitions, opportunities, payments and feedback stay, and with them what reports count.
func (s *Store) Purge(ctx context.Context, now, before time.Time, limit int) (removed int, err error) {
	old, err := s.oldEvents(ctx, before, limit)
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p := purge{tx: tx, limit: limit}
		if err := p.rows(ctx, purgeAnswers, now.Add(-keepAnswers)); err != nil {
			return err
		}
		if err := p.retained(ctx, now, before, old); err != nil {
			return err
		}
		removed = p.removed
		if removed == 0 {
			return errNothing
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	return removed, nil
}

// A purge is one batch.
type purge struct {
	tx      *sql.Tx
	limit   int
	removed int
}

const (
	purgeAnswers   = `DELETE FROM answer WHERE key IN (SELECT key FROM answer WHERE at < $1 ORDER BY at LIMIT $2)`
	purgeInputs    = `DELETE FROM input WHERE key IN (SELECT key FROM input WHERE at < $1 ORDER BY at LIMIT $2)`
	purgeUnclaimed = `DELETE FROM unclaimed WHERE key IN (SELECT key FROM unclaimed WHERE sent_at < $1 ORDER BY sent_at LIMIT $2)`

	oldChatsQuery  = `SELECT seq FROM chat WHERE closed_at < $1 ORDER BY closed_at LIMIT $2`
	purgeAssigned  = `DELETE FROM assignment WHERE chat IN (SELECT id FROM chat WHERE seq IN (SELECT CAST(key AS BIGINT) FROM json_each($1)))`
	purgeChats     = `DELETE FROM chat WHERE seq IN (SELECT CAST(key AS BIGINT) FROM json_each($1))`
	oldEventsQuery = `SELECT seq FROM event WHERE at < $1 AND ` + nothingPending + ` ORDER BY at LIMIT $2`
	stillOldQuery  = `SELECT seq FROM event WHERE seq IN (SELECT CAST(key AS BIGINT) FROM json_each($1)) AND ` + nothingPending
	nothingPending = `NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event = event.seq AND d.state = 'pending')`
	purgeTold      = `DELETE FROM delivery WHERE event IN (SELECT CAST(key AS BIGINT) FROM json_each($1)) RETURNING lane`
	purgeEvents    = `DELETE FROM event WHERE seq IN (SELECT CAST(key AS BIGINT) FROM json_each($1))`
	purgeLoose     = `DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE event IS NULL AND settled_at IS NOT NULL
		AND settled_at < $1 AND destination <> '` + bot.MetaDestination + `' ORDER BY settled_at LIMIT $2) RETURNING lane`
	purgeLanes = `DELETE FROM lane WHERE id IN (SELECT CAST(key AS BIGINT) FROM json_each($1)) AND next_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.lane = lane.id)`
)

// oldEvents are the events that may be removed. They are looked for outside of the writing transaction, because a disabled
// destination may hold back many; in it they are looked at again.
func (s *Store) oldEvents(ctx context.Context, before time.Time, limit int) (table, error) {
	if s.opts.ReadOnly {
		return table{}, errReadOnly
	}
	old, err := queryIDs(ctx, s.reads, oldEventsQuery, micros(before), limit)
	if err != nil {
		return table{}, fmt.Errorf("look for old events: %w", err)
	}
	return old, nil
}

// retained removes what is kept for as long as the configuration says.
func (p *purge) retained(ctx context.Context, now, before time.Time, events table) error {
	if before.IsZero() {
		return nil
	}
	inputs := before
	if latest := now.Add(-keepInputs); inputs.After(latest) {
		inputs = latest
	}
	for _, remove := range []func() error{
		func() error { return p.chats(ctx, before) },
		func() error { return p.events(ctx, events) },
		func() error { return p.loose(ctx, before) },
		func() error { return p.rows(ctx, purgeUnclaimed, before) },
		func() error { return p.rows(ctx, purgeInputs, inputs) },
	} {
		if err := remove(); err != nil {
			return err
		}
	}
	return nil
}

// left is how many rows the batch may still remove.
func (p *purge) left() int { return max(p.limit-p.removed, 0) }

// rows removes the oldest rows that a statement chooses by time and limit.
func (p *purge) rows(ctx context.Context, text string, before time.Time) error {
	if p.left() == 0 {
		return nil
	}
	return p.exec(ctx, text, micros(before), p.left())
}

// exec runs a statement that removes rows.
func (p *purge) exec(ctx context.Context, text string, args ...any) error {
	result, err := p.tx.ExecContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("remove what is old: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("remove what is old: %w", err)
	}
	p.removed += int(n)
	return nil
}

func (p *purge) chats(ctx context.Context, before time.Time) error {
	if p.left() == 0 {
		return nil
	}
	old, err := queryIDs(ctx, p.tx, oldChatsQuery, micros(before), p.left())
	if err != nil || old.n == 0 {
		return err
	}
	if err := p.exec(ctx, purgeAssigned, old.json()); err != nil {
		return err
	}
	return p.exec(ctx, purgeChats, old.json())
}

func (p *purge) events(ctx context.Context, chosen table) error {
	if p.left() == 0 || chosen.n == 0 {
		return nil
	}
	old, err := queryIDs(ctx, p.tx, stillOldQuery, chosen.json())
	if err != nil || old.n == 0 {
		return err
	}
	if err := p.deliveries(ctx, purgeTold, old.json()); err != nil {
		return err
	}
	return p.exec(ctx, purgeEvents, old.json())
}

// loose removes deliveries that carried no event.
func (p *purge) loose(ctx context.Context, before time.Time) error {
	if p.left() == 0 {
		return nil
	}
	return p.deliveries(ctx, purgeLoose, micros(before), p.left())
}

// deliveries removes deliveries, and the lanes that are empty then.
func (p *purge) deliveries(ctx context.Context, text string, args ...any) error {
	lanes, err := queryIDs(ctx, p.tx, text, args...)
	if err != nil || lanes.n == 0 {
		return err
	}
	p.removed += lanes.n
	if _, err := p.tx.ExecContext(ctx, purgeLanes, lanes.json()); err != nil {
		return fmt.Errorf("remove empty lanes: %w", err)
	}
	return nil
}
