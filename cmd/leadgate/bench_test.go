package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"

	"leadgate/simulator"
	"leadgate/store"
)

// benchLeads is how many people write in the benchmarks: enough that no session is warm by chance.
const benchLeads = 200

// BenchmarkMessages measures how many messages a second come from a lead's phone to a commit and its acknowledgement,
// through the simulator and whatsmeow, beside a bare whatsmeow client whose handler does nothing, both in processes of
// their own on SQLite with synchronous=FULL, in turns in one run. Every message of a lead is committed: it holds a phrase.
func BenchmarkMessages(b *testing.B) {
	full, bare := newBenchDesk(b), newBareDesk(b)
	var ours, theirs time.Duration
	b.Run("lead to commit", func(b *testing.B) {
		ours, theirs = 0, 0
		const turn = 100 // messages before the other one's turn, so that both have the same weather
		for done := 0; done < b.N; done += turn {
			n := min(turn, b.N-done)
			theirs += bare.send(b, n)
			ours += full.send(b, n)
		}
		b.ReportMetric(float64(b.N)/ours.Seconds(), "messages/s")
		b.ReportMetric(float64(b.N)/theirs.Seconds(), "bare-messages/s")
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-bare")
	})
}

// BenchmarkMemory measures the daemon's resident memory before and after 20,000 messages, which come in bursts as after an
// outage.
func BenchmarkMemory(b *testing.B) {
	desk := newBenchDesk(b)
	const burst, bursts = 1_000, 20
	for range b.N {
		for range bursts / 4 { // caches fill, once
			desk.send(b, burst)
		}
		before := residentMiB(b, desk.pid)
		for range bursts {
			desk.send(b, burst)
		}
		b.ReportMetric(before, "MiB-before")
		b.ReportMetric(residentMiB(b, desk.pid), "MiB-after")
	}
}

// A benchDesk is a client in a process of its own, and the people who write to it.
type benchDesk struct {
	account *simulator.Account
	people  []*simulator.Person
	pid     int
	next    int
}

// newBenchDesk is leadgate itself.
func newBenchDesk(b *testing.B) *benchDesk {
	b.Helper()
	r := newRig(b, &sqliteFile{})
	config, err := os.ReadFile(r.configFile())
	if err != nil {
		b.Fatal(err)
	}
	quiet, _, _ := strings.Cut(string(config), "[[destination]]") // what is measured ends with the commit
	if err := os.WriteFile(r.configFile(), []byte(quiet), 0o600); err != nil {
		b.Fatal(err)
	}
	r.start()
	r.pair()
	return newDesk(b, r.simulator, r.account, r.daemon.Process.Pid)
}

func newDesk(b *testing.B, s *simulator.Server, account *simulator.Account, pid int) *benchDesk {
	b.Helper()
	d := &benchDesk{account: account, pid: pid}
	for i := range benchLeads {
		person, err := s.AddPerson(simulator.PersonOptions{Phone: fmt.Sprintf("+55119%08d", 20_000_000+i), Name: fmt.Sprintf("Lead %d", i)})
		if err != nil {
			b.Fatal(err)
		}
		d.people = append(d.people, person)
	}
	d.send(b, benchLeads) // everybody has a session, and is a lead
	return d
}

// send has n messages written, and returns how long it took until the last was acknowledged.
func (d *benchDesk) send(b *testing.B, n int) time.Duration {
	b.Helper()
	began := time.Now()
	for range n {
		person := d.people[d.next%len(d.people)]
		d.next++
		if _, err := person.Send(d.account, simulator.Message{Text: anaWrites}); err != nil {
			b.Fatal(err)
		}
	}
	deadline := time.Now().Add(10 * time.Minute)
	for d.account.Waiting() > 0 {
		if time.Now().After(deadline) {
			b.Fatalf("%d messages are not acknowledged", d.account.Waiting())
		}
		time.Sleep(200 * time.Microsecond) //nolint:forbidigo // between two looks: the other process can't wake us
	}
	return time.Since(began)
}

// newBareDesk is the bare client.
func newBareDesk(b *testing.B) *benchDesk {
	b.Helper()
	s, err := simulator.New(simulator.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	account, err := s.AddAccount(simulator.AccountOptions{Phone: "+5511987650001", Name: "Front desk"})
	if err != nil {
		b.Fatal(err)
	}
	key := s.RootKey()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asBare+"=1")
	cmd.Args = append(cmd.Args, s.URL(), hex.EncodeToString(key[:]), filepath.Join(b.TempDir(), "bare.db"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { end(cmd, syscall.SIGKILL) })
	qr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	if err := account.Scan(strings.TrimSpace(qr)); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if err := account.WaitConnected(ctx); err != nil {
		b.Fatal(err)
	}
	return newDesk(b, s, account, cmd.Process.Pid)
}

// bareClient is a whatsmeow client with the settings that make acknowledgement honest, on the store's own database, and a
// handler that does nothing. It prints a QR code's text, sends each line of its input to the phone at the line's beginning,
// and runs until it is killed.
func bareClient(server, key, file string) error {
	ctx := context.Background()
	root, err := hex.DecodeString(key)
	if err != nil {
		return err
	}
	whatsmeow.WACertPubKey = [32]byte(root)
	address, err := url.Parse(strings.Replace(server, "ws", "http", 1))
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, "sqlite:"+file, store.Options{})
	if err != nil {
		return err
	}
	db, dialect := st.WhatsApp()
	container := sqlstore.NewWithDB(db, dialect, waLog.Noop)
	if err := container.Upgrade(ctx); err != nil {
		return err
	}
	client := whatsmeow.NewClient(container.NewDevice(), waLog.Noop)
	elsewhere := &http.Client{Transport: toServer{address}}
	client.SetPreLoginHTTPClient(elsewhere)
	client.SetWebsocketHTTPClient(elsewhere)
	client.SetMediaHTTPClient(elsewhere)
	client.SynchronousAck, client.EnableDecryptedEventBuffer, client.UseRetryMessageStore = true, true, true
	loggedIn := make(chan struct{})
	var once sync.Once
	client.AddEventHandlerWithSuccessStatus(func(evt any) bool {
		if _, ok := evt.(*events.Connected); ok {
			once.Do(func() { close(loggedIn) })
		}
		return true
	})
	codes, err := client.GetQRChannel(ctx)
	if err != nil {
		return err
	}
	if err := client.Connect(); err != nil {
		return err
	}
	fmt.Println((<-codes).Code)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		phone, words, _ := strings.Cut(lines.Text(), " ")
		message := &waE2E.Message{Conversation: proto.String(words)}
		<-loggedIn
		if _, err := client.SendMessage(ctx, types.NewJID(phone, types.DefaultUserServer), message); err != nil {
			return err
		}
	}
	select {}
}

// toServer sends every request to another server.
type toServer struct{ address *url.URL }

func (t toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = t.address.Scheme, t.address.Host
	return http.DefaultTransport.RoundTrip(r)
}

// residentMiB is the memory of a process that is in RAM (proc(5), VmRSS).
func residentMiB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("no /proc on this system")
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}
