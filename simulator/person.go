package simulator

import (
	"fmt"
	"sync/atomic"

	"go.mau.fi/whatsmeow/types"
)

// PersonOptions describes a lead. Phone is E.164 or digits; LID is the digits of the hidden identity, "" draws one.
type PersonOptions struct {
	Phone string `json:"phone"`
	Name  string `json:"name,omitempty"`
	LID   string `json:"lid,omitempty"`
	// ByPhone addresses the person's messages by phone number instead of by LID.
	ByPhone bool `json:"by_phone,omitempty"`
	// HideAlternate leaves the other form of address out of the person's messages.
	HideAlternate bool `json:"hide_alternate,omitempty"`
}

// Person is a lead with a phone of their own: a light Signal endpoint and what it received.
type Person struct {
	server        *Server
	phone, lid    types.JID
	name          string
	byPhone       bool
	hideAlternate atomic.Bool
	endpoint      *endpoint
	inbox         personInbox
}

// AddPerson finds the person with that phone or makes one; for a known person the other options are ignored.
func (s *Server) AddPerson(opts PersonOptions) (*Person, error) {
	digits, err := phoneDigits(opts.Phone)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[digits]; p != nil {
		return p, nil
	}
	if s.accounts[digits] != nil {
		return nil, fmt.Errorf("add person %q: phone belongs to an account", opts.Phone)
	}
	lid := opts.LID
	if lid == "" {
		lid = s.newLID()
	} else if _, taken := s.lids[lid]; taken {
		return nil, fmt.Errorf("add person %q: LID %q is already in use", opts.Phone, lid)
	}
	p := &Person{
		server: s, name: opts.Name, byPhone: opts.ByPhone, endpoint: newEndpoint(nil),
		phone: types.NewJID(digits, types.DefaultUserServer), lid: types.NewJID(lid, types.HiddenUserServer),
	}
	p.hideAlternate.Store(opts.HideAlternate)
	p.inbox.written.max = maxLetters
	s.people[digits], s.lids[lid] = p, p
	return p, nil
}

// HideAlternate leaves the other form of address out of what the person writes from now on, or puts it in.
func (p *Person) HideAlternate(on bool) { p.hideAlternate.Store(on) }
