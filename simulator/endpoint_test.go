package simulator

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func anaAddress() signalAddress  { return signalAddress{"4915100000001", 0} }
func shopAddress() signalAddress { return signalAddress{"100000000000001_1", 1} }

// wired is a pair of endpoints that fetch each other's bundles when they need to.
type wired struct {
	ana, shop *endpoint
	fetched   int
}

func newWired() *wired { return &wired{ana: newEndpoint(nil), shop: newEndpoint(nil)} }

// parcel is one message under way.
type parcel struct {
	kind string
	body []byte
	text string
	turn int
}

func (w *wired) ends(fromAna bool) (from, to *endpoint, fromAddress, toAddress signalAddress) {
	if fromAna {
		return w.ana, w.shop, anaAddress(), shopAddress()
	}
	return w.shop, w.ana, shopAddress(), anaAddress()
}

func (w *wired) write(t fataler, fromAna bool, text string) parcel {
	t.Helper()
	from, to, _, toAddress := w.ends(fromAna)
	kind, body, err := from.encrypt(toAddress, func() (keyBundle, error) {
		w.fetched++
		return to.bundle(), nil
	}, pad([]byte(text)))
	if err != nil {
		t.Fatalf("encrypt %q: %v", text, err)
	}
	return parcel{kind: kind, body: body, text: text}
}

func (w *wired) read(fromAna bool, p parcel) (string, error) {
	_, to, fromAddress, _ := w.ends(fromAna)
	padded, err := to.decrypt(fromAddress, p.kind, bytes.Clone(p.body))
	if err != nil {
		return "", err
	}
	text, err := unpad(padded)
	return string(text), err
}

func (w *wired) mustRead(t fataler, fromAna bool, p parcel) {
	t.Helper()
	if text, err := w.read(fromAna, p); err != nil || text != p.text {
		t.Fatalf("read = %q, %v; want %q", text, err, p.text)
	}
}

// fataler is what *testing.T and *rapid.T have in common here.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func TestTwoEndpointsTalkOnOneSession(t *testing.T) {
	w := newWired()
	var kinds []string
	for i := range 20 {
		fromAna := i%3 != 1
		p := w.write(t, fromAna, fmt.Sprintf("message %d", i))
		w.mustRead(t, fromAna, p)
		kinds = append(kinds, p.kind)
	}
	if w.fetched != 1 {
		t.Errorf("bundles fetched = %d, want 1", w.fetched)
	}
	if kinds[0] != encPreKey || kinds[1] != encNormal || kinds[2] != encNormal {
		t.Errorf("kinds = %v, want a pkmsg until the answer and msg from then on", kinds)
	}
}

func TestMessagesCarryThePreKeysUntilTheyAreAnswered(t *testing.T) {
	w := newWired()
	for range 3 {
		if p := w.write(t, true, "hello?"); p.kind != encPreKey {
			t.Fatalf("kind before the answer = %s, want %s", p.kind, encPreKey)
		} else {
			w.mustRead(t, true, p)
		}
	}
	w.mustRead(t, false, w.write(t, false, "hello!"))
	if p := w.write(t, true, "fine"); p.kind != encNormal {
		t.Errorf("kind after the answer = %s, want %s", p.kind, encNormal)
	}
}

// network is a conversation over a network that loses, reorders, repeats and damages.
type network struct {
	*wired
	underWay, done map[bool][]parcel // by direction: from Ana or not
	written, turn  int
	lastFromAna    bool
}

func (n *network) send(t *rapid.T) {
	fromAna := rapid.Bool().Draw(t, "fromAna")
	if fromAna != n.lastFromAna {
		n.turn++
	}
	n.lastFromAna = fromAna
	n.written++
	p := n.write(t, fromAna, fmt.Sprint("message ", n.written))
	p.turn = n.turn
	n.underWay[fromAna] = append(n.underWay[fromAna], p)
}

// take removes some message that is under way, if there is one. One from so many turns ago that its chain may be
// forgotten counts as lost.
func (n *network) take(t *rapid.T) (fromAna bool, p parcel, ok bool) {
	fromAna = rapid.Bool().Draw(t, "fromAna")
	list := n.underWay[fromAna]
	if len(list) == 0 {
		return fromAna, p, false
	}
	i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
	p = list[i]
	n.underWay[fromAna] = append(list[:i:i], list[i+1:]...)
	return fromAna, p, n.recent(p)
}

func (n *network) recent(p parcel) bool { return n.turn-p.turn <= 2*(maxChains-1) }

func (n *network) deliver(t *rapid.T) {
	fromAna, p, ok := n.take(t)
	if !ok {
		return
	}
	n.mustRead(t, fromAna, p)
	n.done[fromAna] = append(n.done[fromAna], p)
}

func (n *network) lose(t *rapid.T) { n.take(t) }

func (n *network) repeat(t *rapid.T) {
	fromAna := rapid.Bool().Draw(t, "fromAna")
	if len(n.done[fromAna]) == 0 {
		return
	}
	p := n.done[fromAna][len(n.done[fromAna])-1]
	if !n.recent(p) {
		return
	}
	if text, err := n.read(fromAna, p); !errors.Is(err, errDuplicate) {
		t.Fatalf("reading the last message again = %q, %v; want %v", text, err, errDuplicate)
	}
}

// damage delivers a message with one bit turned over, and then the message itself.
func (n *network) damage(t *rapid.T) {
	fromAna, p, ok := n.take(t)
	if !ok {
		return
	}
	damaged := p
	damaged.body = bytes.Clone(p.body)
	damaged.body[rapid.IntRange(0, len(p.body)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	switch text, err := n.read(fromAna, damaged); {
	case err != nil:
		n.mustRead(t, fromAna, p)
	case text != p.text:
		t.Fatalf("a damaged message was read as %q", text)
	}
}

func TestAnyOrderWithLossRepetitionAndDamageIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &network{wired: newWired(), underWay: map[bool][]parcel{}, done: map[bool][]parcel{}}
		t.Repeat(map[string]func(*rapid.T){
			"send": n.send, "deliver": n.deliver, "lose": n.lose, "repeat": n.repeat, "damage": n.damage,
		})
	})
}

