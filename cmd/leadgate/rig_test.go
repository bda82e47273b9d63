package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"leadgate/simulator"
)

const (
	// patience bounds every wait of the end-to-end tests. It decides nothing but that something did not come at all.
	patience = 90 * time.Second
	rigToken = "rig-token"
	// rigSecret signs the webhooks; receivers check with the same.
	rigSecret = "whsec_bGVhZGdhdGUgZW5kIHRvIGVuZCB0ZXN0cyBzaWduIHRoaXM="
)

const rigConfig = `
country = "BR"
[store]
url = %q
[http]
listen = "127.0.0.1:0"
[[http.token]]
name = "rig"
token_env = "RIG_TOKEN"
scope = "write"
[whatsapp]
server = %q
server_key = "%s"
[[number]]
name = "front-desk"
phone = "+5511987650001"
[[funnel]]
name = "Sales"
  [[funnel.stage]]
  name = "Lead Entry"
    [[funnel.stage.trigger]]
    phrase = "I came from Instagram"
    source = "Instagram"
  [[funnel.stage]]
  name = "Scheduling"
    [[funnel.stage.trigger]]
    phrase = "Thank you for scheduling with us"
[[destination]]
name = "crm"
url = %q
secret_env = "RIG_SECRET"
allow_private = true
events = ["lead.*", "conversion.*"]
`

// A rig is a business: leadgate in a process of its own, a simulated WhatsApp and a CRM in the test's process, and a
// database that the test can look into.
type rig struct {
	testing.TB
	dir       string
	text      string // of the config, as it is first
	env       []string
	http      string // address of the daemon, once it runs
	token     string // that its config takes
	newcomers *int   // people who were made up so far
	database  database
	simulator *simulator.Server
	account   *simulator.Account
	ana       *simulator.Person
	crm       *crm
	daemon    *exec.Cmd
	log       *lockedBuffer
}

func newRig(t testing.TB, db database) *rig {
	t.Helper()
	return newRigOn(t, db, simulator.Options{Seed: 1})
}

// newRigOn is a rig whose WhatsApp is as the options say.
func newRigOn(t testing.TB, db database, options simulator.Options) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.TempDir(), token: rigToken, newcomers: new(int), database: db, log: &lockedBuffer{}, crm: newCRM(t)}
	var err error
	if r.simulator, err = simulator.New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if unanswered := r.simulator.Unanswered(); len(unanswered) > 0 {
			t.Errorf("the simulator could not answer %q", unanswered)
		}
		if err := r.simulator.Close(); err != nil {
			t.Error(err)
		}
		r.keepsToItself()
		if t.Failed() {
			t.Logf("log of the daemon:\n%s", r.log)
		}
	})
	if r.account, err = r.simulator.AddAccount(simulator.AccountOptions{Phone: "+5511987650001", Name: "Front desk"}); err != nil {
		t.Fatal(err)
	}
	if r.ana, err = r.simulator.AddPerson(simulator.PersonOptions{Phone: anaPhone, Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	key := r.simulator.RootKey()
	r.text = fmt.Sprintf(rigConfig, db.url(r.dir), r.simulator.URL(), hex.EncodeToString(key[:]), r.crm.url())
	r.configure("")
	return r
}

func (r *rig) configFile() string { return filepath.Join(r.dir, "leadgate.toml") }

// leadgate is a leadgate process that is not started yet.
func (r *rig) leadgate(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asLeadgate+"=1", "RIG_TOKEN="+rigToken, "RIG_SECRET="+rigSecret)
	cmd.Env = append(cmd.Env, r.env...)
	cmd.Dir = r.dir
	return cmd
}

var listening = regexp.MustCompile(`msg="leadgate runs" http=(\S+)`)

