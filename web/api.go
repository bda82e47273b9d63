package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// A problem is an RFC 9457 problem document, and the error by which a handler asks for one.
type problem struct {
	Type   string `json:"type"`  // always "about:blank": the status says it all
	Title  string `json:"title"` // the status in words
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"` // of the body, the query or the header that is wrong: "fields.course", "limit"
}

func (p problem) Error() string { return p.Detail }

// wrong is the problem of a field: its detail is the field and what is the matter with it.
func wrong(field, format string, args ...any) problem {
	return problem{Status: http.StatusUnprocessableEntity, Field: field, Detail: field + " " + fmt.Sprintf(format, args...)}
}

// unknown is the problem of a path that names what does not exist: a "lead" of that id.
func unknown(kind, id string) problem {
	return problem{Status: http.StatusNotFound, Detail: "there is no " + kind + " " + quote(id)}
}

func writeProblem(w http.ResponseWriter, p problem) {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // as in writeJSON
}

// api is a handler behind a token that holds the scope, or for everybody. What it returns as an error becomes a problem document.
func (s *site) api(need scope, handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := s.admit(w, r, need)
		if err == nil {
			err = readable(r)
		}
		if err == nil {
			err = s.answer(w, withToken(r, token), token, handle)
		}
		if err == nil {
			return
		}
		var p problem
		if !errors.As(err, &p) {
			s.failed(r, err)
			p = problem{Status: http.StatusInternalServerError, Detail: "the daemon could not do that; its log says why"}
		}
		if need == open && wantsPage(r) {
			s.writePage(w, p.Status, p)
			return
		}
		writeProblem(w, p)
	})
}

// answer has a request answered; what changes something is done once under its Idempotency-Key.
func (s *site) answer(w http.ResponseWriter, r *http.Request, t Token, handle handler) error {
	if r.Method == http.MethodGet || t.Name == "" {
		return handle(w, r)
	}
	return s.once(w, r, clientOf(t), handle)
}

// readable refuses a path that holds what no id can: the databases do not agree on what to make of it.
func readable(r *http.Request) error {
	if !utf8.ValidString(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0) {
		return problem{Status: http.StatusNotFound, Detail: "the path is no UTF-8 text: there is nothing of such a name"}
	}
	return nil
}

// failed logs an error of the daemon's own. The route is logged and never the path or the query, which hold ids and phones.
func (s *site) failed(r *http.Request, err error) {
	if r.Context().Err() != nil {
		s.Log.Debug("a client went away before its answer", "route", r.Pattern, "err", err)
		return
	}
	s.Log.Error("a request failed", "route", r.Pattern, "err", err)
}
