package whatsapp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mau.fi/whatsmeow"
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
)

// A Text is the body of a delivery that says something to a person. Phone or LID may be unknown, not both.
type Text struct {
	Phone chat.Phone `json:"phone,omitempty"`
	LID   chat.LID   `json:"lid,omitempty"`
	Text  string     `json:"text"`
}

// Body is the text as a delivery carries it.
func (t Text) Body() []byte {
	body, _ := json.Marshal(t) // three strings can be encoded
	return body
}

// MessageID is the WhatsApp id of the message that a key causes: the same for every attempt, so that whoever gets it
// twice sees it once. It has the form that WhatsApp's own web client gives to its ids.
func MessageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return whatsmeow.WebMessageIDPrefix + strings.ToUpper(hex.EncodeToString(sum[:9]))
}

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

// Send implements delivery.Sender: it says the Text in the delivery's body, as the message that its key causes. It is
// done when WhatsApp's server has acknowledged the message.
func (n *Number) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	started := time.Now()
	n.metrics.sending.WithLabelValues(n.name).Inc()
	defer n.metrics.sending.WithLabelValues(n.name).Dec()
	result := n.send(ctx, d)
	result.Took = time.Since(started)
	n.metrics.sends.WithLabelValues(n.name, string(result.Verdict)).Inc()
	if result.Verdict == delivery.Done {
		n.metrics.sendTime.WithLabelValues(n.name).Observe(result.Took.Seconds())
	}
	return result
}

func (n *Number) send(ctx context.Context, d delivery.Delivery) delivery.Result {
	var say Text
	if err := json.Unmarshal(d.Body, &say); err != nil || say.Phone == "" && say.LID == "" || say.Text == "" {
		return delivery.Result{Verdict: delivery.Never, Detail: "the delivery holds no message that can be sent"}
	}
	if s := n.Status(); s.State != Connected {
		return delivery.Result{Verdict: delivery.Again, After: awayAgain, Detail: s.Sentence}
	}
	id := MessageID(d.Key)
	if !n.outbox.begin(id) {
		return delivery.Result{Verdict: delivery.Again, After: awayAgain, Detail: "an earlier attempt is still under way"}
	}
	defer n.outbox.end(id)
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	cli := n.clientNow()
	to, err := recipient(ctx, cli, say)
	if err == nil {
		_, err = cli.SendMessage(ctx, to, &waE2E.Message{Conversation: proto.String(say.Text)},
			whatsmeow.SendRequestExtra{ID: id, Timeout: sendWithin})
	}
	return verdict(err)
}

func (n *Number) clientNow() *whatsmeow.Client {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.client
}

// errNotOnWhatsApp says that a phone has no account.
var errNotOnWhatsApp = errors.New("the phone is not on WhatsApp")

// recipient is where a text goes. WhatsApp is asked only for a phone that it has not named a LID for: it may know the
// phone by an older form.
func recipient(ctx context.Context, cli *whatsmeow.Client, say Text) (types.JID, error) {
	if say.LID != "" {
		return types.NewJID(string(say.LID), types.HiddenUserServer), nil
	}
	for _, digits := range say.Phone.Spellings() {
		lid, err := cli.Store.LIDs.GetLIDForPN(ctx, types.NewJID(digits, types.DefaultUserServer))
		if err != nil {
			return types.EmptyJID, fmt.Errorf("look up the lid of the recipient: %w", err)
		}
		if !lid.IsEmpty() {
			return lid, nil
		}
	}
	found, err := cli.IsOnWhatsApp(ctx, []string{"+" + say.Phone.Digits()})
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

// Codes of a refused message, as seen in acknowledgements.
const (
	codeReachOut     = 463 // the number may write to nobody who has not written first, for a while
	codeForm         = 405 // this form of a message is not taken (old buttons)
	codeFormOutdated = 479 // nor this one (native flow without its node)
	codeLimit        = 429 // too fast
)

// verdict is what the outcome of a send means for its delivery. Nothing is delivered when the server answers with a
// code; after any other error that is not known, and the message is sent again under its id.
func verdict(err error) delivery.Result {
	if err == nil {
		return delivery.Result{Verdict: delivery.Done}
	}
	if errors.Is(err, errNotOnWhatsApp) || strings.HasPrefix(err.Error(), noLID) {
		return delivery.Result{Verdict: delivery.Never, Detail: errNotOnWhatsApp.Error()}
	}
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		return delivery.Result{Verdict: delivery.Again, Detail: "not sent: " + longNumbers.ReplaceAllString(err.Error(), "…")}
	}
	code, _ := strconv.Atoi(lastNumber.FindString(err.Error()))
	result := delivery.Result{Verdict: delivery.Reject, Status: code, Detail: fmt.Sprintf("WhatsApp refused the message (%d)", code)}
	switch {
	case code == codeReachOut:
		result.Verdict = delivery.Never
		result.Detail = "WhatsApp allows this number no first messages for now (reach-out lock, 463)"
	case code == codeForm || code == codeFormOutdated:
		result.Verdict = delivery.Never
		result.Detail = fmt.Sprintf("WhatsApp does not take this form of message (%d)", code)
	case code == codeLimit || code >= 500:
		result.Verdict = delivery.Again
	}
	return result
}

// whatsmeow puts the code at the end of its error, and has no error of its own for a phone without a LID (SendMessage).
var lastNumber = regexp.MustCompile(`\d+$`)

const noLID = "no LID found for"
