package simulator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// AccountOptions describes a business number. Phone is E.164 or digits; Platform defaults to "smba", the business app on
// Android; Name is both the push name and the business name.
type AccountOptions struct{ Phone, Name, Platform string }

// Account is a business number: its virtual phone (device 0) and the companions that the phone has linked.
type Account struct {
	server   *Server
	platform string
	phone    types.JID // digits@s.whatsapp.net
	lid      types.JID // digits@lid
	endpoint *endpoint // the phone's Signal endpoint; its identity key signs the companions
	identity *keys.KeyPair
	state    *phoneState // app state as the phone and the server keep it
	inbox    accountInbox
	faults

	mu         sync.Mutex
	name       string
	devices    map[uint16]*device
	nextDevice uint16
	codes      []*conn       // companions that wait for a code, the latest last
	changed    chan struct{} // closed and replaced whenever a companion comes or goes
}

// AddAccount makes a business number with a virtual phone and no companion. A phone that is known already, as an account
// or as a person, is an error.
func (s *Server) AddAccount(opts AccountOptions) (*Account, error) {
	digits, err := phoneDigits(opts.Phone)
	if err != nil {
		return nil, err
	}
	if opts.Platform == "" {
		opts.Platform = "smba"
	}
	identity := keys.NewKeyPair()
	a := &Account{
		server: s, platform: opts.Platform, name: opts.Name, identity: identity, endpoint: newEndpoint(identity),
		devices: map[uint16]*device{}, nextDevice: 1, changed: make(chan struct{}),
	}
	a.inbox.history.max = maxPhoneLetters
	a.faults = faults{
		server: s, parent: &s.faults, unlink: a.Unlink, conns: a.connections,
		devices: func() []*device { return s.companions(a) },
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.accounts[digits] != nil || s.people[digits] != nil {
		return nil, fmt.Errorf("add account %q: phone is already in use", opts.Phone)
	}
	a.phone = types.NewJID(digits, types.DefaultUserServer)
	a.lid = types.NewJID(s.newLID(), types.HiddenUserServer)
	a.state = newPhoneState(a)
	if err := a.state.begin(opts.Name); err != nil {
		return nil, fmt.Errorf("add account %q: %w", opts.Phone, err)
	}
	s.accounts[digits], s.lids[a.lid.User] = a, a
	return a, nil
}

// Phone is the account's number in E.164.
func (a *Account) Phone() string { return "+" + a.phone.User }

// LID is the account's hidden identity, as in 123@lid.
func (a *Account) LID() string { return a.lid.String() }

// pushName is what the phone shows for itself.
func (a *Account) pushName() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.name
}

// companions lists the linked devices of an account, in no order.
func (s *Server) companions(a *Account) []*device {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]*device, 0, len(a.devices))
	for _, d := range a.devices {
		list = append(list, d)
	}
	return list
}

// connections lists the connections of the companions that are logged in.
func (a *Account) connections() (all []*conn) {
	for _, d := range a.server.companions(a) {
		if c := d.connection(); c != nil {
			all = append(all, c)
		}
	}
	return all
}

// Connected tells whether a companion is logged in and has been given its queue.
func (a *Account) Connected() bool {
	for _, d := range a.server.companions(a) {
		if d.ready() {
			return true
		}
	}
	return false
}

// Waiting is how many stanzas the account's companions have not acknowledged yet.
func (a *Account) Waiting() int {
	n := 0
	for _, d := range a.server.companions(a) {
		n += d.waiting()
	}
	return n
}

// WaitConnected blocks until Connected, or until the context or the server ends.
func (a *Account) WaitConnected(ctx context.Context) error {
	for {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		if a.Connected() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for a companion of %s: %w", a.Phone(), ctx.Err())
		case <-a.server.ctx.Done():
			return errors.New("wait for a companion: the simulator is closed")
		}
	}
}

// announce wakes those who wait for a companion's state.
func (a *Account) announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.changed)
	a.changed = make(chan struct{})
}

// phoneDigits takes E.164 or bare digits and returns the digits.
func phoneDigits(phone string) (string, error) {
	digits := strings.TrimPrefix(phone, "+")
	if len(digits) < 5 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("phone %q: want 5 to 15 digits, with or without a leading +", phone)
	}
	return digits, nil
}
