package store

import (
	"context"

	"leadgate/bot"
	"leadgate/chat"
)

// LeadByEmail finds the oldest lead with an e-mail address, in the form of chat.NormalEmail. Nobody: the zero Lead and no
// error.
func (s *Store) LeadByEmail(ctx context.Context, email string) (chat.Lead, error) {
	leads, err := subject{email: email}.byEmail(ctx, s.reads)
	if err != nil || len(leads) == 0 {
		return chat.Lead{}, err
	}
	return leads[0].Lead, nil
}

// PaymentByExternalID is the payment that its payment system calls so; nil when there is none.
func (s *Store) PaymentByExternalID(ctx context.Context, externalID string) (*bot.Payment, error) {
	return keptPayment(ctx, s.reads, externalID)
}

// FeedbackByExternalID is the feedback that its system calls so; nil when there is none.
func (s *Store) FeedbackByExternalID(ctx context.Context, externalID string) (*bot.Feedback, error) {
	return keptFeedback(ctx, s.reads, externalID)
}
