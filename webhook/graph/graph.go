// Package graph is a server that behaves like the part of Meta's Graph API that takes conversions: it checks what Meta
// checks and answers with Meta's errors. The demo and tests send to it. It is no part of what is sent to Meta, keeps
// everything in memory, and is never to be reached from outside.
package graph

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are what a server knows. The zero value takes every dataset, token and click.
type Options struct {
	Dataset string            // the only dataset that there is; "": every one
	Token   string            // the only token that is taken; "": every one
	Clicks  func(string) bool // whether a click id belongs to a click on an ad; nil: each does
	Now     func() time.Time  // nil: time.Now
}

// A Failure is an answer that a request gets whatever it says.
type Failure struct {
	Status int
	Header map[string]string
	Error  Error
	Body   string // instead of the error, when it is not ""
}

// Error is the error object of the Graph API.
type Error struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode,omitempty"`
	UserTitle string `json:"error_user_title,omitempty"`
	UserMsg   string `json:"error_user_msg,omitempty"`
	Transient bool   `json:"is_transient"`
	Trace     string `json:"fbtrace_id"`
}

// An Event is a conversion that was received.
type Event struct {
	Name    string         `json:"event_name"`
	Time    int64          `json:"event_time"`
	ID      string         `json:"event_id"`
	Action  string         `json:"action_source"`
	Channel string         `json:"messaging_channel"`
	User    map[string]any `json:"user_data"`
	Custom  map[string]any `json:"custom_data"`
	Test    string         `json:"-"` // test_event_code of the request
}

// Server is the server as an http.Handler. It may be used by many goroutines at once.
type Server struct {
	options Options

	mu       sync.Mutex
	received []Event
	failures []Failure
	requests int
}

// New makes a server.
func New(o Options) *Server {
	if o.Clicks == nil {
		o.Clicks = func(string) bool { return true }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Server{options: o}
}

// Received returns the events that were taken, in the order in which they came.
func (s *Server) Received() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.received)
}

// Fail has the next requests answered with these failures, one each.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, failures...)
}

// longestBody bounds what is read of a request, in bytes.
const longestBody = 1 << 20

// ServeHTTP answers POST /{version}/{dataset}/events.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	trace := "A" + strconv.Itoa(s.requests) + "trace"
	body, err := io.ReadAll(io.LimitReader(r.Body, longestBody))
	if err != nil {
		return // who asked has gone
	}
	if len(s.failures) > 0 {
		f := s.failures[0]
		s.failures = s.failures[1:]
		f.Error.Trace = trace
		f.write(w)
		return
	}
	events, refused := s.read(r, body)
	if refused != nil {
		refused.Error.Trace = trace
		refused.write(w)
		return
	}
	s.received = append(s.received, events...)
	write(w, http.StatusOK, map[string]any{"events_received": len(events), "messages": []string{}, "fbtrace_id": trace})
}

func (f Failure) write(w http.ResponseWriter) {
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	if f.Body == "" {
		write(w, f.Status, map[string]any{"error": f.Error})
		return
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body) // who asked may have gone
}

func write(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // who asked may have gone
}

// path is that of the Conversions API.
func path() *regexp.Regexp { return regexp.MustCompile(`^/v[0-9]+\.0/([0-9]+)/events$`) }

// read takes the events out of a request, or says why Meta would not. One bad event refuses the whole request.
func (s *Server) read(r *http.Request, body []byte) ([]Event, *Failure) {
	at := path().FindStringSubmatch(r.URL.Path)
	switch {
	case at == nil || r.Method != http.MethodPost:
		return nil, invalid(0, "Unsupported "+strings.ToLower(r.Method)+" request.")
	case r.URL.RawQuery != "":
		return nil, invalid(0, "the token belongs into the header, and nothing else into the query")
	case s.options.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.options.Token:
		return nil, &Failure{Status: http.StatusUnauthorized, Error: Error{
			Message: "Invalid OAuth access token - Cannot parse access token", Type: "OAuthException", Code: 190,
		}}
	case s.options.Dataset != "" && at[1] != s.options.Dataset:
		return nil, invalid(33, "Unsupported post request. Object with ID '"+at[1]+"' does not exist")
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return nil, invalid(0, "Invalid parameter")
	}
	var request struct {
		Data []Event `json:"data"`
		Test string  `json:"test_event_code"`
	}
	if err := json.Unmarshal(body, &request); err != nil || len(request.Data) == 0 || len(request.Data) > 1000 {
		return nil, invalid(0, "(#100) param data must be an array.")
	}
	for i := range request.Data {
		request.Data[i].Test = request.Test
		if refused := s.check(request.Data[i]); refused != nil {
			return nil, refused
		}
	}
	return request.Data, nil
}

// invalid is the answer to a request that is wrong in itself.
func invalid(subcode int, message string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Error: Error{
		Message: "Invalid parameter", Type: "OAuthException", Code: 100, Subcode: subcode, UserTitle: "Invalid parameter", UserMsg: message,
	}}
}