// start runs the daemon and returns when it answers.
func (r *rig) start() {
	r.Helper()
	r.daemon = r.leadgate("run", "-c", r.configFile())
	r.daemon.Stdout, r.daemon.Stderr = r.log, r.log
	logged := len(r.log.String())
	if err := r.daemon.Start(); err != nil {
		r.Fatal(err)
	}
	daemon := r.daemon
	r.Cleanup(func() { end(daemon, syscall.SIGKILL) })
	r.eventually("the daemon says where it listens", func() bool {
		address := listening.FindStringSubmatch(r.log.String()[logged:])
		if address != nil {
			r.http = address[1]
		}
		return address != nil
	})
	r.eventually("the daemon answers", func() bool {
		resp, err := http.Get("http://" + r.http + "/healthz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends the daemon as a power cut would.
func (r *rig) kill() {
	r.Helper()
	end(r.daemon, syscall.SIGKILL)
	r.database.crashed(r)
}

// stop ends the daemon as an operator would.
func (r *rig) stop() {
	r.Helper()
	if state := end(r.daemon, syscall.SIGTERM); state == nil || !state.Success() {
		r.Errorf("after SIGTERM the daemon ended with %v", state)
	}
}

// end signals a process and waits for its end; nothing happens to one that has ended.
func end(cmd *exec.Cmd, sig syscall.Signal) *os.ProcessState {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Signal(sig) // it may just have ended
		_ = cmd.Wait()              // its state is what counts
	}
	return cmd.ProcessState
}

// pair links the daemon to the account, by the API and the QR code.
func (r *rig) pair() {
	r.Helper()
	stage := &demoStage{http: r.http, token: rigToken, accounts: map[string]*simulator.Account{"front-desk": r.account}}
	if err := stage.pair(r.Context(), "front-desk"); err != nil {
		r.Fatal(err)
	}
	const collections = 5 // of app state, which the phone hands a new companion's key for
	r.eventually("the phone's own state has been fetched", func() bool {
		return r.count(`SELECT count(*) FROM whatsmeow_app_state_version`) == collections
	})
	r.quiet()
}

// quiet waits until the daemon has acknowledged everything, as what the phone hands a new companion.
func (r *rig) quiet() {
	r.Helper()
	r.eventually("everything is acknowledged", func() bool { return r.account.Waiting() == 0 })
}

// restart starts the daemon and returns when its number is connected.
func (r *rig) restart() {
	r.Helper()
	r.start()
	r.connected()
}

func (r *rig) connected() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := r.account.WaitConnected(ctx); err != nil {
		r.Fatalf("the number does not connect: %v", err)
	}
	r.quiet()
}

func (r *rig) anaWrites(text string) {
	r.Helper()
	if _, err := r.ana.Send(r.account, simulator.Message{Text: text}); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) phoneWrites(text string) {
	r.Helper()
	if _, err := r.account.Send(r.ana, simulator.Message{Text: text}); err != nil {
		r.Fatal(err)
	}
}

// eventually waits for something that is bound to come.
func (r *rig) eventually(what string, test func() bool) {
	r.Helper()
	deadline := time.Now().Add(patience)
	for !test() {
		if time.Now().After(deadline) {
			r.Fatalf("it did not come to pass that %s", what)
		}
		time.Sleep(10 * time.Millisecond) //nolint:forbidigo // between two looks at another process: nothing can wake us
	}
}

// count is the number in the first column of the first row.
func (r *rig) count(query string, args ...any) int {
	r.Helper()
	var n int
	if err := r.database.open(r).QueryRow(query, args...).Scan(&n); err != nil {
		r.Fatalf("%s: %v", query, err)
	}
	return n
}

// happenedOnce checks what must be so after the conversation, whatever befell the daemon during it: every message had its
// effect once, and every event arrived, each under one id.
func (r *rig) happenedOnce() {
	r.Helper()
	want := []string{"lead.created", "conversion.stage_changed Lead Entry", "conversion.stage_changed Scheduling"}
	r.eventually(fmt.Sprintf("the CRM has %q (it has %q)", want, r.crm.facts()), func() bool {
		return len(r.crm.facts()) >= len(want)
	})
	r.eventually("nothing is pending", func() bool {
		return r.count(`SELECT count(*) FROM delivery WHERE state <> 'delivered'`) == 0
	})
	if got := r.crm.facts(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		r.Errorf("the CRM was told %q, want %q", got, want)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM lead`: 1, `SELECT count(*) FROM transition`: 2, `SELECT count(*) FROM delivery`: 3,
		`SELECT count(*) FROM set_aside`: 0,
	} {
		if got := r.count(query); got != want {
			r.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for _, wrong := range r.crm.wrong() {
		r.Errorf("the CRM refused a webhook: %s", wrong)
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// lockedBuffer is a buffer that a process writes to while a test reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func decode(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}
