package simulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

// noisePattern is the first hash, salt and key of every handshake; the padding makes it exactly one SHA-256 long.
const noisePattern = "Noise_XX_25519_AESGCM_SHA256\x00\x00\x00\x00"

// cipherState encrypts or decrypts one direction: AES-256-GCM with a nonce that counts.
type cipherState struct {
	aead  cipher.AEAD
	count uint32
}

func newCipherState(key []byte) cipherState {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("a key of 32 bytes suits AES: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("AES suits GCM: " + err.Error())
	}
	return cipherState{aead: aead}
}

func (c *cipherState) nonce() []byte {
	var nonce [12]byte
	binary.BigEndian.PutUint32(nonce[8:], c.count)
	c.count++
	return nonce[:]
}

func (c *cipherState) seal(dst, plaintext, data []byte) []byte {
	return c.aead.Seal(dst, c.nonce(), plaintext, data)
}

func (c *cipherState) open(ciphertext, data []byte) ([]byte, error) {
	return c.aead.Open(nil, c.nonce(), ciphertext, data)
}

// handshake is the responder's side of Noise XX as WhatsApp runs it: empty payloads are not mixed into the hash.
type handshake struct {
	hash, salt []byte
	key        cipherState
}

func newHandshake(prologue []byte) *handshake {
	h := &handshake{hash: []byte(noisePattern), salt: []byte(noisePattern), key: newCipherState([]byte(noisePattern))}
	h.mixHash(prologue)
	return h
}

func (h *handshake) mixHash(data []byte) {
	sum := sha256.Sum256(slices.Concat(h.hash, data))
	h.hash = sum[:]
}

// expand derives the next salt and key from secret, or at the end, with none, the two directions' keys.
func (h *handshake) expand(secret []byte) (first, second []byte, err error) {
	out, err := hkdf.Key(sha256.New, secret, h.salt, "", 64)
	if err != nil {
		return nil, nil, fmt.Errorf("derive noise keys: %w", err)
	}
	return out[:32], out[32:], nil
}

func (h *handshake) mixKey(private *ecdh.PrivateKey, public []byte) error {
	peer, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return fmt.Errorf("read a public key of %d bytes: %w", len(public), err)
	}
	secret, err := private.ECDH(peer)
	if err != nil {
		return fmt.Errorf("agree on a noise secret: %w", err)
	}
	salt, key, err := h.expand(secret)
	if err != nil {
		return err
	}
	h.salt, h.key = salt, newCipherState(key)
	return nil
}

func (h *handshake) seal(plaintext []byte) []byte {
	ciphertext := h.key.seal(nil, plaintext, h.hash)
	h.mixHash(ciphertext)
	return ciphertext
}

func (h *handshake) open(ciphertext []byte) ([]byte, error) {
	plaintext, err := h.key.open(ciphertext, h.hash)
	if err != nil {
		return nil, fmt.Errorf("open a noise message: %w", err)
	}
	h.mixHash(ciphertext)
	return plaintext, nil
}

// client is who a handshake has found at the other end: the static key it proved to hold and the payload it sent.
type client struct {
	noise   [32]byte
	payload *waWa6.ClientPayload
	in, out cipherState
}

// framer is what a handshake is spoken over.
type framer interface {
	readFrame() ([]byte, error)
	writeFrame(body []byte) error
}

// shakeHands runs the responder's side of the handshake and returns the client with the keys for what follows.
func shakeHands(f framer, prologue []byte, cert *certificates) (*client, error) {
	h := newHandshake(prologue)
	hello, err := readHandshake(f)
	if err != nil {
		return nil, fmt.Errorf("read client hello: %w", err)
	}
	clientEphemeral := hello.GetClientHello().GetEphemeral()
	h.mixHash(clientEphemeral)
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an ephemeral key: %w", err)
	}
	answer, err := h.serverHello(ephemeral, clientEphemeral, cert)
	if err != nil {
		return nil, fmt.Errorf("answer client hello: %w", err)
	}
	if err := f.writeFrame(answer); err != nil {
		return nil, fmt.Errorf("write server hello: %w", err)
	}
	finish, err := readHandshake(f)
	if err != nil {
		return nil, fmt.Errorf("read client finish: %w", err)
	}
	return h.finish(ephemeral, finish.GetClientFinish())
}

func readHandshake(f framer) (*waWa6.HandshakeMessage, error) {
	body, err := f.readFrame()
	if err != nil {
		return nil, err
	}
	var message waWa6.HandshakeMessage
	if err := proto.Unmarshal(body, &message); err != nil {
		return nil, fmt.Errorf("decode handshake message: %w", err)
	}
	return &message, nil
}

func (h *handshake) serverHello(ephemeral *ecdh.PrivateKey, clientEphemeral []byte, cert *certificates) ([]byte, error) {
	hello := &waWa6.HandshakeMessage_ServerHello{Ephemeral: ephemeral.PublicKey().Bytes()}
	h.mixHash(hello.Ephemeral)
	if err := h.mixKey(ephemeral, clientEphemeral); err != nil {
		return nil, err
	}
	hello.Static = h.seal(cert.static.PublicKey().Bytes())
	if err := h.mixKey(cert.static, clientEphemeral); err != nil {
		return nil, err
	}
	hello.Payload = h.seal(cert.chain)
	return proto.Marshal(&waWa6.HandshakeMessage{ServerHello: hello})
}

func (h *handshake) finish(ephemeral *ecdh.PrivateKey, finish *waWa6.HandshakeMessage_ClientFinish) (*client, error) {
	static, err := h.open(finish.GetStatic())
	if err != nil {
		return nil, fmt.Errorf("read the client's static key: %w", err)
	}
	if err := h.mixKey(ephemeral, static); err != nil {
		return nil, err
	}
	raw, err := h.open(finish.GetPayload())
	if err != nil {
		return nil, fmt.Errorf("read the client's payload: %w", err)
	}
	var payload waWa6.ClientPayload
	if err := proto.Unmarshal(raw, &payload); err != nil {
		return nil, fmt.Errorf("decode the client's payload: %w", err)
	}
	in, out, err := h.expand(nil)
	if err != nil {
		return nil, err
	}
	if len(static) != 32 {
		return nil, errors.New("the client's static key isn't 32 bytes long")
	}
	return &client{noise: [32]byte(static), payload: &payload, in: newCipherState(in), out: newCipherState(out)}, nil
}

// private turns a key pair of whatsmeow's into one of the standard library's.
func private(pair *keys.KeyPair) (*ecdh.PrivateKey, error) {
	return ecdh.X25519().NewPrivateKey(pair.Priv[:])
}
