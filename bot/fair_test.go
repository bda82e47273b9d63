package bot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
	"leadgate/store"
)

// onEach runs a test with the address of an empty store: on SQLite, and on PostgreSQL when LEADGATE_TEST_POSTGRES names a
// server.
func onEach(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "leadgate.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgresSchema(t)) })
}

// postgresSchema is the address of a schema of the test's own.
func postgresSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("LEADGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("LEADGATE_TEST_POSTGRES names no server")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	schema := fmt.Sprintf("bot_test_%d", os.Getpid())
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
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// twoGroups is a team in which two groups share members, all of them there at any time. Leads who write to the front desk go
// to the one, those who write to sales to the other.
func twoGroups(t *testing.T) *bot.Policy {
	t.Helper()
	var team routing.Config
	for i, name := range agents() {
		team.Agents = append(team.Agents, routing.AgentConfig{Name: name, Phone: string(agentPhone(i))})
	}
	team.Groups = []routing.GroupConfig{{Name: "north", Members: agents()[:3]}, {Name: "south", Members: agents()[1:]}}
	team.Rules = []routing.RuleConfig{{Name: "first", Targets: []string{"group:north"}}, {Name: "second", Targets: []string{"group:south"}}}
	return newBusiness(t, team,
		autoresponse.ResponseConfig{Number: "front-desk", DefaultRule: "first"},
		autoresponse.ResponseConfig{Number: "sales", DefaultRule: "second"}).policy
}

// write has leads write to both numbers all at once, to one of the daemons each, and returns what went wrong.
func write(ctx context.Context, daemons []*bot.Bot, leads int) error {
	var all errgroup.Group
	for i := range leads {
		all.Go(func() error {
			who := chat.Person{Phone: chat.Phone(fmt.Sprintf("+55119%08d", 11_000_000+i))}
			for _, n := range numbers() {
				m := chat.Message{Number: n.Name, ID: fmt.Sprint("M", i), Person: who, Direction: chat.Inbound, Text: "hello", SentAt: monday}
				if err := daemons[i%len(daemons)].Handle(ctx, bot.Input{Key: m.Key(), At: monday, Message: &m}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

func open(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// given is how many chats with each number each agent has.
func given(t *testing.T, s *store.Store) map[string]map[string]int {
	t.Helper()
	all, err := s.Chats(t.Context(), store.ChatFilter{Status: chat.ChatAssigned}, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	shares := map[string]map[string]int{"front-desk": {}, "sales": {}}
	for _, c := range all {
		shares[c.Number][c.Agent]++
	}
	return shares
}

// evenly checks that everybody in a group has had the same number of chats.
func evenly(t *testing.T, s *store.Store, each int) {
	t.Helper()
	for number, members := range map[string][]string{"front-desk": agents()[:3], "sales": agents()[1:]} {
		shares := given(t, s)[number]
		for _, name := range members {
			if shares[name] != each || len(shares) != len(members) {
				t.Errorf("%s: %v, want %d for each of %q", number, shares, each, members)
			}
		}
	}
}

func TestSixtyFourLeadsAtOnceAreSharedExactlyEvenly(t *testing.T) {
	const atOnce, members = 66, 3 // 64 and so many more that it comes out even
	onEach(t, func(t *testing.T, url string) {
		policy := twoGroups(t)
		s := open(t, url)
		// In the middle the daemon ends. What it has not acknowledged comes again to the next one, with what it has.
		stopping, stop := context.WithCancel(t.Context())
		half := bot.New(s, policy, func() {
			if len(given(t, s)["sales"]) == members {
				stop()
			}
		}, prometheus.NewRegistry())
		if err := write(stopping, []*bot.Bot{half}, atOnce); !errors.Is(err, context.Canceled) {
			t.Fatalf("nothing was left to do when the daemon ended: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, url)
		if err := write(t.Context(), []*bot.Bot{bot.New(s, policy, nil, prometheus.NewRegistry())}, atOnce); err != nil {
			t.Fatal(err)
		}
		evenly(t, s, atOnce/members)
	})
}

func TestTwoDaemonsOnOnePostgresShareExactlyEvenly(t *testing.T) {
	const atOnce, members = 66, 3
	url := postgresSchema(t)
	policy := twoGroups(t)
	var daemons []*bot.Bot
	for range 2 {
		daemons = append(daemons, bot.New(open(t, url), policy, nil, prometheus.NewRegistry()))
	}
	if err := write(t.Context(), daemons, atOnce); err != nil {
		t.Fatal(err)
	}
	evenly(t, open(t, url), atOnce/members)
}
