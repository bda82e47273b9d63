package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
)

const (
	// firstCodeFor and laterCodesFor are how long WhatsApp takes each of its codes (events.QR).
	firstCodeFor  = time.Minute
	laterCodesFor = 20 * time.Second
	// offeredFor is how long StartPairing shows codes.
	offeredFor = 10 * time.Minute
	// afterPairing is how long WhatsApp may take to ask for the login (515); a server in a hurry forgets to.
	afterPairing = 10 * time.Second
	// phoneCodeWithin bounds the request for a code to type.
	phoneCodeWithin = 20 * time.Second
	// pairAs is how the phone names who asks for a code: WhatsApp takes browsers only (PairPhone).
	pairAs = "Chrome (Linux)"
	// eventsKept is how many events of a pairing wait for a slow reader; later ones are dropped.
	eventsKept = 32
)

// PairKind names what happened in a pairing.
type PairKind string

// The kinds of pairing events.
const (
	PairQR      PairKind = "qr"      // Text is the text of a QR code; it replaces the one before
	PairCode    PairKind = "code"    // Text is the eight letters to type on the phone, "ABCD-EFGH"
	PairExpired PairKind = "expired" // the phone took none of the codes; new ones follow
	PairRefused PairKind = "refused" // Text says why; new codes follow
	PairFailed  PairKind = "failed"  // Text says why; the last event
	PairDone    PairKind = "done"    // the number is logged in; the last event
)

// A PairEvent is one step of a pairing.
type PairEvent struct {
	Kind  PairKind
	Text  string
	Until time.Time // PairQR, PairCode: WhatsApp takes the code until then
}

// offer is somebody who wants the number paired.
type offer struct {
	byCode bool
	until  time.Time       // zero: as long as gone is open
	gone   <-chan struct{} // nil: until decides
	events chan PairEvent  // nil: nobody reads
}

func (o *offer) over(now time.Time) bool {
	select {
	case <-o.gone:
		return true
	default:
		return due(o.until, now)
	}
}

func (o *offer) send(e PairEvent) {
	if o.events == nil {
		return
	}
	select {
	case o.events <- e:
	default:
	}
}

// Pair shows codes until the phone has linked the number or the context ends, and starts over when WhatsApp takes the
// shown ones no more. With byCode it asks also for letters that are typed on the phone. The channel is closed at the end.
// Numbers.Run must be running. It returns ErrPaired when the number is logged in.
func (n *Number) Pair(ctx context.Context, byCode bool) (<-chan PairEvent, error) {
	select {
	case <-n.started:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	o := &offer{byCode: byCode, gone: ctx.Done(), events: make(chan PairEvent, eventsKept)}
	if err := n.ask(o); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, n.nudge)
	return o.events, nil
}

// StartPairing shows codes in Status for ten minutes, or until the phone has linked the number. It returns ErrPaired when
// the number is logged in.
func (n *Number) StartPairing() error {
	return n.ask(&offer{until: time.Now().Add(offeredFor)})
}

func (n *Number) ask(o *offer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.paired {
		return fmt.Errorf("pair %q: %w", n.name, ErrPaired)
	}
	n.asked = append(n.asked, o)
	n.nudge()
	return nil
}

// tendPairing connects an unpaired number while somebody wants it paired, and turns the codes over.
func (n *Number) tendPairing(now time.Time) {
	n.mu.Lock()
	n.offers = append(n.offers, n.asked...)
	n.asked = nil
	n.mu.Unlock()
	n.offers = slices.DeleteFunc(n.offers, func(o *offer) bool {
		over := o.over(now)
		if over && o.events != nil {
			close(o.events)
		}
		return over
	})
	if !n.device.IsEmpty() || n.cli == nil {
		return
	}
	waits := n.line.state == Unpaired || n.line.state == LoggedOut
	switch {
	case len(n.offers) > 0 && waits:
		n.line.pairing(now)
	case len(n.offers) == 0 && !waits:
		n.drop()
		n.codes = rotation{}
		n.line.unlinked(now)
	case due(n.codes.until, now):
		if n.codes.turn(now) {
			n.offerQR()
			return
		}
		n.drop()
		n.codes = rotation{}
		n.announce(PairEvent{Kind: PairExpired, Text: "the phone took none of the codes in time"})
		n.line.pairing(now)
	}
}

// hearPairing takes the events of a pairing.
func (n *Number) hearPairing(ctx context.Context, evt any, now time.Time) {
	switch evt := evt.(type) {
	case *events.QR:
		n.codes = newRotation(evt.Codes, now)
		n.line.showing(now)
		n.offerQR()
		n.askForLetters(ctx)
	case *events.QRScannedWithoutMultidevice:
		n.refuse("the phone scanned the code but can't link devices: update WhatsApp on it and scan again")
	case *events.PairPasskeyRequest:
		n.refuse("the phone wants a passkey, which leadgate has not: link with the code to type, or without a passkey")
	case *events.PairError:
		n.codes = rotation{}
		n.refuse(n.whyRefused(evt.Error))
		n.line.pairing(now.Add(time.Second))
	case *events.PairSuccess:
		n.codes, n.device, n.gone = rotation{}, evt.ID, types.EmptyJID
		n.line.linked(now)
		n.line.dialAt, n.line.loginBy = time.Time{}, now.Add(afterPairing)
		n.forgetOldDevices(ctx, evt.ID)
	}
}

