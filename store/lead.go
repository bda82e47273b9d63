package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"leadgate/chat"
)

const leadColumns = `l.seq, l.id, l.name, l.name_set, l.phone, l.lid, l.source, l.last_source, l.touched_at, l.first_ad, l.ad,
	l.fields, l.numbers, l.created_at, l.erased_at`

// A keptLead is a lead with its place among all.
type keptLead struct {
	chat.Lead
	seq int64
}

// ad is how an ad is kept, so that what is stored does not change with the names of Go.
type ad struct {
	SourceID  string `json:"source_id,omitempty"`
	SourceURL string `json:"source_url,omitempty"`
	SourceApp string `json:"source_app,omitempty"`
	Headline  string `json:"headline,omitempty"`
	ClickID   string `json:"click_id,omitempty"`
}

// queryLeads runs a query that selects leadColumns.
func queryLeads(ctx context.Context, q querier, query string, args ...any) ([]keptLead, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for leads: %w", err)
	}
	defer rows.Close()
	var leads []keptLead
	for rows.Next() {
		lead, err := scanLead(rows)
		if err != nil {
			return nil, err
		}
		leads = append(leads, lead)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for leads: %w", err)
	}
	return leads, nil
}

// scanLead reads leadColumns, and the columns after them into more.
func scanLead(rows *sql.Rows, more ...any) (keptLead, error) {
	var l keptLead
	var nameSet, touchedAt, createdAt, erasedAt int64
	var phone, lid, firstAd, lastAd sql.NullString
	var fields, numbers string
	columns := []any{
		&l.seq, &l.ID, &l.Name, &nameSet, &phone, &lid, &l.Source, &l.LastSource, &touchedAt, &firstAd, &lastAd,
		&fields, &numbers, &createdAt, &erasedAt,
	}
	err := rows.Scan(append(columns, more...)...)
	if err != nil {
		return l, fmt.Errorf("read a lead: %w", err)
	}
	l.NameSet = nameSet == 1
	l.Phone, l.LID = chat.Phone(phone.String), chat.LID(lid.String)
	l.TouchedAt, l.CreatedAt, l.ErasedAt = fromMicros(touchedAt), fromMicros(createdAt), fromMicros(erasedAt)
	if l.FirstAd, err = readAd(firstAd); err != nil {
		return l, fmt.Errorf("read the first ad of lead %q: %w", l.ID, err)
	}
	if l.Ad, err = readAd(lastAd); err != nil {
		return l, fmt.Errorf("read the ad of lead %q: %w", l.ID, err)
	}
	if fields != "{}" {
		if err := json.Unmarshal([]byte(fields), &l.Fields); err != nil {
			return l, fmt.Errorf("read the fields of lead %q: %w", l.ID, err)
		}
	}
	if numbers != "[]" {
		if err := json.Unmarshal([]byte(numbers), &l.Numbers); err != nil {
			return l, fmt.Errorf("read the numbers of lead %q: %w", l.ID, err)
		}
	}
	return l, nil
}

// writeLead records a lead as it is now, whether it is new or not.
func writeLead(ctx context.Context, tx *sql.Tx, l chat.Lead) error {
	if l.ID == "" {
		return fmt.Errorf("%w: the lead has no id", errImpossible)
	}
	fields, numbers := []byte("{}"), []byte("[]")
	var err error
	if len(l.Fields) > 0 {
		if fields, err = json.Marshal(l.Fields); err != nil {
			return fmt.Errorf("write the fields of lead %q: %w", l.ID, err)
		}
	}
	if len(l.Numbers) > 0 {
		if numbers, err = json.Marshal(l.Numbers); err != nil {
			return fmt.Errorf("write the numbers of lead %q: %w", l.ID, err)
		}
	}
	firstAd, err := writtenAd(l.FirstAd)
	if err != nil {
		return err
	}
	lastAd, err := writtenAd(l.Ad)
	if err != nil {
		return err
	}
	nameSet := 0
	if l.NameSet {
		nameSet = 1
	}
	if l.LID != "" {
		// Who had it before was another person, who is known by phone.
		const take = `UPDATE lead SET lid = NULL WHERE lid = $1 AND id <> $2`
		if _, err := tx.ExecContext(ctx, take, string(l.LID), l.ID); err != nil {
			return fmt.Errorf("take the lid for lead %q: %w", l.ID, err)
		}
	}
	const upsert = `INSERT INTO lead (id, name, name_set, phone, lid, source, last_source, touched_at, first_ad, ad, fields,
			numbers, created_at, erased_at, email)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_set = excluded.name_set, phone = excluded.phone,
			lid = excluded.lid, source = excluded.source, last_source = excluded.last_source,
			touched_at = excluded.touched_at, first_ad = excluded.first_ad, ad = excluded.ad, fields = excluded.fields,
			numbers = excluded.numbers, created_at = excluded.created_at, erased_at = excluded.erased_at,
			email = excluded.email`
	_, err = tx.ExecContext(ctx, upsert, l.ID, clean(l.Name), nameSet, null(string(l.Phone)), null(string(l.LID)), clean(l.Source),
		clean(l.LastSource), micros(l.TouchedAt), firstAd, lastAd, string(fields), string(numbers), micros(l.CreatedAt),
		micros(l.ErasedAt), null(chat.NormalEmail(l.Fields[chat.FieldEmail])))
	if err != nil {
		return fmt.Errorf("write lead %q: %w", l.ID, err)
	}
	return nil
}

func readAd(text sql.NullString) (*chat.Ad, error) {
	if !text.Valid {
		return nil, nil
	}
	var a ad
	if err := json.Unmarshal([]byte(text.String), &a); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	return (*chat.Ad)(&a), nil
}

func writtenAd(a *chat.Ad) (sql.NullString, error) {
	if a == nil {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(ad(*a))
	if err != nil {
		return sql.NullString{}, fmt.Errorf("write an ad: %w", err)
	}
	return sql.NullString{String: string(text), Valid: true}, nil
}
