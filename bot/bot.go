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
)

// UnclaimedFor is how long a follow-up to somebody who is no lead is kept. The message by which they are one may come after
// it, with an earlier time: an ad's first message often has to be asked for from the phone. WhatsApp keeps what it has not
// delivered for about so long.
const UnclaimedFor = 14 * 24 * time.Hour

// Empty reports whether the decision changes nothing. Its input's key is kept all the same: what meant nothing when it came
// must mean nothing when it comes again, whatever has happened in between.
func (d Decision) Empty() bool {
	return d.Lead == nil && d.Absorbed == "" && d.Deleted == "" && len(d.Transitions) == 0 && len(d.Matched) == 0 &&
		len(d.Opportunities) == 0 && len(d.Chats) == 0 && len(d.Assignments) == 0 && len(d.Turns) == 0 && len(d.Agents) == 0 &&
		d.WroteAt.IsZero() && len(d.Events) == 0 && len(d.Deliveries) == 0 && len(d.Withdrawn) == 0 && d.Unclaimed == nil
}

// Store keeps everything. Its Update is the only way to change anything.
type Store interface {
	// Update loads the state that the input concerns, calls decide, and commits its decision under the input's key. A
	// key that is already there means that nothing is done and decide is not called. Decide is called again, with more
	// state, for as long as its decision Needs any; it may be called again when the database asks for the transaction to
	// be repeated; the last decision is the one committed. An error means that nothing was changed and the input may be
	// tried again.
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
