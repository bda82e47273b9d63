package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

// inputQuery finds the input itself, the message that it edits, and other edits of the same message.
const inputQuery = `SELECT key, matched FROM input WHERE key IN ($1, $2)
	UNION ALL SELECT key, matched FROM input WHERE number = $3 AND edits = $4`

// personQuery finds leads by phone, LID or id, as they are or once were, the oldest first; and what a decision has to know
// besides: whether the phone is one that the lead once had, what there is to load of them, and when the business wrote to
// them on a number.
const personQuery = `SELECT ` + leadColumns + `,
		EXISTS (SELECT 1 FROM alias a WHERE a.name = $1 AND a.lead = l.id),
		EXISTS (SELECT 1 FROM opportunity o WHERE o.lead = l.id),
		EXISTS (SELECT 1 FROM chat c WHERE c.lead = l.id AND c.closed_at IS NULL),
		COALESCE((SELECT wrote_at FROM contact WHERE lead = l.id AND number = $2), 0)
	FROM lead l WHERE l.id IN (
		SELECT id FROM lead WHERE phone = $1
		UNION ALL SELECT id FROM lead WHERE lid = $3
		UNION ALL SELECT id FROM lead WHERE id = $4
		UNION ALL SELECT lead FROM alias WHERE name IN ($1, $3, $4))
	ORDER BY l.created_at, l.seq LIMIT 2`

// load is the state that an input concerns, or that its key is known.
func load(ctx context.Context, tx *sql.Tx, in bot.Input) (state bot.State, known bool, err error) {
	state.Matched, known, err = loadInput(ctx, tx, in)
	if known || err != nil {
		return state, known, err
	}
	whom, err := kept(ctx, tx, in, &state)
	if err != nil {
		return state, false, err
	}
	if err := whom.load(ctx, tx, &state); err != nil {
		return state, false, err
	}
	if !state.Lead.Known() {
		state.Unclaimed, err = loadUnclaimed(ctx, tx, in)
	}
	return state, false, err
}

// A subject is whom an input concerns: the names by which the lead is looked for, of which most are "".
type subject struct {
	phone       chat.Phone
	email       string // by which they are looked for when nobody has the phone; who has another phone is somebody else
	lid         chat.LID
	lead        string // an id of theirs, or of a lead that became part of them
	twin        string // likewise, of who is to become part of them
	chat        string // the id of a chat of theirs
	opportunity string // the id of an opportunity of theirs
	number      string // on which it matters when the business wrote to them; of a chat its own
}

// concerned is whom an input concerns; the zero subject when it is nobody.
func concerned(in bot.Input) subject {
	switch {
	case in.Message != nil, in.Late != nil, in.Label != nil:
		p := inputPerson(in)
		return subject{phone: p.Phone, lid: p.LID, number: inputNumber(in)}
	case in.Move != nil:
		return subject{lead: in.Move.LeadID}
	case in.Delete != nil:
		return subject{lead: in.Delete.LeadID}
	case in.Update != nil:
		return subject{lead: in.Update.LeadID}
	case in.Merge != nil:
		return subject{lead: in.Merge.Into, twin: in.Merge.LeadID}
	case in.Erase != nil:
		return subject{lead: in.Erase.LeadID}
	case in.Opportunity != nil:
		return subject{lead: in.Opportunity.LeadID}
	case in.Change != nil:
		return subject{opportunity: in.Change.OpportunityID}
	case in.Order != nil:
		return subject{chat: in.Order.ChatID}
	case in.Timer != nil:
		return subject{chat: in.Timer.ChatID}
	}
	return outside(in)
}

// outside is whom an input of other systems concerns.
func outside(in bot.Input) subject {
	switch {
	case in.Create != nil:
		return subject{phone: in.Create.Phone, email: in.Create.Email}
	case in.Say != nil:
		return subject{phone: in.Say.Phone, number: in.Say.Number}
	case in.Payment != nil:
		return subject{phone: in.Payment.Phone}
	case in.Feedback != nil && in.Feedback.LeadID != "":
		return subject{lead: in.Feedback.LeadID}
	case in.Feedback != nil:
		return subject{phone: in.Feedback.Phone}
	}
	return subject{}
}

// kept puts into a state what an input tells of and is kept already, and is whom the input concerns: whoever has that.
func kept(ctx context.Context, tx *sql.Tx, in bot.Input, state *bot.State) (whom subject, err error) {
	switch {
	case in.Payment != nil:
		state.Payment, err = keptPayment(ctx, tx, in.Payment.ExternalID)
		if state.Payment != nil {
			return subject{lead: state.Payment.LeadID}, err
		}
	case in.Feedback != nil:
		state.Feedback, err = keptFeedback(ctx, tx, in.Feedback.ExternalID)
		if state.Feedback != nil {
			return subject{lead: state.Feedback.LeadID}, err
		}
	}
	return concerned(in), err
}

// inputPerson is the person whom an input names by phone and LID; the zero value when it names none.
func inputPerson(in bot.Input) chat.Person {
	switch {
	case in.Message != nil:
		return in.Message.Person
	case in.Late != nil:
		return in.Late.Person
	case in.Label != nil:
		return in.Label.Person
	}
	return chat.Person{}
}

