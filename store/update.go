package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

// Update loads what the input concerns, has it decided, and commits the decision under the input's key, as bot.Store
// says. A panic of decide rolls back and goes on to the caller.
func (s *Store) Update(ctx context.Context, in bot.Input, decide func(bot.State) bot.Decision) error {
	in.Key = clean(in.Key)
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state, known, err := load(ctx, tx, in)
		if err != nil {
			return err
		}
		if known {
			return errNothing
		}
		d := decide(state)
		if d.Refused {
			return errNothing
		}
		return s.commit(ctx, tx, in, state, d)
	})
	if err != nil {
		return fmt.Errorf("update by input %q: %w", in.Key, err)
	}
	return nil
}

// inputQuery finds the input itself, the message that it edits, and other edits of the same message.
const inputQuery = `SELECT key, matched FROM input WHERE key IN ($1, $2)
	UNION ALL SELECT key, matched FROM input WHERE number = $3 AND edits = $4`

// load is the state that an input concerns, or that its key is known.
func load(ctx context.Context, tx *sql.Tx, in bot.Input) (state bot.State, known bool, err error) {
	state.Matched, known, err = loadInput(ctx, tx, in)
	if known || err != nil {
		return state, known, err
	}
	var names [3]any // phone, LID, id
	switch {
	case in.Message != nil:
		names = [3]any{string(in.Message.Person.Phone), string(in.Message.Person.LID), ""}
	case in.Move != nil:
		names = [3]any{"", "", in.Move.LeadID}
	case in.Delete != nil:
		names = [3]any{"", "", in.Delete.LeadID}
	default:
		return state, false, nil
	}
	leads, err := queryLeads(ctx, tx, leadQuery, names[:]...)
	if err != nil {
		return state, false, err
	}
	if len(leads) == 0 {
		state.Unclaimed, err = loadUnclaimed(ctx, tx, in.Message)
		return state, false, err
	}
	state.Lead, state.Twin = whoIsMeant(leads, in.Message)
	state.Transitions, err = countingTransitions(ctx, tx, state.Lead.ID, state.Twin.ID)
	return state, false, err
}

// whoIsMeant tells the lead of a message, and the twin who turns out to be the same person. Two leads who both have a phone
// are two people: one has taken over the other's phone. The one with the message's phone is meant, and the LID follows it.
func whoIsMeant(leads []keptLead, m *chat.Message) (lead, twin chat.Lead) {
	if len(leads) == 1 {
		return leads[0].Lead, twin
	}
	if leads[0].Phone == "" || leads[1].Phone == "" {
		return leads[0].Lead, leads[1].Lead
	}
	if m != nil && leads[1].Phone == m.Person.Phone {
		return leads[1].Lead, twin
	}
	return leads[0].Lead, twin
}

// loadInput is what the earlier texts of the input's message matched, or that the input's key is known.
func loadInput(ctx context.Context, tx *sql.Tx, in bot.Input) (matched []conversion.Match, known bool, err error) {
	original := in.Key
	var number, message sql.NullString
	if m := in.Message; m != nil {
		original, number, message = m.OriginalKey(), null(m.Number), null(m.ID)
	}
	rows, err := tx.QueryContext(ctx, inputQuery, in.Key, clean(original), number, message)
	if err != nil {
		return nil, false, fmt.Errorf("look for the input's key: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, text string
		if err := rows.Scan(&key, &text); err != nil {
			return nil, false, fmt.Errorf("look for the input's key: %w", err)
		}
		known = known || key == in.Key
		var earlier []conversion.Match
		if err := json.Unmarshal([]byte(text), &earlier); err != nil {
			return nil, false, fmt.Errorf("read what input %q matched: %w", key, err)
		}
		matched = append(matched, earlier...)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("look for the input's key: %w", err)
	}
	return matched, known, nil
}

// commit writes a decision.
func (s *Store) commit(ctx context.Context, tx *sql.Tx, in bot.Input, state bot.State, d bot.Decision) error {
	lead := state.Lead
	if d.Lead != nil {
		lead = *d.Lead
	}
	if lead.ID == "" && (len(d.Transitions) > 0 || d.Absorbed != "" || d.Deleted != "") {
		return fmt.Errorf("%w: transitions of nobody", errImpossible)
	}
	if d.Absorbed != "" {
		if err := absorb(ctx, tx, d.Absorbed, lead); err != nil {
			return err
		}
	}
	if d.Lead != nil {
		if err := writeLead(ctx, tx, lead); err != nil {
			return err
		}
	}
	if err := writeTransitions(ctx, tx, lead.ID, d.Transitions); err != nil {
		return err
	}
	if d.Deleted != "" {
		if err := deleteTransition(ctx, tx, in, lead.ID, d.Deleted); err != nil {
			return err
		}
	}
	if err := s.writeInput(ctx, tx, in, lead.ID, d.Matched); err != nil {
		return err
	}
	if err := takeBack(ctx, tx, in); err != nil {
		return err
	}
	if err := writeUnclaimed(ctx, tx, in, d.Unclaimed); err != nil {
		return err
	}
	if len(state.Unclaimed) > 0 && d.Lead != nil {
		if err := forgetUnclaimed(ctx, tx, in.Message.Person); err != nil {
			return err
		}
	}
	events, err := writeEvents(ctx, tx, d.Events)
	if err != nil {
		return err
	}
	return writeDeliveries(ctx, tx, in.At, d.Deliveries, events)
}

// writeInput records the input; with its message's text where that is kept, but for a person who is no lead: nobody could
// ask for it to be erased.
func (s *Store) writeInput(ctx context.Context, tx *sql.Tx, in bot.Input, leadID string, matched []conversion.Match) error {
	if in.Key == "" {
		return fmt.Errorf("%w: the input has no key", errImpossible)
	}
	var number, edits, text sql.NullString
	switch {
	case in.Message != nil:
		number = null(in.Message.Number)
		if in.Message.EditID != "" {
			edits = null(in.Message.ID)
		}
		if s.opts.MessageText && leadID != "" {
			text = sql.NullString{String: clean(in.Message.Text), Valid: true}
		}
	case in.Number != nil:
		number = null(in.Number.Number)
	}
	list := []byte("[]")
	if len(matched) > 0 {
		var err error
		if list, err = json.Marshal(matched); err != nil {
			return fmt.Errorf("write what the input matched: %w", err)
		}
	}
	const insert = `INSERT INTO input (key, at, lead, number, edits, text, matched) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err := tx.ExecContext(ctx, insert, in.Key, micros(in.At), null(leadID), number, edits, text, string(list))
	if err != nil {
		return fmt.Errorf("record the input: %w", err)
	}
	return nil
}

// absorb makes all that belongs to one lead belong to another, and remembers by what the one was known.
func absorb(ctx context.Context, tx *sql.Tx, absorbed string, lead chat.Lead) error {
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
	for _, move := range []string{
		`UPDATE alias SET lead = $1 WHERE lead = $2`,
		`UPDATE transition SET lead = $1 WHERE lead = $2`,
		`UPDATE input SET lead = $1 WHERE lead = $2`,
		`UPDATE event SET lead = $1 WHERE lead = $2`,
	} {
		if _, err := tx.ExecContext(ctx, move, lead.ID, absorbed); err != nil {
			return fmt.Errorf("move what belonged to lead %q: %w", absorbed, err)
		}
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
