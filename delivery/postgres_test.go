package delivery_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"leadgate/delivery"
	"leadgate/store"
)

// TestTwoDaemonsShareTheWorkOfOneDatabase drains one queue from two sides: nothing twice, and each lead's events in order.
func TestTwoDaemonsShareTheWorkOfOneDatabase(t *testing.T) {
	database := newSchema(t)
	var daemons []*store.Store
	r := newReceiver(t)
	for range 2 {
		s, err := store.Open(t.Context(), database, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		daemons = append(daemons, s)
	}
	commit(t, daemons[0], "input/1", time.Now(), crm, numbered(100, 10)...)
	for _, s := range daemons {
		carrier := delivery.New(s, delivery.Options{})
		carrier.SetSenders(map[string]delivery.Sender{crm: newSender(t, crm, r.server.URL)})
		run(t, carrier)
	}
	eventually(t, "nothing is pending", func() bool {
		at, err := daemons[0].NextAt(t.Context(), time.Now(), []string{crm})
		if err != nil {
			t.Fatal(err)
		}
		return at.IsZero()
	})
	wantInOrder(t, r.got(), 1000)
}

// newSchema is the URL of a PostgreSQL schema of the test's own.
func newSchema(t *testing.T) string {
	t.Helper()
	server := os.Getenv("LEADGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("LEADGATE_TEST_POSTGRES names no server")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	schema := fmt.Sprintf("delivery_test_%d", os.Getpid())
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}
