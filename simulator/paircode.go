package simulator

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// linkCodeRounds is how often PBKDF2 turns; it makes eight letters a key that is slow to guess.
const linkCodeRounds = 2 << 16

// linkCode is a companion that waits for its eight letters to be typed into the phone. The first three fields don't
// change; conn.mu guards the others.
type linkCode struct {
	ref     string
	wrapped []byte // the companion's ephemeral key under the code: salt 32, iv 16, key 32
	phone   string

	finish chan finishedCode // takes the companion's last step
}

// finishedCode is the companion's last step.
type finishedCode struct {
	bundle   []byte // salt 32, nonce 12, then under the ephemeral secret: companion identity, phone identity, random
	identity [32]byte
}

// linkCode takes the companion's two steps.
func (q *query) linkCode() ([]waBinary.Node, iqCode) {
	if q.conn.device != nil {
		return nil, iqForbidden
	}
	switch q.child.Attrs["stage"] {
	case "companion_hello":
		return q.companionHello()
	case "companion_finish":
		return nil, q.companionFinish()
	}
	return nil, iqUnknown
}

func (q *query) companionHello() ([]waBinary.Node, iqCode) {
	jid, _ := q.child.Attrs["jid"].(types.JID)
	wrapped := bytesOf(q.child.GetChildByTag("link_code_pairing_wrapped_companion_ephemeral_pub"))
	noise := bytesOf(q.child.GetChildByTag("companion_server_auth_key_pub"))
	display := contentText(q.child.GetChildByTag("companion_platform_display"))
	if len(wrapped) != 80 || !bytes.Equal(noise, q.conn.client.noise[:]) || !isBrowserOnSystem(display) {
		return nil, iqBadRequest
	}
	s := q.conn.server
	account, _ := s.lookup(jid)
	if account == nil {
		return nil, iqNotFound
	}
	code := &linkCode{
		ref: base64.RawStdEncoding.EncodeToString(s.draws.bytes(16)), wrapped: wrapped, phone: jid.User,
		finish: make(chan finishedCode, 1),
	}
	q.conn.mu.Lock()
	q.conn.pair.link = code
	q.conn.mu.Unlock()
	account.mu.Lock()
	account.codes = append(account.codes, q.conn)
	account.mu.Unlock()
	return []waBinary.Node{{
		Tag: "link_code_companion_reg", Attrs: waBinary.Attrs{"stage": "companion_hello"},
		Content: []waBinary.Node{{Tag: "link_code_pairing_ref", Content: []byte(code.ref)}},
	}}, iqResult
}

// isBrowserOnSystem is the only shape of name that the server takes: "Chrome (Linux)".
func isBrowserOnSystem(display string) bool {
	browser, system, ok := strings.Cut(display, " (")
	return ok && browser != "" && len(system) > 1 && strings.HasSuffix(system, ")")
}

func (q *query) companionFinish() iqCode {
	bundle := bytesOf(q.child.GetChildByTag("link_code_pairing_wrapped_key_bundle"))
	identity := bytesOf(q.child.GetChildByTag("companion_identity_public"))
	code := q.conn.link()
	if code == nil || len(identity) != 32 || contentText(q.child.GetChildByTag("link_code_pairing_ref")) != code.ref {
		return iqBadRequest
	}
	select {
	case code.finish <- finishedCode{bundle, [32]byte(identity)}:
		return iqResult
	default:
		return iqBadRequest // a second time
	}
}

func (c *conn) link() *linkCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pair.link
}

// TypeCode links the companion that shows these eight letters for this account, dash or not, either case. It returns when
// the companion has confirmed, and fails when no companion waits or the letters aren't the last one's.
func (a *Account) TypeCode(code string) error {
	code = strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(code), "-", ""))
	if len(code) != 8 {
		return fmt.Errorf("type code %q: want 8 letters", code)
	}
	c := a.waitingForCode()
	if c == nil {
		return fmt.Errorf("type code %q: no companion waits for a code of %s", code, a.Phone())
	}
	link := c.link()
	companion, err := unwrapKey(code, link.wrapped)
	if err != nil {
		return fmt.Errorf("type code %q: %w", code, err)
	}
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("type code: make an ephemeral key: %w", err)
	}
	wrapped, err := wrapKey(code, ephemeral.PublicKey())
	if err != nil {
		return fmt.Errorf("type code: %w", err)
	}
	c.send(primaryHello(a, link.ref, wrapped))
	timer := time.NewTimer(confirmTimeout)
	defer timer.Stop()
	select {
	case finished := <-link.finish:
		secret, err := a.openBundle(finished, ephemeral, companion)
		if err != nil {
			return fmt.Errorf("type code %q: %w", code, err)
		}
		return a.link(c, secret)
	case <-timer.C:
		return fmt.Errorf("type code: the companion didn't answer within %s", confirmTimeout)
	case <-a.server.ctx.Done():
		return errors.New("type code: the simulator is closed")
	}
}

