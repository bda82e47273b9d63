package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/fault"
	"leadgate/opportunity"
	"leadgate/routing"
	"leadgate/store"
	"leadgate/web"
)

const (
	ana   = "+5511911112222"
	bia   = "+5511911113333"
	hello = "Hi, I came from Instagram and wanted to know more!"
)

// monday is when every test begins.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// office is the API on a real bot and a real store, over a real connection.
type office struct {
	t       *testing.T
	bot     *bot.Bot
	store   *store.Store
	server  *httptest.Server
	now     time.Time
	log     bytes.Buffer
	reload  error // what a reload answers
	wrote   int   // messages so far
	forms   []web.Form
	metrics *prometheus.Registry
	numbers []web.Number
	logout  func(context.Context, string) error
	woken   int
	*contract
}

func newOffice(t *testing.T) *office {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "leadgate.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	o := &office{t: t, store: st, now: monday, metrics: prometheus.NewRegistry(), contract: newContract(t), logout: func(context.Context, string) error { return web.ErrNotFound },
		bot: bot.New(st, newPolicy(t), nil, prometheus.NewRegistry())}
	o.server = httptest.NewServer(web.New(web.Options{
		Tokens: func() []web.Token {
			return []web.Token{
				{Name: "crm", Hash: sha256.Sum256([]byte("writes")), Write: true},
				{Name: "erp", Hash: sha256.Sum256([]byte("writes too")), Write: true},
				{Name: "board", Hash: sha256.Sum256([]byte("reads"))},
			}
		},
		Numbers: func() []web.Number { return o.numbers },
		Logout:  func(ctx context.Context, number string) error { return o.logout(ctx, number) },
		Wake:    func() { o.woken++ },
		Pair:    func(context.Context, string) error { return web.ErrNotFound },
		Reload:  func(context.Context) error { return o.reload },
		Forms:   func() []web.Form { return o.forms },
		Metrics: o.metrics,
		Ping:    st.Ping, Bot: o.bot, Store: st, Gatherer: prometheus.NewRegistry(),
		Now: func() time.Time { return o.now },
		Log: slog.New(slog.NewTextHandler(&o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}))
	t.Cleanup(o.server.Close)
	return o
}

// newPolicy is a business with a funnel, courses, three agents and no menus.
func newPolicy(t *testing.T) *bot.Policy {
	t.Helper()
	sound := func(faults fault.List) {
		t.Helper()
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
	}
	numbers := []chat.Number{{Name: "front-desk", Phone: "+5511987650001"}}
	names, rules, stages := []string{"front-desk"}, []string{"courses"}, []string{"Lead Entry", "Scheduling", "Sale"}
	funnels, faults := conversion.New(conversion.Config{Numbers: names, Funnels: []conversion.FunnelConfig{
		{Name: "Sales", Stages: []conversion.StageConfig{
			{Name: stages[0], Triggers: []conversion.TriggerConfig{
				{Phrase: "I came from Instagram", Source: "Instagram"}, {Phrase: "I read your blog", Source: "My Blog"},
			}},
			{Name: stages[1], Triggers: []conversion.TriggerConfig{{Phrase: "Thank you for scheduling with us"}}}, {Name: stages[2]},
		}},
	}})
	sound(faults)
	types, faults := opportunity.New(opportunity.Config{
		Types: []opportunity.TypeConfig{
			{Name: "Course", Field: "Subject", Values: []string{"AI", "Data Science"}, Rule: "courses"}, {Name: "Visit"},
		},
		Numbers: names, Rules: rules, Stages: stages,
	})
	sound(faults)
	team, faults := routing.New(routing.Config{
		Agents: []routing.AgentConfig{
			{Name: "maria", Phone: "+5511988880001", Capacity: 2}, {Name: "joao", Phone: "+5511988880002"},
			{Name: "carla", Phone: "+5511988880003", Admin: true, Hours: []string{"sat 09:00-13:00"}},
		},
		Groups: []routing.GroupConfig{{Name: "teachers", Members: []string{"maria", "joao"}}},
		Rules:  []routing.RuleConfig{{Name: "courses", Targets: []string{"owner", "group:teachers", "admin"}}},
		Zone:   time.UTC, Country: "BR", Numbers: numbers,
	})
	sound(faults)
	responses, faults := autoresponse.New(autoresponse.Config{
		Responses: []autoresponse.ResponseConfig{{Number: "front-desk", DefaultRule: "courses"}},
		Numbers:   names, Rules: rules, Opportunities: types, Language: "en",
	})
	sound(faults)
	return &bot.Policy{
		Conversion: funnels, Opportunities: types, Responses: responses, Routing: team,
		Language: "en", Country: "BR", Zone: time.UTC, Numbers: numbers,
	}
}

// handle has an input decided.
func (o *office) handle(in bot.Input) {
	o.t.Helper()
	in.At = o.now
	if err := o.bot.Handle(o.t.Context(), in); err != nil {
		o.t.Fatal(err)
	}
}

// write lets a person write to the front desk, and returns the id of the lead who they are.
func (o *office) write(phone, name, text string) string {
	o.t.Helper()
	o.wrote++
	m := chat.Message{
		Number: "front-desk", ID: fmt.Sprintf("M%d", o.wrote), Person: chat.Person{Phone: chat.Phone(phone), Name: name},
		Direction: chat.Inbound, Text: text, SentAt: o.now,
	}
	o.handle(bot.Input{Key: m.Key(), Message: &m})
	lead, err := o.store.LeadByPhone(o.t.Context(), chat.Phone(phone))
	if err != nil {
		o.t.Fatal(err)
	}
	return lead.ID
}

// away makes agents unavailable until tomorrow.
func (o *office) away(names ...string) {
	o.t.Helper()
	for _, name := range names {
		o.handle(bot.Input{
			Key:       "away/" + name,
			Available: &bot.SetAvailable{Agent: name, Until: o.now.Add(24 * time.Hour), Cause: chat.Cause{Kind: chat.CauseAgent, By: name}},
		})
	}
}

// An ask is a request, and the token that it carries.
type ask struct {
	method, path string
	body         string // "" for none
	token        string // "writes" when it is ""; "none" for none
	kind         string // of the body: JSON when it is ""
	key          string // Idempotency-Key; "" for none
	origin       string // of the page that asks; "" for none
	accept       string // what the answer may be; "" says nothing
	forwarded    string // whom a proxy speaks for; "" for nobody
}

// An answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
	json   any // nil when it is none
}

