package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

const transitionColumns = `id, funnel, from_stage, to_stage, cause_kind, cause_by, phrase, message_id, number, at, deleted_at`

const countingQuery = `SELECT ` + transitionColumns + ` FROM transition WHERE lead IN ($1, $2) AND deleted_at IS NULL
	ORDER BY at, seq`

// A Transition is a change of stage as it is kept.
type Transition struct {
	conversion.Transition
	DeletedAt time.Time // zero: it counts
}

// Transitions are those of a lead, in order of At and then of recording; with those that were deleted when withDeleted
// is set. A lead that nobody knows has none.
func (s *Store) Transitions(ctx context.Context, leadID string, withDeleted bool) ([]Transition, error) {
	const query = `SELECT ` + transitionColumns + ` FROM transition
		WHERE lead = COALESCE((SELECT lead FROM alias WHERE name = $1), $1) ORDER BY at, seq`
	all, err := queryTransitions(ctx, s.reads, query, leadID)
	if err != nil || withDeleted {
		return all, err
	}
	var counting []Transition
	for _, t := range all {
		if t.DeletedAt.IsZero() {
			counting = append(counting, t)
		}
	}
	return counting, nil
}

// countingTransitions are those of one or two leads that were not deleted.
func countingTransitions(ctx context.Context, q querier, lead, twin string) ([]conversion.Transition, error) {
	kept, err := queryTransitions(ctx, q, countingQuery, lead, twin)
	if err != nil {
		return nil, err
	}
	transitions := make([]conversion.Transition, len(kept))
	for i, t := range kept {
		transitions[i] = t.Transition
	}
	return transitions, nil
}

func queryTransitions(ctx context.Context, q querier, query string, args ...any) ([]Transition, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for transitions: %w", err)
	}
	defer rows.Close()
	var transitions []Transition
	for rows.Next() {
		var t Transition
		var from, phrase, message, number sql.NullString
		var kind string
		var at int64
		var deletedAt sql.NullInt64
		err := rows.Scan(&t.ID, &t.Funnel, &from, &t.To, &kind, &t.Cause.By, &phrase, &message, &number, &at, &deletedAt)
		if err != nil {
			return nil, fmt.Errorf("read a transition: %w", err)
		}
		t.From, t.Phrase, t.MessageID, t.Number = from.String, phrase.String, message.String, number.String
		t.Cause.Kind = chat.CauseKind(kind)
		t.At, t.DeletedAt = fromMicros(at), fromMicros(deletedAt.Int64)
		transitions = append(transitions, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for transitions: %w", err)
	}
	return transitions, nil
}

func writeTransitions(ctx context.Context, tx *sql.Tx, leadID string, transitions []conversion.Transition) error {
	for _, t := range transitions {
		const insert = `INSERT INTO transition (id, lead, funnel, from_stage, to_stage, cause_kind, cause_by, phrase,
				message_id, number, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
		_, err := tx.ExecContext(ctx, insert, t.ID, leadID, t.Funnel, null(t.From), t.To, string(t.Cause.Kind), t.Cause.By,
			null(t.Phrase), null(t.MessageID), null(t.Number), micros(t.At))
		if err != nil {
			return fmt.Errorf("write transition %q: %w", t.ID, err)
		}
	}
	return nil
}

// deleteTransition marks a transition that counts as one that counts no more.
func deleteTransition(ctx context.Context, tx *sql.Tx, in bot.Input, leadID, id string) error {
	var by chat.Cause
	if in.Delete != nil {
		by = in.Delete.Cause
	}
	const mark = `UPDATE transition SET deleted_at = $1, deleted_by_kind = $2, deleted_by = $3
		WHERE id = $4 AND lead = $5 AND deleted_at IS NULL`
	result, err := tx.ExecContext(ctx, mark, micros(in.At), string(by.Kind), by.By, id, leadID)
	if err != nil {
		return fmt.Errorf("delete transition %q: %w", id, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("delete transition %q: %w", id, err)
	}
	if n != 1 {
		return fmt.Errorf("%w: lead %q has no transition %q that counts", errImpossible, leadID, id)
	}
	return nil
}
