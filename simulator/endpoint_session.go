package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

const (
	maxChains  = 5    // receiving chains kept per session
	maxSkipped = 2000 // message keys kept per chain for messages that come late
	maxFuture  = 2000 // how far a counter may run ahead of its chain
)

var (
	errBadMAC    = errors.New("message authentication failed")
	errTooFar    = errors.New("counter too far ahead")
	errBadCipher = errors.New("ciphertext is not padded AES-CBC")
)

// session is the Double Ratchet state with one device. It is a value: open returns the state after reading and leaves the
// receiver as it was, so a caller keeps the new one only when the message was genuine.
type session struct {
	baseKey       [32]byte // the initiator's base key, which tells sessions with one peer apart
	theirIdentity [32]byte
	root          [32]byte
	ratchet       *ecdh.PrivateKey // our sending ratchet key
	sending       chain
	previous      uint32 // counter of the last message of the sending chain before this one
	receiving     []receivingChain
	pending       *pendingKeys // until the peer has answered, each message carries the keys to build the session
	retired       bool         // reads late messages, writes none
}

// chain is a symmetric ratchet: its key and the counter of the next message.
type chain struct {
	key  [32]byte
	next uint32
}

type receivingChain struct {
	ratchet [32]byte // the peer's ratchet key
	chain
	skipped []skippedKey
}

// skippedKey opens a message that had not come when a later one of its chain was read.
type skippedKey struct {
	counter uint32
	seed    [32]byte
}

// initiate is X3DH from the bundle of the peer. Source: Signal, "The X3DH Key Agreement Protocol", 3.3; key order and
// constants as in libsignal's message version 3.
func initiate(identity *ecdh.PrivateKey, b keyBundle) (session, error) {
	base := newKey()
	pairs := []pair{{identity, b.signed}, {base, b.identity}, {base, b.signed}}
	if b.oneTime != nil {
		pairs = append(pairs, pair{base, *b.oneTime})
	}
	root, first, err := agree(pairs)
	if err != nil {
		return session{}, err
	}
	s := session{
		baseKey:       publicOf(base),
		theirIdentity: b.identity,
		ratchet:       newKey(),
		receiving:     []receivingChain{{ratchet: b.signed, chain: chain{key: first}}},
		pending:       &pendingKeys{signedID: b.signedID, oneTimeID: b.oneTimeID, hasOneTime: b.oneTime != nil},
	}
	s.root, s.sending.key, err = step(root, s.ratchet, b.signed)
	return s, err
}

// respond is the other side of initiate; oneTime is nil when the first message names none.
func respond(identity, signed, oneTime *ecdh.PrivateKey, first firstMessage) (session, error) {
	pairs := []pair{{signed, first.identity}, {identity, first.baseKey}, {signed, first.baseKey}}
	if oneTime != nil {
		pairs = append(pairs, pair{oneTime, first.baseKey})
	}
	root, key, err := agree(pairs)
	if err != nil {
		return session{}, err
	}
	return session{
		baseKey: first.baseKey, theirIdentity: first.identity,
		root: root, ratchet: signed, sending: chain{key: key},
	}, nil
}

type pair struct {
	ours   *ecdh.PrivateKey
	theirs [32]byte
}

func agree(pairs []pair) (root, key [32]byte, err error) {
	secret := make([]byte, 0, 5*32)
	for range 32 {
		secret = append(secret, 0xff)
	}
	for _, p := range pairs {
		shared, err := exchange(p.ours, p.theirs)
		if err != nil {
			return root, key, err
		}
		secret = append(secret, shared...)
	}
	return split(secret, nil, "WhisperText")
}

// step is one turn of the Diffie-Hellman ratchet.
func step(root [32]byte, ours *ecdh.PrivateKey, theirs [32]byte) (nextRoot, key [32]byte, err error) {
	shared, err := exchange(ours, theirs)
	if err != nil {
		return root, key, err
	}
	return split(shared, root[:], "WhisperRatchet")
}

func exchange(ours *ecdh.PrivateKey, theirs [32]byte) ([]byte, error) {
	public, err := ecdh.X25519().NewPublicKey(theirs[:])
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	shared, err := ours.ECDH(public)
	if err != nil {
		return nil, fmt.Errorf("key agreement: %w", err)
	}
	return shared, nil
}

func split(secret, salt []byte, info string) (a, b [32]byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, salt, info, 64)
	if err != nil {
		return a, b, fmt.Errorf("derive keys: %w", err)
	}
	return [32]byte(out[:32]), [32]byte(out[32:]), nil
}

