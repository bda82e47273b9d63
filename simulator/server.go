// Package simulator is a WhatsApp server for tests and demonstrations: an unmodified whatsmeow client pairs with it, logs
// in, and exchanges messages with accounts and people that live in its memory, and with its faults switched on it is
// nastier than the real one.
//
// It carries stanzas and plays the phones at the other end. It never talks to WhatsApp, keeps nothing on disk, protects
// nothing, and must never face the internet: it listens on loopback only and anyone who reaches it owns it. The
// end-to-end tests, `leadgate demo` and `leadgate simulator` call it; the daemon itself knows nothing of it but a URL
// and a key.
package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/types"
)

// Options says where and how a Server runs. The zero value listens on a free loopback port and misbehaves only when told.
type Options struct {
	// Listen is host:port on loopback; "" means 127.0.0.1:0. New refuses anything that is not loopback.
	Listen string
	// Seed drives all randomness that is not key material: ids, LIDs, and what Nasty does when.
	Seed uint64
	// Nasty mixes mild faults in by Seed: messages twice, late, undecryptable at first, addressed now one way, now the other.
	Nasty bool
	// Log receives connections, logins and surprises; nil discards.
	Log *slog.Logger
	// Now stamps stanzas; nil means time.Now. Certificates and time-outs follow the real clock.
	Now func() time.Time
}

// Server is one simulated WhatsApp. Its methods may be called from any goroutine.
type Server struct {
	opts Options
	log  *slog.Logger

	ln   net.Listener
	web  *http.Server
	cert certificates

	ctx    context.Context //nolint:containedctx // ends with Close, and with it all that runs
	cancel context.CancelFunc
	wg     sync.WaitGroup // connections and timers

	media mediaStore

	draws    *draws
	trace    *trace
	counters *counters
	strange  *unanswered
	faults

	mu       sync.RWMutex        // guards the registries below, never held over cryptography or the network
	accounts map[string]*Account // by phone digits
	people   map[string]*Person  // by phone digits
	lids     map[string]any      // LID user to *Account or *Person
	pairings map[string]*conn    // QR reference or link code reference to the connection that waits for the phone
	conns    map[*conn]struct{}
}

// New starts a server; it listens when New returns. It fails when Listen is not a loopback address or can't be bound.
func New(opts Options) (*Server, error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := checkLoopback(opts.Listen); err != nil {
		return nil, err
	}
	cert, err := newCertificates(time.Now())
	if err != nil {
		return nil, fmt.Errorf("make noise certificates: %w", err)
	}
	ln, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", opts.Listen, err)
	}
	s := &Server{
		opts: opts, log: opts.Log, ln: ln, cert: cert,
		draws: newDraws(opts.Seed), trace: newTrace(), counters: newCounters(), strange: newUnanswered(),
		accounts: map[string]*Account{}, people: map[string]*Person{}, lids: map[string]any{},
		pairings: map[string]*conn{}, conns: map[*conn]struct{}{},
	}
	s.faults = faults{server: s, conns: s.connections, devices: s.devices, unlink: s.unlinkAll}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.web = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return s.ctx },
		ErrorLog:    slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	s.wg.Go(func() {
		if err := s.web.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulator stopped serving", "err", err)
		}
	})
	return s, nil
}

// checkLoopback refuses an address on which a stranger could reach the simulator.
func checkLoopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", listen, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen address %q: the simulator listens on loopback only (127.0.0.1, ::1 or localhost)", listen)
	}
	return nil
}

// Close cuts every connection, stops listening, and returns when nothing of the server runs any more.
func (s *Server) Close() error {
	s.mu.Lock()
	s.cancel() // under the lock: from here on nothing new is counted in wg
	s.mu.Unlock()
	err := s.web.Close()
	s.Cut()
	s.wg.Wait()
	return err
}

// URL is where a client connects: ws://127.0.0.1:PORT/ws/chat.
func (s *Server) URL() string { return "ws://" + s.ln.Addr().String() + "/ws/chat" }

// ControlURL is the root of the HTTP control API: http://127.0.0.1:PORT/control.
func (s *Server) ControlURL() string { return "http://" + s.ln.Addr().String() + "/control" }

// RootKey is the public key that signs the server's Noise certificates; a client must trust it instead of WhatsApp's.
func (s *Server) RootKey() [32]byte { return *s.cert.root.Pub }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/chat", s.acceptSocket)
	mux.HandleFunc("/mms/", s.media.serve)
	mux.Handle("/control/", s.control())
	return mux
}

// now stamps stanzas.
func (s *Server) now() time.Time { return s.opts.Now() }

// later runs f after d unless the server closes first.
func (s *Server) later(d time.Duration, f func()) {
	s.background(func() {
		if sleep(s.ctx, d) {
			f()
		}
	})
}

// background runs f in a goroutine that Close waits for; a closing server starts none.
func (s *Server) background(f func()) {
	if !s.enter() {
		return
	}
	go func() {
		defer s.wg.Done()
		f()
	}()
}

// connections lists who is connected now.
func (s *Server) connections() []*conn {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Keys(s.conns))
}

func (s *Server) allAccounts() []*Account {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.accounts))
}

func (s *Server) devices() (all []*device) {
	for _, a := range s.allAccounts() {
		all = append(all, s.companions(a)...)
	}
	return all
}

func (s *Server) unlinkAll() error {
	for _, a := range s.allAccounts() {
		if err := a.Unlink(); err != nil {
			return err
		}
	}
	return nil
}

// lookup finds who a JID addresses, by phone or LID: exactly one of the two is set, or neither.
func (s *Server) lookup(jid types.JID) (*Account, *Person) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch jid.Server {
	case types.DefaultUserServer, types.LegacyUserServer:
		return s.accounts[jid.User], s.people[jid.User]
	case types.HiddenUserServer:
		switch who := s.lids[jid.User].(type) {
		case *Account:
			return who, nil
		case *Person:
			return nil, who
		}
	}
	return nil, nil
}

// newLID draws a LID that nobody has yet; s.mu is held.
func (s *Server) newLID() string {
	for {
		lid := fmt.Sprintf("1%014d", s.draws.below(100_000_000_000_000))
		if _, taken := s.lids[lid]; !taken {
			return lid
		}
	}
}
