package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A kind is what a tally counts.
type kind string

// What is counted. Those up to feedback follow from what is kept of a lead, and are counted anew whenever that changes; the
// others happen once.
const (
	kindLead      kind = "lead"     // at its creation
	kindReached   kind = "reached"  // by funnel and stage; at the first transition to the stage that counts
	kindEntered   kind = "entered"  // likewise, but at the first transition in the funnel; stage "": all who entered
	kindCohort    kind = "cohort"   // kindEntered of every source and number together, for cohorts without a filter
	kindWon       kind = "won"      // opportunities
	kindPaid      kind = "paid"     // succeeded payments by currency, with their amounts
	kindTaken     kind = "taken"    // chats by agent; at the assignment
	kindAnswered  kind = "answered" // those of them that were answered, with the microseconds that it took
	kindPayment   kind = "payment"  // by status; at its time
	kindFeedback  kind = "feedback" // by kind
	kindIn        kind = "in"       // leads, payments, feedback and messages that came from outside, by through whom
	kindDelivered kind = "delivered"
	kindDead      kind = "dead"
)

// The slots, in seconds.
const (
	quarter      = int64(15 * time.Minute / time.Second)
	day          = int64(24 * time.Hour / time.Second)
	stride       = 32 * day
	quartersADay = day / quarter
)

// A fact is what is counted: everything but the time by which it is chosen, and the slot in which it falls.
type fact struct {
	kind   kind
	funnel string
	name   string
	source string // the lead's first one
	number string
	at     int64 // microseconds since 1970
}

// A slotted is a fact's row in the table of counts.
type slotted struct {
	kind                 kind
	funnel               string
	grain, slot          int64
	name, source, number string
}

// A sum is how many facts there are, and what they amount to.
type sum struct{ n, amount int64 }

// A tally is by how much the counts change. The zero value changes nothing.
type tally map[slotted]sum

// add counts a fact n times more, or fewer.
func (t tally) add(f fact, n, amount int64) {
	for _, grain := range []int64{quarter, day, stride} {
		row := slotted{f.kind, f.funnel, grain, f.at / 1e6 / grain, f.name, f.source, f.number}
		was := t[row]
		t[row] = sum{was.n + n, was.amount + n*amount}
	}
}

const tallyQuery = `INSERT INTO tally (kind, funnel, grain, slot, name, source, number, n, amount)
	SELECT e.value ->> 0, e.value ->> 1, CAST(e.value ->> 2 AS BIGINT), CAST(e.value ->> 3 AS BIGINT), e.value ->> 4,
		e.value ->> 5, e.value ->> 6, CAST(e.value ->> 7 AS BIGINT), CAST(e.value ->> 8 AS BIGINT)
	FROM json_each($1) e WHERE TRUE
	ON CONFLICT (kind, funnel, grain, slot, name, source, number)
	DO UPDATE SET n = tally.n + excluded.n, amount = tally.amount + excluded.amount`

// write changes the counts.
func (t tally) write(ctx context.Context, tx *sql.Tx) error {
	var rows table
	for k, by := range t {
		if by == (sum{}) {
			continue
		}
		rows.id(int64(rows.n)).text(string(k.kind)).text(k.funnel).number(k.grain).number(k.slot).text(k.name).text(k.source).
			text(k.number).number(by.n).number(by.amount)
	}
	if rows.n == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, tallyQuery, rows.json()); err != nil {
		return fmt.Errorf("count for the reports: %w", err)
	}
	return nil
}
