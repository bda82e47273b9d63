package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
)

// together runs work n times at once and fails the test with the first error.
func together(t *testing.T, n int, work func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	errs := make(chan error, n)
	for i := range n {
		all.Go(func() { errs <- work(i) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestConcurrentUpdatesOfOneLeadLoseNothing(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		lead.Numbers = nil
		update(t, s, message("M0", person(lead)), bot.Decision{Lead: &lead})
		together(t, 64, func(i int) error {
			return s.Update(t.Context(), message(fmt.Sprintf("M%d", i+1), person(lead)), func(st bot.State) bot.Decision {
				l := st.Lead
				l.Numbers = append(slices.Clone(l.Numbers), fmt.Sprint(i))
				return bot.Decision{Lead: &l}
			})
		})
		got, err := s.LeadByID(t.Context(), lead.ID)
		if err != nil || len(got.Numbers) != 64 {
			t.Errorf("%d of 64 changes are there, %v", len(got.Numbers), err)
		}
	})
}

func TestOneInputThatComesManyTimesAtOnceIsDecidedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s, other := p.open(Options{}), (*Store)(nil)
		if s.dialect == postgres {
			other = p.open(Options{}) // a second daemon
		}
		var committed atomic.Int64
		together(t, 64, func(i int) error {
			at := s
			if other != nil && i%2 == 1 {
				at = other
			}
			decided := false
			lead := ana()
			err := at.Update(t.Context(), message("M1", person(lead)), func(st bot.State) bot.Decision {
				decided = true
				d := bot.Decision{Lead: &lead}
				event(&d, "evt_1", lead.ID, "crm")
				return d
			})
			if err == nil && decided {
				committed.Add(1)
			}
			return err
		})
		if committed.Load() != 1 || count(t, s, "SELECT COUNT(*) FROM delivery") != 1 {
			t.Errorf("committed %d times", committed.Load())
		}
	})
}

func TestConcurrentFirstMessagesOfOnePersonMakeOneLead(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		together(t, 64, func(i int) error {
			in := message(fmt.Sprintf("M%d", i), chat.Person{Phone: "+1"})
			return s.Update(t.Context(), in, func(st bot.State) bot.Decision {
				l := st.Lead
				if !l.Known() {
					l = chat.Lead{ID: fmt.Sprintf("lead_%d", i), Phone: "+1", CreatedAt: noon}
				}
				return bot.Decision{Lead: &l}
			})
		})
		if n := count(t, s, "SELECT COUNT(*) FROM lead"); n != 1 {
			t.Errorf("%d leads", n)
		}
	})
}

func TestSeveralDaemonsShareDeliveriesWithoutClaimingOneTwice(t *testing.T) {
	p := onPostgres(t)
	daemons := []*Store{p.open(Options{}), p.open(Options{}), p.open(Options{})}
	const deliveries = 900
	queueUp(t, daemons[0], deliveries, 90)
	var mu sync.Mutex
	last := map[string]int64{}
	seen := 0
	together(t, len(daemons), func(i int) error {
		var ended []delivery.Settled
		for {
			claimed, err := daemons[i].Turn(t.Context(), noon, ended, []string{"crm"}, 20, time.Minute)
			if err != nil {
				return err
			}
			mu.Lock()
			for _, d := range claimed {
				if d.ID <= last[d.Lane] || d.Attempt != 1 {
					t.Errorf("lane %s gave %d after %d, attempt %d", d.Lane, d.ID, last[d.Lane], d.Attempt)
				}
				last[d.Lane] = d.ID
			}
			seen += len(claimed)
			finished := seen >= deliveries
			mu.Unlock()
			if len(claimed) == 0 && finished {
				return nil
			}
			ended = ended[:0]
			for _, d := range claimed {
				ended = append(ended, delivery.Settled{Delivery: d, Result: done})
			}
		}
	})
	if seen != deliveries {
		t.Errorf("%d of %d were claimed", seen, deliveries)
	}
}

