package web

import (
	"context"
	"encoding/json"
	"net/http"

	"leadgate/bot"
	"leadgate/store"
)

// events answers GET /events, in the order in which they were recorded.
func (s *site) events(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r, "type", "lead")
	if err != nil {
		return err
	}
	kind, err := oneOf(l, "type", bot.EventTypes()...)
	if err != nil {
		return err
	}
	found, next, err := page(l, s.eventsOf(r.Context(), store.EventFilter{Type: kind, LeadID: l.filter["lead"]}), eventSeq)
	if err != nil {
		return err
	}
	writeList(w, show(found, showEvent), next)
	return nil
}

func (s *site) eventsOf(ctx context.Context, f store.EventFilter) reader[store.Event] {
	return func(after int64, limit int) ([]store.Event, error) {
		f := f
		f.After = after
		return s.Store.Events(ctx, f, limit)
	}
}

func eventSeq(e store.Event) int64 { return e.Seq }

// showEvent is an event as every destination gets it.
func showEvent(e store.Event) json.RawMessage { return e.Body }
