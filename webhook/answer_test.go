package webhook

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/delivery"
)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "-5": 0, "soon": 0, "1.5": 0, "+7": 0,
		"86401": 24 * time.Hour, "99999999999999999999": 24 * time.Hour,
		"Sat, 21 Nov 2026 12:10:00 GMT":    10 * time.Minute,
		"Saturday, 21-Nov-26 12:10:00 GMT": 10 * time.Minute,
		"Sat Nov 21 12:10:00 2026":         10 * time.Minute,
		"Sat, 21 Nov 2026 11:00:00 GMT":    0,
		"Sat, 21 Nov 2099 12:00:00 GMT":    24 * time.Hour,
	} {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
}

func FuzzRetryAfterIsBetweenNothingAndADay(f *testing.F) {
	for _, seed := range []string{"120", "-1", "99999999999999999999", "Sat, 21 Nov 2026 12:10:00 GMT", "Sat, 31 Dec 9999 23:59:59 GMT", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		if got := parseRetryAfter(value, now); got < 0 || got > 24*time.Hour {
			t.Fatalf("%q is %s", value, got)
		}
	})
}

// FuzzAnAnswerOfAnyBytesGetsAVerdict lets a receiver answer anything at all.
func FuzzAnAnswerOfAnyBytesGetsAVerdict(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 503 Busy\r\nRetry-After: -1\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 410 Gone\r\n\r\n", "HTTP/1.0 204\r\n\r\n", "", "\x16\x03\x01",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "HTTP/1.1 -1 X\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	var answer atomic.Pointer[[]byte]
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = listener.Close() })
	go answerAll(listener, &answer)
	sender, faults := New(Config{
		Name: "crm", URL: "http://" + listener.Addr().String(), AllowPrivate: true,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}, Options{})
	if faults.Err() != nil {
		f.Fatal(faults)
	}
	f.Fuzz(func(t *testing.T, written []byte) {
		answer.Store(&written)
		result := sender.Send(t.Context(), delivery.Delivery{Key: "evt_1", Body: []byte("{}")})
		switch result.Verdict {
		case delivery.Done, delivery.Again, delivery.Reject, delivery.Disable:
		default:
			t.Fatalf("%+v", result)
		}
		if (result.Verdict == delivery.Done) != (result.Status >= 200 && result.Status < 300) {
			t.Fatalf("%+v", result)
		}
		if result.Detail == "" || len(result.Detail) > 1000 {
			t.Fatalf("%+v", result)
		}
	})
}

// answerAll reads a request on each connection, writes the answer, and closes.
func answerAll(listener net.Listener, answer *atomic.Pointer[[]byte]) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		head := make([]byte, 4096)
		for read := 0; !bytes.Contains(head[:read], []byte("\r\n\r\n{}")); {
			n, err := conn.Read(head[read:])
			if read += n; err != nil || read == len(head) {
				break
			}
		}
		_, _ = io.Copy(conn, bytes.NewReader(*answer.Load()))
		conn.Close()
	}
}
