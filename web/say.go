package web

import (
	"net/http"

	"leadgate/bot"
	"leadgate/chat"
)

// saidMessage is a message that is on its way.
type saidMessage struct {
	ID     string `json:"id"` // WhatsApp's id of it
	Number string `json:"number"`
	Phone  string `json:"phone"`
}

// say answers POST /messages: 202, and the number sends it as soon as it can.
func (s *site) say(w http.ResponseWriter, r *http.Request) error {
	var number, phone, text string
	if err := body(r, fields{"number": &number, "phone": &phone, "text": &text}); err != nil {
		return err
	}
	to, err := s.phoneOf("phone", phone)
	if err != nil {
		return err
	}
	key := inputKey(r)
	err = s.change(r, key, bot.Input{Say: &bot.SayAsBusiness{Number: number, Phone: to, Text: text, Cause: cause(r)}},
		named{bot.ErrInvalid: "number"})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusAccepted, saidMessage{ID: chat.MessageID("say/" + key), Number: number, Phone: string(to)})
	return nil
}
