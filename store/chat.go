package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"leadgate/bot"
	"leadgate/chat"
)

const chatColumns = `c.seq, c.id, c.number, c.lead, c.status, c.opened_at, c.active_at, c.closed_at, c.opportunity, c.agent,
	c.said, c.said_at, c.wrote_at, c.told, c.dialogue, c.place`

const openChatsQuery = `SELECT ` + chatColumns + ` FROM chat c WHERE c.lead IN ($1, $2) AND c.closed_at IS NULL
	ORDER BY c.opened_at, c.seq`

// openChatsOf are those of one or two leads, the oldest first.
func openChatsOf(ctx context.Context, q querier, lead, twin string) ([]bot.Chat, error) {
	kept, err := queryChats(ctx, q, openChatsQuery, lead, twin)
	if err != nil {
		return nil, err
	}
	chats := make([]bot.Chat, len(kept))
	for i, c := range kept {
		chats[i] = c.Chat
	}
	return chats, nil
}

// queryChats runs a query that selects chatColumns.
func queryChats(ctx context.Context, q querier, query string, args ...any) ([]Chat, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for chats: %w", err)
	}
	defer rows.Close()
	var chats []Chat
	for rows.Next() {
		c, err := scanChat(rows)
		if err != nil {
			return nil, err
		}
		chats = append(chats, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for chats: %w", err)
	}
	return chats, nil
}

// scanChat reads chatColumns, and the columns after them into more.
func scanChat(rows *sql.Rows, more ...any) (Chat, error) {
	var c Chat
	var status, told, dialogue, place string
	var openedAt, activeAt, saidAt, wroteAt int64
	var closedAt sql.NullInt64
	var opportunity, agent sql.NullString
	columns := []any{
		&c.Seq, &c.ID, &c.Number, &c.LeadID, &status, &openedAt, &activeAt, &closedAt, &opportunity, &agent, &c.Said, &saidAt,
		&wroteAt, &told, &dialogue, &place,
	}
	if err := rows.Scan(append(columns, more...)...); err != nil {
		return c, fmt.Errorf("read a chat: %w", err)
	}
	c.Status, c.Opportunity, c.Agent = chat.Status(status), opportunity.String, agent.String
	c.OpenedAt, c.ActiveAt, c.ClosedAt = fromMicros(openedAt), fromMicros(activeAt), fromMicros(closedAt.Int64)
	c.SaidAt, c.WroteAt = fromMicros(saidAt), fromMicros(wroteAt)
	if told != "[]" {
		if err := json.Unmarshal([]byte(told), &c.Told); err != nil {
			return c, fmt.Errorf("read what was told in chat %q: %w", c.ID, err)
		}
	}
	if err := json.Unmarshal([]byte(dialogue), &c.Dialogue); err != nil {
		return c, fmt.Errorf("read the dialogue of chat %q: %w", c.ID, err)
	}
	if err := json.Unmarshal([]byte(place), &c.Place); err != nil {
		return c, fmt.Errorf("read the place of chat %q: %w", c.ID, err)
	}
	return c, nil
}

// writeChats records chats as they are now, whether they are new or not. Who has an open chat closes it before they get
// another one on the same number.
func writeChats(ctx context.Context, tx *sql.Tx, state bot.State, d bot.Decision) error {
	if len(d.Chats) == 0 && len(d.Opportunities) == 0 {
		return nil
	}
	owners := newOwners(state, d)
	for _, closed := range []bool{true, false} {
		for _, c := range d.Chats {
			if (c.Status == chat.ChatClosed) != closed {
				continue
			}
			if err := writeChat(ctx, tx, c, owners); err != nil {
				return fmt.Errorf("write chat %q: %w", c.ID, err)
			}
		}
	}
	return owners.realign(ctx, tx, state, d)
}

