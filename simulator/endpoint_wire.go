package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/serialize"
	"google.golang.org/protobuf/proto"
)

// wireVersion is the first byte of each Signal message: current and oldest version, both 3.
const wireVersion = 0x33

const macLength = 8

var errMalformed = errors.New("malformed Signal message")

// sealedMessage is a parsed SignalMessage: version, protobuf, and the first bytes of a MAC over both.
type sealedMessage struct {
	ratchet           [32]byte
	counter, previous uint32
	body              []byte
	signed, mac       []byte // as received: what the MAC covers, and the MAC
}

func (m sealedMessage) marshal(macKey []byte, sender, receiver [32]byte) []byte {
	out := append([]byte{wireVersion}, mustMarshal(&serialize.SignalMessage{
		RatchetKey:      typed(m.ratchet),
		Counter:         &m.counter,
		PreviousCounter: &m.previous,
		Ciphertext:      m.body,
	})...)
	return append(out, authenticate(macKey, sender, receiver, out)...)
}

func (m sealedMessage) genuine(macKey []byte, sender, receiver [32]byte) bool {
	return hmac.Equal(m.mac, authenticate(macKey, sender, receiver, m.signed))
}

func authenticate(macKey []byte, sender, receiver [32]byte, message []byte) []byte {
	h := hmac.New(sha256.New, macKey)
	h.Write(typed(sender))
	h.Write(typed(receiver))
	h.Write(message)
	return h.Sum(nil)[:macLength]
}

func parseSealed(raw []byte) (m sealedMessage, err error) {
	if len(raw) <= 1+macLength || raw[0]>>4 != wireVersion>>4 {
		return m, errMalformed
	}
	m.signed, m.mac = raw[:len(raw)-macLength], raw[len(raw)-macLength:]
	var wire serialize.SignalMessage
	if err := proto.Unmarshal(m.signed[1:], &wire); err != nil {
		return m, fmt.Errorf("%w: %w", errMalformed, err)
	}
	m.counter, m.previous, m.body = wire.GetCounter(), wire.GetPreviousCounter(), wire.GetCiphertext()
	m.ratchet, err = untyped(wire.GetRatchetKey())
	return m, err
}

// pendingKeys are the peer's prekeys that a session was started from.
type pendingKeys struct {
	signedID, oneTimeID uint32
	hasOneTime          bool
}

// wrap puts a sealed message into a PreKeySignalMessage.
func (p *pendingKeys) wrap(registrationID uint32, identity, baseKey [32]byte, sealed []byte) []byte {
	wire := &serialize.PreKeySignalMessage{
		RegistrationId: &registrationID,
		SignedPreKeyId: &p.signedID,
		BaseKey:        typed(baseKey),
		IdentityKey:    typed(identity),
		Message:        sealed,
	}
	if p.hasOneTime {
		wire.PreKeyId = &p.oneTimeID
	}
	return append([]byte{wireVersion}, mustMarshal(wire)...)
}

// firstMessage is a parsed PreKeySignalMessage.
type firstMessage struct {
	signedID, oneTimeID uint32
	hasOneTime          bool
	baseKey, identity   [32]byte
	sealed              sealedMessage
}

func parseFirst(raw []byte) (m firstMessage, err error) {
	if len(raw) < 2 || raw[0]>>4 != wireVersion>>4 {
		return m, errMalformed
	}
	var wire serialize.PreKeySignalMessage
	if err := proto.Unmarshal(raw[1:], &wire); err != nil {
		return m, fmt.Errorf("%w: %w", errMalformed, err)
	}
	m.signedID, m.oneTimeID, m.hasOneTime = wire.GetSignedPreKeyId(), wire.GetPreKeyId(), wire.PreKeyId != nil
	if m.baseKey, err = untyped(wire.GetBaseKey()); err != nil {
		return m, err
	}
	if m.identity, err = untyped(wire.GetIdentityKey()); err != nil {
		return m, err
	}
	m.sealed, err = parseSealed(wire.GetMessage())
	return m, err
}

// typed is a public key as it stands in messages, after the byte for Curve25519.
func typed(key [32]byte) []byte { return append([]byte{ecc.DjbType}, key[:]...) }

func untyped(raw []byte) (key [32]byte, err error) {
	if len(raw) != 33 || raw[0] != ecc.DjbType {
		return key, fmt.Errorf("%w: public key of %d bytes", errMalformed, len(raw))
	}
	return [32]byte(raw[1:]), nil
}

// pad adds 1 to 16 bytes, each of which is their number, as WhatsApp does before it encrypts.
func pad(plaintext []byte) []byte {
	n := 1 + rand.N(16)
	return append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(n)}, n)...)
}

// unpad takes off what pad added.
func unpad(padded []byte) ([]byte, error) {
	if len(padded) == 0 {
		return nil, errors.New("plaintext is empty")
	}
	n := int(padded[len(padded)-1])
	if n == 0 || n > len(padded) {
		return nil, fmt.Errorf("plaintext of %d bytes has padding of %d", len(padded), n)
	}
	return padded[:len(padded)-n], nil
}

func mustMarshal(m proto.Message) []byte {
	raw, err := proto.Marshal(m)
	if err != nil {
		panic("a message of bytes and numbers can always be marshalled: " + err.Error())
	}
	return raw
}