func (o *office) send(a ask) answer {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), a.method, o.server.URL+"/api/v1"+a.path, strings.NewReader(a.body))
	if err != nil {
		o.t.Fatal(err)
	}
	switch a.token {
	case "none":
	case "":
		req.Header.Set("Authorization", "Bearer writes")
	default:
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.kind != "" {
		req.Header.Set("Content-Type", a.kind)
	}
	for header, value := range map[string]string{
		"Idempotency-Key": a.key, "Origin": a.origin, "Accept": a.accept, "X-Forwarded-For": a.forwarded,
	} {
		if value != "" {
			req.Header.Set(header, value)
		}
	}
	resp, err := o.server.Client().Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	got := answer{t: o.t, status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	o.check(o.t, a, got)
	if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
		return got
	}
	if err := json.Unmarshal(raw, &got.json); err != nil && len(raw) > 0 {
		o.t.Fatalf("%s %s answered what is not JSON: %q", a.method, a.path, raw)
	}
	return got
}

// get asks for a path that has to answer 200.
func (o *office) get(path string) answer {
	o.t.Helper()
	got := o.send(ask{method: "GET", path: path, token: "reads"})
	got.is(200)
	return got
}

// do changes something by a request that has to succeed.
func (o *office) do(method, path, body string) answer {
	o.t.Helper()
	got := o.send(ask{method: method, path: path, body: body})
	if got.status != 200 && got.status != 201 {
		o.t.Fatalf("%s %s answered %d %s; the log: %s", method, path, got.status, got.raw, o.log.String())
	}
	return got
}

func (a answer) is(status int) {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("answered %d %s, want %d", a.status, a.raw, status)
	}
}

// at is the value at a path such as "items.0.name", as JSON; "absent" when there is none.
func (a answer) at(path string) string {
	a.t.Helper()
	value := a.json
	for part := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[part]
			if !ok {
				return "absent"
			}
			value = next
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(v) {
				return "absent"
			}
			value = v[i]
		default:
			return "absent"
		}
	}
	return jsonOf(value)
}

// jsonOf is a value that was JSON, as JSON.
func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// has wants values at paths: has("name", `"Ana"`, "phone", `null`).
func (a answer) has(pathsAndValues ...string) {
	a.t.Helper()
	for i := 0; i+1 < len(pathsAndValues); i += 2 {
		if got := a.at(pathsAndValues[i]); got != pathsAndValues[i+1] {
			a.t.Errorf("%s is %s, want %s, in %s", pathsAndValues[i], got, pathsAndValues[i+1], a.raw)
		}
	}
}

// text is the string at a path.
func (a answer) text(path string) string {
	a.t.Helper()
	var s string
	if err := json.Unmarshal([]byte(a.at(path)), &s); err != nil {
		a.t.Fatalf("%s is no text in %s", path, a.raw)
	}
	return s
}

// each is the values at a path of every item of a list.
func (a answer) each(path string) string {
	a.t.Helper()
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal([]byte(a.raw), &list); err != nil {
		a.t.Fatal(err)
	}
	values := make([]string, len(list.Items))
	for i := range list.Items {
		values[i] = strings.Trim(a.at(fmt.Sprintf("items.%d.%s", i, path)), `"`)
	}
	return strings.Join(values, " ")
}