func writeChat(ctx context.Context, tx *sql.Tx, c bot.Chat, owners owners) error {
	if c.ID == "" {
		return fmt.Errorf("%w: the chat has no id", errImpossible)
	}
	told := []byte("[]")
	var err error
	if len(c.Told) > 0 {
		if told, err = json.Marshal(c.Told); err != nil {
			return fmt.Errorf("encode what was told: %w", err)
		}
	}
	dialogue, err := json.Marshal(c.Dialogue)
	if err != nil {
		return fmt.Errorf("encode the dialogue: %w", err)
	}
	place, err := json.Marshal(c.Place)
	if err != nil {
		return fmt.Errorf("encode the place: %w", err)
	}
	var closedAt, since sql.NullInt64
	if c.Status == chat.ChatClosed {
		closedAt = sql.NullInt64{Int64: micros(c.ClosedAt), Valid: true}
	}
	var line sql.NullString
	if c.Status == chat.ChatWaiting {
		since = sql.NullInt64{Int64: micros(c.Place.Since), Valid: true}
		owner, err := owners.of(ctx, tx, c.Opportunity)
		if err != nil {
			return err
		}
		line = sql.NullString{String: clean(bot.WaitingFor(c, owner)), Valid: true}
	}
	const upsert = `INSERT INTO chat (id, number, lead, status, opened_at, active_at, closed_at, opportunity, agent, said,
			said_at, wrote_at, told, dialogue, place, line, waiting_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET number = excluded.number, lead = excluded.lead, status = excluded.status,
			opened_at = excluded.opened_at, active_at = excluded.active_at, closed_at = excluded.closed_at,
			opportunity = excluded.opportunity, agent = excluded.agent, said = excluded.said, said_at = excluded.said_at,
			wrote_at = excluded.wrote_at, told = excluded.told, dialogue = excluded.dialogue, place = excluded.place,
			line = excluded.line, waiting_since = excluded.waiting_since`
	_, err = tx.ExecContext(ctx, upsert, c.ID, c.Number, c.LeadID, string(c.Status), micros(c.OpenedAt), micros(c.ActiveAt),
		closedAt, null(c.Opportunity), null(c.Agent), clean(c.Said), micros(c.SaidAt), micros(c.WroteAt), string(told),
		string(dialogue), string(place), line, since)
	return err
}

// owners are the owners of opportunities by id, as a decision leaves them.
type owners map[string]string

func newOwners(state bot.State, d bot.Decision) owners {
	all := owners{}
	for _, o := range state.Opportunities {
		all[o.ID] = o.Owner
	}
	for _, o := range d.Opportunities {
		all[o.ID] = o.Owner
	}
	return all
}

// of is an opportunity's owner; "" for nobody, and for no opportunity.
func (o owners) of(ctx context.Context, tx *sql.Tx, opportunity string) (string, error) {
	owner, known := o[opportunity]
	if known || opportunity == "" {
		return owner, nil
	}
	err := tx.QueryRowContext(ctx, `SELECT owner FROM opportunity WHERE id = $1`, opportunity).Scan(&owner)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for the owner of opportunity %q: %w", opportunity, err)
	}
	return owner, nil
}

// realign puts the chats of opportunities that may have got another owner, and that the decision does not write, into
// their lines.
func (o owners) realign(ctx context.Context, tx *sql.Tx, state bot.State, d bot.Decision) error {
	written := map[string]bool{}
	for _, c := range d.Chats {
		written[c.ID] = true
	}
	for _, changed := range d.Opportunities {
		for _, c := range state.Chats {
			if c.Opportunity != changed.ID || c.Status != chat.ChatWaiting || written[c.ID] {
				continue
			}
			const move = `UPDATE chat SET line = $1 WHERE id = $2 AND status = 'waiting'`
			if _, err := tx.ExecContext(ctx, move, clean(bot.WaitingFor(c, changed.Owner)), c.ID); err != nil {
				return fmt.Errorf("put chat %q into its line: %w", c.ID, err)
			}
		}
	}
	return nil
}
