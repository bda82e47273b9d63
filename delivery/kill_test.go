package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"leadgate/delivery"
	"leadgate/store"
	"leadgate/webhook"
)

const (
	childStore = "LEADGATE_TEST_CHILD_STORE" // set: this process is the one to kill, and carries what is in this store …
	childURL   = "LEADGATE_TEST_CHILD_URL"   // … there
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childStore); path != "" {
		if err := carryUntilKilled(path, os.Getenv(childURL)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1) // it should never have ended by itself
	}
	os.Exit(m.Run())
}

func carryUntilKilled(path, url string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	if err != nil {
		return err
	}
	sender, faults := webhook.New(webhook.Config{
		Name: crm, URL: url, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", AllowPrivate: true,
	}, webhook.Options{})
	if faults.Err() != nil {
		return faults
	}
	carrier := delivery.New(s, delivery.Options{})
	carrier.SetSenders(map[string]delivery.Sender{crm: sender})
	return carrier.Run(ctx)
}

// A killer kills a process from within the answer to one of its requests, before or after the answer is written.
type killer struct {
	mu      sync.Mutex
	process *os.Process
	after   int  // requests
	answers bool // before it kills
}

func (k *killer) answer(_ string, w http.ResponseWriter) {
	k.mu.Lock()
	k.after--
	kill := k.after == 0
	process, answers := k.process, k.answers
	k.mu.Unlock()
	if !kill {
		return
	}
	if answers {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
	}
	_ = process.Kill()
}

func TestAProcessThatIsKilledAgainAndAgainLosesNothingAndKeepsTheOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leadgate.db")
	events := numbered(40, 20)
	s := openStore(t, path)
	commit(t, s, "input/1", time.Now(), crm, events...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, k := newReceiver(t), &killer{}
	r.behaves(k.answer)
	kills := 0
	for ; kills < 12; kills++ {
		k.start(t, path, r.server.URL, 17+31*kills%70).wait(t)
	}
	child := k.start(t, path, r.server.URL, 0)
	eventually(t, "all have arrived", func() bool { return len(unique(r.got())) == len(events) })
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.wait(t)

	first := unique(r.got())
	wantInOrder(t, first, len(events))
	if repeated := len(r.got()) - len(first); repeated == 0 || repeated > kills*1024 {
		t.Errorf("%d arrived again after %d kills, each with at most 1024 that were not settled yet", repeated, kills)
	}
}

// unique is events by their first arrival.
func unique(events []string) []string {
	var first []string
	seen := map[string]bool{}
	for _, e := range events {
		if !seen[e] {
			first = append(first, e)
		}
		seen[e] = true
	}
	return slices.Clip(first)
}

type child struct{ *exec.Cmd }

// start starts a process that will be killed after so many requests.
func (k *killer) start(t *testing.T, path, url string, requests int) child {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	cmd := exec.Command(os.Args[0], "-test.run=^$") //nolint:noctx // it is killed on purpose
	cmd.Env = append(os.Environ(), childStore+"="+path, childURL+"="+url)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	k.process, k.after, k.answers = cmd.Process, requests, !k.answers
	return child{cmd}
}

// wait waits until the process has been killed.
func (c child) wait(t *testing.T) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if c.ProcessState.Exited() {
			t.Fatalf("the process ended by itself: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the process did not get far enough to be killed")
	}
}
