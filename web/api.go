package web

import (
	"encoding/json"
	"errors"
	"net/http"
)

// list is how the API gives every list.
type list[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"` // null: there is no more
}

// numbers answers GET /api/v1/numbers.
func (s *site) numbers(w http.ResponseWriter, _ *http.Request) error {
	items := s.Options.Numbers()
	if items == nil {
		items = []Number{}
	}
	writeJSON(w, http.StatusOK, list[Number]{Items: items})
	return nil
}

// pair answers POST /api/v1/numbers/{name}/pair: 202, and the QR text is in the list of numbers as soon as WhatsApp has
// given one.
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

// A problem is an RFC 9457 problem document, and the error by which a handler asks for one.
type problem struct {
	Type   string `json:"type"`  // always "about:blank": the status says it all
	Title  string `json:"title"` // the status in words
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p problem) Error() string { return p.Detail }

func writeProblem(w http.ResponseWriter, p problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // as in writeJSON
}

// api is a handler behind a token that holds the scope. What it returns as an error becomes a problem document.
func (s *site) api(scope scope, handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.admit(w, r, scope)
		if err == nil {
			err = handle(w, r)
		}
		if err == nil {
			return
		}
		var p problem
		if !errors.As(err, &p) {
			s.Log.Error("a request failed", "path", r.Pattern, "err", err)
			p = problem{Status: http.StatusInternalServerError, Detail: "the daemon could not do that; its log says why"}
		}
		writeProblem(w, p)
	})
}
