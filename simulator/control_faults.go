package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is a call of one of the fault methods, for the control API. Name is the method's, and only its arguments count:
//
//	server, account: Cut · Offline on · RefuseHTTP code · FailLogin reason code expire · StreamError code · Conflict kind ·
//	                 HalfOpen on · AckLost n · AckDelay delay · AckError code n · DuplicateNext fresh · ReorderNext n ·
//	                 UndecryptableNext n · DrainPrekeys · ConflictAppState n · RefuseForms code · LockReachOut on ·
//	                 HideQueueEnd on
//	account:         AnswerPlaceholders on · HoldStateKeys on · RefuseAppState code n · LoseAppStateAnswer n
//	person:          AskAgain n · DrainPrekeys on · Reinstall
type Fault struct {
	Name   string   `json:"name"`
	On     bool     `json:"on,omitempty"`
	N      int      `json:"n,omitempty"`
	Code   int      `json:"code,omitempty"`
	Reason int      `json:"reason,omitempty"`
	Kind   string   `json:"kind,omitempty"`
	Fresh  bool     `json:"fresh,omitempty"`
	Delay  Duration `json:"delay,omitempty"`
	Expire Duration `json:"expire,omitempty"`
}

// Duration is a time.Duration that JSON has as text, like "1h30m".
type Duration time.Duration

// MarshalText writes the duration as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration %q: want something like 100ms or 1h", text)
	}
	*d = Duration(parsed)
	return nil
}

// calls lists the fault methods that Server and Account share, by name.
func (f *faults) calls() map[string]func(Fault) error {
	do := func(call func(Fault)) func(Fault) error {
		return func(given Fault) error { call(given); return nil }
	}
	return map[string]func(Fault) error{
		"Cut":               do(func(Fault) { f.Cut() }),
		"Offline":           do(func(g Fault) { f.Offline(g.On) }),
		"RefuseHTTP":        do(func(g Fault) { f.RefuseHTTP(g.Code) }),
		"FailLogin":         do(func(g Fault) { f.FailLogin(g.Reason, g.Code, time.Duration(g.Expire)) }),
		"StreamError":       do(func(g Fault) { f.StreamError(g.Code) }),
		"Conflict":          func(g Fault) error { return f.Conflict(g.Kind) },
		"HalfOpen":          do(func(g Fault) { f.HalfOpen(g.On) }),
		"AckLost":           do(func(g Fault) { f.AckLost(g.N) }),
		"AckDelay":          do(func(g Fault) { f.AckDelay(time.Duration(g.Delay)) }),
		"AckError":          do(func(g Fault) { f.AckError(g.Code, g.N) }),
		"DuplicateNext":     do(func(g Fault) { f.DuplicateNext(g.Fresh) }),
		"ReorderNext":       do(func(g Fault) { f.ReorderNext(g.N) }),
		"UndecryptableNext": do(func(g Fault) { f.UndecryptableNext(g.N) }),
		"DrainPrekeys":      do(func(Fault) { f.DrainPrekeys() }),
		"ConflictAppState":  do(func(g Fault) { f.ConflictAppState(g.N) }),
		"RefuseForms":       do(func(g Fault) { f.RefuseForms(g.Code) }),
		"LockReachOut":      do(func(g Fault) { f.LockReachOut(g.On) }),
		"HideQueueEnd":      do(func(g Fault) { f.HideQueueEnd(g.On) }),
	}
}

func (s *Server) controlServerFault(r *http.Request) (any, error) {
	return nil, inflict(r, s.faults.calls())
}

func (s *Server) controlAccountFault(r *http.Request) (any, error) {
	a, err := s.accountOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	calls := a.faults.calls()
	calls["HoldStateKeys"] = func(g Fault) error { return a.HoldStateKeys(g.On) }
	calls["RefuseAppState"] = func(g Fault) error { a.RefuseAppState(g.Code, g.N); return nil }
	calls["LoseAppStateAnswer"] = func(g Fault) error { a.LoseAppStateAnswer(g.N); return nil }
	calls["AnswerPlaceholders"] = func(g Fault) error { a.AnswerPlaceholders(g.On); return nil }
	return nil, inflict(r, calls)
}

func (s *Server) controlPersonFault(r *http.Request) (any, error) {
	p, err := s.personOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	return nil, inflict(r, map[string]func(Fault) error{
		"AskAgain":     func(g Fault) error { p.AskAgain(g.N); return nil },
		"DrainPrekeys": func(g Fault) error { p.DrainPrekeys(g.On); return nil },
		"Reinstall":    func(Fault) error { p.Reinstall(); return nil },
	})
}

func inflict(r *http.Request, calls map[string]func(Fault) error) error {
	var given Fault
	if err := readControl(r, &given); err != nil {
		return err
	}
	call, ok := calls[given.Name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(calls)), ", ")
		return fmt.Errorf("no fault %q here; there are %s", given.Name, known)
	}
	return call(given)
}
