package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
	"leadgate/delivery"
)

const (
	// sendWithin bounds one send. whatsmeow waits without limit for the acknowledgement of what it resends after a
	// reconnect (retryFrame), and holds every other send of the number meanwhile.
	sendWithin = 30 * time.Second
	// awayAgain is how soon a send is tried again for a number that is not connected: connecting again is quicker than
	// the schedule of a failing destination.
	awayAgain = 15 * time.Second
	// gateAgain is how soon a send is due again that came when the gate had shut already. The gate keeps it until it opens.
	gateAgain = time.Second
)

// outbox are the sends of one number that are under way, by message id: whatsmeow keeps one waiter for an id, and a
// second send would take the first one's acknowledgement.
type outbox struct {
	mu  *sync.Mutex
	ids map[string]bool
}

func newOutbox() outbox { return outbox{&sync.Mutex{}, map[string]bool{}} }

// begin reserves an id; false when it is being sent.
func (o outbox) begin(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ids[id] {
		return false
	}
	o.ids[id] = true
	return true
}

func (o outbox) end(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.ids, id)
}

// Send implements delivery.Sender: it says the chat.Outgoing in the delivery's body, as the message that its key causes.
// It is done when WhatsApp's server has acknowledged the message. A menu whose form the server refuses goes out as text in
// the same attempt. What may not or need not go out now is unsent.
func (n *Number) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	started := time.Now()
	n.metrics.sending.WithLabelValues(n.name).Inc()
	defer n.metrics.sending.WithLabelValues(n.name).Dec()
	result := n.send(ctx, d)
	result.Took = time.Since(started)
	n.metrics.sends.WithLabelValues(n.name, string(result.Verdict)).Inc()
	return result
}

func (n *Number) send(ctx context.Context, d delivery.Delivery) delivery.Result {
	var out chat.Outgoing
	if err := json.Unmarshal(d.Body, &out); err != nil || out.Phone == "" && out.LID == "" || out.Text == "" {
		return delivery.Result{Verdict: delivery.Never, Detail: "the delivery holds no message that can be sent"}
	}
	if result, stop := n.hindered(out, time.Now()); stop {
		return result
	}
	id := chat.MessageID(d.Key)
	if !n.outbox.begin(id) {
		return delivery.Result{Verdict: delivery.Again, After: awayAgain, Detail: "an earlier attempt is still under way"}
	}
	defer n.outbox.end(id)
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	cli := n.clientNow()
	to, err := recipient(ctx, cli, out.Phone, out.LID)
	if err != nil {
		return verdict(err)
	}
	if !n.pacer.wait(ctx, paceWithin) {
		return delivery.Result{Verdict: delivery.Unsent, After: paceAgain, Detail: "the number's pace left no turn in time"}
	}
	appear(ctx, cli, to, n.config.Typing(out.Text))
	select {
	case n.sending <- struct{}{}:
		defer func() { <-n.sending }()
	case <-ctx.Done():
		return notNow("the message before it takes long")
	}
	if result, stop := n.overtaken(ctx, d, out); stop {
		return result
	}
	started := time.Now()
	result := n.conclude(ctx, n.say(ctx, cli, to, d.Key, out), out)
	if result.Verdict == delivery.Done {
		n.metrics.sendTime.WithLabelValues(n.name).Observe(time.Since(started).Seconds())
	}
	return result
}

// hindered says why a message can't go out now, if that is so.
func (n *Number) hindered(out chat.Outgoing, now time.Time) (result delivery.Result, stop bool) {
	switch locked := n.limitsNow().RepliesUntil; {
	case due(out.Until, now):
		return delivery.Result{Verdict: delivery.Never, Detail: "it came too late to be said"}, true
	case !n.Open():
		s := n.Status()
		if s.State == Connected {
			s.Sentence = "The number has not yet heard everything that was written while it was away."
		}
		return notNow(s.Sentence), true
	case !out.Reply && locked.After(now):
		return untilUnlocked(out, locked, now), true
	}
	return delivery.Result{}, false
}

