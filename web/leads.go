package web

import (
	"context"
	"net/http"
	"strings"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/store"
)

// leads answers GET /leads, the last recorded first.
func (s *site) leads(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r, "phone", "source", "funnel", "stage", "q")
	if err != nil {
		return err
	}
	f := store.LeadFilter{
		Source: l.filter["source"], Funnel: l.filter["funnel"], Stage: l.filter["stage"], Text: l.filter["q"],
	}
	if f.Stage != "" && f.Funnel == "" {
		return wrong("funnel", "is missing: a stage is one of a funnel")
	}
	if text := l.filter["phone"]; text != "" {
		lead, err := s.whoHas(r.Context(), text)
		if err != nil {
			return err
		}
		if !lead.Known() {
			writeList[bot.LeadView](w, nil, 0)
			return nil
		}
		f.Phone = lead.Phone
	}
	found, next, err := s.Store.Leads(r.Context(), f, l.from, l.limit)
	if err != nil {
		return err
	}
	shown := make([]bot.LeadView, len(found))
	for i, lead := range found {
		if shown[i], err = s.viewLead(r.Context(), lead); err != nil {
			return err
		}
	}
	writeList(w, shown, next)
	return nil
}

// whoHas is the lead who has a phone, or once had it; the zero Lead when nobody has.
func (s *site) whoHas(ctx context.Context, text string) (chat.Lead, error) {
	if rest, ok := strings.CutPrefix(text, " "); ok {
		text = "+" + rest // what an unescaped + of a query has become
	}
	phone, err := chat.ParsePhone(text, s.Bot.Policy().Country)
	if err != nil {
		return chat.Lead{}, wrong("phone", "can't be read: %v", err)
	}
	return s.Store.LeadByPhone(ctx, phone)
}

// knownLead is the lead of an id, or of one that became part of them.
func (s *site) knownLead(ctx context.Context, id string) (chat.Lead, error) {
	lead, err := s.Store.LeadByID(ctx, id)
	if err == nil && !lead.Known() {
		err = unknown("lead", id)
	}
	return lead, err
}

// viewLead shows a lead where they stand.
func (s *site) viewLead(ctx context.Context, l chat.Lead) (bot.LeadView, error) {
	counting, err := s.Store.Transitions(ctx, l.ID, false)
	if err != nil {
		return bot.LeadView{}, err
	}
	return bot.ViewLead(l, show(counting, func(t store.Transition) conversion.Transition { return t.Transition })), nil
}

// writeLead answers with a lead as they are now.
func (s *site) writeLead(w http.ResponseWriter, r *http.Request, id string) error {
	lead, err := s.knownLead(r.Context(), id)
	if err != nil {
		return err
	}
	view, err := s.viewLead(r.Context(), lead)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, view)
	return nil
}

// lead answers GET /leads/{id}: with every transition, and the last longestPage opportunities, chats and events. The lists
// of these have all of them.
func (s *site) lead(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	lead, err := s.knownLead(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	var item leadItem
	if item.LeadView, err = s.viewLead(ctx, lead); err != nil {
		return err
	}
	transitions, err := s.Store.Transitions(ctx, lead.ID, true)
	if err != nil {
		return err
	}
	item.Transitions = show(transitions, showTransition)
	opportunities, err := last(s.opportunitiesOf(ctx, store.OpportunityFilter{LeadID: lead.ID}), opportunitySeq)
	if err != nil {
		return err
	}
	item.Opportunities = show(opportunities, showOpportunity)
	if item.Chats, err = s.leadChats(ctx, lead.ID); err != nil {
		return err
	}
	events, err := last(s.eventsOf(ctx, store.EventFilter{LeadID: lead.ID}), eventSeq)
	if err != nil {
		return err
	}
	item.Events = show(events, showEvent)
	writeJSON(w, http.StatusOK, item)
	return nil
}

// leadChats is the last chats of a lead, with everybody who got them.
func (s *site) leadChats(ctx context.Context, leadID string) ([]leadChatItem, error) {
	chats, err := last(s.chatsOf(ctx, store.ChatFilter{LeadID: leadID}), chatSeq)
	if err != nil {
		return nil, err
	}
	items := make([]leadChatItem, len(chats))
	for i, c := range chats {
		assignments, err := s.Store.Assignments(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		items[i] = leadChatItem{chatItem: showChat(c), Assignments: show(assignments, showAssignment)}
	}
	return items, nil
}
