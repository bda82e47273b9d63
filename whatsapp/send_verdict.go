package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"

	"leadgate/chat"
	"leadgate/delivery"
)

// Codes of a refused message, as seen in acknowledgements: 4xx of which some say nothing about the message's form.
const (
	codeLoggedOut = 401
	codeForbidden = 403
	codeUnknown   = 404 // there is no such recipient
	codeTimeout   = 408
	codeLimit     = 429 // too fast
	codeReachOut  = 463 // the number may write to nobody who has not written first, for a while
)

// replyLockedAgain is how soon an answer is tried again that ran into the lock although its recipient has written first:
// WhatsApp may not have noticed, or the lock may be wider than is known.
const replyLockedAgain = time.Hour

// conclude is what the outcome of a send means for its delivery, and for what the number may send from now on.
func (n *Number) conclude(ctx context.Context, err error, out chat.Outgoing) delivery.Result {
	if refusal(err) != codeReachOut {
		return verdict(err)
	}
	now := time.Now()
	n.limit(ctx, limitReplies, now)
	if out.Reply {
		return delivery.Result{
			Verdict: delivery.Again, After: replyLockedAgain, Status: codeReachOut,
			Detail: "WhatsApp takes this answer for a first message, which it does not allow for now (reach-out lock, 463)",
		}
	}
	return untilUnlocked(out, n.limitsNow().RepliesUntil, now)
}

// untilUnlocked keeps a first message until the lock ends, or until it comes too late.
func untilUnlocked(out chat.Outgoing, locked, now time.Time) delivery.Result {
	if !out.Until.IsZero() && out.Until.Before(locked) {
		locked = out.Until
	}
	return delivery.Result{
		Verdict: delivery.Unsent, After: locked.Sub(now), Status: codeReachOut,
		Detail: "WhatsApp allows this number no first messages for now (reach-out lock, 463)",
	}
}

// formRefused reports whether the server did not take a message in its form: 405 and 479 are seen for buttons and for
// native flow without its node, and any other 4xx that says nothing else may be the next.
func formRefused(err error) bool {
	switch code := refusal(err); code {
	case codeLoggedOut, codeForbidden, codeUnknown, codeTimeout, codeLimit, codeReachOut:
		return false
	default:
		return code >= 400 && code < 500
	}
}

// refusal is the code with which the server refused a message, 0 when it did not.
func refusal(err error) int {
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		return 0
	}
	code, _ := strconv.Atoi(lastNumber.FindString(err.Error()))
	return code
}

// verdict is what the outcome of a send means for its delivery. Nothing is delivered when the server answers with a
// code or there was no connection; after any other error that is not known, and the message is sent again under its id.
func verdict(err error) delivery.Result {
	switch {
	case err == nil:
		return delivery.Result{Verdict: delivery.Done}
	case errors.Is(err, errNotOnWhatsApp) || strings.HasPrefix(err.Error(), noLID):
		return delivery.Result{Verdict: delivery.Never, Detail: errNotOnWhatsApp.Error()}
	case errors.Is(err, whatsmeow.ErrNotConnected):
		return notNow("the connection to WhatsApp was lost before the message was sent")
	case !errors.Is(err, whatsmeow.ErrServerReturnedError):
		return delivery.Result{Verdict: delivery.Again, Detail: "not sent: " + longNumbers.ReplaceAllString(err.Error(), "…")}
	}
	code := refusal(err)
	result := delivery.Result{Verdict: delivery.Reject, Status: code, Detail: fmt.Sprintf("WhatsApp refused the message (%d)", code)}
	if code == codeLimit || code >= 500 {
		result.Verdict = delivery.Again
	}
	return result
}

// whatsmeow puts the code at the end of its error, and has no error of its own for a phone without a LID (SendMessage).
var lastNumber = regexp.MustCompile(`\d+$`)

const noLID = "no LID found for"
