package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/bot"
)

// fill lets the SQLite file grow by no more than some pages.
func fill(t *testing.T, s *Store, more int) {
	t.Helper()
	var pages int
	if err := s.writes.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if err := s.writes.QueryRowContext(t.Context(), "PRAGMA max_page_count = "+fmt.Sprint(pages+more)).Scan(&pages); err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskChangesNothingIsNoticedAndIsOverWhenThereIsRoom(t *testing.T) {
	s := onSQLite(t).open(Options{})
	lead := ana()
	update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := everything(t, s)
	fill(t, s, 0)
	big := bot.Decision{Lead: &lead}
	event(&big, "evt_1", lead.ID, "crm")
	big.Events[0].Body = []byte(strings.Repeat("x", 100_000))
	in := message("M2", person(lead))
	for range 2 {
		if err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return big }); err == nil || !strings.Contains(err.Error(), "full") {
			t.Fatalf("error %v", err)
		}
		if n := everything(t, s); n != before {
			t.Errorf("%d rows became %d", before, n)
		}
	}
	if got, err := s.LeadByID(t.Context(), lead.ID); err != nil || !got.Known() {
		t.Errorf("what was there can't be read: %v", err)
	}
	// The daemon stays unready for as long as nothing goes in, and finds out by itself when something does.
	for range 3 {
		if err := s.Ping(t.Context()); err == nil {
			t.Error("a full store is called ready")
		}
		s.health.triedAt = time.Time{}
	}
	fill(t, s, 1000)
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	update(t, s, in, big)
	if n := count(t, s, "SELECT COUNT(*) FROM delivery"); n != 1 {
		t.Errorf("%d deliveries", n)
	}
}

func TestPingWritesOnlyWhenNothingElseHasForAWhile(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		writes := func() int64 {
			s.health.mu.Lock()
			defer s.health.mu.Unlock()
			return s.health.wroteAt.UnixNano()
		}
		before := writes()
		for range 10 {
			if err := s.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if writes() != before {
			t.Error("a ping right after a write has written")
		}
		s.health.wroteAt = s.health.wroteAt.Add(-2 * fresh)
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if writes() <= before {
			t.Error("a ping of an idle store has not written")
		}
		if n := count(t, s, "SELECT COUNT(*) FROM probe"); n != 0 {
			t.Errorf("%d rows stay behind", n)
		}
	})
}

func TestAClosedStoreDoesNotAnswer(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		s.Close()
		if err := s.Ping(t.Context()); err == nil {
			t.Error("it does")
		}
	})
}