// waitingForCode returns the last companion that asked for a code and is still there.
func (a *Account) waitingForCode() *conn {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.codes = slices.DeleteFunc(a.codes, (*conn).isClosed)
	if len(a.codes) == 0 {
		return nil
	}
	return a.codes[len(a.codes)-1]
}

func (c *conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func primaryHello(a *Account, ref string, wrapped []byte) waBinary.Node {
	return waBinary.Node{
		Tag: "notification",
		Attrs: waBinary.Attrs{
			"from": types.ServerJID, "type": "link_code_companion_reg", "id": a.server.draws.messageID(), "t": a.server.now().Unix(),
		},
		Content: []waBinary.Node{{
			Tag: "link_code_companion_reg", Attrs: waBinary.Attrs{"stage": "primary_hello"},
			Content: []waBinary.Node{
				{Tag: "link_code_pairing_ref", Content: []byte(ref)},
				{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: wrapped},
				{Tag: "primary_identity_pub", Content: a.identity.Pub[:]},
			},
		}},
	}
}

// openBundle reads what the companion sent last and derives the secret that proves the link.
func (a *Account) openBundle(finished finishedCode, ephemeral *ecdh.PrivateKey, companion *ecdh.PublicKey) ([]byte, error) {
	shared, err := ephemeral.ECDH(companion)
	if err != nil {
		return nil, fmt.Errorf("agree on an ephemeral secret: %w", err)
	}
	if len(finished.bundle) < 44 {
		return nil, fmt.Errorf("key bundle of %d bytes", len(finished.bundle))
	}
	salt, nonce, sealed := finished.bundle[:32], finished.bundle[32:44], finished.bundle[44:]
	key, err := hkdf.Key(sha256.New, shared, salt, "link_code_pairing_key_bundle_encryption_key", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the bundle's key: %w", err)
	}
	bundle, err := newCipherState(key).aead.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, errors.New("these aren't the letters that the companion shows")
	}
	if len(bundle) != 96 || [32]byte(bundle[:32]) != finished.identity || [32]byte(bundle[32:64]) != *a.identity.Pub {
		return nil, errors.New("the companion's key bundle names other keys")
	}
	own, err := private(a.identity)
	if err != nil {
		return nil, err
	}
	peer, err := ecdh.X25519().NewPublicKey(finished.identity[:])
	if err != nil {
		return nil, fmt.Errorf("read the companion's identity key: %w", err)
	}
	identities, err := own.ECDH(peer)
	if err != nil {
		return nil, fmt.Errorf("agree on an identity secret: %w", err)
	}
	return hkdf.Key(sha256.New, slices.Concat(shared, identities, bundle[64:]), nil, "adv_secret", 32)
}

// wrapKey hides a public key under the code.
func wrapKey(code string, key *ecdh.PublicKey) ([]byte, error) {
	wrapped := make([]byte, 48, 80)
	_, _ = rand.Read(wrapped) // never fails: crypto/rand
	hidden, err := underCode(code, wrapped, key.Bytes())
	return append(wrapped, hidden...), err
}

// unwrapKey is wrapKey's opposite; with the wrong code it returns a wrong key.
func unwrapKey(code string, wrapped []byte) (*ecdh.PublicKey, error) {
	raw, err := underCode(code, wrapped[:48], wrapped[48:])
	if err != nil {
		return nil, err
	}
	return ecdh.X25519().NewPublicKey(raw)
}

// underCode encrypts or decrypts with AES-CTR; header is the salt of 32 bytes and the iv of 16.
func underCode(code string, header, data []byte) ([]byte, error) {
	key, err := pbkdf2.Key(sha256.New, code, header[:32], linkCodeRounds, 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key from the code: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive a key from the code: %w", err)
	}
	out := make([]byte, len(data))
	cipher.NewCTR(block, header[32:48]).XORKeyStream(out, data)
	return out, nil
}
