package simulator

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/util/keys"
)

// The two kinds of ciphertext that an <enc> carries: the first of a session, with the keys to build it, and all others.
const (
	encPreKey = "pkmsg"
	encNormal = "msg"
)

// maxArchived bounds the replaced sessions that an endpoint keeps per peer to read messages that were still under way.
const maxArchived = 8

// maxOneTime bounds the one-time keys that were handed out and not used yet; the oldest are forgotten first.
const maxOneTime = 64

var (
	// errDuplicate says that a message with this ratchet key and counter has been read before.
	errDuplicate = errors.New("old counter")
	// errNoSession says that none of the sessions with the peer can read the message.
	errNoSession = errors.New("no session can read the message")
	// errNoPreKey says that a first message names a prekey that is unknown or was used already.
	errNoPreKey = errors.New("unknown prekey")
)

// signalAddress names one device for Signal: a phone number, or a LID user followed by "_1", and the device's number.
type signalAddress struct {
	name   string
	device uint32
}

// keyBundle is what a server hands out of a device so that others can write to it: raw Curve25519 keys, without the type
// byte. oneTime is nil when the device has run out of one-time keys.
type keyBundle struct {
	registrationID uint32
	identity       [32]byte
	signedID       uint32
	signed         [32]byte
	signature      [64]byte
	oneTimeID      uint32
	oneTime        *[32]byte
}

// endpoint is one Signal device (X3DH and Double Ratchet, message version 3) that lives in memory. Keys are made when they
// are first asked for, so that thousands of idle endpoints cost next to nothing. It is safe for concurrent use; the zero
// value isn't usable.
//
// Unlike libsignal's session cipher it reads on a copy of a session and keeps the copy only if the message was genuine, so
// an unreadable message never damages a session.
type endpoint struct {
	mu             sync.Mutex
	identity       *keys.KeyPair
	identityKey    *ecdh.PrivateKey // the same key, ready for agreements
	registrationID uint32
	drained        bool
	signed         *ecdh.PrivateKey
	signature      [64]byte
	nextID         uint32
	oneTime        map[uint32]*ecdh.PrivateKey
	sessions       map[signalAddress][]session // the current one first
}

// signedID is the id of the one signed prekey that an endpoint has.
const signedID = 1

// newEndpoint returns an endpoint without sessions. A nil identity makes a new one.
func newEndpoint(identity *keys.KeyPair) *endpoint {
	if identity == nil {
		identity = keys.NewKeyPair()
	}
	key, err := ecdh.X25519().NewPrivateKey(identity.Priv[:])
	if err != nil {
		panic("32 bytes are always a Curve25519 key: " + err.Error())
	}
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails: documentation of crypto/rand
	return &endpoint{
		identity:       identity,
		identityKey:    key,
		registrationID: uint32(binary.BigEndian.Uint16(id[:])&0x3fff) | 1,
		nextID:         1,
		oneTime:        make(map[uint32]*ecdh.PrivateKey),
		sessions:       make(map[signalAddress][]session),
	}
}

