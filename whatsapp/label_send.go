package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
	"leadgate/delivery"
)

// Labeller labels chats with the number that has the name then: the bodies of its deliveries are chat.Labelling. A
// labelling is done when WhatsApp's server has taken it, or when the chat is labelled so already. It is open when the
// number is; that of a number without labels is open too, and refuses for good.
func (ns *Numbers) Labeller(name string) delivery.Gate { return labellerByName{ns, name} }

type labellerByName struct {
	numbers *Numbers
	name    string
}

// Send implements delivery.Sender.
func (s labellerByName) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	n := s.numbers.Number(s.name)
	if n == nil {
		return notNow(fmt.Sprintf("no number is called %q", s.name))
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	result := n.labelChat(ctx, d)
	result.Took = time.Since(started)
	n.metrics.labels.sent.WithLabelValues(n.name, string(result.Verdict)).Inc()
	return result
}

// Open implements delivery.Gate.
func (s labellerByName) Open() bool {
	n := s.numbers.Number(s.name)
	return n != nil && (!n.labels.on() || n.Open())
}

func (n *Number) labelChat(ctx context.Context, d delivery.Delivery) delivery.Result {
	l := n.labels
	var want chat.Labelling
	if err := json.Unmarshal(d.Body, &want); err != nil || want.Phone == "" && want.LID == "" {
		return delivery.Result{Verdict: delivery.Never, Detail: "the delivery holds no labelling"}
	}
	if !l.on() {
		return delivery.Result{Verdict: delivery.Never, Detail: "the number's chats are not labelled"}
	}
	if !n.Open() {
		return notNow(n.Status().Sentence)
	}
	select {
	case l.sending <- struct{}{}:
		defer func() { <-l.sending }()
	case <-ctx.Done():
		return notNow("the labelling before it takes long")
	}
	return l.carry(ctx, n.clientNow(), want, d.Attempt > 1)
}

// carry makes a chat carry what it shall. Unsure: an earlier attempt may have changed the book and not the phone.
func (l *labels) carry(ctx context.Context, cli *whatsmeow.Client, want chat.Labelling, unsure bool) delivery.Result {
	l.drain(ctx)
	if !l.hasItLearned() || l.waiting() {
		return delivery.Result{Verdict: delivery.Unsent, After: labelsLearnedAgain, Detail: "the phone has not told all of its labels yet"}
	}
	chats, err := labelledAs(ctx, cli, want)
	if err != nil {
		return labelVerdict(err)
	}
	plan, err := l.write(ctx, chats, want, unsure)
	if err == nil && len(plan.changes) > 0 {
		err = l.send(ctx, cli, plan)
	}
	switch {
	case err != nil:
		return labelVerdict(err)
	case plan.full:
		return delivery.Result{Verdict: delivery.Never, Detail: fmt.Sprintf(
			"the phone has %d labels, and WhatsApp allows no more: delete one there, or give one the name of the stage", labelsAtMost)}
	}
	return delivery.Result{Verdict: delivery.Done}
}

// send makes the changes of a plan, which the book holds already. A new label is written into it when the phone has it.
// After an outcome that is not known, the phone is asked before the next labelling.
func (l *labels) send(ctx context.Context, cli *whatsmeow.Client, plan labelPlan) error {
	patch := plan.patch(time.Now())
	l.mu.Lock()
	l.own.addPatch(patch)
	l.mu.Unlock()
	err := cli.SendAppState(ctx, patch)
	switch {
	case errors.Is(err, whatsmeow.ErrAppStateUpdate):
		l.push(func(ctx context.Context) error { return l.unwrite(ctx, plan) })
	case err != nil:
		l.begin()
		l.nudge()
	case plan.make != nil:
		l.push(func(ctx context.Context) error { return l.book.SetLabel(ctx, l.number, *plan.make) })
	}
	l.drain(ctx)
	return err //nolint:wrapcheck // labelVerdict reads it
}

// labelledAs is every name of the chat with a person, first that under which WhatsApp shows it: the LID once there is one.
// A label under the phone is then taken and shown nowhere (evolution-api#2524).
func labelledAs(ctx context.Context, cli *whatsmeow.Client, want chat.Labelling) ([]types.JID, error) {
	to, err := recipient(ctx, cli, want.Phone, want.LID)
	if err != nil {
		return nil, err
	}
	who, err := person(ctx, cli.Store.LIDs, &types.MessageInfo{MessageSource: types.MessageSource{Chat: to, IsFromMe: true}})
	if err != nil {
		return nil, err
	}
	if who.Phone == "" {
		who.Phone = want.Phone
	}
	return chatsOf(to, who), nil
}

// write plans a labelling and writes it into the book, so that its news are none.
func (l *labels) write(ctx context.Context, jids []types.JID, want chat.Labelling, unsure bool) (labelPlan, error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	known, err := l.book.Labels(ctx, l.number)
	if err != nil {
		return labelPlan{}, fmt.Errorf("list labels: %w", err)
	}
	chats := make([]labelledChat, len(jids))
	for i, jid := range jids {
		ids, err := l.book.Labelled(ctx, l.number, jid.String())
		if err != nil {
			return labelPlan{}, fmt.Errorf("list the labels of a chat: %w", err)
		}
		chats[i] = labelledChat{jid, ids}
	}
	plan := planLabels(known, chats, want, unsure)
	for _, change := range plan.changes {
		if err := l.setLabelled(ctx, change); err != nil {
			return labelPlan{}, err
		}
	}
	return plan, nil
}

// unwrite takes out of the book what WhatsApp has refused.
func (l *labels) unwrite(ctx context.Context, plan labelPlan) error {
	for _, change := range plan.changes {
		change.on = change.was
		if err := l.setLabelled(ctx, change); err != nil {
			return err
		}
	}
	return nil
}

// labelVerdict is what an error means for a labelling.
func labelVerdict(err error) delivery.Result {
	if errors.Is(err, errNotOnWhatsApp) {
		return delivery.Result{Verdict: delivery.Never, Detail: err.Error()}
	}
	if !errors.Is(err, whatsmeow.ErrAppStateUpdate) {
		return delivery.Result{Verdict: delivery.Again, Detail: "not labelled: " + longNumbers.ReplaceAllString(err.Error(), "…")}
	}
	var code int
	if found := refusalCode.FindStringSubmatch(err.Error()); found != nil {
		code, _ = strconv.Atoi(found[1])
	}
	result := delivery.Result{Verdict: delivery.Never, Status: code, Detail: fmt.Sprintf("WhatsApp refused the label (%d)", code)}
	if code == codeConflict || code == codeLimit || code >= 500 {
		result.Verdict = delivery.Again
	}
	return result
}

// codeConflict refuses a change because another came before it. whatsmeow makes it once more after that; the second time
// it is up to its caller.
const codeConflict = 409

// refusalCode finds the code in whatsmeow's error, which has it nowhere else (sendAppState).
var refusalCode = regexp.MustCompile(`<error[^>]*\bcode="(\d+)"`)
