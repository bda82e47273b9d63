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

// hear takes what whatsmeow says of labels, in the order in which it says it. WhatsApp does not tell it again: what the
// store does not take now is kept in memory until it does, and is lost when the process ends before.
func (l *labels) hear(ctx context.Context, cli *whatsmeow.Client, evt any) {
	if !l.on() {
		return
	}
	switch evt := evt.(type) {
	case *events.LabelEdit:
		own := !evt.FromFullSync && l.isOwn(evt.Timestamp, appstate.IndexLabelEdit, evt.LabelID)
		l.push(func(ctx context.Context) error { return l.edit(ctx, labelOf(evt), own) })
	case *events.LabelAssociationChat:
		change := association{
			lids: cli.Store.LIDs, jid: evt.JID, labelID: evt.LabelID, on: evt.Action.GetLabeled(),
			at: sentAt(evt.Timestamp, time.Now()), whole: evt.FromFullSync,
		}
		switch {
		case !evt.FromFullSync && l.isOwn(evt.Timestamp, appstate.IndexLabelAssociationChat, evt.LabelID, evt.JID.String()):
			return
		case !isPhone(evt.JID) && !isLID(evt.JID), identityOf(cli.Store).is(evt.JID):
			l.count(labelForeign)
			return
		}
		l.push(func(ctx context.Context) error { return l.associate(ctx, change) })
	case *events.AppStateSyncComplete:
		if evt.Name != appstate.WAPatchRegular {
			return
		}
		l.push(func(context.Context) error { l.hasLearned(); return nil })
	}
	l.drain(ctx)
}

func (l *labels) isOwn(at time.Time, index ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.own.has(at, index...)
	if own {
		l.count(labelOwn)
	}
	return own
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
		known, err := l.book.Labels(ctx, l.number)
		if err != nil {
			return fmt.Errorf("list labels: %w", err)
		}
		if slices.ContainsFunc(known, func(k chat.PhoneLabel) bool { return k.ID == label.ID }) {
			return nil
		}
	} else {
		l.count(labelEdited)
	}
	if err := l.book.SetLabel(ctx, l.number, label); err != nil {
		return fmt.Errorf("keep label %q: %w", label.ID, err)
	}
	return nil
}

// push puts something at the end of what is to be committed.
func (l *labels) push(commit func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
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
	label, err := l.label(ctx, heard.labelID)
	if err != nil {
		return err
	}
	if label == nil {
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

// label is a label that the phone has, nil when it has none of that id.
func (l *labels) label(ctx context.Context, id string) (*chat.PhoneLabel, error) {
	known, err := l.book.Labels(ctx, l.number)
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	for i := range known {
		if known[i].ID == id && !known[i].Deleted {
			return &known[i], nil
		}
	}
	return nil, nil //nolint:nilnil // not to be found is no error
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