// reset makes the endpoint a new device: new identity, no sessions, no keys handed out.
func (e *endpoint) reset() {
	fresh := newEndpoint(nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.identity, e.identityKey, e.registrationID = fresh.identity, fresh.identityKey, fresh.registrationID
	e.signed, e.oneTime, e.sessions = nil, fresh.oneTime, fresh.sessions
}

// drain makes the endpoint hand out bundles without one-time keys, as a phone does that has not been online for long.
func (e *endpoint) drain(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drained = on
}

// bundle returns what a peer needs to start a session; it hands out a one-time key that no other bundle has.
func (e *endpoint) bundle() keyBundle {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := keyBundle{registrationID: e.registrationID, identity: *e.identity.Pub, signedID: signedID}
	if e.signed == nil {
		e.signed = newKey()
		pub := publicOf(e.signed)
		e.signature = *e.identity.Sign(&keys.KeyPair{Pub: &pub})
	}
	b.signed, b.signature = publicOf(e.signed), e.signature
	if e.drained {
		return b
	}
	b.oneTimeID = e.nextID
	e.nextID++
	key := newKey()
	e.oneTime[b.oneTimeID] = key
	delete(e.oneTime, b.oneTimeID-maxOneTime)
	pub := publicOf(key)
	b.oneTime = &pub
	return b
}

// encrypt returns plaintext, which must be padded already, as only the device with that address can read it, and the type
// of its <enc>. Without a session it calls fetch for the device's bundle; fetch is not called with a lock held.
func (e *endpoint) encrypt(to signalAddress, fetch func() (keyBundle, error), plaintext []byte) (encType string, ciphertext []byte, err error) {
	if !e.knows(to) {
		b, err := fetch()
		if err != nil {
			return "", nil, fmt.Errorf("fetch keys of %s:%d: %w", to.name, to.device, err)
		}
		if err := e.start(to, b); err != nil {
			return "", nil, fmt.Errorf("start a session with %s:%d: %w", to.name, to.device, err)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.sessions[to]) == 0 {
		return "", nil, fmt.Errorf("encrypt for %s:%d: %w", to.name, to.device, errNoSession) // reset in between
	}
	current := &e.sessions[to][0]
	sealed, err := current.seal(*e.identity.Pub, plaintext)
	if err != nil {
		return "", nil, fmt.Errorf("encrypt for %s:%d: %w", to.name, to.device, err)
	}
	if current.pending == nil {
		return encNormal, sealed, nil
	}
	return encPreKey, current.pending.wrap(e.registrationID, *e.identity.Pub, current.baseKey, sealed), nil
}

func (e *endpoint) knows(peer signalAddress) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.sessions[peer]
	return len(s) > 0 && !s[0].retired
}

// start makes a session from the peer's bundle the current one, unless another caller was faster.
func (e *endpoint) start(to signalAddress, b keyBundle) error {
	signed := append([]byte{ecc.DjbType}, b.signed[:]...)
	if !ecc.VerifySignature(ecc.NewDjbECPublicKey(b.identity), signed, b.signature) {
		return errors.New("signed prekey has a bad signature")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.sessions[to]; len(known) > 0 && !known[0].retired {
		return nil
	}
	s, err := initiate(e.identityKey, b)
	if err != nil {
		return err
	}
	e.promote(to, -1, s)
	return nil
}

// decrypt returns the still padded plaintext of a ciphertext of that type. It returns errDuplicate for a message that was
// read before, and any other error when the sender must be asked to encrypt it again.
func (e *endpoint) decrypt(from signalAddress, encType string, ciphertext []byte) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch encType {
	case encNormal:
		m, err := parseSealed(ciphertext)
		if err != nil {
			return nil, err
		}
		return e.open(from, m)
	case encPreKey:
		first, err := parseFirst(ciphertext)
		if err != nil {
			return nil, err
		}
		return e.openFirst(from, first)
	default:
		return nil, fmt.Errorf("unknown kind of ciphertext %q", encType)
	}
}

// open reads a message with the session that knows its ratchet key, or else with the first that can.
func (e *endpoint) open(from signalAddress, m sealedMessage) ([]byte, error) {
	known := e.sessions[from]
	for i := range known {
		if !known[i].hasChain(m.ratchet) {
			continue
		}
		plaintext, next, err := known[i].open(*e.identity.Pub, m)
		if err != nil {
			return nil, err
		}
		e.promote(from, i, next)
		return plaintext, nil
	}
	for i := range known {
		if plaintext, next, err := known[i].open(*e.identity.Pub, m); err == nil {
			e.promote(from, i, next)
			return plaintext, nil
		}
	}
	return nil, errNoSession
}

func (e *endpoint) openFirst(from signalAddress, first firstMessage) ([]byte, error) {
	for i, s := range e.sessions[from] {
		if s.baseKey != first.baseKey {
			continue
		}
		plaintext, next, err := s.open(*e.identity.Pub, first.sealed)
		if err != nil {
			return nil, err
		}
		e.promote(from, i, next)
		return plaintext, nil
	}
	if first.signedID != signedID || e.signed == nil {
		return nil, fmt.Errorf("%w: signed key %d", errNoPreKey, first.signedID)
	}
	var oneTime *ecdh.PrivateKey
	if first.hasOneTime {
		if oneTime = e.oneTime[first.oneTimeID]; oneTime == nil {
			return nil, fmt.Errorf("%w: one-time key %d", errNoPreKey, first.oneTimeID)
		}
	}
	s, err := respond(e.identityKey, e.signed, oneTime, first)
	if err != nil {
		return nil, err
	}
	plaintext, next, err := s.open(*e.identity.Pub, first.sealed)
	if err != nil {
		return nil, err
	}
	delete(e.oneTime, first.oneTimeID)
	e.promote(from, -1, next)
	return plaintext, nil
}

// promote makes s the current session with the peer; i is its old place among the sessions, -1 for a new one. A retired
// session that still reads late messages stays where it is.
func (e *endpoint) promote(peer signalAddress, i int, s session) {
	known := e.sessions[peer]
	if i >= 0 && s.retired {
		known[i] = s
		return
	}
	if i < 0 {
		known = append(known, session{})
		i = len(known) - 1
	}
	copy(known[1:i+1], known[:i])
	known[0] = s
	if len(known) > maxArchived {
		known = known[:maxArchived]
	}
	e.sessions[peer] = known
}

// forget makes the next message to the peer start a new session; messages that are still under way remain readable.
func (e *endpoint) forget(peer signalAddress) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.sessions[peer] {
		e.sessions[peer][i].retired = true
	}
}

func newKey() *ecdh.PrivateKey {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic("crypto/rand doesn't fail: " + err.Error())
	}
	return key
}

func publicOf(key *ecdh.PrivateKey) [32]byte { return [32]byte(key.PublicKey().Bytes()) }
