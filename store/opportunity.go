package store

import (
	"context"
	"database/sql"
	"fmt"

	"leadgate/opportunity"
)

// opportunityColumns count a message in a chat about the opportunity as its activity.
const opportunityColumns = `o.seq, o.id, o.lead, o.type, o.field, o.value, o.title, o.stage, o.owner, o.status, o.created_at,
	o.active_at, COALESCE((SELECT MAX(c.active_at) FROM chat c WHERE c.opportunity = o.id), 0)`

const opportunitiesQuery = `SELECT ` + opportunityColumns + ` FROM opportunity o WHERE o.lead IN ($1, $2)
	ORDER BY o.created_at, o.seq`

// An Opportunity is an opportunity as it is kept, with its place among all. ActiveAt counts the messages of its chats.
type Opportunity struct {
	opportunity.Opportunity
	Seq int64 // in order of recording
}

// OpportunityFilter chooses opportunities; the zero filter chooses all.
type OpportunityFilter struct {
	ID     string
	LeadID string
	Type   string
	Owner  string
	Status opportunity.Status
	After  int64 // those whose Seq is greater
}

// Opportunities are up to limit opportunities, in the order in which they were recorded.
func (s *Store) Opportunities(ctx context.Context, f OpportunityFilter, limit int) ([]Opportunity, error) {
	lead, err := s.leadID(ctx, f.LeadID)
	if err != nil {
		return nil, err
	}
	var w where
	w.and("o.seq > ", f.After)
	w.andText("o.id = ", f.ID)
	w.andText("o.lead = ", lead)
	w.andText("o.type = ", f.Type)
	w.andText("o.owner = ", f.Owner)
	w.andText("o.status = ", string(f.Status))
	query := `SELECT ` + opportunityColumns + ` FROM opportunity o` + w.text() + ` ORDER BY o.seq LIMIT ` + w.arg(limit)
	return queryOpportunities(ctx, s.reads, query, w.args...)
}

// opportunitiesOf are those of one or two leads, the oldest first.
func opportunitiesOf(ctx context.Context, q querier, lead, twin string) ([]opportunity.Opportunity, error) {
	kept, err := queryOpportunities(ctx, q, opportunitiesQuery, lead, twin)
	if err != nil {
		return nil, err
	}
	all := make([]opportunity.Opportunity, len(kept))
	for i, o := range kept {
		all[i] = o.Opportunity
	}
	return all, nil
}

// queryOpportunities runs a query that selects opportunityColumns.
func queryOpportunities(ctx context.Context, q querier, query string, args ...any) ([]Opportunity, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for opportunities: %w", err)
	}
	defer rows.Close()
	var all []Opportunity
	for rows.Next() {
		var o Opportunity
		var status string
		var createdAt, activeAt, chatAt int64
		err := rows.Scan(&o.Seq, &o.ID, &o.LeadID, &o.Type, &o.Field, &o.Value, &o.Title, &o.Stage, &o.Owner, &status,
			&createdAt, &activeAt, &chatAt)
		if err != nil {
			return nil, fmt.Errorf("read an opportunity: %w", err)
		}
		o.Status = opportunity.Status(status)
		o.CreatedAt, o.ActiveAt = fromMicros(createdAt), fromMicros(max(activeAt, chatAt))
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for opportunities: %w", err)
	}
	return all, nil
}

// writeOpportunities records opportunities as they are now, whether they are new or not. Which are won now and were
// not before are won from now on.
func writeOpportunities(ctx context.Context, tx *sql.Tx, all []opportunity.Opportunity, now int64) error {
	for _, o := range all {
		if o.ID == "" {
			return fmt.Errorf("%w: an opportunity has no id", errImpossible)
		}
		const upsert = `INSERT INTO opportunity (id, lead, type, field, value, title, stage, owner, status, created_at, active_at,
				won_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (id) DO UPDATE SET lead = excluded.lead, type = excluded.type, field = excluded.field,
				value = excluded.value, title = excluded.title, stage = excluded.stage, owner = excluded.owner,
				status = excluded.status, created_at = excluded.created_at, active_at = excluded.active_at,
				won_at = CASE WHEN excluded.won_at IS NOT NULL AND opportunity.won_at IS NOT NULL THEN opportunity.won_at
					ELSE excluded.won_at END`
		wonAt := sql.NullInt64{Int64: now, Valid: o.Status == opportunity.Won}
		_, err := tx.ExecContext(ctx, upsert, o.ID, o.LeadID, clean(o.Type), clean(o.Field), clean(o.Value), clean(o.Title),
			clean(o.Stage), clean(o.Owner), string(o.Status), micros(o.CreatedAt), micros(o.ActiveAt), wonAt)
		if err != nil {
			return fmt.Errorf("write opportunity %q: %w", o.ID, err)
		}
	}
	return nil
}
