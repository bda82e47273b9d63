package simulator

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// letter is a message as its writer wrote it, kept to encrypt it again when a companion can't read its copy.
type letter struct {
	id        string
	attrs     waBinary.Attrs // of <message>; the same for all companions and never changed
	enc       waBinary.Attrs // of <enc>, besides version and type
	plaintext []byte         // not padded
	pushName  string
	byPhone   bool // the account's own phone wrote it
	hidden    bool // companions get a placeholder instead
}

// letters remembers what was written last. The zero value remembers nothing; max must be set.
type letters struct {
	mu   sync.Mutex
	max  int
	list []*letter
}

func (l *letters) add(one *letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, one)
	if len(l.list) > 2*l.max { // so that the copying is rare
		l.list = slices.Clone(l.list[len(l.list)-l.max:])
	}
}

// forget drops everything, as a new phone has.
func (l *letters) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
}

func (l *letters) find(id string) (*letter, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range slices.Backward(l.list) {
		if one.id == id {
			return one, true
		}
	}
	return nil, false
}

// content decodes what was written; nil if it is no message.
func (l *letter) content() *waE2E.Message {
	var m waE2E.Message
	if proto.Unmarshal(l.plaintext, &m) != nil {
		return nil
	}
	return &m
}

// seal makes the stanza that carries the letter to one companion. count numbers the answers to its retry receipts, 0 is
// the first try.
func (l *letter) seal(by *endpoint, d *device, count int, fetch func() (keyBundle, error)) (waBinary.Node, error) {
	stanza := waBinary.Node{Tag: "message", Attrs: l.attrs}
	if l.hidden && count == 0 {
		stanza.Content = []waBinary.Node{{Tag: "unavailable", Attrs: waBinary.Attrs{}}}
		return stanza, nil
	}
	encType, ciphertext, err := by.encrypt(d.address(), fetch, pad(l.plaintext))
	if err != nil {
		return stanza, err
	}
	enc := waBinary.Node{Tag: "enc", Attrs: maps.Clone(l.enc), Content: ciphertext}
	enc.Attrs["v"], enc.Attrs["type"] = "2", encType
	if count > 0 {
		enc.Attrs["count"] = strconv.Itoa(count)
	}
	stanza.Content = []waBinary.Node{enc}
	return stanza, nil
}

// dispatch sends a letter to every companion of an account. A companion that can't be written to doesn't keep the others
// from theirs.
func (s *Server) dispatch(a *Account, by *endpoint, l *letter) error {
	var failed []error
	for _, d := range s.companions(a) {
		fetch := func() (keyBundle, error) { return s.fetchBundle(d) }
		copies := 1
		if a.faults.takeFreshDuplicate() {
			s.counters.add("messages_doubled_fresh")
			copies = 2
		}
		for range copies {
			stanza, err := l.seal(by, d, 0, fetch)
			if err != nil {
				failed = append(failed, err)
				break
			}
			s.enqueue(d, stanza, delivery{})
		}
	}
	return errors.Join(failed...)
}

// resend answers a companion's retry receipt: the same letter, encrypted again, on a new session if the receipt has keys.
func (s *Server) resend(from *device, receipt waBinary.Node, by *endpoint, written *letters) {
	l, ok := written.find(attr(receipt, "id"))
	if !ok {
		s.counters.add("retries_unknown")
		return
	}
	s.counters.add("retries_answered")
	retry := receipt.GetChildByTag("retry")
	count := max(1, retry.AttrGetter().OptionalInt("count"))
	fetch := func() (keyBundle, error) { return s.fetchBundle(from) }
	if _, ok := receipt.GetOptionalChildByTag("keys"); ok {
		b, err := readBundle(receipt)
		if err != nil {
			s.strange.add("retry receipt: " + err.Error())
			return
		}
		by.forget(from.address())
		fetch = func() (keyBundle, error) { return b, nil }
	}
	stanza, err := l.seal(by, from, count, fetch)
	if err != nil {
		s.log.Warn("simulator could not answer a retry receipt", "err", err)
		return
	}
	s.enqueue(from, stanza, delivery{smooth: true})
}

// readBundle reads the keys that a retry receipt brings along.
func readBundle(receipt waBinary.Node) (b keyBundle, err error) {
	bundle := receipt.GetChildByTag("keys")
	skey := bundle.GetChildByTag("skey")
	registration := bytesOf(receipt.GetChildByTag("registration"))
	identity := bytesOf(bundle.GetChildByTag("identity"))
	signature := bytesOf(skey.GetChildByTag("signature"))
	signed, ok := readPreKey(skey)
	if !ok || len(registration) != 4 || len(identity) != 32 || len(signature) != 64 {
		return b, errors.New("incomplete keys")
	}
	b = keyBundle{
		registrationID: binary.BigEndian.Uint32(registration), identity: [32]byte(identity),
		signedID: signed.id, signed: signed.pub, signature: [64]byte(signature),
	}
	if key, ok := readPreKey(bundle.GetChildByTag("key")); ok {
		b.oneTimeID, b.oneTime = key.id, &key.pub
	}
	return b, nil
}
