package bot_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/store"
)

// monday is when every town begins: within most people's hours.
var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// A town is a business whose configuration changes, on a real store and a virtual clock. It checks after everything that
// happens what must be so whatever happens.
type town struct {
	t        rapid.TB
	url      string
	store    *store.Store
	db       *sql.DB // to look into the store
	bot      *bot.Bot
	carrier  *delivery.Carrier
	business business

	now     time.Time
	keys    int
	offline map[string]bool
	queued  []bot.Input // for numbers that are offline, in order
	handled []bot.Input
	shown   map[string]string     // what phones have, by WhatsApp's id
	menus   map[int][]menu        // that each person has, the last one last
	written map[int]*chat.Message // the last message of each person
	away    map[string]time.Time  // until when agents are away by their own word
	crashes []int                 // whether each of the next commits fails: 0 not, 1 before, 2 after
	failing bool                  // crashes are in force
	old     map[string]int        // taps on rows of menus that are not the chat's, by number and person: each may have a menu sent
}

// A menu is one on a person's phone.
type menu struct {
	chat.Outgoing
	number, id string
}

func newTown(t rapid.TB, dir string, b business, crashes []int) *town {
	w := &town{
		t: t, url: "sqlite:" + filepath.Join(dir, "town.db"), business: b, now: monday, offline: map[string]bool{},
		shown: map[string]string{}, menus: map[int][]menu{}, written: map[int]*chat.Message{}, away: map[string]time.Time{},
		crashes: crashes, failing: len(crashes) > 0, old: map[string]int{},
	}
	w.open()
	w.reload(b)
	return w
}

