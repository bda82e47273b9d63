// Package delivery carries committed effects out: in order within a lane, with retries, to destinations that it does
// not know by name. Every delivery is a row that the transaction which decided it has written; the package claims due
// rows from a Queue, hands them to the Sender of their destination, and settles what became of them. It never decides
// what is sent, and knows nothing of HTTP or WhatsApp.
package delivery

import (
	"context"
	"time"
)

// A Delivery is one effect on its way to one destination.
type Delivery struct {
	ID          int64
	Destination string    // "crm"
	Lane        string    // deliveries to one destination with the same lane leave one at a time, oldest first
	Key         string    // unique within the destination, derived from the cause: an event's id
	Body        []byte    // what is sent; the sender knows its form
	About       string    // id of the lead whom the body tells of; "" for nobody, and for events, which name their lead themselves
	CreatedAt   time.Time // when it was committed
	NotBefore   time.Time // zero: at once
	Attempt     int       // the attempt that the claim began, counted from 1
	Rejected    int       // how many of the earlier attempts the destination rejected
}

// Verdict is what a sender makes of an attempt.
type Verdict string

// The verdicts.
const (
	Done    Verdict = "done"    // the destination has it
	Again   Verdict = "again"   // it may work later: the whole schedule of about three days
	Reject  Verdict = "reject"  // the destination says that the request itself is wrong: three tries within half an hour
	Never   Verdict = "never"   // it can't work any more: dead at once
	Disable Verdict = "disable" // the destination wants nothing more: it is disabled, the delivery stays pending
	Unsent  Verdict = "unsent"  // the attempt was not made and does not count: the delivery is due again after Result.After
)

// A Result is what an attempt came to.
type Result struct {
	Verdict Verdict
	After   time.Duration // how long the destination asked to be left alone, or an unsent delivery shall wait; zero: not
	Status  int           // HTTP status or a protocol's own code; zero when there was no answer
	Detail  string        // one line a person can read, without secrets, phones or texts
	Took    time.Duration
}

// A Sender hands one delivery to its destination. It returns within the context's deadline, and a panic counts as Again.
type Sender interface {
	Send(context.Context, Delivery) Result
}

// A Gate is a Sender that can't always send. While it is shut nothing is claimed for its destination, so that no attempts
// are spent on it; Carrier.Wake is to be called when it opens. Gates are asked often and answer at once.
type Gate interface {
	Sender
	Open() bool
}

// A Settled delivery is a claimed one whose attempt has ended. Its Body is gone.
type Settled struct {
	Delivery Delivery
	Result   Result
}

// A Queue keeps deliveries. Store implements it.
type Queue interface {
	// Turn settles the ended attempts and claims up to limit due deliveries, in one transaction. It claims at most one
	// delivery of a lane, none of a lane that is leased or waits for its next attempt, none of a destination outside
	// destinations, none of a disabled one, and of a paused one whose pause is over a single probe. Claiming counts the
	// attempt and leases the lane until now+lease. What a settlement means follows from Next and Health.After.
	Turn(ctx context.Context, now time.Time, ended []Settled, destinations []string, limit int, lease time.Duration) ([]Delivery, error)
	// NextAt is the earliest time at which Turn may claim something; zero when nothing is pending.
	NextAt(ctx context.Context, now time.Time, destinations []string) (time.Time, error)
}

// State says where a delivery stands.
type State string

// The states of a delivery.
const (
	Pending   State = "pending"
	Delivered State = "delivered"
	Dead      State = "dead"
	Withdrawn State = "withdrawn" // what it was to say became untrue before it was sent
)
