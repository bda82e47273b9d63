package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"leadgate/delivery"
)

const (
	longestAnswer = 64 << 10 // bytes of head, and of body, that are read; a connection whose answer is longer is closed
	bodyWithin    = time.Second
	dialWithin    = 10 * time.Second
	idleWithin    = 90 * time.Second // as long as common servers keep a connection, or a little less
	longestDetail = 200              // characters
)

// A client makes requests to one place: no redirects, no proxy, no address that the guard refuses.
type client struct {
	transport *http.Transport
	timeout   time.Duration
	now       func() time.Time
}

func newClient(allowPrivate bool, o Options) client {
	return client{transport: newTransport(allowPrivate, o), timeout: o.Timeout, now: o.Now}
}

// Close closes the connections that are not in use. Attempts under way end as they would have.
func (c *client) Close() { c.transport.CloseIdleConnections() }

func newTransport(allowPrivate bool, o Options) *http.Transport {
	dialer := net.Dialer{Timeout: dialWithin, ControlContext: newGuard(allowPrivate).control}
	return &http.Transport{
		Proxy:                  nil, // a proxy would dial for us, where no guard looks
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialWithin,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the body of an answer means nothing
		MaxIdleConnsPerHost:    o.Connections,
		IdleConnTimeout:        idleWithin,
		MaxResponseHeaderBytes: longestAnswer,
	}
}

// Send makes one attempt. It takes no longer than the time-out and a second for what follows the head of the answer.
func (s *Sender) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	started := time.Now()
	result := s.attempt(ctx, d)
	result.Took = time.Since(started)
	return result
}

func (s *Sender) attempt(ctx context.Context, d delivery.Delivery) delivery.Result {
	if s.plan != nil {
		return s.carry(ctx, d)
	}
	if s.xml {
		body, err := eventXML(d.Body)
		if err != nil {
			return delivery.Result{Verdict: delivery.Never, Detail: "the event is not JSON"}
		}
		d.Body = body
	}
	if r := s.wait(ctx); r != nil {
		return *r
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	// RoundTrip and not http.Client: it neither follows redirects nor puts the URL into its errors.
	answer, err := s.transport.RoundTrip(s.request(ctx, d))
	if err != nil {
		return s.failed(ctx, err)
	}
	discard(answer, cancel)
	return verdict(answer.StatusCode, answer.Header.Get("Retry-After"), s.now())
}

func (s *Sender) request(ctx context.Context, d delivery.Delivery) *http.Request {
	at := s.now().Unix()
	header := make(http.Header, len(s.header)+4)
	for name, values := range s.header {
		header[name] = values
	}
	s.sign(header, d.Key, at, d.Body)
	if header["Idempotency-Key"] == nil {
		// Present and empty it is not sent, but tells net/http that a request may be repeated which met a kept
		// connection in the moment when the other side closed it.
		header["Idempotency-Key"] = []string{}
	}
	request := &http.Request{
		Method:        http.MethodPost,
		URL:           s.url,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          s.url.Host,
		ContentLength: int64(len(d.Body)),
		GetBody:       func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(d.Body)), nil },
	}
	request.Body, _ = request.GetBody()
	return request.WithContext(ctx)
}

// sign puts the headers of Standard Webhooks into a request that is sent under id at a time in Unix seconds.
func (s *Sender) sign(header http.Header, id string, at int64, body []byte) {
	if len(s.signers) == 0 {
		return
	}
	signature := s.signers[0].sign(id, at, body)
	for _, previous := range s.signers[1:] {
		signature += " " + previous.sign(id, at, body)
	}
	header["Webhook-Id"] = []string{id}
	header["Webhook-Timestamp"] = []string{strconv.FormatInt(at, 10)}
	header["Webhook-Signature"] = []string{signature}
}

// discard reads what follows the head of an answer, as far as that is little and comes at once: the connection can then
// be used again. Else the connection is closed.
func discard(answer *http.Response, cut context.CancelFunc) {
	defer answer.Body.Close()
	if answer.Body == http.NoBody || answer.StatusCode == http.StatusSwitchingProtocols {
		return // what follows a 101 is no body, and has no end
	}
	timer := time.AfterFunc(bodyWithin, cut)
	defer timer.Stop()
	// The verdict stands already; what the copying meets changes nothing.
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, longestAnswer))
}

// failed is the verdict on an attempt that brought no answer.
func (c *client) failed(ctx context.Context, err error) delivery.Result {
	var refused *refusedError
	if errors.As(err, &refused) {
		return delivery.Result{Verdict: delivery.Reject, Detail: refused.Error()}
	}
	return delivery.Result{Verdict: delivery.Again, Detail: c.detail(ctx, err)}
}

// detail says in one line why there was no answer. What the other side wrote is not repeated: it may hold anything.
func (c *client) detail(ctx context.Context, err error) string {
	var (
		network     *net.OpError
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		waited      net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s", c.timeout)
	case ctx.Err() != nil:
		return "the attempt was cut off"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed without an answer"
	case errors.As(err, &waited) && waited.Timeout():
		return fmt.Sprintf("no connection within %s", dialWithin)
	case errors.As(err, &record):
		return "the receiver does not speak TLS, but the url begins with https://"
	case errors.As(err, &network), errors.As(err, &name), errors.As(err, &certificate):
		return oneLine(err.Error())
	}
	return "the answer is not HTTP, or its head is longer than 64 kB"
}

// oneLine is a foreign error as a detail: printable, and of bounded length.
func oneLine(text string) string {
	line := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text))
	if len(line) > longestDetail {
		return string(line[:longestDetail]) + "…"
	}
	return string(line)
}