func TestADuplicateIsToldFromAnUnreadableMessage(t *testing.T) {
	w := newWired()
	first := w.write(t, true, "first")
	w.mustRead(t, true, first)
	if _, err := w.read(true, first); !errors.Is(err, errDuplicate) {
		t.Errorf("a first message again: %v, want %v", err, errDuplicate)
	}
	w.mustRead(t, false, w.write(t, false, "answer"))
	second := w.write(t, true, "second")
	w.mustRead(t, true, second)
	if _, err := w.read(true, second); !errors.Is(err, errDuplicate) {
		t.Errorf("a later message again: %v, want %v", err, errDuplicate)
	}
	stranger := newWired()
	if _, err := stranger.read(true, second); !errors.Is(err, errNoSession) {
		t.Errorf("a message without a session: %v, want %v", err, errNoSession)
	}
}

func TestAUsedOneTimeKeyOpensNoSecondSession(t *testing.T) {
	w := newWired()
	b := w.shop.bundle()
	same := func() (keyBundle, error) { return b, nil }
	for i, want := range []error{nil, errNoPreKey} {
		writer := newEndpoint(nil)
		kind, body, err := writer.encrypt(shopAddress(), same, pad([]byte("hi")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.shop.decrypt(signalAddress{fmt.Sprint(i), 0}, kind, body); !errors.Is(err, want) {
			t.Errorf("writer %d with the same one-time key: %v, want %v", i, err, want)
		}
	}
}

func TestWithoutOneTimeKeysSessionsStillStart(t *testing.T) {
	w := newWired()
	w.shop.drain(true)
	if b := w.shop.bundle(); b.oneTime != nil {
		t.Fatal("a drained endpoint handed out a one-time key")
	}
	w.mustRead(t, true, w.write(t, true, "hi"))
	w.mustRead(t, false, w.write(t, false, "hello"))
}

func TestBothMayStartAtOnce(t *testing.T) {
	w := newWired()
	a, b := w.write(t, true, "hi"), w.write(t, false, "hello")
	w.mustRead(t, true, a)
	w.mustRead(t, false, b)
	for i := range 6 {
		w.mustRead(t, i%2 == 0, w.write(t, i%2 == 0, fmt.Sprint("then ", i)))
	}
}

func TestForgettingStartsANewSessionAndReadsTheOldOnesLateMessages(t *testing.T) {
	w := newWired()
	w.mustRead(t, true, w.write(t, true, "hi"))
	w.mustRead(t, false, w.write(t, false, "hello"))
	late := w.write(t, false, "late")
	w.ana.forget(shopAddress())
	p := w.write(t, true, "again")
	if p.kind != encPreKey {
		t.Errorf("kind after forget = %s, want %s", p.kind, encPreKey)
	}
	w.mustRead(t, false, late)
	w.write(t, true, "more")
	if w.fetched != 2 {
		t.Errorf("bundles fetched = %d, want 2: a late message on the forgotten session must not replace the new one", w.fetched)
	}
	w.mustRead(t, true, p)
}

func TestABundleWithAForgedSignatureIsRefused(t *testing.T) {
	w := newWired()
	b := w.shop.bundle()
	b.signed = newEndpoint(nil).bundle().signed
	_, _, err := w.ana.encrypt(shopAddress(), func() (keyBundle, error) { return b, nil }, pad(nil))
	if err == nil {
		t.Fatal("encrypt with a forged bundle succeeded")
	}
}

func TestAMessageFarAheadOfItsChainIsRefused(t *testing.T) {
	w := newWired()
	w.mustRead(t, true, w.write(t, true, "hi"))
	var last parcel
	for range maxFuture + 2 {
		last = w.write(t, true, "lost")
	}
	if _, err := w.read(true, last); !errors.Is(err, errTooFar) {
		t.Errorf("reading %d messages ahead: %v, want %v", maxFuture+1, err, errTooFar)
	}
}

func TestPaddingComesOffAsItWentOn(t *testing.T) {
	for range 100 {
		padded := pad([]byte("text"))
		if n := len(padded) - 4; n < 1 || n > 16 {
			t.Fatalf("padding of %d bytes, want 1 to 16", n)
		}
		if text, err := unpad(padded); err != nil || string(text) != "text" {
			t.Fatalf("unpad = %q, %v", text, err)
		}
	}
	for _, bad := range [][]byte{nil, {0}, {9, 9}} {
		if _, err := unpad(bad); err == nil {
			t.Errorf("unpad(%v) succeeded", bad)
		}
	}
}

func FuzzDecryptTakesAnyBytes(f *testing.F) {
	w := newWired()
	first := w.write(f, true, "seed")
	f.Add(true, first.body)
	w.mustRead(f, true, first)
	w.mustRead(f, false, w.write(f, false, "answer"))
	f.Add(false, w.write(f, true, "seed").body)
	f.Add(true, []byte{})
	f.Fuzz(func(t *testing.T, isFirst bool, body []byte) {
		kind := encNormal
		if isFirst {
			kind = encPreKey
		}
		w := newWired()
		w.mustRead(t, true, w.write(t, true, "hi"))
		if text, err := w.shop.decrypt(anaAddress(), kind, body); err == nil {
			t.Errorf("foreign bytes were read as %q", text)
		}
		w.mustRead(t, true, w.write(t, true, "still fine"))
	})
}
