package webhook_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"leadgate/delivery"
)

// rawReceiver reads the head of each request and then does as it likes.
func rawReceiver(t testing.TB, behave func(net.Conn)) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					behave(conn)
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// hang says nothing until the other side has had enough.
func hang(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }

// until writes text again and again until the other side has had enough.
func until(conn net.Conn, text string) (written int) {
	for {
		n, err := conn.Write([]byte(text))
		if written += n; err != nil {
			return written
		}
	}
}

func TestAReceiverThatMisbehavesIsHarmless(t *testing.T) {
	for name, test := range map[string]struct {
		behave func(net.Conn)
		want   delivery.Verdict
		detail string
	}{
		"hangs": {hang, delivery.Again, "no answer within 100ms"},
		"trickles its head": {func(conn net.Conn) {
			until(slow{conn}, "H")
		}, delivery.Again, "no answer within 100ms"},
		"trickles its headers": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX-A: ")
			until(slow{conn}, "a")
		}, delivery.Again, "no answer within 100ms"},
		"sends endless headers": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n")
			until(conn, "X-A: "+strings.Repeat("a", 1000)+"\r\n")
		}, delivery.Again, "its head is longer than 64 kB"},
		"sends one endless header": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX-A: ")
			until(conn, strings.Repeat("a", 1000))
		}, delivery.Again, "its head is longer than 64 kB"},
		"sends a head of 100 kB": {func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX-A: %s\r\nContent-Length: 0\r\n\r\n", strings.Repeat("a", 100_000))
		}, delivery.Again, "its head is longer than 64 kB"},
		"is for ever about to answer": {func(conn net.Conn) {
			until(conn, "HTTP/1.1 103 Early Hints\r\n\r\n")
		}, delivery.Again, ""},
		"trickles its body": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			until(slow{conn}, "1\r\na\r\n")
		}, delivery.Done, "answered 200 OK"},
		"never ends its body": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\n")
			hang(conn)
		}, delivery.Again, "answered 500"},
		"changes the protocol": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
			hang(conn)
		}, delivery.Again, "answered 101"},
		"closes": {func(net.Conn) {}, delivery.Again, "connection closed without an answer"},
		"resets": {func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }, delivery.Again, "connection reset"},
		"closes within its head": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nX-A: 1")
		}, delivery.Again, "connection closed without an answer"},
		"speaks something else": {func(conn net.Conn) {
			fmt.Fprint(conn, "220 mail.example.com ESMTP +5511987650001\r\n\r\n")
		}, delivery.Again, "not HTTP"},
		"sends a malformed header": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n+5511987650001\r\n\r\n")
		}, delivery.Again, "not HTTP"},
		"says 99": {func(conn net.Conn) {
			fmt.Fprint(conn, "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n")
		}, delivery.Again, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result := senderTo(t, rawReceiver(t, test.behave), impatient).Send(t.Context(), event())
			if result.Verdict != test.want || !strings.Contains(result.Detail, test.detail) {
				t.Fatalf("%+v, want %s and a detail with %q", result, test.want, test.detail)
			}
			if strings.Contains(result.Detail, "5511987650001") || strings.ContainsAny(result.Detail, "\r\n") {
				t.Errorf("detail %q", result.Detail)
			}
		})
	}
}

// slow is a connection on which each write takes a while.
type slow struct{ net.Conn }

func (s slow) Write(b []byte) (int, error) {
	<-time.After(5 * time.Millisecond)
	return s.Conn.Write(b)
}

func TestAnAnswerOfAGigabyteIsNotRead(t *testing.T) {
	for _, head := range []string{"Content-Length: 1073741824", "Transfer-Encoding: chunked"} {
		written := make(chan int, 1)
		url := rawReceiver(t, func(conn net.Conn) {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", head)
			written <- until(conn, "3e8\r\n"+strings.Repeat("a", 1000)+"\r\n")
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		result := senderTo(t, url).Send(t.Context(), event())
		runtime.ReadMemStats(&after)
		if result.Verdict != delivery.Done {
			t.Errorf("%s: %+v", head, result)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
			t.Errorf("%s: %d bytes of memory", head, took)
		}
		// What the kernel keeps on the way is out of our hands: some megabytes, not a gigabyte.
		if n := <-written; n > 100<<20 {
			t.Errorf("%s: the receiver got rid of %d bytes", head, n)
		}
	}
}

func TestABodyThatNeverEndsDelaysNobodyUntilTheTimeOut(t *testing.T) {
	url := rawReceiver(t, func(conn net.Conn) {
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
		hang(conn)
	})
	result := senderTo(t, url).Send(t.Context(), event())
	if result.Verdict != delivery.Done || result.Took > 10*time.Second {
		t.Fatalf("%+v", result)
	}
}

func TestNobodyThereIsAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	result := senderTo(t, "http://"+listener.Addr().String()).Send(t.Context(), event())
	if result.Verdict != delivery.Again || result.Detail != "connection refused" {
		t.Fatalf("%+v", result)
	}
	result = senderTo(t, "https://"+listener.Addr().String()).Send(t.Context(), event())
	if result.Verdict != delivery.Again || result.Detail != "connection refused" {
		t.Fatalf("%+v", result)
	}
}

func TestPlainHTTPBehindAnHTTPSURLIsSaidPlainly(t *testing.T) {
	server := receiver(t, func(http.ResponseWriter, *http.Request) {})
	result := senderTo(t, strings.Replace(server.URL, "http", "https", 1)).Send(t.Context(), event())
	if result.Verdict != delivery.Again || !strings.Contains(result.Detail, "does not speak TLS") {
		t.Fatalf("%+v", result)
	}
}
