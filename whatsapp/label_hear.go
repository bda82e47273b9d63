package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
)

// hear takes what whatsmeow says of labels. WhatsApp does not tell it again: what the store does not take now is kept in
// memory until it does, and is lost when the process ends before.
func (l *labels) hear(ctx context.Context, cli *whatsmeow.Client, evt any) {
	if !l.on() {
		return
	}
	l.mu.Lock()
	switch evt := evt.(type) {
	case *events.LabelEdit:
		l.hearEdit(evt)
	case *events.LabelAssociationChat:
		l.hearAssociation(cli.Store, evt)
	case *events.AppStateSyncComplete:
		if evt.Name == appstate.WAPatchRegular {
			l.enqueue(func(context.Context) error { l.hasLearned(); return nil })
		}
	}
	l.mu.Unlock()
	l.drain(ctx)
}

// hearEdit takes a label that was made, changed or deleted; l.mu is held.
func (l *labels) hearEdit(evt *events.LabelEdit) {
	own := !evt.FromFullSync && l.own.has(evt.Timestamp, appstate.IndexLabelEdit, evt.LabelID)
	switch {
	case own:
		l.count(labelOwn)
	case !evt.FromFullSync && l.isOvertaken(evt.Timestamp, appstate.IndexLabelEdit, evt.LabelID):
		return
	}
	l.enqueue(func(ctx context.Context) error { return l.edit(ctx, labelOf(evt), own) })
}

// hearAssociation takes a label that was put on a chat or taken off; l.mu is held.
func (l *labels) hearAssociation(device *store.Device, evt *events.LabelAssociationChat) {
	index := []string{appstate.IndexLabelAssociationChat, evt.LabelID, evt.JID.String()}
	change := association{
		lids: device.LIDs, jid: evt.JID, labelID: evt.LabelID, on: evt.Action.GetLabeled(),
		at: plausible(evt.Timestamp, time.Now()), whole: evt.FromFullSync,
	}
	switch {
	case !isPhone(evt.JID) && !isLID(evt.JID), identityOf(device).is(evt.JID):
		l.count(labelForeign)
	case !evt.FromFullSync && l.own.has(evt.Timestamp, index...):
		l.count(labelOwn)
	case !evt.FromFullSync && l.isOvertaken(evt.Timestamp, index...):
	default:
		l.enqueue(func(ctx context.Context) error { return l.associate(ctx, change) })
	}
}

// isOvertaken reports whether a later change of the same thing was heard already: whatsmeow hands changes that follow each
// other closely to several goroutines at once (server_sync). What is not overtaken counts as heard. Only changes by hand
// are compared, as clocks differ; l.mu is held.
func (l *labels) isOvertaken(at time.Time, index ...string) bool {
	if l.byHand.overtook(at, index...) {
		l.count(labelKnown)
		return true
	}
	l.byHand.add(at, index...)
	return false
}

// labelOf is a label as WhatsApp tells it. The app's own lists ("Unread", "Favorites") are told as labels too; they can't
// carry a stage, and are kept as if they were deleted, so that their ids are not used.
func labelOf(evt *events.LabelEdit) chat.PhoneLabel {
	label := chat.PhoneLabel{
		ID: evt.LabelID, Name: valid(evt.Action.GetName()), Colour: evt.Action.GetColor(), Deleted: evt.Action.GetDeleted(),
	}
	switch evt.Action.GetType() {
	case waSyncAction.LabelEditAction_NONE, waSyncAction.LabelEditAction_PREDEFINED, waSyncAction.LabelEditAction_CUSTOM:
	default:
		label.Deleted = true
	}
	return label
}

// edit writes a label as it is now. The news of the daemon's own label counts only when the book lacks it: a person may
// have changed it since.
func (l *labels) edit(ctx context.Context, label chat.PhoneLabel, own bool) error {
	if own {
		known, err := l.find(ctx, label.ID)
		if err != nil || known != nil {
			return err
		}
	} else {
		l.count(labelEdited)
	}
	if err := l.book.SetLabel(ctx, l.number, label); err != nil {
		return fmt.Errorf("keep label %q: %w", label.ID, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.early = slices.DeleteFunc(l.early, func(change association) bool {
		if change.labelID != label.ID {
			return false
		}
		l.enqueue(func(ctx context.Context) error { return l.associate(ctx, change) })
		return true
	})
	return nil
}

// push puts something at the end of what is to be committed.
func (l *labels) push(commit func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.enqueue(commit)
}

// enqueue is push; l.mu is held.
func (l *labels) enqueue(commit func(context.Context) error) {
	if len(l.heard) >= unheardAtMost {
		l.count(labelDropped)
		l.log.Error("too many changes of labels wait for the store, the oldest is given up", "number", l.number)
		l.heard = l.heard[1:]
	}
	l.heard = append(l.heard, commit)
}

// waiting reports whether something heard is not committed yet.
func (l *labels) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.heard) > 0
}

