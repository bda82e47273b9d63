package web

import (
	"net/http"
	"strconv"

	"leadgate/delivery"
	"leadgate/store"
)

// deliveryItem is an event or a message on its way to a destination.
type deliveryItem struct {
	ID          string  `json:"id"`
	Destination string  `json:"destination"`
	Status      string  `json:"status"`   // pending, delivered, dead, withdrawn
	Event       *string `json:"event"`    // its type; null: it carries no event
	EventID     *string `json:"event_id"` // null likewise
	LeadID      *string `json:"lead_id"`
	Attempts    int     `json:"attempts"` // that have begun
	LastStatus  *int    `json:"last_status"`
	LastDetail  *string `json:"last_detail"` // what the last attempt came to, in words
	CreatedAt   string  `json:"created_at"`
	NotBefore   *string `json:"not_before"`
	SettledAt   *string `json:"settled_at"` // null while it is pending
}

func showDelivery(d store.Delivery) deliveryItem {
	item := deliveryItem{
		ID: strconv.FormatInt(d.ID, 10), Destination: d.Destination, Status: string(d.State), Event: optional(string(d.Event)),
		LeadID: optional(d.LeadID), Attempts: d.Attempt, LastDetail: optional(d.Detail), CreatedAt: moment(d.CreatedAt),
		NotBefore: optionalMoment(d.NotBefore), SettledAt: optionalMoment(d.SettledAt),
	}
	if d.Event != "" {
		item.EventID = &d.Key
	}
	if d.Status != 0 {
		item.LastStatus = &d.Status
	}
	return item
}

// deliveries answers GET /deliveries, the last committed first.
func (s *site) deliveries(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r, "destination", "status", "lead", "since", "until")
	if err != nil {
		return err
	}
	f := store.DeliveryFilter{Destination: l.filter["destination"], LeadID: l.filter["lead"]}
	if f.State, err = oneOf(l, "status", delivery.Pending, delivery.Delivered, delivery.Dead, delivery.Withdrawn); err != nil {
		return err
	}
	if f.Since, f.Until, err = s.between(l); err != nil {
		return err
	}
	found, next, err := s.Store.Deliveries(r.Context(), f, l.from, l.limit)
	if err != nil {
		return err
	}
	writeList(w, show(found, showDelivery), next)
	return nil
}

// retryDelivery answers POST /deliveries/{id}/retry: 202, and a delivery that is pending or dead is due at once.
func (s *site) retryDelivery(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	text := r.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return unknown("delivery", shortened(text))
	}
	f := store.DeliveryFilter{ID: id}
	n, err := s.Store.RetryDeliveries(r.Context(), f, s.Now().UTC())
	if err != nil {
		return err
	}
	found, _, err := s.Store.Deliveries(r.Context(), f, 0, 1)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return unknown("delivery", text)
	case n == 0:
		return problem{Status: http.StatusConflict, Detail: "the delivery is " + string(found[0].State)}
	}
	s.Wake()
	writeJSON(w, http.StatusAccepted, showDelivery(found[0]))
	return nil
}
