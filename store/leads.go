package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"leadgate/chat"
)

// LeadByID finds a lead by its id, or by that of a lead that became part of it. Nobody: the zero Lead and no error.
func (s *Store) LeadByID(ctx context.Context, id string) (chat.Lead, error) {
	return s.oneLead(ctx, subject{lead: id})
}

// LeadByPhone finds a lead by phone. Nobody: the zero Lead and no error.
func (s *Store) LeadByPhone(ctx context.Context, phone chat.Phone) (chat.Lead, error) {
	return s.oneLead(ctx, subject{phone: phone})
}

// LeadByLID finds a lead by LID. Nobody: the zero Lead and no error.
func (s *Store) LeadByLID(ctx context.Context, lid chat.LID) (chat.Lead, error) {
	return s.oneLead(ctx, subject{lid: lid})
}

func (s *Store) oneLead(ctx context.Context, whom subject) (chat.Lead, error) {
	leads, err := whom.query(ctx, s.reads)
	if err != nil || len(leads) == 0 {
		return chat.Lead{}, err
	}
	return leads[0].Lead, nil
}

// leadID follows the id of a lead that became part of another; "" stays "".
func (s *Store) leadID(ctx context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	var lead string
	err := s.reads.QueryRowContext(ctx, `SELECT lead FROM alias WHERE name = $1`, id).Scan(&lead)
	if errors.Is(err, sql.ErrNoRows) {
		return id, nil
	}
	if err != nil {
		return "", fmt.Errorf("look for lead %q: %w", id, err)
	}
	return lead, nil
}

// LeadFilter chooses leads; the zero filter chooses all.
type LeadFilter struct {
	Phone  chat.Phone
	Source string // first source
	Funnel string // those who stand in this funnel …
	Stage  string // … at this stage; "": at any
	Text   string // part of the name or the phone, whatever the case of ASCII letters
}

// A Cursor says where the next page of a list begins. The zero Cursor is the first page; as a result, that there are no
// more.
type Cursor int64

// Leads are up to limit leads, the last recorded first, and the cursor of the next page.
func (s *Store) Leads(ctx context.Context, f LeadFilter, from Cursor, limit int) ([]chat.Lead, Cursor, error) {
	w := where{}
	if from > 0 {
		w.and("l.seq < ", int64(from))
	}
	if f.Phone != "" {
		w.and("l.phone = ", string(f.Phone))
	}
	if f.Source != "" {
		w.and("l.source = ", f.Source)
	}
	if f.Funnel != "" {
		w.conditions = append(w.conditions, standing(&w, f.Funnel, f.Stage))
	}
	if f.Text != "" {
		text := w.arg("%" + escapeLike(f.Text) + "%")
		w.conditions = append(w.conditions,
			`(LOWER(l.name) LIKE LOWER(`+text+`) ESCAPE '\' OR l.phone LIKE `+text+` ESCAPE '\')`)
	}
	// One more than asked for tells whether there is another page.
	query := `SELECT ` + leadColumns + ` FROM lead l` + w.text() + ` ORDER BY l.seq DESC LIMIT ` + w.arg(limit+1)
	kept, err := queryLeads(ctx, s.reads, query, w.args...)
	if err != nil {
		return nil, 0, err
	}
	next := Cursor(0)
	if len(kept) > limit {
		kept = kept[:limit]
		next = Cursor(kept[limit-1].seq)
	}
	leads := make([]chat.Lead, len(kept))
	for i, l := range kept {
		leads[i] = l.Lead
	}
	return leads, next, nil
}

// standing is the condition that a lead's latest transition in a funnel, among those that count, leads to a stage.
func standing(w *where, funnel, stage string) string {
	f := w.arg(funnel)
	latest := `(SELECT t.to_stage FROM transition t WHERE t.lead = l.id AND t.funnel = ` + f +
		` AND t.deleted_at IS NULL ORDER BY t.at DESC, t.seq DESC LIMIT 1)`
	if stage == "" {
		return latest + ` IS NOT NULL`
	}
	return latest + ` = ` + w.arg(stage)
}

// escapeLike makes a text stand for itself in a LIKE pattern.
func escapeLike(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
