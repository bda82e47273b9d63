package main

import (
	"context"
	"encoding/json"
	"slices"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
)

// storyPage is how many things of a lead are read at once.
const storyPage = 500

// A story is all that is kept of a lead.
type story struct {
	store         *store.Store
	lead          chat.Lead
	view          bot.LeadView
	transitions   []store.Transition // deleted ones too
	opportunities []store.Opportunity
	chats         []store.Chat
	assignments   map[string][]bot.Assignment // by chat
	payments      []bot.Payment
	feedback      []bot.Feedback
	events        []store.Event
	deliveries    []store.Delivery            // the oldest first
	carrying      map[string][]store.Delivery // the same by the id of the event that they carry; "": none that is kept
}

// load reads the story of the lead.
func (s *story) load(ctx context.Context) (err error) {
	if s.view, err = viewLead(ctx, s.store, s.lead); err != nil {
		return err
	}
	if s.transitions, err = s.store.Transitions(ctx, s.lead.ID, true); err != nil {
		return err
	}
	if s.payments, err = s.store.Payments(ctx, s.lead.ID); err != nil {
		return err
	}
	if s.feedback, err = s.store.Feedbacks(ctx, s.lead.ID); err != nil {
		return err
	}
	if err := s.loadChats(ctx); err != nil {
		return err
	}
	return s.loadEvents(ctx)
}

func (s *story) loadChats(ctx context.Context) (err error) {
	s.opportunities, err = everything(func(after store.Opportunity) ([]store.Opportunity, error) {
		return s.store.Opportunities(ctx, store.OpportunityFilter{LeadID: s.lead.ID, After: after.Seq}, storyPage)
	})
	if err != nil {
		return err
	}
	s.chats, err = everything(func(after store.Chat) ([]store.Chat, error) {
		return s.store.Chats(ctx, store.ChatFilter{LeadID: s.lead.ID, After: after.Seq}, storyPage)
	})
	if err != nil {
		return err
	}
	s.assignments = map[string][]bot.Assignment{}
	for _, c := range s.chats {
		if s.assignments[c.ID], err = s.store.Assignments(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) loadEvents(ctx context.Context) (err error) {
	s.events, err = everything(func(after store.Event) ([]store.Event, error) {
		return s.store.Events(ctx, store.EventFilter{LeadID: s.lead.ID, After: after.Seq}, storyPage)
	})
	if err != nil {
		return err
	}
	for from, first := store.Cursor(0), true; first || from != 0; first = false {
		var found []store.Delivery
		found, from, err = s.store.Deliveries(ctx, store.DeliveryFilter{LeadID: s.lead.ID}, from, storyPage)
		if err != nil {
			return err
		}
		s.deliveries = append(s.deliveries, found...)
	}
	slices.Reverse(s.deliveries)
	s.carry()
	return nil
}

// carry sorts the deliveries by what they carry.
func (s *story) carry() {
	s.carrying = map[string][]store.Delivery{}
	for _, e := range s.events {
		s.carrying[e.ID] = nil
	}
	for _, d := range s.deliveries {
		event := d.Key
		if _, known := s.carrying[event]; !known {
			event = ""
		}
		s.carrying[event] = append(s.carrying[event], d)
	}
}

// everything reads page after page; each comes after the last thing of the one before.
func everything[T any](page func(after T) ([]T, error)) (all []T, err error) {
	var last T
	for {
		found, err := page(last)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(found) < storyPage {
			return all, nil
		}
		last = found[len(found)-1]
	}
}

// What a story is as JSON: a lead as GET /api/v1/leads/{id} answers, and beside it what became of its events.
type (
	storyItem struct {
		bot.LeadView
		Numbers       []string              `json:"numbers"` // to which they wrote
		FirstAd       *bot.AdView           `json:"first_ad"`
		ErasedAt      *string               `json:"erased_at"`
		Transitions   []storyTransition     `json:"transitions"`
		Opportunities []bot.OpportunityView `json:"opportunities"`
		Chats         []storyChat           `json:"chats"`
		Payments      []bot.PaymentView     `json:"payments"`
		Feedback      []bot.FeedbackView    `json:"feedback"`
		Events        []json.RawMessage     `json:"events"`
		Deliveries    []deliveryRow         `json:"deliveries"`
	}
	storyTransition struct {
		ID        string     `json:"id"`
		Funnel    string     `json:"funnel"`
		From      *string    `json:"from"`
		To        string     `json:"to"`
		Cause     chat.Cause `json:"cause"`
		Phrase    *string    `json:"phrase"`
		MessageID *string    `json:"message_id"`
		Number    *string    `json:"number"`
		At        string     `json:"at"`
		DeletedAt *string    `json:"deleted_at"`
	}
	storyChat struct {
		bot.ChatView
		OpportunityID *string           `json:"opportunity_id"`
		ClosedAt      *string           `json:"closed_at"`
		Passed        []string          `json:"passed"`
		Assignments   []storyAssignment `json:"assignments"`
	}
	storyAssignment struct {
		ID     string     `json:"id"`
		At     string     `json:"at"`
		Agent  string     `json:"agent"`
		Rule   *string    `json:"rule"`
		Step   int        `json:"step"`
		Target *string    `json:"target"`
		Passed []string   `json:"passed"`
		Cause  chat.Cause `json:"cause"`
	}
)

// item is the story as JSON.
func (s *story) item() storyItem {
	item := storyItem{
		LeadView: s.view, Numbers: append([]string{}, s.lead.Numbers...), ErasedAt: optionalMoment(s.lead.ErasedAt),
		Transitions: mapped(s.transitions, transitionItem), Chats: mapped(s.chats, s.chatItem),
		Opportunities: mapped(s.opportunities, func(o store.Opportunity) bot.OpportunityView { return bot.ViewOpportunity(o.Opportunity) }),
		Payments:      mapped(s.payments, bot.ViewPayment), Feedback: mapped(s.feedback, bot.ViewFeedback),
		Events:     mapped(s.events, func(e store.Event) json.RawMessage { return e.Body }),
		Deliveries: mapped(s.deliveries, newDeliveryRow),
	}
	if s.lead.FirstAd != nil {
		item.FirstAd = bot.ViewLead(chat.Lead{Ad: s.lead.FirstAd}, nil).Ad
	}
	return item
}

func transitionItem(t store.Transition) storyTransition {
	return storyTransition{
		ID: t.ID, Funnel: t.Funnel, From: optional(t.From), To: t.To, Cause: t.Cause, Phrase: optional(t.Phrase),
		MessageID: optional(t.MessageID), Number: optional(t.Number), At: moment(t.At), DeletedAt: optionalMoment(t.DeletedAt),
	}
}

func (s *story) chatItem(c store.Chat) storyChat {
	return storyChat{
		ChatView: bot.ViewChat(c.Chat.Chat), OpportunityID: optional(c.Chat.Opportunity), ClosedAt: optionalMoment(c.ClosedAt),
		Passed: passedOver(c.Place), Assignments: mapped(s.assignments[c.ID], assignmentItem),
	}
}

func assignmentItem(a bot.Assignment) storyAssignment {
	return storyAssignment{
		ID: a.ID, At: moment(a.At), Agent: a.Agent, Rule: optional(a.Place.Rule), Step: a.Place.Step,
		Target: optional(a.Place.Target), Passed: passedOver(a.Place), Cause: a.Cause,
	}
}
