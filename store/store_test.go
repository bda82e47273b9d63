package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
)

// noon is when every test begins.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A place is where a test's store is, so that it can be closed and opened again.
type place struct {
	t   testing.TB
	url string
}

func (p place) open(opts Options) *Store {
	p.t.Helper()
	s, err := Open(p.t.Context(), p.url, opts)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

// onEach runs a test on SQLite, and on PostgreSQL when LEADGATE_TEST_POSTGRES names a server.
func onEach(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, onPostgres(t))
	})
}

func onSQLite(t testing.TB) place {
	return place{t, "sqlite:" + filepath.Join(t.TempDir(), "leadgate.db")}
}

var schemas atomic.Int64 // numbers those of this run

// onPostgres is a schema of the test's own.
func onPostgres(t testing.TB) place {
	t.Helper()
	server := os.Getenv("LEADGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("LEADGATE_TEST_POSTGRES names no server")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	schema := fmt.Sprintf("store_test_%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return place{t, u.String()}
}

// message is an input: somebody wrote to the front desk.
func message(id string, person chat.Person) bot.Input {
	m := chat.Message{
		Number: "front-desk", ID: id, Person: person, Direction: chat.Inbound,
		Text: "I came from Instagram", SentAt: noon,
	}
	return bot.Input{Key: m.Key(), At: noon, Message: &m}
}

// ana is whom most tests know.
func ana() chat.Lead {
	return chat.Lead{
		ID: "lead_ana", Name: "Ana", Phone: "+5511911112222", LID: "101", Source: "Instagram", LastSource: "Blog",
		TouchedAt: noon, CreatedAt: noon, Numbers: []string{"front-desk"}, Fields: map[string]string{"course": "AI"},
		FirstAd: &chat.Ad{SourceID: "1", ClickID: "c1"}, Ad: &chat.Ad{Headline: "Learn"},
	}
}

func person(l chat.Lead) chat.Person { return chat.Person{Phone: l.Phone, LID: l.LID, Name: l.Name} }

func entered(lead, stage string, at time.Time) conversion.Transition {
	return conversion.Transition{
		ID: "tr_" + lead + "_" + stage, Funnel: "Sales", To: stage, Cause: chat.Cause{Kind: chat.CauseManual, By: "maria"}, At: at,
	}
}

// event is an event of a lead and its delivery to each destination.
func event(d *bot.Decision, id, lead string, destinations ...string) {
	e := bot.Event{ID: id, Type: bot.LeadUpdated, At: noon, LeadID: lead, Number: "front-desk", Body: []byte(`{"id":"` + id + `"}`)}
	d.Events = append(d.Events, e)
	for _, name := range destinations {
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: name, Lane: e.Lane(), Key: e.ID, CreatedAt: noon})
	}
}

// update commits a decision under the input's key, whatever the state.
func update(t testing.TB, s *Store, in bot.Input, d bot.Decision) {
	t.Helper()
	if err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return d }); err != nil {
		t.Fatal(err)
	}
}

// state is what Update finds for an input, without changing anything.
func state(t testing.TB, s *Store, in bot.Input) (found bot.State, decided bool) {
	t.Helper()
	err := s.Update(t.Context(), in, func(st bot.State) bot.Decision {
		found, decided = st, true
		return bot.Decision{Refused: true}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, decided
}

// count is what a counting query says.
func count(t testing.TB, s *Store, query string, args ...any) int {
	t.Helper()
	var n int
	if err := s.reads.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// everything is how many rows there are in all.
func everything(t testing.TB, s *Store) int {
	t.Helper()
	n := 0
	for _, table := range strings.Fields(`lead alias input transition event destination lane delivery set_aside unclaimed
		opportunity chat assignment turn agent contact payment feedback capture answer`) {
		n += count(t, s, "SELECT COUNT(*) FROM "+table)
	}
	return n
}
