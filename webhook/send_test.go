package webhook_test

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"leadgate/delivery"
	"leadgate/webhook"
)

// senderTo makes a Sender to a receiver on this machine.
func senderTo(t testing.TB, url string, change ...func(*webhook.Config, *webhook.Options)) *webhook.Sender {
	t.Helper()
	c, o := crm(), options()
	c.URL, c.AllowPrivate = url, true
	for _, f := range change {
		f(&c, &o)
	}
	sender, faults := webhook.New(c, o)
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	t.Cleanup(sender.Close)
	return sender
}

func impatient(_ *webhook.Config, o *webhook.Options) { o.Timeout = 100 * time.Millisecond }

func receiver(t testing.TB, handle http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

func event() delivery.Delivery {
	return delivery.Delivery{Destination: "crm", Key: "evt_1", Body: []byte(`{"id":"evt_1","text":"Olá <&> ☕"}`), Attempt: 1}
}

func TestARequestIsAStandardWebhook(t *testing.T) {
	type request struct {
		method, path, body string
		header             http.Header
	}
	arrived := make(chan request, 1)
	server := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		arrived <- request{r.Method, r.URL.String(), string(body), r.Header}
	})
	sender := senderTo(t, server.URL+"/hook?key=1", func(c *webhook.Config, _ *webhook.Options) {
		c.Headers = map[string]string{"x-tenant": "acme"}
	})
	verifier, err := standardwebhooks.NewWebhook(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	var got request
	for range 3 {
		result := sender.Send(t.Context(), event())
		if result.Verdict != delivery.Done || result.Status != 200 || result.Took <= 0 {
			t.Fatalf("%+v", result)
		}
		got = <-arrived
		if err := verifier.Verify([]byte(got.body), got.header); err != nil {
			t.Errorf("the official library says: %v", err)
		}
	}
	if got.method != "POST" || got.path != "/hook?key=1" || got.body != string(event().Body) {
		t.Errorf("%s %s %s", got.method, got.path, got.body)
	}
	for _, volatile := range []string{"Webhook-Timestamp", "Webhook-Signature"} {
		got.header.Del(volatile)
	}
	want := http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"leadgate/1.2.3"}, "X-Tenant": {"acme"},
		"Webhook-Id": {"evt_1"}, "Content-Length": got.header["Content-Length"],
	}
	if !maps.EqualFunc(got.header, want, func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
		t.Errorf("headers %v, want %v", got.header, want)
	}
}

func TestTheVectorOfTheSpecification(t *testing.T) {
	signature := make(chan string, 1)
	server := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		signature <- r.Header.Get("webhook-timestamp") + " " + r.Header.Get("webhook-signature")
	})
	sender := senderTo(t, server.URL, func(_ *webhook.Config, o *webhook.Options) {
		o.Now = func() time.Time { return time.Unix(1614265330, 0) }
	})
	sender.Send(t.Context(), delivery.Delivery{Key: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)})
	if got := <-signature; got != "1614265330 v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Fatalf("signed %s", got)
	}
}

func TestEveryAttemptHasTheSameIDAndBodyAndItsOwnTime(t *testing.T) {
	var seen []string
	server := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Header.Get("webhook-id")+string(body), r.Header.Get("webhook-timestamp"))
	})
	now := time.Unix(1614265330, 0)
	sender := senderTo(t, server.URL, func(_ *webhook.Config, o *webhook.Options) {
		o.Now = func() time.Time { return now }
	})
	sender.Send(t.Context(), event())
	now = now.Add(time.Hour)
	sender.Send(t.Context(), event())
	if seen[0] != seen[2] || seen[1] != "1614265330" || seen[3] != "1614268930" {
		t.Fatal(seen)
	}
}

func TestWhatEachStatusMeans(t *testing.T) {
	special := map[int]delivery.Verdict{
		410: delivery.Disable,
		400: delivery.Reject, 401: delivery.Reject, 403: delivery.Reject, 404: delivery.Reject,
		405: delivery.Reject, 413: delivery.Reject, 415: delivery.Reject, 422: delivery.Reject,
	}
	status := 0
	server := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
		w.WriteHeader(status)
	})
	sender := senderTo(t, server.URL)
	for status = 200; status < 1000; status++ {
		want, known := special[status]
		switch {
		case status < 300:
			want = delivery.Done
		case !known:
			want = delivery.Again
		}
		wantAfter := time.Duration(0)
		if status == 429 || status == 503 {
			wantAfter = 7 * time.Second
		}
		got := sender.Send(t.Context(), event())
		if got.Verdict != want || got.Status != status || got.After != wantAfter {
			t.Errorf("%d: %+v, want %s after %s", status, got, want, wantAfter)
		}
		if strings.ContainsAny(got.Detail, "\r\n") || got.Detail == "" {
			t.Errorf("%d: detail %q", status, got.Detail)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	elsewhere := receiver(t, func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	server := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	result := senderTo(t, server.URL).Send(t.Context(), event())
	if result.Verdict != delivery.Again || result.Status != 307 || followed.Load() {
		t.Fatalf("%+v, followed: %t", result, followed.Load())
	}
	if !strings.Contains(result.Detail, "redirects are not followed") {
		t.Error(result.Detail)
	}
}

func TestACertificateIsChecked(t *testing.T) {
	protocol := ""
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol = r.Proto }))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	result := senderTo(t, server.URL).Send(t.Context(), event())
	if result.Verdict != delivery.Again || !strings.Contains(result.Detail, "certificate") {
		t.Errorf("unknown authority: %+v", result)
	}
	trusting := senderTo(t, server.URL, func(_ *webhook.Config, o *webhook.Options) {
		o.Roots = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	})
	if result = trusting.Send(t.Context(), event()); result.Verdict != delivery.Done || protocol != "HTTP/2.0" {
		t.Errorf("known authority: %+v by %q", result, protocol)
	}
}

func TestAConnectionIsUsedAgainAfterASmallAnswer(t *testing.T) {
	connections := map[string]bool{}
	server := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		connections[r.RemoteAddr] = true
		_, _ = w.Write([]byte(strings.Repeat("x", 60<<10)))
	})
	sender := senderTo(t, server.URL)
	for range 5 {
		if result := sender.Send(t.Context(), event()); result.Verdict != delivery.Done {
			t.Fatalf("%+v", result)
		}
	}
	if len(connections) != 1 {
		t.Fatalf("%d connections for five requests", len(connections))
	}
}

func TestAnAttemptThatIsCutOffIsAgain(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	arrived := make(chan struct{})
	server := receiver(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	result := senderTo(t, server.URL).Send(ctx, event())
	if result.Verdict != delivery.Again || result.Detail != "the attempt was cut off" {
		t.Fatalf("%+v", result)
	}
}

func BenchmarkSend(b *testing.B) {
	server := receiver(b, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})
	sender, d := senderTo(b, server.URL), event()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if result := sender.Send(b.Context(), d); result.Verdict != delivery.Done {
				b.Fatalf("%+v", result)
			}
		}
	})
}
