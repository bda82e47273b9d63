package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
	"leadgate/whatsapp"
)

// A listener hands what the numbers hear to the bot, as inputs.
type listener struct {
	bot   *bot.Bot
	store *store.Store
	now   func() time.Time
}

// Message has a message decided and committed. A message that can't be decided is poison: the number sets it aside when it
// has tried often enough.
func (l *listener) Message(ctx context.Context, m chat.Message) error {
	err := l.bot.Handle(ctx, bot.Input{Key: m.Key(), At: l.now().UTC(), Message: &m})
	if errors.Is(err, bot.ErrUndecidable) {
		return fmt.Errorf("%w: %w", whatsapp.ErrPoison, err)
	}
	return err
}

// Connection tells the outside that a number came or went.
func (l *listener) Connection(ctx context.Context, c whatsapp.Change) error {
	event := map[whatsapp.ChangeKind]bot.EventType{
		whatsapp.ChangeConnected:    bot.NumberConnected,
		whatsapp.ChangeDisconnected: bot.NumberDisconnected,
		whatsapp.ChangeLoggedOut:    bot.NumberLoggedOut,
	}[c.Kind]
	return l.bot.Handle(ctx, bot.Input{
		Key: fmt.Sprintf("number/%s/%s/%d", c.Number, c.Kind, c.At.UnixNano()), At: c.At.UTC(),
		Number: &bot.NumberChange{Number: c.Number, Event: event, Reason: c.Reason},
	})
}

// Label has decided what somebody's hand on the phone's labels means.
func (l *listener) Label(ctx context.Context, change chat.LabelChange) error {
	// Keys outlive whoever is erased: nobody can be told from this one.
	key := "label/" + change.Number + "/" + chat.MessageID(fmt.Sprintf("%s/%s/%s/%t/%d", change.Person.LID, change.Person.Phone,
		change.Label, change.On, change.At.UnixMilli()))
	err := l.bot.Handle(ctx, bot.Input{Key: key, At: l.now().UTC(), Label: &change})
	if errors.Is(err, bot.ErrUndecidable) {
		return fmt.Errorf("%w: %w", whatsapp.ErrPoison, err)
	}
	return err
}

// Limited keeps what WhatsApp has refused to a number.
func (l *listener) Limited(ctx context.Context, number string, limits chat.Limits) error {
	return l.store.SetLimits(ctx, number, limits)
}

// SetAside keeps a message that could not be handled where people can see it.
func (l *listener) SetAside(ctx context.Context, number, messageID, reason string, payload []byte) error {
	return l.store.SetAside(ctx, number, messageID, reason, l.now().UTC(), payload)
}
