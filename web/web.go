// Package web answers HTTP: health, readiness, metrics and the API. It holds no state of its own: it asks the parts that
// it was given, and shows what they say. The wiring in cmd starts it; it never changes anything but through those parts.
package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
	"leadgate/store"
)

// A Token is a key to the API. Its secret is never kept, only the secret's SHA-256.
type Token struct {
	Name  string
	Hash  [sha256.Size]byte
	Write bool // may change things; otherwise it only reads
}

// Errors that the parts behind the API answer with.
var (
	ErrNotFound = errors.New("there is no such thing")
	ErrConflict = errors.New("that can't be done now")
)

// Options is what the pages are made of. All functions may be called from many goroutines.
type Options struct {
	Tokens   func() []Token                                 // those in force
	Numbers  func() []Number                                // in the order of the configuration
	Pair     func(ctx context.Context, number string) error // begins to pair; ErrNotFound, ErrConflict
	Logout   func(ctx context.Context, number string) error // begins to unlink; ErrNotFound, ErrConflict; nil: it can't
	Wake     func()                                         // deliveries have become due; nil: nobody has to be told
	Reload   func(context.Context) error                    // puts the configuration in force as it is on disk now, or says why not
	Ping     func(context.Context) error                    // nil: the store answers
	Forms    func() []Form                                  // those in force; nil: there are none
	Bot      Bot
	Store    Store
	Gatherer prometheus.Gatherer
	Metrics  prometheus.Registerer // for the site's own; nil: they are not shown
	Now      func() time.Time
	Log      *slog.Logger
}

// Bot is what changes anything; *bot.Bot is one.
type Bot interface {
	Handle(ctx context.Context, in bot.Input) error
	Policy() *bot.Policy
}

// Store is what is kept, for reading; *store.Store is one.
type Store interface {
	LeadByID(ctx context.Context, id string) (chat.Lead, error)
	LeadByPhone(ctx context.Context, phone chat.Phone) (chat.Lead, error)
	LeadByEmail(ctx context.Context, email string) (chat.Lead, error)
	Leads(ctx context.Context, f store.LeadFilter, from store.Cursor, limit int) ([]chat.Lead, store.Cursor, error)
	Transitions(ctx context.Context, leadID string, withDeleted bool) ([]store.Transition, error)
	Opportunities(ctx context.Context, f store.OpportunityFilter, limit int) ([]store.Opportunity, error)
	Chats(ctx context.Context, f store.ChatFilter, limit int) ([]store.Chat, error)
	Assignments(ctx context.Context, chatID string) ([]bot.Assignment, error)
	AgentStates(ctx context.Context, names []string) (map[string]routing.AgentState, error)
	Turns(ctx context.Context) (map[string][]string, error) // by line, who goes next first
	Events(ctx context.Context, f store.EventFilter, limit int) ([]store.Event, error)
	Deliveries(ctx context.Context, f store.DeliveryFilter, from store.Cursor, limit int) ([]store.Delivery, store.Cursor, error)
	RetryDeliveries(ctx context.Context, f store.DeliveryFilter, now time.Time) (int, error)
	FunnelReport(ctx context.Context, f store.ReportFilter, stages []string) ([]store.StageCount, error)
	CohortReport(ctx context.Context, f store.ReportFilter, by string, zone *time.Location, stages []string) ([]store.Cohort, error)
	SourcesReport(ctx context.Context, f store.ReportFilter, stages []string) ([]store.SourceStat, error)
	AgentsReport(ctx context.Context, f store.ReportFilter) ([]store.AgentStat, error)
	IntegrationsReport(ctx context.Context, f store.ReportFilter) ([]store.IntegrationStat, error)
	Answer(ctx context.Context, key string) (a store.KeptAnswer, found bool, err error)
	KeepAnswer(ctx context.Context, a store.KeptAnswer) error
	PaymentByExternalID(ctx context.Context, externalID string) (*bot.Payment, error)   // nil: there is none
	FeedbackByExternalID(ctx context.Context, externalID string) (*bot.Feedback, error) // nil: there is none
}

// maxBody bounds the body of a request; nothing that the API takes is longer.
const maxBody = 1 << 20

// New returns the whole site. Its route table is the site map.
func New(o Options) http.Handler {
	o.complete()
	s := &site{Options: o, guard: newGuard(o.Now), limiter: newLimiter(o.Now), turns: turns{taken: map[string]chan struct{}{}}, metrics: newMetrics(o.Metrics)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.machineOrToken(promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, // without the store the others are wanted more than ever
	})))
	s.mount(mux)
	return harden(mux)
}

// complete puts what does nothing in the place of what was left out.
func (o *Options) complete() {
	if o.Forms == nil {
		o.Forms = func() []Form { return nil }
	}
	if o.Wake == nil {
		o.Wake = func() {}
	}
	if o.Logout == nil {
		o.Logout = func(context.Context, string) error {
			return fmt.Errorf("this daemon logs no number out: %w", ErrConflict)
		}
	}
}

type site struct {
	Options
	guard   *guard
	limiter *limiter
	turns   turns
	metrics *metrics
}

// Serve answers on the listener until ctx ends, and then finishes what it has begun.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// harden bounds every request and sets the headers that keep browsers from being used against the site.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// health says that the process answers.
func (s *site) health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether the daemon does its work: every number is connected or waits for a person to pair it, and the store
// answers. 503 with what is missing otherwise.
func (s *site) ready(w http.ResponseWriter, r *http.Request) {
	type state struct {
		Ready   bool              `json:"ready"`
		Store   string            `json:"store"`
		Numbers map[string]string `json:"numbers"`
	}
	answer := state{Ready: true, Store: "ok", Numbers: map[string]string{}}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.Ping(ctx); err != nil {
		answer.Ready, answer.Store = false, "the store does not answer"
		s.Log.Debug("the store does not answer", "err", err)
	}
	for _, n := range s.Options.Numbers() {
		answer.Numbers[n.Name] = n.State
		answer.Ready = answer.Ready && n.Ready
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The status is out: a client that went away meanwhile is no error of ours.
	_ = json.NewEncoder(w).Encode(v)
}
