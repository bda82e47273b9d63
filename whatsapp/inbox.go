package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
)

const (
	// poisonAfter is how many attempts a message gets that fails by its own fault.
	poisonAfter = 5
	// attemptsKept bounds how many failing messages are counted at a time. What is forgotten is counted anew.
	attemptsKept = 10_000
	// answerRetryFirst and answerRetryLongest bound the delay between attempts at a message that WhatsApp forgets
	// whatever becomes of it.
	answerRetryFirst   = 200 * time.Millisecond
	answerRetryLongest = 30 * time.Second
	// waitingLogged is the least time between two lines about a store that does not work.
	waitingLogged = time.Minute
)

// inbox takes the messages of one number, and says of each whether WhatsApp may forget it.
type inbox struct {
	number    string
	listener  Listener
	metrics   *metrics
	log       *slog.Logger
	redeliver func() // asks for what was not acknowledged

	worked   atomic.Bool  // a message was committed since somebody last looked
	inHand   atomic.Int64 // messages that are being handled
	heardAt  atomic.Int64 // Unix nanoseconds of when a message last came or was done with
	mu       sync.Mutex
	attempts map[types.MessageID]int // failures that were the message's own fault
	awaited  awaited
	waitedAt time.Time // when waiting was last logged
}

func newInbox(number string, listener Listener, m *metrics, log *slog.Logger, redeliver func()) *inbox {
	return &inbox{
		number: number, listener: listener, metrics: m, log: log, redeliver: redeliver,
		attempts: map[types.MessageID]int{}, awaited: awaited{},
	}
}

// message takes a message. False leaves it with WhatsApp, which delivers it again on the next connection.
//
// whatsmeow ignores the answer for a message that the phone resends because it had reached linked devices empty
// (handlePlaceholderResendResponse). Such a message is tried here until it is done with. When the context ends first, so
// has the connection, and WhatsApp keeps the phone's answer.
func (in *inbox) message(ctx context.Context, cli *whatsmeow.Client, evt *events.Message) bool {
	if why := audience(&evt.Info, identityOf(cli.Store)); why != counts {
		in.metrics.ignore(in.number, directionOf(&evt.Info), why)
		return true
	}
	done := in.hear()
	defer done()
	for retry := 0; ; retry++ {
		started := time.Now()
		err := in.attempt(ctx, cli, evt)
		if err == nil {
			in.succeeded(evt.Info.ID, directionOf(&evt.Info))
			in.metrics.handled(in.number, time.Since(started))
			return true
		}
		if in.failed(ctx, evt, err) {
			return true
		}
		if evt.UnavailableRequestID == "" {
			in.redeliver()
			return false
		}
		if !pause(ctx, growing(answerRetryFirst, answerRetryLongest, retry)) {
			return false
		}
	}
}

// hear notes that a message has come, and once what it returns is called that it is done with.
func (in *inbox) hear() (done func()) {
	in.inHand.Add(1)
	in.heardAt.Store(time.Now().UnixNano())
	return func() {
		in.heardAt.Store(time.Now().UnixNano())
		in.inHand.Add(-1)
	}
}

// heardSince reports whether a message is being handled, or was at a time or later.
func (in *inbox) heardSince(at time.Time) bool {
	return in.inHand.Load() > 0 || in.heardAt.Load() >= at.UnixNano()
}

// attempt makes one attempt at a message. A panic is a failure: whatsmeow would take it for success.
func (in *inbox) attempt(ctx context.Context, cli *whatsmeow.Client, evt *events.Message) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			in.log.Error("message made the daemon panic", "number", in.number, "message_id", evt.Info.ID, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: panic: %v", ErrPoison, cause)
		}
	}()
	who, err := person(ctx, cli.Store.LIDs, &evt.Info)
	if err != nil {
		return err
	}
	m, why := normalise(in.number, openEdit(ctx, cli, evt), who, time.Now())
	if why == ignoredPollVote {
		if vote := voteOf(cli.Store, evt); vote != nil {
			m, why = envelope(in.number, evt, who, time.Now()), counts
			m.Answer = vote
		}
	}
	if why == counts && who.Phone == "" && who.LID == "" {
		why = ignoredUnknown
	}
	if why != counts {
		in.metrics.ignore(in.number, directionOf(&evt.Info), why)
		return nil
	}
	if err := in.listener.Message(ctx, m); err != nil {
		return fmt.Errorf("commit message %q: %w", m.ID, err)
	}
	in.metrics.message(in.number, m.Direction, outcomeHandled)
	return nil
}

