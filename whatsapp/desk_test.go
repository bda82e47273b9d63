package whatsapp

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"leadgate/chat"
	"leadgate/simulator"
)

// patience is how long a test waits for what must happen; when all is well nothing takes that long.
const patience = 30 * time.Second

// desk is a business: the real client, its store, and a simulated WhatsApp around it.
type desk struct {
	t       *testing.T
	sim     *simulator.Server
	account *simulator.Account
	driver  string // of the store
	source  string // its data source name
	ear     *ear
	log     *logBook
	metrics *prometheus.Registry
	delays  *delays       // nil: those of the package
	adjust  func(*Config) // nil: nothing is special

	*Numbers
	stop func()
}

// newDesk opens a business with the number front-desk, not paired and not running.
func newDesk(t *testing.T, opts simulator.Options) *desk {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, sim: sim, driver: "sqlite3", source: "file:" + filepath.Join(t.TempDir(), "leadgate.db") + sqliteOptions, ear: newEar(), stop: func() {}}
	t.Cleanup(func() {
		d.stop()
		if list := sim.Unanswered(); len(list) > 0 {
			t.Errorf("the simulator could not answer: %q", list)
		}
		if t.Failed() {
			trace := sim.Trace()
			t.Logf("the last stanzas:\n%s", strings.Join(trace[max(0, len(trace)-40):], "\n"))
			t.Logf("the log:\n%s", d.log)
		}
		if err := sim.Close(); err != nil {
			t.Errorf("close the simulator: %v", err)
		}
	})
	d.account, err = sim.AddAccount(simulator.AccountOptions{Phone: frontDesk, Name: "Front Desk"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sqliteOptions are those of the store.
const sqliteOptions = "?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_foreign_keys=on&_busy_timeout=10000"

const frontDesk = "+5511987650001"

// briskly is the pace of tests that are about something else.
var briskly = chat.Pace{PerMinute: 600_000, Burst: 1000}

// open opens the numbers without running them.
func (d *desk) open(numbers ...chat.Number) *desk {
	d.t.Helper()
	if len(numbers) == 0 {
		numbers = []chat.Number{{Name: "front-desk", Phone: frontDesk, Pace: briskly}}
	}
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		d.t.Fatal(err)
	}
	key := d.sim.RootKey()
	d.log, d.metrics = &logBook{}, prometheus.NewRegistry()
	cfg := Config{
		Server: d.sim.URL(), ServerKey: key[:], Log: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics: d.metrics, Typing: func(string) time.Duration { return 0 },
		Limits: map[string]chat.Limits{"front-desk": d.ear.limited("front-desk")},
	}
	if d.adjust != nil {
		d.adjust(&cfg)
	}
	d.Numbers, err = Open(d.t.Context(), db, d.driver, cfg, numbers, d.ear)
	if err != nil {
		d.t.Fatal(err)
	}
	d.stop = func() {
		d.stop = func() {}
		if err := db.Close(); err != nil {
			d.t.Errorf("close the store: %v", err)
		}
	}
	return d
}

// run opens the numbers and runs them; stop ends that and waits for its end.
func (d *desk) run(numbers ...chat.Number) *desk {
	d.t.Helper()
	d.open(numbers...)
	shut := d.stop
	if d.delays != nil {
		for _, n := range d.all() {
			n.delays = *d.delays
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(d.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	d.stop = func() {
		d.stop = func() {}
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				d.t.Errorf("run ended with %v", err)
			}
		case <-time.After(patience):
			d.t.Error("run did not end")
		}
		shut()
	}
	return d
}

// restart ends the daemon and starts it again on the same store.
func (d *desk) restart() {
	d.t.Helper()
	d.stop()
	d.run()
}

// paired is a running desk whose number is linked and connected.
func paired(t *testing.T, opts simulator.Options) *desk {
	t.Helper()
	d := newDesk(t, opts).run()
	d.pair("front-desk", d.account)
	return d
}

func (d *desk) pair(name string, with *simulator.Account) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	events, err := d.Number(name).Pair(ctx, false)
	if err != nil {
		d.t.Fatal(err)
	}
	for e := range events {
		if e.Kind == PairQR {
			if err := with.Scan(e.Text); err != nil {
				d.t.Fatal(err)
			}
		}
		if e.Kind == PairDone {
			// The phone has shared its keys: from now on the device can ask it for messages.
			eventually(d.t, name+" is synchronised", func() bool { return d.log.has("number="+name+" ", "regular_low completed") })
			d.waitOpen(name)
			return
		}
	}
	d.t.Fatal("pairing ended without success")
}

// person is a lead, found by phone or made.
func (d *desk) person(opts simulator.PersonOptions) *simulator.Person {
	d.t.Helper()
	if opts.Phone == "" {
		opts.Phone = "+5511912345678"
	}
	if opts.Name == "" {
		opts.Name = "Ana"
	}
	p, err := d.sim.AddPerson(opts)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// sent fails the test when something could not be sent.
func (d *desk) sent(id string, err error) string {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) waitState(name string, want State) Status {
	d.t.Helper()
	var s Status
	eventually(d.t, name+" is "+string(want), func() bool {
		s = d.Number(name).Status()
		return s.State == want
	})
	return s
}

// waitOpen waits until the number may send.
func (d *desk) waitOpen(name string) {
	d.t.Helper()
	eventually(d.t, name+" may send", func() bool { return d.Sender(name).Open() })
}

// counted is the value of a counter or gauge with the labels, as name=value pairs.
func (d *desk) counted(name string, labels ...string) float64 {
	d.t.Helper()
	families, err := d.metrics.Gather()
	if err != nil {
		d.t.Fatal(err)
	}
	var sum float64
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && hasLabels(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for _, want := range labels {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetName()+"="+l.GetValue() == want
		}
		if !found {
			return false
		}
	}
	return true
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		pause(t.Context(), 5*time.Millisecond)
	}
}

// ear listens, commits by key like a store, and fails when it is told to.
type ear struct {
	mu       sync.Mutex
	heard    map[string]chat.Message
	order    []chat.Message
	attempts map[string]int
	changes  []Change
	aside    map[string]aside
	fail     func(chat.Message, int) error // by message and attempt, counted from 1; nil: never
	failTell error
	failPut  error
	labels   labelEar
	limits   map[string]chat.Limits // by number, as committed
	failCap  error
}

type aside struct {
	number, reason string
	payload        []byte
	times          int
}

func newEar() *ear {
	return &ear{heard: map[string]chat.Message{}, attempts: map[string]int{}, aside: map[string]aside{}, limits: map[string]chat.Limits{}}
}

var errStore = errors.New("the store is away")

func (e *ear) Message(_ context.Context, m chat.Message) error {
	e.mu.Lock()
	e.attempts[m.Key()]++
	fail, attempt := e.fail, e.attempts[m.Key()]
	e.mu.Unlock()
	if fail != nil {
		if err := fail(m, attempt); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.heard[m.Key()]; !known {
		e.heard[m.Key()] = m
		e.order = append(e.order, m)
	}
	return nil
}

func (e *ear) Connection(_ context.Context, c Change) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failTell != nil {
		return e.failTell
	}
	e.changes = append(e.changes, c)
	return nil
}

func (e *ear) Label(_ context.Context, change chat.LabelChange) error { return e.labels.take(change) }

func (e *ear) Limited(_ context.Context, number string, l chat.Limits) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failCap == nil {
		e.limits[number] = l
	}
	return e.failCap
}