// overtaken says why a message that has waited for its turn is not to go out any more.
func (n *Number) overtaken(ctx context.Context, d delivery.Delivery, out chat.Outgoing) (result delivery.Result, stop bool) {
	if result, stop := n.hindered(out, time.Now()); stop {
		return result, true
	}
	wanted, err := n.config.StillWanted(ctx, d)
	switch {
	case err != nil:
		return notNow(fmt.Sprintf("the store does not say whether it is still wanted: %v", err)), true
	case !wanted:
		return delivery.Result{Verdict: delivery.Unsent, Detail: "it is not wanted any more"}, true
	}
	return delivery.Result{}, false
}

// notNow is the result of a message that was kept until the gate opens.
func notNow(why string) delivery.Result {
	return delivery.Result{Verdict: delivery.Unsent, After: gateAgain, Detail: why}
}

// say hands a message to WhatsApp: a menu in its form if WhatsApp takes it, else as text. The text of a menu has an id of
// its own, as a recipient takes what comes twice under one id for the same.
func (n *Number) say(ctx context.Context, cli *whatsmeow.Client, to types.JID, key string, out chat.Outgoing) error {
	text := &waE2E.Message{Conversation: proto.String(out.Text)}
	if out.Menu == nil {
		return deliver(ctx, cli, to, chat.MessageID(key), text, nil)
	}
	if !n.limitsNow().TextUntil.After(time.Now()) {
		id := chat.MessageID(key)
		menu, nodes, err := form(cli.Store, id, *out.Menu, time.Now())
		if err == nil {
			err = deliver(ctx, cli, to, id, menu, nodes)
		}
		switch {
		case errors.Is(err, errNoForm):
		case !formRefused(err):
			return err
		default:
			n.limit(ctx, limitText, time.Now())
		}
	}
	return deliver(ctx, cli, to, chat.MessageID(key+"/text"), text, nil)
}

// deliver sends a message under an id.
func deliver(ctx context.Context, cli *whatsmeow.Client, to types.JID, id string, m *waE2E.Message, nodes []waBinary.Node) error {
	extra := whatsmeow.SendRequestExtra{ID: id, Timeout: sendWithin}
	if len(nodes) > 0 {
		extra.AdditionalNodes = &nodes
	}
	_, err := cli.SendMessage(ctx, to, m, extra)
	return err //nolint:wrapcheck // verdict reads its end
}

func (n *Number) clientNow() *whatsmeow.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.client
}

// errNotOnWhatsApp says that a phone has no account.
var errNotOnWhatsApp = errors.New("the phone is not on WhatsApp")

// recipient is where a message to a person goes, of whom phone or LID may be unknown. WhatsApp is asked only for a phone that it has not named a LID for: it may know the
// phone by an older form.
func recipient(ctx context.Context, cli *whatsmeow.Client, phone chat.Phone, lid chat.LID) (types.JID, error) {
	if lid != "" {
		return types.NewJID(string(lid), types.HiddenUserServer), nil
	}
	for _, digits := range phone.Spellings() {
		known, err := cli.Store.LIDs.GetLIDForPN(ctx, types.NewJID(digits, types.DefaultUserServer))
		if err != nil {
			return types.EmptyJID, fmt.Errorf("look up the lid of the recipient: %w", err)
		}
		if !known.IsEmpty() {
			return known, nil
		}
	}
	found, err := cli.IsOnWhatsApp(ctx, []string{"+" + phone.Digits()})
	if err != nil {
		return types.EmptyJID, fmt.Errorf("ask whatsapp for the recipient: %w", err)
	}
	for _, user := range found {
		if user.IsIn {
			return user.JID.ToNonAD(), nil
		}
	}
	return types.EmptyJID, errNotOnWhatsApp
}