// seal encrypts one message with the next key of the sending chain.
func (s *session) seal(ourIdentity [32]byte, plaintext []byte) ([]byte, error) {
	k, err := expand(s.sending.seed())
	if err != nil {
		return nil, err
	}
	m := sealedMessage{
		ratchet: publicOf(s.ratchet), counter: s.sending.next, previous: s.previous,
		body: k.encrypt(plaintext),
	}
	s.sending.advance()
	return m.marshal(k.mac, ourIdentity, s.theirIdentity), nil
}

func (s *session) hasChain(ratchet [32]byte) bool {
	return slices.ContainsFunc(s.receiving, func(c receivingChain) bool { return c.ratchet == ratchet })
}

// open decrypts m and returns the session as it is afterwards; s itself doesn't change.
func (s session) open(ourIdentity [32]byte, m sealedMessage) ([]byte, session, error) {
	s.receiving = slices.Clone(s.receiving)
	if !s.hasChain(m.ratchet) {
		if err := s.turn(m.ratchet); err != nil {
			return nil, s, err
		}
	}
	i := slices.IndexFunc(s.receiving, func(c receivingChain) bool { return c.ratchet == m.ratchet })
	seed, err := s.receiving[i].take(m.counter)
	if err != nil {
		return nil, s, err
	}
	k, err := expand(seed)
	if err != nil {
		return nil, s, err
	}
	if !m.genuine(k.mac, s.theirIdentity, ourIdentity) {
		return nil, s, errBadMAC
	}
	plaintext, err := k.decrypt(m.body)
	if err != nil {
		return nil, s, err
	}
	s.pending = nil
	return plaintext, s, nil
}

// turn answers a new ratchet key of the peer with one of our own.
func (s *session) turn(theirs [32]byte) error {
	root, key, err := step(s.root, s.ratchet, theirs)
	if err != nil {
		return err
	}
	s.receiving = append(s.receiving, receivingChain{ratchet: theirs, chain: chain{key: key}})
	if len(s.receiving) > maxChains {
		s.receiving = s.receiving[1:]
	}
	s.previous = max(s.sending.next, 1) - 1
	s.ratchet, s.sending = newKey(), chain{}
	s.root, s.sending.key, err = step(root, s.ratchet, theirs)
	return err
}

// take returns the seed of the message with that counter and moves the chain past it; the seeds of those in between are kept.
func (c *receivingChain) take(counter uint32) ([32]byte, error) {
	if counter < c.next {
		i := slices.IndexFunc(c.skipped, func(k skippedKey) bool { return k.counter == counter })
		if i < 0 {
			return [32]byte{}, errDuplicate
		}
		seed := c.skipped[i].seed
		c.skipped = slices.Delete(slices.Clone(c.skipped), i, i+1)
		return seed, nil
	}
	if counter-c.next > maxFuture {
		return [32]byte{}, errTooFar
	}
	c.skipped = slices.Clone(c.skipped)
	for c.next < counter {
		c.skipped = append(c.skipped, skippedKey{c.next, c.seed()})
		c.advance()
	}
	if n := len(c.skipped); n > maxSkipped {
		c.skipped = c.skipped[n-maxSkipped:]
	}
	seed := c.seed()
	c.advance()
	return seed, nil
}

func (c *chain) seed() [32]byte { return c.derive(1) }

func (c *chain) advance() { c.key, c.next = c.derive(2), c.next+1 }

func (c *chain) derive(label byte) [32]byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte{label})
	return [32]byte(h.Sum(nil))
}

// messageKeys encrypt and authenticate one message.
type messageKeys struct{ cipher, mac, iv []byte }

func expand(seed [32]byte) (messageKeys, error) {
	out, err := hkdf.Key(sha256.New, seed[:], nil, "WhisperMessageKeys", 80)
	if err != nil {
		return messageKeys{}, fmt.Errorf("derive message keys: %w", err)
	}
	return messageKeys{cipher: out[:32], mac: out[32:64], iv: out[64:]}, nil
}

func (k messageKeys) block() cipher.Block {
	block, err := aes.NewCipher(k.cipher)
	if err != nil {
		panic("32 bytes are always an AES key: " + err.Error())
	}
	return block
}

func (k messageKeys) encrypt(plaintext []byte) []byte {
	n := aes.BlockSize - len(plaintext)%aes.BlockSize
	out := make([]byte, len(plaintext)+n)
	copy(out, plaintext)
	for i := len(plaintext); i < len(out); i++ {
		out[i] = byte(n)
	}
	cipher.NewCBCEncrypter(k.block(), k.iv).CryptBlocks(out, out)
	return out
}

func (k messageKeys) decrypt(body []byte) ([]byte, error) {
	if len(body) == 0 || len(body)%aes.BlockSize != 0 {
		return nil, errBadCipher
	}
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(k.block(), k.iv).CryptBlocks(out, body)
	n := int(out[len(out)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, errBadCipher
	}
	return out[:len(out)-n], nil
}