// inputNumber is the name of the number on which an input happened; "" when it happened elsewhere.
func inputNumber(in bot.Input) string {
	switch {
	case in.Message != nil:
		return in.Message.Number
	case in.Late != nil:
		return in.Late.Number
	case in.Label != nil:
		return in.Label.Number
	case in.Number != nil:
		return in.Number.Number
	case in.Say != nil:
		return in.Say.Number
	}
	return ""
}

// load puts into a state whom the subject names, and all that is theirs. It leaves alone what does not depend on them.
func (w subject) load(ctx context.Context, tx *sql.Tx, state *bot.State) error {
	state.Lead, state.Twin, state.Aliased, state.WroteAt = chat.Lead{}, chat.Lead{}, false, time.Time{}
	state.Transitions, state.Opportunities, state.Chats = nil, nil, nil
	lead, twin, err := w.find(ctx, tx)
	if err != nil || !lead.Known() {
		return err
	}
	state.Lead, state.Twin = lead.Lead, twin.Lead
	state.Aliased = lead.aliased && w.phone != "" && w.phone != lead.Phone
	state.WroteAt = lead.wroteAt
	if twin.wroteAt.After(lead.wroteAt) {
		state.WroteAt = twin.wroteAt
	}
	if state.Transitions, err = countingTransitions(ctx, tx, lead.ID, twin.ID); err != nil {
		return err
	}
	if lead.opportunities || twin.opportunities {
		if state.Opportunities, err = opportunitiesOf(ctx, tx, lead.ID, twin.ID); err != nil {
			return err
		}
	}
	if lead.chats || twin.chats {
		state.Chats, err = openChatsOf(ctx, tx, lead.ID, twin.ID)
	}
	return err
}

// A foundLead is a lead with what personQuery tells besides.
type foundLead struct {
	keptLead
	aliased       bool // by the phone that was looked for
	opportunities bool // whether there are any
	chats         bool // whether any is open
	wroteAt       time.Time
}

// find finds the lead, and the twin who is the same person or is to be; zero for nobody.
func (w subject) find(ctx context.Context, tx *sql.Tx) (lead, twin foundLead, err error) {
	named, err := w.resolve(ctx, tx)
	if err != nil || named == (subject{number: named.number}) {
		return lead, twin, err
	}
	leads, err := named.query(ctx, tx)
	if err == nil && len(leads) == 0 && named.email != "" {
		leads, err = named.byEmail(ctx, tx)
	}
	if err != nil || len(leads) == 0 {
		return lead, twin, err
	}
	lead, twin = whoIsMeant(leads, named.phone)
	if named.twin == "" {
		return lead, twin, nil
	}
	twins, err := subject{lead: named.twin, number: named.number}.query(ctx, tx)
	if err == nil && len(twins) > 0 && twins[0].ID != lead.ID {
		twin = twins[0]
	}
	return lead, twin, err
}

// resolve names the lead of a chat or of an opportunity by their id, and the chat's number; nobody's names nobody.
func (w subject) resolve(ctx context.Context, tx *sql.Tx) (named subject, err error) {
	switch {
	case w.chat != "":
		err = tx.QueryRowContext(ctx, `SELECT lead, number FROM chat WHERE id = $1`, w.chat).Scan(&named.lead, &named.number)
	case w.opportunity != "":
		err = tx.QueryRowContext(ctx, `SELECT lead FROM opportunity WHERE id = $1`, w.opportunity).Scan(&named.lead)
	default:
		return w, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return named, fmt.Errorf("look for the lead of chat %q or opportunity %q: %w", w.chat, w.opportunity, err)
	}
	return named, nil
}

func (w subject) query(ctx context.Context, q querier) ([]foundLead, error) {
	rows, err := q.QueryContext(ctx, personQuery, string(w.phone), w.number, string(w.lid), w.lead)
	if err != nil {
		return nil, fmt.Errorf("look for leads: %w", err)
	}
	defer rows.Close()
	var leads []foundLead
	for rows.Next() {
		var f foundLead
		var wroteAt int64
		if f.keptLead, err = scanLead(rows, &f.aliased, &f.opportunities, &f.chats, &wroteAt); err != nil {
			return nil, err
		}
		f.wroteAt = fromMicros(wroteAt)
		leads = append(leads, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for leads: %w", err)
	}
	return leads, nil
}

// emailQuery finds the oldest lead with an e-mail address; with a phone, among those whose phone is not known.
const emailQuery = `SELECT id FROM lead WHERE email = $1 AND (phone IS NULL OR $2 = '') ORDER BY created_at, seq LIMIT 1`

// byEmail finds who is known by the e-mail address alone. Two people may share an address; a phone tells them apart.
func (w subject) byEmail(ctx context.Context, tx querier) ([]foundLead, error) {
	var id string
	err := tx.QueryRowContext(ctx, emailQuery, clean(w.email), string(w.phone)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a lead by e-mail: %w", err)
	}
	return subject{lead: id, number: w.number}.query(ctx, tx)
}

// whoIsMeant tells the lead of a message, and the twin who turns out to be the same person. Two leads who both have a phone
// are two people: one has taken over the other's phone. The one with the message's phone is meant, and the LID follows it.
func whoIsMeant(leads []foundLead, phone chat.Phone) (lead, twin foundLead) {
	if len(leads) == 1 {
		return leads[0], twin
	}
	if leads[0].Phone == "" || leads[1].Phone == "" {
		return leads[0], leads[1]
	}
	if phone != "" && leads[1].Phone == phone {
		return leads[1], twin
	}
	return leads[0], twin
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