// mayPair refuses a phone that is not the number's. whatsmeow calls it in the middle of the pairing.
func (n *Number) mayPair(jid types.JID, _, _ string) bool {
	scanned := chat.WhatsAppPhone(jid.User)
	n.mu.Lock()
	defer n.mu.Unlock()
	if scanned == n.phone {
		n.scanned = ""
		return true
	}
	n.scanned = scanned
	return false
}

func (n *Number) whyRefused(err error) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !errors.Is(err, whatsmeow.ErrPairRejectedLocally) {
		return fmt.Sprintf("linking failed: %v", err)
	}
	return fmt.Sprintf("the code was scanned by the phone of %s, but number %q is %s: scan it with that phone, or correct the configuration",
		n.scanned, n.name, n.phone)
}

// forgetOldDevices deletes what earlier pairings of the same phone left behind.
func (n *Number) forgetOldDevices(ctx context.Context, now types.JID) {
	all, err := n.devices.GetAllDevices(ctx)
	if err != nil {
		n.log.Warn("old devices not looked up", "err", err)
		return
	}
	for _, device := range all {
		if *device.ID == now || chat.WhatsAppPhone(device.ID.User) != n.phone {
			continue
		}
		if err := device.Delete(ctx); err != nil {
			n.log.Warn("old device not deleted", "err", err)
		}
	}
}

func (n *Number) offerQR() {
	n.announce(PairEvent{Kind: PairQR, Text: n.codes.text, Until: n.codes.until})
}

// askForLetters asks for a code to type, when somebody wants one. WhatsApp may know the phone by an older form.
func (n *Number) askForLetters(ctx context.Context) {
	if !slices.ContainsFunc(n.offers, func(o *offer) bool { return o.byCode }) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, phoneCodeWithin)
	defer cancel()
	var failure error
	for _, digits := range n.phone.Spellings() {
		letters, err := n.cli.PairPhone(ctx, digits, true, whatsmeow.PairClientChrome, pairAs)
		if err != nil {
			failure = err
			continue
		}
		n.codes.typed = letters
		for _, o := range n.offers {
			if o.byCode {
				o.send(PairEvent{Kind: PairCode, Text: letters, Until: n.codes.end()})
			}
		}
		return
	}
	n.lastError = fmt.Sprintf("WhatsApp gives no code to type for this phone: %v", failure)
	for _, o := range n.offers {
		if o.byCode {
			o.send(PairEvent{Kind: PairFailed, Text: n.lastError})
			close(o.events)
		}
	}
	n.offers = slices.DeleteFunc(n.offers, func(o *offer) bool { return o.byCode })
}

func (n *Number) refuse(why string) {
	n.lastError = why
	n.log.Warn("pairing refused, the number's last error says why")
	n.announce(PairEvent{Kind: PairRefused, Text: why})
}

func (n *Number) announce(e PairEvent) {
	for _, o := range n.offers {
		o.send(e)
	}
}

// finishOffers tells everybody that the number is logged in.
func (n *Number) finishOffers() {
	n.announce(PairEvent{Kind: PairDone})
	n.closeOffers()
}

// failOffers tells everybody that WhatsApp does not take the number.
func (n *Number) failOffers() {
	if s := n.line.state; s == Outdated || s == Banned || s == Refused {
		n.announce(PairEvent{Kind: PairFailed, Text: n.line.sentence(n.name)})
		n.closeOffers()
	}
}

func (n *Number) closeOffers() {
	for _, o := range n.offers {
		if o.events != nil {
			close(o.events)
		}
	}
	n.offers = nil
}

// offersEnd is when the first offer ends by itself; zero for never.
func (n *Number) offersEnd() time.Time {
	var first time.Time
	for _, o := range n.offers {
		if first.IsZero() || due(o.until, first) {
			first = o.until
		}
	}
	return first
}

// rotation is the codes that WhatsApp gave for one pairing, of which one is shown at a time. The zero rotation has none.
type rotation struct {
	text  string // the shown one
	typed string // the letters that do the same; "" when nobody asked
	until time.Time
	rest  []string
}

func newRotation(codes []string, now time.Time) rotation {
	if len(codes) == 0 {
		return rotation{}
	}
	return rotation{text: codes[0], until: now.Add(firstCodeFor), rest: codes[1:]}
}

// turn shows the next code; false when there is none.
func (r *rotation) turn(now time.Time) bool {
	if len(r.rest) == 0 {
		return false
	}
	r.text, r.rest, r.until = r.rest[0], r.rest[1:], now.Add(laterCodesFor)
	return true
}

// end is when the last code ends.
func (r *rotation) end() time.Time { return r.until.Add(time.Duration(len(r.rest)) * laterCodesFor) }
