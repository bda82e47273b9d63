package web

import (
	"errors"
	"net/http"
	"strings"
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
	name := r.PathValue("name")
	switch err := s.Pair(r.Context(), name); {
	case errors.Is(err, ErrNotFound):
		return problem{Status: http.StatusNotFound, Detail: "no number is called " + quote(name)}
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
	return problem{Status: http.StatusNotFound, Detail: "no number is called " + quote(name)}
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
