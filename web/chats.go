package web

import (
	"context"
	"errors"
	"net/http"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
)

// chats answers GET /chats, in the order in which they were recorded.
func (s *site) chats(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r, "status", "lead")
	if err != nil {
		return err
	}
	status, err := oneOf(l, "status", chat.ChatMenu, chat.ChatWaiting, chat.ChatAssigned, chat.ChatTaken, chat.ChatClosed)
	if err != nil {
		return err
	}
	found, next, err := page(l, s.chatsOf(r.Context(), store.ChatFilter{LeadID: l.filter["lead"], Status: status}), chatSeq)
	if err != nil {
		return err
	}
	writeList(w, show(found, showChat), next)
	return nil
}

func (s *site) chatsOf(ctx context.Context, f store.ChatFilter) reader[store.Chat] {
	return func(after int64, limit int) ([]store.Chat, error) {
		f := f
		f.After = after
		return s.Store.Chats(ctx, f, limit)
	}
}

func chatSeq(c store.Chat) int64 { return c.Seq }

// assignChat answers POST /chats/{id}/assign: to an agent, whether they are available or not.
func (s *site) assignChat(w http.ResponseWriter, r *http.Request) error {
	var agent string
	if err := body(r, fields{"agent": &agent}); err != nil {
		return err
	}
	return s.orderChat(w, r, bot.ChatOrder{Do: bot.AssignChat, Agent: agent})
}

// passChat answers POST /chats/{id}/pass: from its agent to the next target.
func (s *site) passChat(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	return s.orderChat(w, r, bot.ChatOrder{Do: bot.PassChat})
}

// closeChat answers POST /chats/{id}/close. A chat that is closed already stays so.
func (s *site) closeChat(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	return s.orderChat(w, r, bot.ChatOrder{Do: bot.CloseChat})
}

// orderChat has something done with the path's chat, and answers with the chat as it is then. The bot knows open chats
// alone: that there is a closed one is found out here.
func (s *site) orderChat(w http.ResponseWriter, r *http.Request, order bot.ChatOrder) error {
	key := inputKey(r)
	order.ChatID, order.Cause = r.PathValue("id"), cause(r)
	refused := s.Bot.Handle(r.Context(), bot.Input{Key: key, At: s.Now().UTC(), Order: &order})
	if refused != nil && !errors.Is(refused, bot.ErrNoChat) {
		return refusal(refused, named{bot.ErrNoAgent: "agent"})
	}
	found, err := s.Store.Chats(r.Context(), store.ChatFilter{ID: order.ChatID}, 1)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return unknown("chat", order.ChatID)
	case refused != nil && order.Do != bot.CloseChat:
		return problem{Status: http.StatusConflict, Detail: "the chat is " + string(found[0].Status)}
	}
	writeJSON(w, http.StatusOK, showChat(found[0]))
	return nil
}