// openEdit decrypts the new text of an edited message, where WhatsApp encrypts that once more. What can't be opened is
// left as it is, and does not count.
func openEdit(ctx context.Context, cli *whatsmeow.Client, evt *events.Message) *events.Message {
	sealed := evt.Message.GetSecretEncryptedMessage()
	if sealed.GetSecretEncType() != waE2E.SecretEncryptedMessage_MESSAGE_EDIT {
		return evt
	}
	text, err := cli.DecryptSecretEncryptedMessage(ctx, evt)
	if err != nil {
		return evt
	}
	opened := *evt
	opened.Message = text
	if text.GetProtocolMessage() == nil && text.GetEditedMessage() == nil {
		opened.Message = &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: sealed.GetTargetMessageKey(), EditedMessage: text,
		}}
	}
	return &opened
}

func (in *inbox) succeeded(id types.MessageID, direction chat.Direction) {
	in.worked.Store(true)
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.attempts, id)
	if in.awaited.came(id) {
		in.metrics.message(in.number, direction, outcomeRecovered)
		in.metrics.missing.WithLabelValues(in.number).Set(float64(len(in.awaited)))
	}
}

// failed notes a failed attempt, and sets the message aside after the last one that it gets; true when it is done with.
// The failures of a store are nobody's but the store's: they are never counted against a message.
func (in *inbox) failed(ctx context.Context, evt *events.Message, err error) bool {
	direction := directionOf(&evt.Info)
	in.metrics.message(in.number, direction, outcomeFailed)
	if !errors.Is(err, ErrPoison) {
		if ctx.Err() == nil {
			in.log.Warn("message not committed, it will come again", "number", in.number, "message_id", evt.Info.ID, "err", err)
		}
		return false
	}
	attempts := in.countAttempt(evt.Info.ID)
	in.log.Error("message can't be handled", "number", in.number, "message_id", evt.Info.ID, "attempt", attempts, "err", err)
	if attempts < poisonAfter {
		return false
	}
	payload, _ := proto.Marshal(evt.RawMessage) // what was decoded can be encoded
	if err := in.setAside(ctx, evt.Info.ID, strings.ReplaceAll(err.Error(), "\n", "; "), payload); err != nil {
		in.log.Warn("message not set aside, it will come again", "number", in.number, "message_id", evt.Info.ID, "err", err)
		return false
	}
	in.metrics.message(in.number, direction, outcomeSetAside)
	in.succeeded(evt.Info.ID, direction)
	return true
}

func (in *inbox) countAttempt(id types.MessageID) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.attempts) >= attemptsKept {
		clear(in.attempts)
	}
	in.attempts[id]++
	return in.attempts[id]
}

func (in *inbox) setAside(ctx context.Context, id, reason string, payload []byte) error {
	return in.listener.SetAside(ctx, in.number, id, reason, payload)
}

// unparsable sets aside what is no message at all. whatsmeow refuses it and says nothing, so it is tried until it is
// done; when the context ends first, so has the connection, and WhatsApp delivers it again.
func (in *inbox) unparsable(ctx context.Context, id string, plaintext []byte) {
	for retry := 0; ; retry++ {
		err := in.setAside(ctx, id, "the decrypted message is not one that this version can read", plaintext)
		if err == nil {
			break
		}
		in.log.Warn("unreadable message not set aside yet", "number", in.number, "message_id", id, "err", err)
		if !pause(ctx, growing(answerRetryFirst, answerRetryLongest, retry)) {
			return
		}
	}
	in.log.Warn("unreadable message set aside", "number", in.number, "message_id", id)
	in.metrics.message(in.number, chat.Inbound, outcomeSetAside)
}

// waiting is told that decrypting waits for the database.
func (in *inbox) waiting(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if time.Since(in.waitedAt) > waitingLogged {
		in.waitedAt = time.Now()
		in.log.Warn("messages wait for the store", "number", in.number, "err", err)
	}
}

func directionOf(info *types.MessageInfo) chat.Direction {
	if info.IsFromMe {
		return chat.Outbound
	}
	return chat.Inbound
}
