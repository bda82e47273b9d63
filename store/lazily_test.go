package store

import "testing"

// level is what SQLite says of a connection's commits: 2 is FULL, 1 is NORMAL.
func level(t *testing.T, s *Store) int {
	t.Helper()
	conn, err := s.numbers.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var n int
	if err := conn.QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOnlyWritesThatSaySoDoNotWaitForTheDisk(t *testing.T) {
	s := onSQLite(t).open(Options{})
	s.numbers.SetMaxOpenConns(1) // every statement of the test is on one connection
	if _, err := s.numbers.ExecContext(t.Context(), `CREATE TABLE whatsmeow_note (text TEXT, level INTEGER)`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		lazy bool
		want int
	}{
		{"a write", false, 2}, {"a lazy write", true, 1}, {"a write after a lazy one", false, 2},
	} {
		ctx := t.Context()
		if c.lazy {
			ctx = Lazily(ctx)
		}
		tx, err := s.numbers.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var during int
		if err := tx.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&during); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO whatsmeow_note (text) VALUES ($1)`, c.name); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if during != c.want {
			t.Errorf("%s: synchronous=%d within its transaction, want %d", c.name, during, c.want)
		}
		if _, err := s.numbers.ExecContext(ctx, `UPDATE whatsmeow_note SET text = 'x'`); err != nil {
			t.Fatal(err)
		}
		if got := level(t, s); got != 2 {
			t.Errorf("after %s: synchronous=%d, want 2", c.name, got)
		}
	}
}
