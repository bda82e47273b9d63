// Package bot composes the deciders into one decision for each input, and has it committed. An input is whatever
// arrives: a message, a change of a number's connection, somebody's hand. The package reads no clock and holds no
// state but the policy in force; package store keeps everything else. The wiring in cmd, package web and package script
// call it.
package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
)

// An Input is one thing that happened, under the key that names it. Exactly one of its parts is set.
type Input struct {
	Key     string    // the same for every delivery of the same thing; a key that is already committed changes nothing
	At      time.Time // when the daemon took it up, UTC
	Message *chat.Message
	Number  *NumberChange
	Move    *Move
	Delete  *DeleteTransition
}

// A NumberChange is a change of a number's connection that the outside is told of.
type NumberChange struct {
	Number string
	Event  EventType // number.connected, number.disconnected or number.logged_out
	Reason string    // a sentence; "" when there is nothing to say
}

// A Move puts a lead into a stage by hand.
type Move struct {
	LeadID string
	Funnel string
	Stage  string
	Cause  chat.Cause
}

// A DeleteTransition makes a transition count no more.
type DeleteTransition struct {
	LeadID       string
	TransitionID string
	Cause        chat.Cause
}

// State is what an input concerns, as it stands when the input is decided. The zero State: nobody is known.
type State struct {
	Lead        chat.Lead               // whom the message's phone or LID, or the input's lead id, names
	Twin        chat.Lead               // a second lead who turns out to be the same person: one of the two has no phone; Lead is the older
	Transitions []conversion.Transition // of Lead and Twin, that count, in order of At and then of recording
	Matched     []conversion.Match      // what earlier texts of the same message matched
	Unclaimed   []chat.Message          // of somebody who is no lead: what Decision.Unclaimed kept, in order of SentAt
}

// A Decision is everything that an input changes. Store writes it in one transaction with the input's key.
type Decision struct {
	Lead        *chat.Lead              // as it is afterwards; its ID is new when the store does not have it
	Absorbed    string                  // id of the lead that becomes part of Lead; "" for none
	Transitions []conversion.Transition // new ones
	Deleted     string                  // id of the transition that counts no more; "" for none
	Matched     []conversion.Match      // what this text matched, kept for edits of the message
	Events      []Event                 // in order
	Deliveries  []delivery.Delivery     // effects of the decision, each under its key
	Unclaimed   *chat.Message           // what the business wrote to somebody who is no lead, and would move one; see UnclaimedFor
	Refused     bool                    // the input asks for what can't be: nothing is written, not even its key
}

// UnclaimedFor is how long a follow-up to somebody who is no lead is kept. The message by which they are one may come after
// it, with an earlier time: an ad's first message often has to be asked for from the phone. WhatsApp keeps what it has not
// delivered for about so long.
const UnclaimedFor = 14 * 24 * time.Hour

// Empty reports whether the decision changes nothing. Its input's key is kept all the same: what meant nothing when it came
// must mean nothing when it comes again, whatever has happened in between.
func (d Decision) Empty() bool {
	return d.Lead == nil && d.Absorbed == "" && d.Deleted == "" && len(d.Transitions) == 0 && len(d.Matched) == 0 &&
		len(d.Events) == 0 && len(d.Deliveries) == 0 && d.Unclaimed == nil
}

// Store keeps everything. Its Update is the only way to change anything.
type Store interface {
	// Update loads the state that the input concerns, calls decide, and commits its decision under the input's key. A
	// key that is already there means that nothing is done and decide is not called. Decide may be called again when the
	// database asks for the transaction to be repeated; the last decision is the one committed. An error means that
	// nothing was changed and the input may be tried again.
	Update(ctx context.Context, in Input, decide func(State) Decision) error
}

// ErrUndecidable marks an input that can't be decided however often it is tried: deciding it panicked. Whoever brought
// the input sets it aside.
var ErrUndecidable = errors.New("the input can't be decided")

// A Bot decides inputs by the policy in force. Its methods may be called from many goroutines.
type Bot struct {
	store     Store
	policy    atomic.Pointer[Policy]
	metrics   *metrics
	committed func()
}

// New returns a bot that has its decisions committed by the store. Committed is called after each commit that left
// deliveries behind; it must not block. Metrics go to the registerer.
func New(store Store, policy *Policy, committed func(), reg prometheus.Registerer) *Bot {
	b := &Bot{store: store, metrics: newMetrics(reg), committed: committed}
	b.policy.Store(policy)
	return b
}

// SetPolicy puts another configuration in force, for the inputs that come from now on.
func (b *Bot) SetPolicy(p *Policy) { b.policy.Store(p) }

// Policy is the configuration in force.
func (b *Bot) Policy() *Policy { return b.policy.Load() }

// Handle decides an input and has it committed. Nil means that everything the input changes is on disk, now or from an
// earlier time. ErrNoLead, ErrNoTransition and an unknown stage refuse it; ErrUndecidable sets it aside; any other error
// comes from the store, changed nothing, and is worth another try.
func (b *Bot) Handle(ctx context.Context, in Input) error {
	policy := b.policy.Load()
	var decision Decision
	var decided bool
	var refused error
	err := b.store.Update(ctx, in, func(s State) Decision {
		decided = true
		decision, refused = decideSafely(policy, in, s)
		decision.Refused = refused != nil
		return decision
	})
	switch {
	case refused != nil:
		err = refused
	case err != nil:
		err = fmt.Errorf("commit input %q: %w", in.Key, err)
	case len(decision.Deliveries) > 0 && b.committed != nil:
		b.committed()
	}
	b.metrics.count(in, decision, decided, err)
	return err
}

// decideSafely is decide with a panic turned into ErrUndecidable: one input that the code stumbles over must not take
// the daemon with it, nor be taken for done.
func decideSafely(p *Policy, in Input, s State) (d Decision, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = Decision{}, fmt.Errorf("decide input %q: %w: %v\n%s", in.Key, ErrUndecidable, r, debug.Stack())
		}
	}()
	return decide(p, in, s)
}
