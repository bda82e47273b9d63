package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"leadgate/conversion"
)

// A Number is how a number stands, as the API shows it.
type Number struct {
	Name      string  `json:"name"`
	Phone     string  `json:"phone"`      // E.164
	State     string  `json:"state"`      // a word for programs: "connected"
	Sentence  string  `json:"sentence"`   // the same for people
	QR        *string `json:"qr"`         // the text of the QR code while the number is being paired, else null
	LastError *string `json:"last_error"` // null when there was none
	Ready     bool    `json:"ready"`      // connected, or waiting for a person to pair it
}

// numbers answers GET /numbers.
func (s *site) numbers(w http.ResponseWriter, _ *http.Request) error {
	writeList(w, s.Options.Numbers(), 0)
	return nil
}

// pair answers POST /numbers/{name}/pair: 202, and the QR text is in the list of numbers as soon as WhatsApp has given one.
func (s *site) pair(w http.ResponseWriter, r *http.Request) error {
	return s.orderNumber(w, r, s.Pair)
}

// logout answers POST /numbers/{name}/logout: 202, and the number is unlinked as soon as WhatsApp knows.
func (s *site) logout(w http.ResponseWriter, r *http.Request) error {
	return s.orderNumber(w, r, s.Logout)
}

// orderNumber has something done with the path's number, and answers with the number as it is then.
func (s *site) orderNumber(w http.ResponseWriter, r *http.Request, order func(context.Context, string) error) error {
	if err := body(r, nil); err != nil {
		return err
	}
	name := r.PathValue("name")
	switch err := order(r.Context(), name); {
	case errors.Is(err, ErrNotFound):
		return unknown("number", name)
	case errors.Is(err, ErrConflict):
		return problem{Status: http.StatusConflict, Detail: err.Error()}
	case err != nil:
		return err
	}
	for _, n := range s.Options.Numbers() {
		if n.Name == name {
			writeJSON(w, http.StatusAccepted, n)
			return nil
		}
	}
	return unknown("number", name)
}

// linkItem is the link by which a source's leads come.
type linkItem struct {
	Source string `json:"source"`
	Phrase string `json:"phrase"`
	Number string `json:"number"`
	URL    string `json:"url"`
}

// links answers GET /links, in the order of the configuration.
func (s *site) links(w http.ResponseWriter, _ *http.Request) error {
	policy := s.Bot.Policy()
	writeList(w, show(policy.Conversion.Links(policy.Numbers), func(l conversion.Link) linkItem { return linkItem(l) }), 0)
	return nil
}

// reload answers POST /reload: the configuration is read again, and is in force when the answer comes. One that is refused
// changes nothing.
func (s *site) reload(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	if err := s.Reload(r.Context()); err != nil {
		return problem{
			Status: http.StatusUnprocessableEntity,
			Detail: "the configuration is refused, the one in force stays: " + firstLine(err),
		}
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

// firstLine is the first of the errors that an error lists.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