// TestBusyWritersNeverLock lets everybody write at once who does: inputs, deliveries, whatsmeow's transactions and its
// single statements; with reads and a backup beside them.
func TestBusyWritersNeverLock(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		numbers, _ := s.WhatsApp()
		if _, err := numbers.ExecContext(t.Context(), "CREATE TABLE whatsmeow_test (id BIGINT PRIMARY KEY, n BIGINT)"); err != nil {
			t.Fatal(err)
		}
		const rounds = 20
		jobs := []func(i, round int) error{
			func(i, round int) error {
				who := chat.Lead{ID: fmt.Sprintf("lead_%d", i), Phone: chat.Phone(fmt.Sprintf("+%d", i)), CreatedAt: noon}
				d := bot.Decision{Lead: &who}
				event(&d, fmt.Sprintf("evt_%d_%d", i, round), who.ID, "crm")
				return s.Update(t.Context(), message(fmt.Sprintf("M%d/%d", i, round), person(who)), func(bot.State) bot.Decision { return d })
			},
			func(int, int) error {
				claimed, err := s.Turn(t.Context(), noon, nil, []string{"crm"}, 10, time.Minute)
				if err != nil || len(claimed) == 0 {
					return err
				}
				_, err = s.Turn(t.Context(), noon, []delivery.Settled{{Delivery: claimed[0], Result: done}}, nil, 0, time.Minute)
				return err
			},
			func(i, round int) error { return session(t.Context(), numbers, i) },
			func(i, round int) error {
				_, err := numbers.ExecContext(t.Context(), "INSERT INTO whatsmeow_test (id, n) VALUES ($1, $2)", i*rounds+round+1000, round)
				return err
			},
			func(i, _ int) error {
				_, err := s.LeadByPhone(t.Context(), chat.Phone(fmt.Sprintf("+%d", i)))
				return err
			},
			func(int, int) error { _, err := s.QueueStats(t.Context()); return err },
		}
		together(t, 48, func(i int) error {
			for round := range rounds {
				if err := jobs[i%len(jobs)](i, round); err != nil {
					return fmt.Errorf("writer %d, round %d: %w", i, round, err)
				}
			}
			return nil
		})
		if n := count(t, s, "SELECT COUNT(*) FROM input"); n != 48/len(jobs)*rounds {
			t.Errorf("%d inputs", n)
		}
		if n := count(t, s, "SELECT COALESCE(SUM(n), 0) FROM whatsmeow_test WHERE id < 1000"); n != 48/len(jobs)*rounds {
			t.Errorf("whatsmeow counted to %d", n)
		}
	})
}

// session changes a row as whatsmeow changes a session: read, then written, in one transaction.
func session(ctx context.Context, db *sql.DB, i int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(n), 0) FROM whatsmeow_test WHERE id = $1", i).Scan(&n); err != nil {
		return err
	}
	const upsert = "INSERT INTO whatsmeow_test (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = excluded.n"
	if _, err := tx.ExecContext(ctx, upsert, i, n+1); err != nil {
		return err
	}
	return tx.Commit()
}

func TestATransactionIsBegunAgainWhenTheDatabaseAsksForIt(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		for name, asked := range map[string]error{
			"SQLite": sqlite3.Error{Code: sqlite3.ErrBusy}, "PostgreSQL": &pgconn.PgError{Code: "40P01"},
		} {
			times := 0
			err := s.write(t.Context(), func(context.Context, *sql.Tx) error {
				if times++; times < 3 {
					return fmt.Errorf("as %s says: %w", name, asked)
				}
				return nil
			})
			if err != nil || times != 3 {
				t.Errorf("%s: %d times, %v", name, times, err)
			}
			times = 0
			err = s.write(t.Context(), func(context.Context, *sql.Tx) error {
				times++
				return asked
			})
			if !errors.Is(err, asked) || times != maxRepeats {
				t.Errorf("%s, without end: %d times, %v", name, times, err)
			}
		}
	})
}

func TestWhoGivesUpWaitingForTheWriterChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		lead := ana()
		err := s.Update(t.Context(), message("M1", person(lead)), func(bot.State) bot.Decision {
			cancel()
			if err := s.Update(ctx, message("M2", person(lead)), func(bot.State) bot.Decision { return bot.Decision{} }); err == nil {
				t.Error("two writers at a time")
			}
			return bot.Decision{Lead: &lead}
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
