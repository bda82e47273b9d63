package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

// Update loads what the input concerns, has it decided, and commits the decision under the input's key, as bot.Store
// says. A panic of decide rolls back and goes on to the caller.
func (s *Store) Update(ctx context.Context, in bot.Input, decide func(bot.State) bot.Decision) error {
	in.Key = clean(in.Key)
	erased := false
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state, known, err := load(ctx, tx, in)
		if err != nil {
			return err
		}
		if known {
			return errNothing
		}
		d, err := decided(ctx, tx, in, &state, decide)
		if err != nil {
			return err
		}
		if d.Refused {
			return errNothing
		}
		erased = d.Erased
		return s.commit(ctx, tx, in, state, d)
	})
	if err != nil {
		return fmt.Errorf("update by input %q: %w", in.Key, err)
	}
	if erased {
		s.wipeLog(ctx)
	}
	return nil
}

// commit writes a decision.
func (s *Store) commit(ctx context.Context, tx *sql.Tx, in bot.Input, state bot.State, d bot.Decision) error {
	c := change{Decision: d, tx: tx, in: in, state: state, lead: state.Lead, keepText: s.opts.MessageText, counts: tally{}}
	if d.Lead != nil {
		c.lead = *d.Lead
	}
	if err := c.check(); err != nil {
		return err
	}
	for _, write := range []func(context.Context) error{
		c.answer, c.countBefore, c.writeLead, c.writeWants, c.writeTransitions, c.writeTeam, c.writePayment, c.writeFeedback, c.writeInput,
		c.writeUnclaimed, c.erase, c.writeEffects, c.countAfter,
	} {
		if err := write(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A change is a decision on its way into the tables.
type change struct {
	bot.Decision
	tx       *sql.Tx
	in       bot.Input
	state    bot.State // for which it was decided
	lead     chat.Lead // as the decision leaves them; zero for nobody
	keepText bool
	counts   tally // by how much they change
}

// check refuses what belongs to nobody.
func (c *change) check() error {
	switch {
	case c.in.Key == "":
		return fmt.Errorf("%w: the input has no key", errImpossible)
	case !c.WroteAt.IsZero() && inputNumber(c.in) == "":
		return fmt.Errorf("%w: the business wrote on no number", errImpossible)
	case c.lead.ID != "":
		return nil
	case c.Payment != nil || c.Feedback != nil:
		return fmt.Errorf("%w: it keeps a payment or feedback of nobody", errImpossible)
	case len(c.Transitions) > 0 || c.Absorbed != "" || c.Deleted != "" || !c.WroteAt.IsZero() || c.Erased:
		return fmt.Errorf("%w: it changes a lead who is nobody", errImpossible)
	}
	return nil
}

// writeLead writes the lead, after the one who becomes part of them has gone: the two may have the same LID by now.
func (c *change) writeLead(ctx context.Context) error {
	if c.Absorbed != "" {
		if err := dissolve(ctx, c.tx, c.Absorbed, c.lead); err != nil {
			return err
		}
	}
	if c.Lead != nil {
		return writeLead(ctx, c.tx, c.lead)
	}
	return nil
}

// writeWants writes what the lead wants and says, before what another lead leaves to them: they can't have two open chats on
// a number, so the decision has closed one.
func (c *change) writeWants(ctx context.Context) error {
	if err := writeOpportunities(ctx, c.tx, c.Opportunities, micros(c.in.At)); err != nil {
		return err
	}
	if err := writeChats(ctx, c.tx, c.state, c.Decision); err != nil {
		return err
	}
	if c.Absorbed != "" {
		if err := handOver(ctx, c.tx, c.Absorbed, c.lead.ID); err != nil {
			return err
		}
	}
	if !c.WroteAt.IsZero() {
		return writeContact(ctx, c.tx, c.lead.ID, inputNumber(c.in), micros(c.WroteAt))
	}
	return nil
}

func (c *change) writeTransitions(ctx context.Context) error {
	if err := writeTransitions(ctx, c.tx, c.lead.ID, c.Transitions); err != nil {
		return err
	}
	if c.Deleted != "" {
		return deleteTransition(ctx, c.tx, c.in, c.lead.ID, c.Deleted)
	}
	return nil
}

func (c *change) writeTeam(ctx context.Context) error {
	if err := writeAssignments(ctx, c.tx, c.Assignments); err != nil {
		return err
	}
	if err := writeTurns(ctx, c.tx, c.Turns); err != nil {
		return err
	}
	return writeAgents(ctx, c.tx, c.Agents)
}

// writeInput records the input; with its message's text where that is kept, but for a person who is no lead: nobody could
// ask for it to be erased.
func (c *change) writeInput(ctx context.Context) error {
	var edits, text sql.NullString
	if m := c.in.Message; m != nil {
		if m.EditID != "" {
			edits = null(m.ID)
		}
		if c.keepText && c.lead.ID != "" {
			text = sql.NullString{String: clean(m.Text), Valid: true}
		}
	}
	matched, err := writtenMatches(c.Matched)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO input (key, at, lead, number, edits, text, matched) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	_, err = c.tx.ExecContext(ctx, insert, c.in.Key, micros(c.in.At), null(c.lead.ID), null(inputNumber(c.in)), edits, text, matched)
	if err != nil {
		return fmt.Errorf("record the input: %w", err)
	}
	return takeBack(ctx, c.tx, c.in)
}

func writtenMatches(matched []conversion.Match) (string, error) {
	if len(matched) == 0 {
		return "[]", nil
	}
	list, err := json.Marshal(matched)
	if err != nil {
		return "", fmt.Errorf("write what the input matched: %w", err)
	}
	return string(list), nil
}

// writeUnclaimed keeps what the business wrote to somebody who is no lead, and forgets it when they are one now.
func (c *change) writeUnclaimed(ctx context.Context) error {
	if err := writeUnclaimed(ctx, c.tx, c.in, c.Unclaimed); err != nil {
		return err
	}
	if len(c.state.Unclaimed) > 0 && c.Lead != nil {
		return forgetUnclaimed(ctx, c.tx, inputPerson(c.in))
	}
	return nil
}

// erase removes the person from all that was written before, this input included. What tells of it is written afterwards.
func (c *change) erase(ctx context.Context) error {
	if !c.Erased {
		return nil
	}
	if err := checkErased(c.state.Lead, c.lead); err != nil {
		return err
	}
	return erase(ctx, c.tx, micros(c.in.At), c.state.Lead)
}

// writeEffects writes what the outside is told and sent, after what it is not to be told any more.
func (c *change) writeEffects(ctx context.Context) error {
	if err := withdraw(ctx, c.tx, micros(c.in.At), c.Withdrawn); err != nil {
		return err
	}
	events, err := writeEvents(ctx, c.tx, c.Events)
	if err != nil {
		return err
	}
	return writeDeliveries(ctx, c.tx, c.in.At, c.Deliveries, events)
}
