package store

import (
	"context"
	"database/sql"
	"fmt"

	"leadgate/bot"
	"leadgate/chat"
)

const paymentColumns = `id, external_id, lead, opportunity, status, amount, currency, at, type, source, cause_kind, cause_by`

const paymentQuery = `SELECT ` + paymentColumns + ` FROM payment WHERE external_id = $1`

// Payments are those of a lead, in the order in which they were first heard of. They name the lead by id, not by phone.
func (s *Store) Payments(ctx context.Context, leadID string) ([]bot.Payment, error) {
	const query = `SELECT ` + paymentColumns + ` FROM payment
		WHERE lead = COALESCE((SELECT lead FROM alias WHERE name = $1), $1) ORDER BY seq`
	return queryPayments(ctx, s.reads, query, leadID)
}

// keptPayment is the payment with an external id; nil when there is none.
func keptPayment(ctx context.Context, q querier, externalID string) (*bot.Payment, error) {
	all, err := queryPayments(ctx, q, paymentQuery, clean(externalID))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// queryPayments runs a query that selects paymentColumns.
func queryPayments(ctx context.Context, q querier, query string, args ...any) ([]bot.Payment, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for payments: %w", err)
	}
	defer rows.Close()
	var all []bot.Payment
	for rows.Next() {
		var p bot.Payment
		var opportunity sql.NullString
		var status, kind string
		var at int64
		err := rows.Scan(&p.ID, &p.ExternalID, &p.LeadID, &opportunity, &status, &p.Amount.Minor, &p.Amount.Currency, &at,
			&p.Type, &p.Source, &kind, &p.Cause.By)
		if err != nil {
			return nil, fmt.Errorf("read a payment: %w", err)
		}
		p.Opportunity, p.Status, p.At = opportunity.String, bot.PaymentStatus(status), fromMicros(at)
		p.Cause.Kind = chat.CauseKind(kind)
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for payments: %w", err)
	}
	return all, nil
}

// writePayment records a payment as it is now, whether it is new or not.
func (c *change) writePayment(ctx context.Context) error {
	p := c.Payment
	if p == nil {
		return nil
	}
	if p.ID == "" || p.ExternalID == "" {
		return fmt.Errorf("%w: payment %q has no id", errImpossible, p.ExternalID)
	}
	const upsert = `INSERT INTO payment (id, external_id, lead, opportunity, status, amount, currency, at, type, source,
			cause_kind, cause_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (external_id) DO UPDATE SET lead = excluded.lead, opportunity = excluded.opportunity,
			status = excluded.status, amount = excluded.amount, currency = excluded.currency, at = excluded.at,
			type = excluded.type, source = excluded.source, cause_kind = excluded.cause_kind, cause_by = excluded.cause_by,
			recorded_at = excluded.recorded_at`
	_, err := c.tx.ExecContext(ctx, upsert, p.ID, clean(p.ExternalID), c.lead.ID, null(p.Opportunity), string(p.Status),
		p.Amount.Minor, clean(p.Amount.Currency), micros(p.At), clean(p.Type), clean(p.Source), string(p.Cause.Kind),
		clean(p.Cause.By), micros(c.in.At))
	if err != nil {
		return fmt.Errorf("write payment %q: %w", p.ExternalID, err)
	}
	return nil
}
