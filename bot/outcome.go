package bot

import (
	"encoding/json"

	"leadgate/chat"
)

// PaymentView is a payment as the outside sees it.
type PaymentView struct {
	ID         string      `json:"id"`
	ExternalID string      `json:"external_id"`
	Status     string      `json:"status"`
	Amount     json.Number `json:"amount"` // decimal, in the major unit
	Currency   string      `json:"currency"`
	At         string      `json:"at"`
}

// FeedbackView is a feedback as the outside sees it.
type FeedbackView struct {
	ID         string       `json:"id"`
	ExternalID string       `json:"external_id"`
	Kind       string       `json:"kind"`
	Reason     *string      `json:"reason"`
	Value      *json.Number `json:"value"` // decimal, in the major unit
	Currency   *string      `json:"currency"`
	At         string       `json:"at"`
}

// ViewPayment shows a payment.
func ViewPayment(p Payment) PaymentView {
	return PaymentView{
		ID: p.ID, ExternalID: p.ExternalID, Status: string(p.Status), Amount: json.Number(p.Amount.Decimal()),
		Currency: p.Amount.Currency, At: timestamp(p.At),
	}
}

// ViewFeedback shows a feedback.
func ViewFeedback(f Feedback) FeedbackView {
	v := FeedbackView{
		ID: f.ID, ExternalID: f.ExternalID, Kind: string(f.Kind), Reason: optional(f.Reason), Currency: optional(f.Value.Currency),
		At: timestamp(f.At),
	}
	if f.Value != (chat.Money{}) {
		value := json.Number(f.Value.Decimal())
		v.Value = &value
	}
	return v
}
