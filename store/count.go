package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadgate/bot"
	"leadgate/opportunity"
)

// countBefore takes what is kept of the leads whose counts the decision can change out of the counts, and countAfter brings
// it back as it is then. What did not change cancels out.
func (c *change) countBefore(ctx context.Context) error { return c.count(ctx, -1) }

func (c *change) countAfter(ctx context.Context) error {
	if err := c.count(ctx, +1); err != nil {
		return err
	}
	c.countIn()
	return c.counts.write(ctx, c.tx)
}

func (c *change) count(ctx context.Context, n int64) error {
	leads := c.counted()
	if len(leads) == 0 {
		return nil
	}
	all, err := factsOf(ctx, c.tx, leads)
	if err != nil {
		return err
	}
	for _, f := range all {
		c.counts.add(f.fact, n, f.amount)
	}
	return nil
}

// counted are the leads whose counts the decision can change.
func (c *change) counted() []string {
	var leads []string
	if c.recounts() {
		leads = append(leads, c.lead.ID)
	}
	if c.Absorbed != "" {
		leads = append(leads, c.Absorbed)
	}
	for _, a := range c.Assignments {
		for _, held := range c.Chats {
			if held.ID == a.ChatID && held.LeadID != "" && !slices.Contains(leads, held.LeadID) {
				leads = append(leads, held.LeadID)
			}
		}
	}
	return leads
}

// recounts reports whether what is counted of the lead can change.
func (c *change) recounts() bool {
	if c.lead.ID == "" {
		return false
	}
	isWon := func(o opportunity.Opportunity) bool { return o.Status == opportunity.Won }
	before := c.state.Lead
	switch {
	case len(c.Transitions) > 0, c.Deleted != "", c.Absorbed != "", len(c.Assignments) > 0, c.Payment != nil, c.Feedback != nil:
		return true
	case before.ID != c.lead.ID, before.Source != c.lead.Source, !before.CreatedAt.Equal(c.lead.CreatedAt):
		return true
	case firstOf(before.Numbers) != firstOf(c.lead.Numbers):
		return true
	}
	return slices.ContainsFunc(c.Opportunities, isWon) || len(c.Opportunities) > 0 && slices.ContainsFunc(c.state.Opportunities, isWon)
}

// countIn counts what came from outside, once and for all.
func (c *change) countIn() {
	f := fact{kind: kindIn, source: c.lead.Source, number: firstOf(c.lead.Numbers), at: micros(c.in.At)}
	switch in := c.in; {
	case in.Create != nil:
		f.funnel, f.name = "lead", in.Create.Cause.By
	case in.Payment != nil:
		f.funnel, f.name = "payment", in.Payment.Cause.By
	case in.Feedback != nil:
		f.funnel, f.name = "feedback", in.Feedback.Cause.By
	case in.Say != nil:
		f.funnel, f.name, f.number = "message", in.Say.Cause.By, in.Say.Number
	default:
		return
	}
	c.counts.add(f, 1, 0)
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

const answeredQuery = `SELECT a.seq, a.agent, a.at, a.answered_at, l.source
	FROM chat c JOIN assignment a ON a.chat = c.id JOIN lead l ON l.id = c.lead
	WHERE c.lead IN ($1, $2) AND c.number = $3 AND (c.closed_at IS NULL OR c.closed_at >= $4) AND a.at <= $4
	ORDER BY a.at DESC, a.seq DESC LIMIT 1`

// answer records when the business first wrote to the lead after the last assignment before.
func (c *change) answer(ctx context.Context) error {
	if c.WroteAt.IsZero() || c.state.Lead.ID == "" {
		return nil
	}
	f := fact{kind: kindAnswered, number: inputNumber(c.in)}
	wroteAt := micros(c.WroteAt)
	var seq int64
	var before sql.NullInt64
	err := c.tx.QueryRowContext(ctx, answeredQuery, c.state.Lead.ID, c.state.Twin.ID, f.number, wroteAt).
		Scan(&seq, &f.name, &f.at, &before, &f.source)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && before.Valid && before.Int64 <= wroteAt:
		return nil
	case err != nil:
		return fmt.Errorf("look for the assignment that is answered: %w", err)
	}
	if before.Valid { // by what was written later and came earlier
		c.counts.add(f, -1, before.Int64-f.at)
	}
	c.counts.add(f, 1, wroteAt-f.at)
	if _, err := c.tx.ExecContext(ctx, `UPDATE assignment SET answered_at = $1 WHERE seq = $2`, wroteAt, seq); err != nil {
		return fmt.Errorf("record when an assignment was answered: %w", err)
	}
	return nil
}

