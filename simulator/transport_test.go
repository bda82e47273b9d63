package simulator

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/rand"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/binary/token"
	"go.mau.fi/whatsmeow/types/events"
)

func TestTheServerListensOnLoopbackOnly(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "[::]:0", "example.com:0", "nonsense"} {
		if s, err := New(Options{Listen: listen}); err == nil {
			_ = s.Close()
			t.Errorf("listens on %q", listen)
		}
	}
	for _, listen := range []string{"", "127.0.0.1:0", "localhost:0"} {
		s, err := New(Options{Listen: listen})
		if err != nil {
			t.Errorf("%q: %v", listen, err)
			continue
		}
		if !strings.HasPrefix(s.URL(), "ws://127.0.0.1:") {
			t.Errorf("URL of %q is %q", listen, s.URL())
		}
		_ = s.Close()
	}
}

func TestAPhoneMustBeDigits(t *testing.T) {
	s := newServer(t, Options{})
	for _, phone := range []string{"", "+", "12", "12a45678", "+55 11 98765-0001", strings.Repeat("1", 16)} {
		if _, err := s.AddAccount(AccountOptions{Phone: phone}); err == nil {
			t.Errorf("account with phone %q", phone)
		}
		if _, err := s.AddPerson(PersonOptions{Phone: phone}); err == nil {
			t.Errorf("person with phone %q", phone)
		}
	}
}

// dial opens a bare websocket to the server.
func dial(t *testing.T, s *Server) *websocket.Conn {
	t.Helper()
	socket, _, err := websocket.Dial(t.Context(), s.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.CloseNow() })
	return socket
}

func TestGarbageOnTheSocketHurtsNobodyElse(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	random := make([]byte, 4096)
	_, _ = rand.Read(random)
	prologue := []byte{'W', 'A', 6, token.DictVersion}
	for name, data := range map[string][]byte{
		"nothing":               {},
		"another prologue":      []byte("GET / HTTP/1.1\r\n\r\n"),
		"an old dictionary":     {'W', 'A', 6, token.DictVersion - 1, 0, 0, 0},
		"a huge frame":          append(bytes.Clone(prologue), 0xff, 0xff, 0xff),
		"an empty hello":        append(bytes.Clone(prologue), 0, 0, 0),
		"a random hello":        append(append(bytes.Clone(prologue), 0, 0x10, 0), random...),
		"a short ephemeral":     append(bytes.Clone(prologue), 0, 0, 5, 0x12, 3, 0x0a, 1, 7),
		"a zero ephemeral":      append(append(bytes.Clone(prologue), 0, 0, 36, 0x12, 34, 0x0a, 32), make([]byte, 32)...),
		"a huge routing header": {0xED, 0, 1, 0xff, 0xff, 0xff, 1, 2, 3},
	} {
		socket := dial(t, s)
		if err := socket.Write(t.Context(), websocket.MessageBinary, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "nothing" {
			_ = socket.CloseNow()
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, _, err := socket.Read(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("%s: the connection wasn't ended: %v", name, err)
		}
		cancel()
	}
	text := dial(t, s)
	if err := text.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Error(err)
	}
	send(t, ana, a, "still there?")
	awaitText(m, "still there?")
}

func TestAStanzaThatCannotBeDecodedIsListedAndTheConnectionGoesOn(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	if _, err := m.DangerousInternals().SendNodeAndGetData(t.Context(), waBinary.Node{Tag: "surprise"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is listed", func() bool { return len(s.Unanswered()) == 1 })
	if got := s.Unanswered()[0]; got != "stanza <surprise>" {
		t.Errorf("listed as %q", got)
	}
	s.strange = newUnanswered() // seen: the test's end would complain otherwise
	send(t, ana, a, "go on")
	awaitText(m, "go on")
}

func TestStanzasDecodeOrFailWithoutPanic(t *testing.T) {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	raw, err := waBinary.Marshal(waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"id": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(raw[1:])
	_ = z.Close()
	got, err := decodeStanza(append([]byte{2}, packed.Bytes()...))
	if err != nil || got.Tag != "iq" {
		t.Errorf("compressed: %v, %v", got, err)
	}
	for _, data := range [][]byte{nil, {0}, {0, 0}, {2, 1, 2, 3}, {0, 248, 255, 250}, raw[:len(raw)-1]} {
		if got, err := decodeStanza(data); err == nil {
			t.Errorf("%x decoded to %v", data, got)
		}
	}
}

func FuzzStanzasDecodeOrFail(f *testing.F) {
	raw, _ := waBinary.Marshal(waBinary.Node{Tag: "message", Attrs: waBinary.Attrs{"id": "1"}, Content: []byte("x")})
	f.Add(raw)
	f.Add([]byte{2, 0x78, 0x9c})
	f.Fuzz(func(t *testing.T, data []byte) {
		stanza, err := decodeStanza(data)
		if err == nil && stanza == nil {
			t.Error("neither a stanza nor an error")
		}
	})
}

func TestCloseLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	func() {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			socket, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{}}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = socket.CloseNow() })
		}
		s.later(time.Hour, func() {})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		s.background(func() { t.Error("started after Close") })
	}()
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
}

func TestAClosedServerIsGoneForItsClientsToo(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	m = m.withoutReconnect(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	await[*events.Disconnected](m, nil)
	if err := a.WaitConnected(t.Context()); err == nil {
		t.Error("waited for a companion of a closed server and found one")
	}
}
