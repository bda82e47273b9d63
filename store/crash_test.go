package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

// TestMain is the tests, or what child asked this process to be.
func TestMain(m *testing.M) {
	what := os.Getenv("STORE_TEST_CHILD")
	if what == "" {
		os.Exit(m.Run())
	}
	if err := beChild(context.Background(), what, os.Getenv("STORE_TEST_URL")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// beChild opens a store and, to be killed there, says "ready" and stays in the middle of something.
func beChild(ctx context.Context, what, url string) error {
	s, err := Open(ctx, url, Options{ReadOnly: what == "read"})
	if err != nil {
		return err
	}
	stay := func() {
		fmt.Println("ready")
		select {}
	}
	lead := ana()
	d := bot.Decision{Lead: &lead}
	event(&d, "evt_1", lead.ID, "crm")
	in := message("M1", person(lead))
	switch what {
	case "in the decision":
		return s.Update(ctx, in, func(bot.State) bot.Decision { stay(); return d })
	case "before the commit":
		return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := s.commit(ctx, tx, in, bot.State{}, d); err != nil {
				return err
			}
			stay()
			return nil
		})
	case "after the commit":
		if err := s.Update(ctx, in, func(bot.State) bot.Decision { return d }); err != nil {
			return err
		}
		stay()
	case "after the claim":
		if err := s.Update(ctx, in, func(bot.State) bot.Decision { return d }); err != nil {
			return err
		}
		claimed, err := s.Turn(ctx, noon, nil, []string{"crm"}, 10, time.Hour)
		if err != nil || len(claimed) != 1 {
			return fmt.Errorf("claimed %d: %w", len(claimed), err)
		}
		stay()
	}
	return s.Close()
}

// killedIn lets another process get somewhere and kills it there.
func killedIn(t *testing.T, what string, p place) {
	t.Helper()
	cmd := child(t, what, p.url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Errorf("the other process said %q", lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the other process ended by itself")
	}
}

func TestAProcessKilledBeforeItsCommitHasChangedNothing(t *testing.T) {
	for _, what := range []string{"in the decision", "before the commit"} {
		t.Run(what, func(t *testing.T) {
			onEach(t, func(t *testing.T, p place) {
				p.open(Options{}).Close()
				killedIn(t, what, p)
				s := p.open(Options{})
				if n := everything(t, s); n != 0 {
					t.Errorf("%d rows are there", n)
				}
				lead := ana()
				update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
			})
		})
	}
}

func TestAProcessKilledAfterItsCommitHasChangedEverything(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		killedIn(t, "after the commit", p)
		s := p.open(Options{})
		if _, decided := state(t, s, message("M1", person(ana()))); decided {
			t.Error("the input is not known")
		}
		q := post{s, t}
		q.want(q.claim(noon, "crm"), "evt_1")
	})
}

func TestWhatAKilledProcessHadClaimedIsClaimedAgainAndTheAttemptCounts(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		killedIn(t, "after the claim", p)
		q := post{p.open(Options{}), t}
		now := noon
		if q.dialect == postgres {
			// Another daemon may be at it: the lease has to run out.
			q.want(q.claim(now, "crm"))
			now = noon.Add(time.Hour)
		}
		claimed := q.claim(now, "crm")
		q.want(claimed, "evt_1")
		if claimed[0].Attempt != 2 {
			t.Errorf("attempt %d", claimed[0].Attempt)
		}
		q.settle(now, delivery.Result{Verdict: delivery.Done}, claimed...)
		q.want(q.claim(now.Add(time.Hour), "crm"))
	})
}