const factsQuery = `SELECT 'lead', l.id, '', '', l.source, l.numbers, l.created_at, l.seq, 0
		FROM lead l WHERE l.id IN (SELECT key FROM json_each($1))
	UNION ALL SELECT 'reached', t.lead, t.funnel, t.to_stage, '', COALESCE(t.number, ''), t.at, t.seq, 0
		FROM transition t WHERE t.lead IN (SELECT key FROM json_each($1)) AND t.deleted_at IS NULL
	UNION ALL SELECT 'won', o.lead, '', '', '', '', o.won_at, o.seq, 0
		FROM opportunity o WHERE o.lead IN (SELECT key FROM json_each($1)) AND o.won_at IS NOT NULL
	UNION ALL SELECT 'payment', p.lead, p.currency, p.status, '', '', p.at, p.seq, p.amount
		FROM payment p WHERE p.lead IN (SELECT key FROM json_each($1))
	UNION ALL SELECT 'feedback', f.lead, '', f.kind, '', '', f.at, f.seq, 0
		FROM feedback f WHERE f.lead IN (SELECT key FROM json_each($1))
	UNION ALL SELECT 'taken', c.lead, '', a.agent, '', c.number, a.at, a.seq, COALESCE(a.answered_at - a.at, -1)
		FROM chat c JOIN assignment a ON a.chat = c.id WHERE c.lead IN (SELECT key FROM json_each($1))`

// A keptFact is a row of factsQuery. The number of a lead is still the list of all.
type keptFact struct {
	fact
	lead        string
	seq, amount int64
}

// factsOf are the facts that follow from what is kept of leads.
func factsOf(ctx context.Context, tx *sql.Tx, leads []string) ([]keptFact, error) {
	rows, err := tx.QueryContext(ctx, factsQuery, keys(leads))
	if err != nil {
		return nil, fmt.Errorf("look for what is counted: %w", err)
	}
	defer rows.Close()
	of := map[string]*leadFacts{}
	for rows.Next() {
		var f keptFact
		if err := rows.Scan(&f.kind, &f.lead, &f.funnel, &f.name, &f.source, &f.number, &f.at, &f.seq, &f.amount); err != nil {
			return nil, fmt.Errorf("read what is counted: %w", err)
		}
		if of[f.lead] == nil {
			of[f.lead] = &leadFacts{journeys: map[string]*journey{}}
		}
		if err := of[f.lead].take(f); err != nil {
			return nil, fmt.Errorf("read what is counted of lead %q: %w", f.lead, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for what is counted: %w", err)
	}
	var all []keptFact
	for _, l := range of {
		all = append(all, l.facts()...)
	}
	return all, nil
}

// leadFacts are the rows of one lead.
type leadFacts struct {
	source, number string
	plain          []keptFact          // those that are counted as they are
	journeys       map[string]*journey // by funnel
}

// A journey is a lead's way through a funnel.
type journey struct {
	entered  int64            // the first transition
	reached  map[string]int64 // the first transition by stage
	number   string           // of the first transition on a number; "": there is none
	numbered keptFact         // that transition
}

func (l *leadFacts) take(f keptFact) error {
	switch f.kind {
	case kindReached:
		l.journey(f.funnel).take(f)
		return nil
	case kindLead:
		l.source = f.source
		var numbers []string
		if err := json.Unmarshal([]byte(f.number), &numbers); err != nil {
			return fmt.Errorf("decode the numbers: %w", err)
		}
		l.number, f.number = firstOf(numbers), ""
	}
	l.plain = append(l.plain, f)
	return nil
}

func (l *leadFacts) journey(funnel string) *journey {
	if l.journeys[funnel] == nil {
		l.journeys[funnel] = &journey{reached: map[string]int64{}}
	}
	return l.journeys[funnel]
}

func (j *journey) take(f keptFact) {
	if len(j.reached) == 0 || f.at < j.entered {
		j.entered = f.at
	}
	if first, is := j.reached[f.name]; !is || f.at < first {
		j.reached[f.name] = f.at
	}
	earlier := f.at < j.numbered.at || f.at == j.numbered.at && f.seq < j.numbered.seq
	if f.number != "" && (j.number == "" || earlier) {
		j.number, j.numbered = f.number, f
	}
}

// facts are the rows as facts: each with the lead's source; a journey's with the number on which it began, others but
// chats' with the number that the lead wrote to first.
func (l *leadFacts) facts() []keptFact {
	var all []keptFact
	add := func(f fact, amount int64) {
		f.source = l.source
		all = append(all, keptFact{fact: f, amount: amount})
	}
	for _, p := range l.plain {
		f := p.fact
		if f.kind != kindTaken {
			f.number = l.number
		}
		switch {
		case f.kind == kindTaken && p.amount >= 0:
			add(fact{kind: kindAnswered, name: f.name, number: f.number, at: f.at}, p.amount)
		case f.kind == kindPayment && f.name == string(bot.PaymentSucceeded):
			add(fact{kind: kindPaid, name: f.funnel, number: f.number, at: f.at}, p.amount)
		}
		f.funnel = ""
		add(f, 0)
	}
	for funnel, j := range l.journeys {
		enter := func(stage string) {
			add(fact{kind: kindEntered, funnel: funnel, name: stage, number: j.number, at: j.entered}, 0)
			all = append(all, keptFact{fact: fact{kind: kindCohort, funnel: funnel, name: stage, at: j.entered}})
		}
		enter("")
		for stage, at := range j.reached {
			enter(stage)
			add(fact{kind: kindReached, funnel: funnel, name: stage, number: j.number, at: at}, 0)
		}
	}
	return all
}
