package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxControlBody bounds what a control request may say: a message of 65,536 characters fits many times.
const maxControlBody = 8 << 20

// maxControlWait bounds how long a control request waits for something to happen; the caller asks again.
const maxControlWait = time.Minute

// controlRoute is one entry of the control API. Its handler returns what is sent as JSON, nil for an empty object.
type controlRoute struct {
	pattern string // as http.ServeMux has it, below /control
	about   string
	handle  func(*http.Request) (any, error)
}

// controlError is an error with the HTTP status that tells its kind.
type controlError struct {
	status int
	err    error
}

func (e controlError) Error() string { return e.err.Error() }
func (e controlError) Unwrap() error { return e.err }

// controlRoutes is the whole control API: the same as the Go calls, in JSON.
func (s *Server) controlRoutes() []controlRoute {
	return []controlRoute{
		{"GET /control/{$}", "this list", s.controlIndex},
		{"GET /control/server", "where clients connect and the key they must trust", s.controlServer},
		{"GET /control/accounts", "all accounts", s.controlAccounts},
		{"POST /control/accounts", "AddAccount: phone, name, platform", s.controlAddAccount},
		{"GET /control/accounts/{phone}", "one account; ?wait=10s waits until a companion is connected", s.controlAccount},
		{"POST /control/accounts/{phone}/scan", "Scan: qr", s.controlScan},
		{"POST /control/accounts/{phone}/code", "TypeCode: code", s.controlCode},
		{"POST /control/accounts/{phone}/unlink", "Unlink", s.controlUnlink},
		{"POST /control/accounts/{phone}/send", "Send, written on the phone: to, message", s.controlPhoneSend},
		{"POST /control/accounts/{phone}/label", "Label, as on the phone: to, label, on", s.controlLabel},
		{"GET /control/accounts/{phone}/labels", "Labels that the phone shows at the chat with ?of=PHONE", s.controlLabels},
		{"GET /control/accounts/{phone}/received", "what the phone saw its companions send; ?after=N&wait=10s", s.controlPhoneReceived},
		{"POST /control/accounts/{phone}/faults", "one fault of the account: name and its arguments", s.controlAccountFault},
		{"GET /control/people", "all people", s.controlPeople},
		{"POST /control/people", "AddPerson: phone, name, lid, by_phone, hide_alternate", s.controlAddPerson},
		{"POST /control/people/{phone}/send", "Send: to, message", s.controlPersonSend},
		{"POST /control/people/{phone}/pick", "Pick: to, menu, option", s.controlPick},
		{"POST /control/people/{phone}/read", "Read: to, ids", s.controlRead},
		{"GET /control/people/{phone}/received", "what the person received; ?after=N&wait=10s", s.controlPersonReceived},
		{"POST /control/people/{phone}/faults", "one fault of the person: name and its arguments", s.controlPersonFault},
		{"POST /control/faults", "one fault of the server: name and its arguments", s.controlServerFault},
		{"GET /control/counters", "Counters", func(*http.Request) (any, error) { return s.Counters(), nil }},
		{"GET /control/trace", "Trace", func(*http.Request) (any, error) { return s.Trace(), nil }},
		{"GET /control/unanswered", "Unanswered", func(*http.Request) (any, error) { return nonNil(s.Unanswered()), nil }},
	}
}

// control serves the control API.
func (s *Server) control() http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.controlRoutes() {
		mux.HandleFunc(route.pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
			answer, err := route.handle(r)
			status := http.StatusOK
			if err != nil {
				status, answer = controlStatus(err), controlFailure{err.Error()}
			} else if answer == nil {
				answer = struct{}{}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer) // whoever asked has gone
		})
	}
	return mux
}

type controlFailure struct {
	Error string `json:"error"`
}

func controlStatus(err error) int {
	var known controlError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known.status
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusBadRequest
	}
}

// readControl decodes a request's body; what it doesn't know is an error, so that a misspelt field is noticed.
func readControl(r *http.Request, into any) error {
	raw, err := io.ReadAll(r.Body)
	if err == nil && len(raw) > 0 {
		err = strictly(raw, into)
	}
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return nil
}

// strictly decodes JSON and takes no unknown field.
func strictly(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// patienceOf is how long a request wants to wait.
func patienceOf(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("wait %q: want a duration like 10s", text)
	}
	return min(d, maxControlWait), nil
}

// numberOf is a number in the request's query, 0 if it isn't there.
func numberOf(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want a number", name, text)
	}
	return n, nil
}

// accountOf and personOf find who a request is about.
func (s *Server) accountOf(phone string) (*Account, error) {
	digits, err := phoneDigits(phone)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a := s.accounts[digits]; a != nil {
		return a, nil
	}
	return nil, controlError{http.StatusNotFound, fmt.Errorf("no account with phone %q", phone)}
}

func (s *Server) personOf(phone string) (*Person, error) {
	digits, err := phoneDigits(phone)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if p := s.people[digits]; p != nil {
		return p, nil
	}
	return nil, controlError{http.StatusNotFound, fmt.Errorf("no person with phone %q", phone)}
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
