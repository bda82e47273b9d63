package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
	"leadgate/config"
	"leadgate/simulator"
	"leadgate/store"
)

const benchMenuConfig = `
[store]
url = %q
[http]
listen = "127.0.0.1:0"
[[http.token]]
name = "bench"
token = "demo"
scope = "write"
[whatsapp]
server = %q
server_key = "%s"
[[number]]
name = "front-desk"
phone = "+5511987650001"
[[opportunity_type]]
name = "Postgraduate Course"
field = "Course"
values = ["AI", "Data Science"]
stages = ["New", "Won"]
[[autoresponse]]
number = "front-desk"
create_opportunity = true
  [autoresponse.first]
  display = "list"
  message = "Hi {lead.name}, what would you like to talk about?"
  other = { label = "Other queries" }
`

// BenchmarkMenu measures how long it takes from a lead's first message until the menu is on the lead's phone, through the
// simulator and whatsmeow, beside a bare whatsmeow client whose handler sends a text back, in turns in one run. Both run in
// the benchmark's process, on SQLite with synchronous=FULL; every lead is somebody new. The daemon neither types nor keeps a
// pace here: a person would wait for these alone.
func BenchmarkMenu(b *testing.B) {
	s, err := simulator.New(simulator.Options{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	ours, bare := newMenuDesk(b, s), newEchoDesk(b, s)
	b.Run("lead to menu", func(b *testing.B) {
		var took, echoes []time.Duration
		const turn = 20 // leads before the other one's turn, so that both have the same weather
		for done := 0; done < b.N; done += turn {
			n := min(turn, b.N-done)
			echoes = append(echoes, bare.answers(b, n)...)
			took = append(took, ours.answers(b, n)...)
		}
		b.ReportMetric(milliseconds(took, 50), "p50-ms")
		b.ReportMetric(milliseconds(took, 99), "p99-ms")
		b.ReportMetric(milliseconds(echoes, 50), "bare-p50-ms")
		b.ReportMetric(milliseconds(echoes, 99), "bare-p99-ms")
		b.ReportMetric(milliseconds(took, 50)/milliseconds(echoes, 50), "p50-of-bare")
		b.ReportMetric(milliseconds(took, 99)/milliseconds(echoes, 99), "p99-of-bare")
	})
}

// milliseconds is a percentile.
func milliseconds(times []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return float64(sorted[(len(sorted)-1)*percent/100].Microseconds()) / 1000
}

// An answerDesk is a number that answers everybody who writes, and people who have not written yet.
type answerDesk struct {
	simulator *simulator.Server
	account   *simulator.Account
	next      int
}

// answers has n people write who never wrote before, one after another, and measures how long each waits for the answer.
func (d *answerDesk) answers(b *testing.B, n int) []time.Duration {
	b.Helper()
	times := make([]time.Duration, n)
	for i := range n {
		d.next++
		person, err := d.simulator.AddPerson(simulator.PersonOptions{Phone: fmt.Sprintf("+55119%s%07d", d.account.Phone()[len(d.account.Phone())-1:], d.next), Name: "Lead"})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), patience)
		began := time.Now()
		if _, err := person.Send(d.account, simulator.Message{Text: anaWrites}); err != nil {
			b.Fatal(err)
		}
		if _, err := person.WaitReceived(ctx, nil); err != nil {
			b.Fatalf("lead %d gets no answer: %v", d.next, err)
		}
		times[i] = time.Since(began)
		cancel()
	}
	return times
}

// newAnswerDesk is one more number of a simulated WhatsApp.
func newAnswerDesk(b *testing.B, s *simulator.Server, phone string) *answerDesk {
	b.Helper()
	account, err := s.AddAccount(simulator.AccountOptions{Phone: phone, Name: "Front desk"})
	if err != nil {
		b.Fatal(err)
	}
	return &answerDesk{simulator: s, account: account}
}

// newMenuDesk is leadgate itself.
func newMenuDesk(b *testing.B, s *simulator.Server) *answerDesk {
	b.Helper()
	d := newAnswerDesk(b, s, "+5511987650001")
	key := d.simulator.RootKey()
	text := fmt.Sprintf(benchMenuConfig, "sqlite:"+filepath.Join(b.TempDir(), "menu.db"), d.simulator.URL(), hex.EncodeToString(key[:]))
	cfg, report := config.Parse([]byte(text), filepath.Join(b.TempDir(), "menu.toml"), os.LookupEnv)
	if err := report.Err(); err != nil {
		b.Fatal(err)
	}
	cfg.Numbers[0].Pace = chat.Pace{PerMinute: 1_000_000, Burst: 1_000_000}
	ctx, cancel := context.WithCancel(b.Context())
	ended, listening := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- (&daemon{
			config: cfg, log: newLogger(&lockedBuffer{}, false), ready: func(address string) { listening <- address },
			typing: func(string) time.Duration { return 0 },
		}).run(ctx)
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	stage := &demoStage{http: <-listening, token: "demo", accounts: map[string]*simulator.Account{"front-desk": d.account}}
	if err := stage.pair(b.Context(), "front-desk"); err != nil {
		b.Fatal(err)
	}
	return d
}

// newEchoDesk is a bare client that sends a text back to whoever writes.
func newEchoDesk(b *testing.B, s *simulator.Server) *answerDesk {
	b.Helper()
	d := newAnswerDesk(b, s, "+5511987650002")
	address, err := url.Parse(strings.Replace(d.simulator.URL(), "ws", "http", 1))
	if err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "echo.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	db, dialect := st.WhatsApp()
	container := sqlstore.NewWithDB(db, dialect, waLog.Noop)
	if err := container.Upgrade(b.Context()); err != nil {
		b.Fatal(err)
	}
	client := whatsmeow.NewClient(container.NewDevice(), waLog.Noop)
	elsewhere := &http.Client{Transport: toServer{address}}
	client.SetPreLoginHTTPClient(elsewhere)
	client.SetWebsocketHTTPClient(elsewhere)
	client.SynchronousAck, client.EnableDecryptedEventBuffer, client.UseRetryMessageStore = true, true, true
	b.Cleanup(client.Disconnect)
	client.AddEventHandlerWithSuccessStatus(func(evt any) bool {
		if m, ok := evt.(*events.Message); ok && !m.Info.IsFromMe {
			go func() {
				_, _ = client.SendMessage(b.Context(), m.Info.Chat, &waE2E.Message{Conversation: proto.String("What would you like to talk about?")})
			}()
		}
		return true
	})
	codes, err := client.GetQRChannel(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := client.Connect(); err != nil {
		b.Fatal(err)
	}
	if err := d.account.Scan((<-codes).Code); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	if err := d.account.WaitConnected(ctx); err != nil {
		b.Fatal(err)
	}
	return d
}
