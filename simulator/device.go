package simulator

import (
	"sync"

	"go.mau.fi/whatsmeow/types"
)

// device is a companion that an account's phone has linked: what it registered with, the prekeys it uploaded, and what
// waits for it.
type device struct {
	account      *Account
	id           uint16
	noise        [32]byte // static key of its Noise handshakes: its password
	registration uint32
	identity     [32]byte
	label        string // phone and device number, for the trace

	mu      sync.Mutex
	prekeys preKeys
	queue   *queue
	conn    *conn // nil while it is offline
	active  bool  // it has asked for its queue on conn
	booted  bool  // the phone has shared its keys and history
}

// addressOf is the Signal address of a JID.
func addressOf(jid types.JID) signalAddress {
	return signalAddress{name: jid.SignalAddressUser(), device: uint32(jid.Device)}
}

type preKey struct {
	id  uint32
	pub [32]byte
}

// preKeys is what a companion uploaded, the one-time keys in the order of their use.
type preKeys struct {
	signed    preKey
	signature [64]byte
	oneTime   []preKey
}

// phoneJID is the device under its phone number, 4917…:1@s.whatsapp.net.
func (d *device) phoneJID() types.JID { return withDevice(d.account.phone, d.id) }

// lid is the device under its LID, 123:1@lid.
func (d *device) lid() types.JID { return withDevice(d.account.lid, d.id) }

// address is where the device is in other endpoints' session stores: always under its LID.
func (d *device) address() signalAddress { return addressOf(d.lid()) }

func withDevice(jid types.JID, id uint16) types.JID {
	jid.Device = id
	return jid
}

// ready tells whether the device is logged in and has asked for its queue.
func (d *device) ready() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn != nil && d.active
}