func (e *ear) limited(number string) chat.Limits {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.limits[number]
}

func (e *ear) SetAside(_ context.Context, number, id, reason string, payload []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failPut != nil {
		return e.failPut
	}
	e.aside[id] = aside{number, reason, payload, e.aside[id].times + 1}
	return nil
}

// with runs f while nothing is heard.
func (e *ear) with(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f()
}

func (e *ear) failWith(f func(chat.Message, int) error) { e.with(func() { e.fail = f }) }

func (e *ear) messages() []chat.Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]chat.Message(nil), e.order...)
}

func (e *ear) attemptsAt(key string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attempts[key]
}

func (e *ear) told() []Change {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Change(nil), e.changes...)
}

func (e *ear) setAside(id string) (aside, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a, ok := e.aside[id]
	return a, ok
}

// hear waits for the message with an id.
func (d *desk) hear(id string) chat.Message {
	d.t.Helper()
	return d.hearKey(chat.Message{Number: "front-desk", ID: id}.Key())
}

func (d *desk) hearKey(key string) (m chat.Message) {
	d.t.Helper()
	eventually(d.t, "the message "+key+" is heard", func() bool {
		d.ear.mu.Lock()
		defer d.ear.mu.Unlock()
		var ok bool
		m, ok = d.ear.heard[key]
		return ok
	})
	return m
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// has reports whether one line holds all parts.
func (l *logBook) has(parts ...string) bool {
	for line := range strings.Lines(l.String()) {
		missing := slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(line, part) })
		if !missing {
			return true
		}
	}
	return false
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
