package delivery_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
	"leadgate/store"
	"leadgate/webhook"
)

// A house is a real store and real webhooks to receivers on this machine, on a clock that the test moves.
type house struct {
	t         testing.TB
	store     *store.Store
	carrier   *delivery.Carrier
	receivers map[string]*receiver
	now       time.Time
	inputs    int
}

// newHouse opens a store in a new file, with a receiver for each destination.
func newHouse(t testing.TB, destinations ...string) *house {
	h := &house{t: t, now: noon(), receivers: map[string]*receiver{}, store: openStore(t, filepath.Join(t.TempDir(), "leadgate.db"))}
	for _, name := range destinations {
		h.receivers[name] = newReceiver(t)
	}
	h.carrier = delivery.New(h.store, delivery.Options{})
	h.carrier.SetSenders(h.senders())
	return h
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), "sqlite:"+path, store.Options{}) //nolint:usetesting // closed after the test's context
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (h *house) senders() map[string]delivery.Sender {
	senders := map[string]delivery.Sender{}
	for name, r := range h.receivers {
		senders[name] = newSender(h.t, name, r.server.URL)
	}
	return senders
}

func newSender(t testing.TB, name, url string) *webhook.Sender {
	t.Helper()
	sender, faults := webhook.New(webhook.Config{
		Name: name, URL: url, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", AllowPrivate: true,
	}, webhook.Options{Connections: 64})
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	t.Cleanup(sender.Close)
	return sender
}

// commit queues events, "lead/event", for destinations.
func (h *house) commit(destination string, events ...string) {
	h.t.Helper()
	h.inputs++
	commit(h.t, h.store, "input/"+strconv.Itoa(h.inputs), h.now, destination, events...)
}

func commit(t testing.TB, s *store.Store, key string, now time.Time, destination string, events ...string) {
	t.Helper()
	var d bot.Decision
	for _, event := range events {
		d.Deliveries = append(d.Deliveries, delivery.Delivery{
			Destination: destination, Lane: filepath.Dir(event), Key: event, Body: []byte(`{"id":"` + event + `"}`), CreatedAt: now,
		})
	}
	err := s.Update(t.Context(), bot.Input{Key: key, At: now}, func(bot.State) bot.Decision { return d })
	if err != nil {
		t.Fatal(err)
	}
}

// step lets time pass and makes one round.
func (h *house) step(passed time.Duration) (attempts int) {
	h.t.Helper()
	h.now = h.now.Add(passed)
	attempts, err := h.carrier.Step(h.t.Context(), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return attempts
}

// next moves the clock to when something is due, and makes rounds until nothing is at that time. It returns false when
// nothing is pending.
func (h *house) next() bool {
	h.t.Helper()
	at, err := h.store.NextAt(h.t.Context(), h.now, slices.Sorted(maps.Keys(h.receivers)))
	if err != nil {
		h.t.Fatal(err)
	}
	if at.IsZero() {
		return false
	}
	for attempts := h.step(max(0, at.Sub(h.now))); attempts > 0; {
		attempts = h.step(0)
	}
	return true
}

// settle goes on until nothing is pending.
func (h *house) settle() {
	h.t.Helper()
	for rounds := 0; h.next(); rounds++ {
		if rounds > 100_000 {
			h.t.Fatalf("still pending at %s", h.now)
		}
	}
}

// wantStates checks how many deliveries there are in each state.
func (h *house) wantStates(want map[delivery.State]int) {
	h.t.Helper()
	all, _, err := h.store.Deliveries(h.t.Context(), store.DeliveryFilter{}, 0, 100_000)
	if err != nil {
		h.t.Fatal(err)
	}
	got := map[delivery.State]int{}
	for _, d := range all {
		got[d.State]++
	}
	if !maps.Equal(got, want) {
		h.t.Errorf("deliveries: %v, want %v", got, want)
	}
}

// A receiver answers as it is told, and remembers what it said yes to and what it was asked.
type receiver struct {
	server *httptest.Server

	mu       sync.Mutex
	answer   func(id string, w http.ResponseWriter) // nil: 200
	asked    []string
	accepted []string
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	id := request.Header.Get("Webhook-Id")
	r.mu.Lock()
	r.asked = append(r.asked, id)
	answer := r.answer
	r.mu.Unlock()
	written := &status{ResponseWriter: w}
	if answer != nil {
		answer(id, written)
	}
	if cmp.Or(written.code, 200) < 300 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.accepted = append(r.accepted, id)
	}
}

// status remembers the code that was written.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// answers lets the receiver answer with a status from now on.
func (r *receiver) answers(code int) {
	r.behaves(func(_ string, w http.ResponseWriter) { w.WriteHeader(code) })
}

func (r *receiver) behaves(answer func(id string, w http.ResponseWriter)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

// got is what the receiver said yes to.
func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.accepted)
}

// requested is what the receiver was asked, whatever it said.
func (r *receiver) requested() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

func (r *receiver) requests() int { return len(r.requested()) }

// wantInOrder checks that each lead's events arrived once, in the order of their numbers, and that there are so many.
func wantInOrder(t testing.TB, got []string, want int) {
	t.Helper()
	if len(got) != want {
		t.Errorf("%d events arrived, want %d", len(got), want)
	}
	last := map[string]int{}
	for _, event := range got {
		n, err := strconv.Atoi(filepath.Base(event))
		if err != nil {
			t.Fatal(err)
		}
		if lead := filepath.Dir(event); n <= last[lead] {
			t.Errorf("event %d of lead %s came after event %d", n, lead, last[lead])
		} else {
			last[lead] = n
		}
	}
}

// numbered is events 1 to n of each of the leads, in the order in which a busy day brings them.
func numbered(leads, n int) []string {
	var events []string
	for i := range n {
		for lead := range leads {
			events = append(events, fmt.Sprintf("lead-%d/%d", lead, i+1))
		}
	}
	return events
}
