package web

import (
	"net/http"
	"time"
	"unicode/utf8"

	"leadgate/bot"
	"leadgate/chat"
)

// paymentItem is a payment with whom and what it is for.
type paymentItem struct {
	bot.PaymentView
	LeadID        string  `json:"lead_id"`
	OpportunityID *string `json:"opportunity_id"` // null: no type of opportunity is configured
}

// recordPayment answers POST /payments: 201 with a new payment, 200 with one that is known, as it stands now. A status from
// before the one that is kept changes nothing.
func (s *site) recordPayment(w http.ResponseWriter, r *http.Request) error {
	var id, phone, status, currency string
	var kind, source *string
	var at *time.Time
	var paid amount
	err := body(r, fields{
		"external_id": &id, "at": &at, "phone": &phone, "status": &status, "amount": &paid, "currency": &currency,
		"opportunity_type": &kind, "source": &source,
	})
	if err != nil {
		return err
	}
	payment := bot.Payment{ExternalID: id, Type: orEmpty(kind), Source: orEmpty(source), Cause: cause(r)}
	if err := checkExternal(id); err != nil {
		return err
	}
	if payment.At, err = s.past("at", at); err != nil {
		return err
	}
	if payment.Phone, err = s.phoneOf("phone", phone); err != nil {
		return err
	}
	if payment.Status, err = among("status", status, bot.PaymentNew, bot.PaymentSucceeded, bot.PaymentFailed); err != nil {
		return err
	}
	if payment.Amount, err = money("amount", paid, currency); err != nil {
		return err
	}
	key := inputKey(r)
	before, err := s.Store.PaymentByExternalID(r.Context(), id)
	if err != nil {
		return err
	}
	err = s.change(r, key, bot.Input{Payment: &payment}, named{bot.ErrConflict: "phone"})
	if err != nil {
		return renamed(err, map[string]string{"type": "opportunity_type"})
	}
	kept, err := s.Store.PaymentByExternalID(r.Context(), id)
	if err != nil || kept == nil {
		return orGone(err, "payment", id)
	}
	writeJSON(w, createdUnless(before != nil), paymentItem{
		PaymentView: bot.ViewPayment(*kept), LeadID: kept.LeadID, OpportunityID: optional(kept.Opportunity),
	})
	return nil
}

// feedbackItem is a feedback with whom it is about.
type feedbackItem struct {
	bot.FeedbackView
	LeadID string `json:"lead_id"`
}

// recordFeedback answers POST /feedback: 201, or 200 with what was reported under the external id before.
func (s *site) recordFeedback(w http.ResponseWriter, r *http.Request) error {
	var id, kind string
	var phone, lead, reason, currency *string
	var value amount
	err := body(r, fields{
		"external_id": &id, "phone": &phone, "lead_id": &lead, "kind": &kind, "reason": &reason, "value": &value, "currency": &currency,
	})
	if err != nil {
		return err
	}
	feedback := bot.Feedback{ExternalID: id, Reason: orEmpty(reason), At: s.Now().UTC(), LeadID: orEmpty(lead), Cause: cause(r)}
	if err := checkExternal(id); err != nil {
		return err
	}
	if feedback.Kind, err = among("kind", kind, bot.FeedbackConversion, bot.FeedbackReturn); err != nil {
		return err
	}
	if value != "" || orEmpty(currency) != "" {
		if feedback.Value, err = money("value", value, orEmpty(currency)); err != nil {
			return err
		}
	}
	who := "lead_id"
	switch {
	case feedback.LeadID != "" && orEmpty(phone) != "":
		return wrong("phone", "is given, and so is lead_id: one of them is enough")
	case feedback.LeadID == "" && orEmpty(phone) == "":
		return wrong("phone", "is missing, and so is lead_id: one of them is needed")
	case feedback.LeadID == "":
		who = "phone"
		if feedback.Phone, err = s.phoneOf(who, *phone); err != nil {
			return err
		}
	}
	return s.keepFeedback(w, r, feedback, who)
}

// keepFeedback has a feedback recorded about who is named by a field, and answers with it as it is kept.
func (s *site) keepFeedback(w http.ResponseWriter, r *http.Request, feedback bot.Feedback, who string) error {
	key := inputKey(r)
	before, err := s.Store.FeedbackByExternalID(r.Context(), feedback.ExternalID)
	if err != nil {
		return err
	}
	if err := s.change(r, key, bot.Input{Feedback: &feedback}, named{bot.ErrNoLead: who}); err != nil {
		return err
	}
	kept, err := s.Store.FeedbackByExternalID(r.Context(), feedback.ExternalID)
	if err != nil || kept == nil {
		return orGone(err, "feedback", feedback.ExternalID)
	}
	writeJSON(w, createdUnless(before != nil), feedbackItem{FeedbackView: bot.ViewFeedback(*kept), LeadID: kept.LeadID})
	return nil
}

func createdUnless(known bool) int {
	if known {
		return http.StatusOK
	}
	return http.StatusCreated
}

// orGone is an error of the store, or the problem of what was kept and is erased already.
func orGone(err error, kind, id string) error {
	if err != nil {
		return err
	}
	return unknown(kind, id)
}

// past is a time that a request names, else now. One ahead of every clock's error would keep all that follows from counting.
func (s *site) past(field string, given *time.Time) (time.Time, error) {
	const clocksDiffer = 24 * time.Hour
	now := s.Now().UTC()
	switch {
	case given == nil:
		return now, nil
	case given.After(now.Add(clocksDiffer)):
		return now, wrong(field, "is in the future")
	}
	return given.UTC(), nil
}

// maxExternal bounds the id that another system has given to something, in characters.
const maxExternal = 255

func checkExternal(id string) error {
	if utf8.RuneCountInString(id) > maxExternal {
		return wrong("external_id", "is longer than %d characters", maxExternal)
	}
	return nil
}

// among is a word of a body that has to be one of those that are known.
func among[T ~string](field, word string, known ...T) (T, error) {
	return oneOf(listing{filter: map[string]string{field: word}}, field, known...)
}

// money reads an amount of a currency, in which nobody owes anything.
func money(field string, value amount, currency string) (chat.Money, error) {
	switch {
	case value == "":
		return chat.Money{}, wrong(field, "is missing")
	case currency == "":
		return chat.Money{}, wrong("currency", "is missing")
	case value[0] == '-':
		return chat.Money{}, wrong(field, "must not be below zero")
	}
	if _, err := chat.ParseMoney("0", currency); err != nil {
		return chat.Money{}, wrong("currency", "is refused: %v", err)
	}
	m, err := chat.ParseMoney(string(value), currency)
	if err != nil {
		return m, wrong(field, "is refused: %v", err)
	}
	return m, nil
}