// open is the start of the daemon.
func (w *town) open() {
	kept, err := store.Open(context.Background(), w.url, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = kept
	w.db, _ = kept.WhatsApp()
	w.bot = bot.New(&watched{Store: kept, town: w}, w.business.policy, nil, prometheus.NewRegistry())
	w.carrier = delivery.New(kept, delivery.Options{})
	senders := map[string]delivery.Sender{bot.TimerDestination: w.bot.Timers(w.clock), "crm": taken{}}
	for _, n := range numbers() {
		senders[bot.NumberTimerDestination(n.Name)] = gate{w.bot.Timers(w.clock), w, n.Name}
		senders[bot.LateDestination(n.Name)] = gate{w.bot.Late(w.clock), w, n.Name}
		senders[bot.SendDestination(n.Name)] = gate{phone{w, n.Name}, w, n.Name}
		senders[bot.LabelDestination(n.Name)] = gate{taken{}, w, n.Name}
	}
	w.carrier.SetSenders(senders)
}

func (w *town) clock() time.Time { return w.now }

// restart is a daemon that ends and starts again.
func (w *town) restart() {
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
	w.reload(w.business)
}

// reload puts a configuration in force.
func (w *town) reload(b business) {
	w.business = b
	w.bot.SetPolicy(b.policy)
	w.handle(bot.Input{Key: w.key("team"), Team: &bot.TeamChange{}})
}

func (w *town) key(kind string) string {
	w.keys++
	return fmt.Sprintf("town/%s/%d", kind, w.keys)
}

// handle has an input decided. Refusing it is an answer, and leaves nothing: after a reload it may be taken.
func (w *town) handle(in bot.Input) {
	in.At = w.now
	switch err := w.bot.Handle(context.Background(), in); {
	case err == nil:
		w.handled = append(w.handled, in)
	case !refused(err):
		w.t.Fatalf("input %q: %v", in.Key, err)
	}
}

// mostRounds is how often something may become due at one moment, before it is taken for a circle.
const mostRounds = 2000

// carry carries out what is due, and what follows from it.
func (w *town) carry() {
	for range mostRounds {
		attempts, err := w.carrier.Step(context.Background(), w.now)
		if err != nil {
			w.t.Fatal(err)
		}
		if attempts == 0 {
			return
		}
	}
	w.t.Fatalf("something is due again and again at %s", w.now)
}

// pass lets time pass. What becomes due meanwhile is carried out at its time, and what must be so holds then.
func (w *town) pass(d time.Duration) {
	until := w.now.Add(d)
	for {
		w.carry()
		w.check()
		due, err := w.store.NextAt(context.Background(), w.now, w.reachable())
		if err != nil {
			w.t.Fatal(err)
		}
		if due.IsZero() || due.After(until) {
			w.now = until
			return
		}
		if due.After(w.now) {
			w.now = due
		}
	}
}

// reachable are the destinations that can be sent to now.
func (w *town) reachable() []string {
	all := []string{bot.TimerDestination, "crm"}
	for _, n := range numbers() {
		if !w.offline[n.Name] {
			all = append(all, bot.NumberTimerDestination(n.Name), bot.LateDestination(n.Name), bot.SendDestination(n.Name),
				bot.LabelDestination(n.Name))
		}
	}
	return all
}

// hear hands a message to its number, now or when that is online.
func (w *town) hear(m chat.Message) {
	in := bot.Input{Key: m.Key(), Message: &m}
	if w.offline[m.Number] {
		w.queued = append(w.queued, in)
		return
	}
	w.handle(in)
}

// online brings a number back: what was written meanwhile is heard before anything is sent.
func (w *town) online(number string) {
	rest := w.queued[:0:0]
	for _, in := range w.queued {
		if in.Message.Number == number {
			w.handle(in)
		} else {
			rest = append(rest, in)
		}
	}
	w.queued, w.offline[number] = rest, false
}

// taken is a receiver that takes everything.
type taken struct{}

func (taken) Send(context.Context, delivery.Delivery) delivery.Result {
	return delivery.Result{Verdict: delivery.Done}
}

// gate sends only while a number is online.
type gate struct {
	delivery.Sender
	town   *town
	number string
}

func (g gate) Open() bool { return !g.town.offline[g.number] }

// phone shows people what a number sends them.
type phone struct {
	town   *town
	number string
}

func (p phone) Send(_ context.Context, d delivery.Delivery) delivery.Result {
	w := p.town
	var o chat.Outgoing
	if err := json.Unmarshal(d.Body, &o); err != nil || o.Text == "" || o.Phone == "" && o.LID == "" {
		w.t.Fatalf("%s is to send %s: %v", p.number, d.Body, err)
	}
	if !o.Until.IsZero() && !w.now.Before(o.Until) {
		return delivery.Result{Verdict: delivery.Never}
	}
	id := chat.MessageID(d.Key)
	if text, again := w.shown[id]; again && text != o.Text {
		w.t.Fatalf("message %s (%s) was %q and is %q", id, d.Key, text, o.Text)
	} else if !again {
		w.shown[id] = o.Text
		if !strings.HasPrefix(d.Lane, bot.AgentLane("")) {
			w.mayBeTold(p.number, d)
		}
		if strings.HasPrefix(d.Key, "menu/") {
			if who, is := whois(o); is {
				w.menus[who] = append(w.menus[who], menu{o, p.number, id})
			}
		}
		if w.crash() != 0 { // it went out, and nobody knows
			return delivery.Result{Verdict: delivery.Unsent}
		}
	}
	return delivery.Result{Verdict: delivery.Done}
}

// whois is which person a message is for. Somebody who is an agent now and then is none of them.
func whois(o chat.Outgoing) (who int, is bool) {
	for i := range people {
		if p := person(i); p.Phone == o.Phone || o.Phone == "" && p.LID == o.LID {
			return i, true
		}
	}
	return 0, false
}

// crash says what befalls the next commit.
func (w *town) crash() int {
	if !w.failing || len(w.crashes) == 0 {
		return 0
	}
	next := w.crashes[0]
	w.crashes = append(w.crashes[1:], next)
	return next
}

// count is the number that a query finds.
func (w *town) count(query string, args ...any) (n int) {
	if err := w.db.QueryRow(query, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// lines are the rows that a query finds, each as a line.
func (w *town) lines(query string, args ...any) []string {
	rows, err := w.db.Query(query, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			w.t.Fatal(err)
		}
		var line strings.Builder
		for i, v := range values {
			fmt.Fprintf(&line, "%s=%s ", names[i], v.(*sql.NullString).String)
		}
		all = append(all, line.String())
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// books is everything that the store holds but how attempts went.
func (w *town) books() string {
	tables := map[string]string{
		"lead": "*", "alias": "*", "input": "*", "unclaimed": "*", "transition": "*", "event": "*", "opportunity": "*", "chat": "*",
		"assignment": "*", "turn": "*", "agent": "*", "contact": "*",
		"delivery": "id, destination, lane, key, event, body, about, state, created_at, not_before",
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		fmt.Fprintf(&b, "%s:\n%s\n", name, strings.Join(w.lines(`SELECT `+tables[name]+` FROM `+name+` ORDER BY 1, 2`), "\n"))
	}
	return b.String()
}
