package simulator

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"go.mau.fi/libsignal/logger"
	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// patience is how long a test waits for what must happen; it never decides a verdict when all is well.
const patience = 20 * time.Second

// TestMain quietens libsignal, whose default logger prints to stdout and isn't race-free.
func TestMain(m *testing.M) {
	var none logger.Loggable = quiet{}
	logger.Setup(&none)
	m.Run()
}

type quiet struct{}

func (quiet) Debug(string, string)   {}
func (quiet) Info(string, string)    {}
func (quiet) Warning(string, string) {}
func (quiet) Error(string, string)   {}
func (quiet) Configure(string)       {}

// rootKey guards the one root that whatsmeow trusts, a variable of the library: tests with a server of their own run one after another.
var rootKey sync.Mutex

// newServer starts a server that whatsmeow trusts until the test ends, and demands that it could answer everything.
func newServer(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	rootKey.Lock()
	old := whatsmeow.WACertPubKey
	whatsmeow.WACertPubKey = s.RootKey()
	t.Cleanup(func() {
		whatsmeow.WACertPubKey = old
		rootKey.Unlock()
		if t.Failed() {
			trace := s.Trace()
			t.Logf("the last stanzas:\n%s", strings.Join(trace[max(0, len(trace)-40):], "\n"))
		}
		if list := s.Unanswered(); len(list) > 0 {
			t.Errorf("the simulator could not answer: %q", list)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the simulator: %v", err)
		}
	})
	return s
}

func newAccount(t testing.TB, s *Server) *Account {
	t.Helper()
	a, err := s.AddAccount(AccountOptions{Phone: "+5511987650001", Name: "Front Desk"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func newPerson(t testing.TB, s *Server, opts PersonOptions) *Person {
	t.Helper()
	if opts.Phone == "" {
		opts.Phone = "+5511912345678"
	}
	p, err := s.AddPerson(opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// meow is an unmodified whatsmeow client with what happened to it.
type meow struct {
	*whatsmeow.Client
	t      testing.TB
	file   string // of its store
	events chan any
	refuse func(any) bool // true: the handler fails for the event
}

// openStore opens whatsmeow's own store on SQLite.
func openStore(t testing.TB, file string) *sqlstore.Container {
	t.Helper()
	dsn := "file:" + file + "?_foreign_keys=on&_journal_mode=WAL&_busy_timeout=10000&_txlock=immediate&_synchronous=NORMAL"
	container, err := sqlstore.New(t.Context(), "sqlite3", dsn, waLog.Noop)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = container.Close() })
	return container
}

// unpairedMeow makes a client that has not been linked yet.
func unpairedMeow(t testing.TB, s *Server) *meow {
	t.Helper()
	file := filepath.Join(t.TempDir(), "meow.db")
	m := newMeow(t, s, openStore(t, file).NewDevice())
	m.file = file
	return m
}

// newMeow makes a client for a device whose traffic goes to the server whatever host it wants.
func newMeow(t testing.TB, s *Server, device *store.Device) *meow {
	t.Helper()
	log := waLog.Noop
	if testing.Verbose() {
		log = testLog{t}
	}
	m := &meow{Client: whatsmeow.NewClient(device, log), t: t, events: make(chan any, 10000)}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", s.ln.Addr().String())
	}
	redirected := &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial}}
	m.SetPreLoginHTTPClient(redirected)
	m.SetWebsocketHTTPClient(redirected)
	m.SetMediaHTTPClient(redirected)
	m.SynchronousAck = true
	m.EnableDecryptedEventBuffer = true
	m.UseRetryMessageStore = true
	m.AddEventHandlerWithSuccessStatus(func(event any) bool {
		if m.refuse != nil && m.refuse(event) {
			return false
		}
		select {
		case m.events <- event:
		default:
			t.Error("the test doesn't read its events")
		}
		return true
	})
	t.Cleanup(func() {
		m.Disconnect()
		redirected.CloseIdleConnections()
	})
	return m
}

// pairedMeow pairs a new client by QR and waits until it is connected and knows its name.
func pairedMeow(t testing.TB, s *Server, a *Account) *meow {
	t.Helper()
	m := unpairedMeow(t, s)
	codes, err := m.GetQRChannel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	if err := a.Scan((<-codes).Code); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{"connected": true, "regular_low": true, "INITIAL_BOOTSTRAP": true, "PUSH_NAME": true}
	await(m, func(event any) bool {
		switch e := event.(type) {
		case *events.Connected:
			delete(missing, "connected")
		case *events.AppStateSyncComplete:
			delete(missing, string(e.Name))
		case *events.HistorySync:
			delete(missing, e.Data.GetSyncType().String())
		}
		return len(missing) == 0
	})
	eventually(t, "the bootstrap is acknowledged", func() bool { return a.companion(m.Store.ID.Device).waiting() == 0 })
	return m
}

// again makes a second client for the same device, as after a restart of the process.
func (m *meow) again(s *Server) *meow {
	m.t.Helper()
	m.Disconnect()
	device, err := m.Store.Container.(*sqlstore.Container).GetDevice(m.t.Context(), *m.Store.ID)
	if err != nil || device == nil {
		m.t.Fatalf("load the device again: %v", err)
	}
	next := newMeow(m.t, s, device)
	next.file = m.file
	return next
}

// withoutReconnect is again, connected, for a client that stays away once its connection is gone.
func (m *meow) withoutReconnect(s *Server) *meow {
	m.t.Helper()
	next := m.again(s)
	next.EnableAutoReconnect = false
	if err := next.Connect(); err != nil {
		m.t.Fatal(err)
	}
	await[*events.Connected](next, nil)
	return next
}

// await returns the next event of the type that test accepts, and drops others.
func await[E any](m *meow, test func(E) bool) E {
	m.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case event := <-m.events:
			if wanted, ok := event.(E); ok && (test == nil || test(wanted)) {
				return wanted
			}
		case <-timeout:
			var zero E
			m.t.Fatalf("no %T came", zero)
		}
	}
}

// awaitText waits for a message with that text.
func awaitText(m *meow, text string) *events.Message {
	m.t.Helper()
	return await(m, func(e *events.Message) bool { return textOfEvent(e) == text })
}

func textOfEvent(e *events.Message) string {
	if text := e.Message.GetConversation(); text != "" {
		return text
	}
	return e.Message.GetExtendedTextMessage().GetText()
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for timeout := time.After(patience); !holds(); {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("didn't happen: %s", what)
		}
	}
}

// testLog prints what whatsmeow logs when tests run with -v.
type testLog struct{ t testing.TB }

func (l testLog) Debugf(string, ...any)            {}
func (l testLog) Infof(string, ...any)             {}
func (l testLog) Warnf(format string, args ...any) { l.t.Logf("whatsmeow warns: "+format, args...) }
func (l testLog) Errorf(format string, args ...any) {
	l.t.Logf("whatsmeow error: "+format, args...)
}
func (l testLog) Sub(string) waLog.Logger { return l }

// phoneOf turns E.164 into the JID that a client addresses.
func phoneOf(phone string) types.JID {
	return types.NewJID(strings.TrimPrefix(phone, "+"), types.DefaultUserServer)
}
