// Package bot composes the deciders into one decision for each input, and has it committed. An input is whatever
// arrives: a message, a change of a number's connection, somebody's hand. The package reads no clock and holds no
// state but the policy in force; package store keeps everything else. The wiring in cmd, package web and package script
// call it.
package bot

import (
	"context"
	"time"

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
	Twin        chat.Lead               // a second lead that turns out to be the same person (one by phone, one by LID); Lead is the older
	Transitions []conversion.Transition // of Lead and Twin, that count, in order of At and then of recording
	Matched     []conversion.Match      // what earlier texts of the same message matched
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
}

// Empty reports whether the decision changes nothing. Nothing is written for an empty decision, not even the input's
// key: deciding it again comes to nothing again.
func (d Decision) Empty() bool {
	return d.Lead == nil && d.Absorbed == "" && d.Deleted == "" && len(d.Transitions) == 0 && len(d.Matched) == 0 &&
		len(d.Events) == 0 && len(d.Deliveries) == 0
}

// Store keeps everything. Its Update is the only way to change anything.
type Store interface {
	// Update loads the state that the input concerns, calls decide, and commits its decision under the input's key. A
	// key that is already there means that nothing is done and decide is not called. Decide may be called again when the
	// database asks for the transaction to be repeated; the last decision is the one committed. An error means that
	// nothing was changed and the input may be tried again.
	Update(ctx context.Context, in Input, decide func(State) Decision) error
}
