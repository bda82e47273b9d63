package store

import (
	"context"
	"fmt"

	"leadgate/bot"
	"leadgate/chat"
)

const feedbackColumns = `id, external_id, lead, kind, reason, amount, currency, at, cause_kind, cause_by`

const feedbackQuery = `SELECT ` + feedbackColumns + ` FROM feedback WHERE external_id = $1`

// Feedbacks are those about a lead, in the order in which they were recorded. They name the lead by id, not by phone.
func (s *Store) Feedbacks(ctx context.Context, leadID string) ([]bot.Feedback, error) {
	const query = `SELECT ` + feedbackColumns + ` FROM feedback
		WHERE lead = COALESCE((SELECT lead FROM alias WHERE name = $1), $1) ORDER BY seq`
	return queryFeedbacks(ctx, s.reads, query, leadID)
}

// keptFeedback is the feedback with an external id; nil when there is none.
func keptFeedback(ctx context.Context, q querier, externalID string) (*bot.Feedback, error) {
	all, err := queryFeedbacks(ctx, q, feedbackQuery, clean(externalID))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// queryFeedbacks runs a query that selects feedbackColumns.
func queryFeedbacks(ctx context.Context, q querier, query string, args ...any) ([]bot.Feedback, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for feedback: %w", err)
	}
	defer rows.Close()
	var all []bot.Feedback
	for rows.Next() {
		var f bot.Feedback
		var kind, cause string
		var at int64
		err := rows.Scan(&f.ID, &f.ExternalID, &f.LeadID, &kind, &f.Reason, &f.Value.Minor, &f.Value.Currency, &at, &cause,
			&f.Cause.By)
		if err != nil {
			return nil, fmt.Errorf("read a feedback: %w", err)
		}
		f.Kind, f.At, f.Cause.Kind = bot.FeedbackKind(kind), fromMicros(at), chat.CauseKind(cause)
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for feedback: %w", err)
	}
	return all, nil
}

// writeFeedback records a feedback. One with its external id is never changed: it is refused.
func (c *change) writeFeedback(ctx context.Context) error {
	f := c.Feedback
	if f == nil {
		return nil
	}
	if f.ID == "" || f.ExternalID == "" {
		return fmt.Errorf("%w: feedback %q has no id", errImpossible, f.ExternalID)
	}
	const insert = `INSERT INTO feedback (id, external_id, lead, kind, reason, amount, currency, at, cause_kind, cause_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	_, err := c.tx.ExecContext(ctx, insert, f.ID, clean(f.ExternalID), c.lead.ID, string(f.Kind), clean(f.Reason),
		f.Value.Minor, clean(f.Value.Currency), micros(f.At), string(f.Cause.Kind), clean(f.Cause.By))
	if err != nil {
		return fmt.Errorf("write feedback %q: %w", f.ExternalID, err)
	}
	return nil
}