// drain commits what was heard, in order, up to the first that can't be.
func (l *labels) drain(ctx context.Context) {
	l.turn.Lock()
	defer l.turn.Unlock()
	for {
		l.mu.Lock()
		l.againAt = time.Time{}
		if len(l.heard) == 0 {
			l.mu.Unlock()
			return
		}
		commit := l.heard[0]
		l.mu.Unlock()
		if err := commit(ctx); err != nil {
			l.count(labelFailed)
			l.log.Warn("change of labels not committed, trying again", "number", l.number, "err", err)
			l.mu.Lock()
			l.againAt = time.Now().Add(tellAgain)
			l.mu.Unlock()
			l.nudge()
			return
		}
		l.mu.Lock()
		l.heard = l.heard[1:]
		l.mu.Unlock()
	}
}

// association is a label that was put on a chat or taken off it.
type association struct {
	lids    store.LIDStore
	jid     types.JID
	labelID string
	on      bool
	at      time.Time
	whole   bool // told with everything that the phone shows
}

// associate tells the Listener what is news, and writes the book when that is committed.
func (l *labels) associate(ctx context.Context, heard association) error {
	if heard.whole {
		l.count(labelSynced)
		return l.set(ctx, heard)
	}
	who, err := person(ctx, heard.lids, &types.MessageInfo{MessageSource: types.MessageSource{Chat: heard.jid, IsFromMe: true}})
	if err != nil {
		return err
	}
	before, err := l.carrying(ctx, chatsOf(heard.jid, who), heard.labelID)
	if err != nil {
		return err
	}
	after := slices.DeleteFunc(slices.Clone(before), func(jid types.JID) bool { return jid == heard.jid })
	if heard.on {
		after = append(after, heard.jid)
	}
	if (len(before) > 0) == (len(after) > 0) {
		l.count(labelKnown)
		return l.set(ctx, heard)
	}
	label, err := l.find(ctx, heard.labelID)
	switch {
	case err != nil:
		return err
	case label == nil:
		l.keep(heard)
		return nil
	case label.Deleted:
		l.count(labelForeign)
		return l.set(ctx, heard)
	}
	outcome, err := l.tell(ctx, chat.LabelChange{Number: l.number, Person: who, Label: label.Name, On: heard.on, At: heard.at})
	if err != nil {
		return err
	}
	if err := l.set(ctx, heard); err != nil {
		return err
	}
	l.count(outcome)
	return nil
}

// tell hands a change to the Listener. What can't be handled, by its own fault, is given up.
func (l *labels) tell(ctx context.Context, change chat.LabelChange) (outcome labelOutcome, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			l.log.Error("label made the daemon panic", "number", l.number, "err", cause, "stack", string(debug.Stack()))
			outcome, err = labelDropped, nil
		}
	}()
	switch err := l.listener.Label(ctx, change); {
	case errors.Is(err, ErrPoison):
		l.log.Error("label on a chat can't be handled", "number", l.number, "err", err)
		return labelDropped, nil
	case err != nil:
		return labelFailed, fmt.Errorf("commit a label on a chat: %w", err)
	}
	return labelTold, nil
}

func (l *labels) set(ctx context.Context, heard association) error {
	return l.setLabelled(ctx, labelled{jid: heard.jid, labelID: heard.labelID, on: heard.on})
}

func (l *labels) setLabelled(ctx context.Context, now labelled) error {
	if err := l.book.SetLabelled(ctx, l.number, now.jid.String(), now.labelID, now.on); err != nil {
		return fmt.Errorf("keep label %q of a chat: %w", now.labelID, err)
	}
	return nil
}

// find is a label of the phone, deleted or not, nil when there was none of that id.
func (l *labels) find(ctx context.Context, id string) (*chat.PhoneLabel, error) {
	known, err := l.book.Labels(ctx, l.number)
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	i := slices.IndexFunc(known, func(label chat.PhoneLabel) bool { return label.ID == id })
	if i < 0 {
		return nil, nil //nolint:nilnil // not to be found is no error
	}
	return &known[i], nil
}

// keep keeps an association until its label is heard of, which comes before it or a moment after.
func (l *labels) keep(heard association) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.early = append(l.early, heard)
	l.early = slices.Delete(l.early, 0, max(0, len(l.early)-unheardAtMost)) // of labels that nobody ever tells
}

// carrying is those of a person's chats that carry a label.
func (l *labels) carrying(ctx context.Context, chats []types.JID, labelID string) ([]types.JID, error) {
	var found []types.JID
	for _, jid := range chats {
		ids, err := l.book.Labelled(ctx, l.number, jid.String())
		if err != nil {
			return nil, fmt.Errorf("list the labels of a chat: %w", err)
		}
		if slices.Contains(ids, labelID) {
			found = append(found, jid)
		}
	}
	return found, nil
}

// chatsOf is every name that WhatsApp may have for the chat with a person, beginning with the one that is given.
func chatsOf(first types.JID, who chat.Person) []types.JID {
	all := []types.JID{first}
	add := func(jid types.JID) {
		if !slices.Contains(all, jid) {
			all = append(all, jid)
		}
	}
	if who.LID != "" {
		add(types.NewJID(string(who.LID), types.HiddenUserServer))
	}
	if who.Phone != "" {
		for _, digits := range who.Phone.Spellings() {
			add(types.NewJID(digits, types.DefaultUserServer))
		}
	}
	return all
}
