package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/web"
)

// desk is a site with two tokens and what its parts answer.
type desk struct {
	*httptest.Server
	numbers []web.Number
	pinged  error
	paired  []string
	now     time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	qr := "2@ref,noise,identity,adv"
	d := &desk{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), numbers: []web.Number{
		{Name: "front-desk", Phone: "+5511987650001", State: "connected", Sentence: "Connected.", Ready: true},
		{Name: "sales", Phone: "+5511987650002", State: "pairing", Sentence: "Waiting to be paired.", QR: &qr, Ready: true},
	}}
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "leadgate_test_total", Help: "Shows that metrics are served."}))
	d.Server = httptest.NewServer(web.New(web.Options{
		Tokens: func() []web.Token {
			return []web.Token{
				{Name: "crm", Hash: sha256.Sum256([]byte("writes")), Write: true},
				{Name: "board", Hash: sha256.Sum256([]byte("reads"))},
			}
		},
		Numbers: func() []web.Number { return d.numbers },
		Pair: func(_ context.Context, number string) error {
			switch number {
			case "sales":
				d.paired = append(d.paired, number)
				return nil
			case "front-desk":
				return fmt.Errorf("front-desk is connected: %w", web.ErrConflict)
			case "broken":
				return errors.New("the disk is on fire")
			}
			return web.ErrNotFound
		},
		Ping: func(context.Context) error { return d.pinged }, Gatherer: registry,
		Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) ask(t *testing.T, method, path string, headers ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := d.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestReadinessTellsTheTruth(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*desk)
		want   int
		says   string
	}{
		{"all connected or waiting to be paired", func(*desk) {}, 200, `"ready":true`},
		{"no number at all", func(d *desk) { d.numbers = nil }, 200, `"ready":true`},
		{"a number is down", func(d *desk) { d.numbers[0].Ready, d.numbers[0].State = false, "banned" }, 503, `"front-desk":"banned"`},
		{"the store does not answer", func(d *desk) { d.pinged = errors.New("secret path") }, 503, `"store":"the store does not answer"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			c.change(d)
			status, body, _ := d.ask(t, "GET", "/readyz")
			if status != c.want || !strings.Contains(body, c.says) {
				t.Errorf("answered %d %s, want %d with %s", status, body, c.want, c.says)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("an inner error reached the outside: %s", body)
			}
			if status, _, _ := d.ask(t, "GET", "/healthz"); status != 200 {
				t.Errorf("health answered %d: the process does answer", status)
			}
		})
	}
}

func TestTheAPINeedsATokenOfTheRightScope(t *testing.T) {
	for _, c := range []struct {
		name, method, path, authorization string
		want                              int
	}{
		{"no token", "GET", "/api/v1/numbers", "", 401},
		{"a wrong token", "GET", "/api/v1/numbers", "Bearer guess", 401},
		{"another scheme", "GET", "/api/v1/numbers", "Basic cmVhZHM6", 401},
		{"a reading token reads", "GET", "/api/v1/numbers", "Bearer reads", 200},
		{"the scheme in lower case", "GET", "/api/v1/numbers", "bearer reads", 200},
		{"a reading token does not write", "POST", "/api/v1/numbers/sales/pair", "Bearer reads", 403},
		{"a writing token writes", "POST", "/api/v1/numbers/sales/pair", "Bearer writes", 202},
		{"an unknown number", "POST", "/api/v1/numbers/nobody/pair", "Bearer writes", 404},
		{"a number that is connected", "POST", "/api/v1/numbers/front-desk/pair", "Bearer writes", 409},
		{"something breaks", "POST", "/api/v1/numbers/broken/pair", "Bearer writes", 500},
		{"an unknown path without a token", "GET", "/api/v1/secrets", "", 401},
		{"an unknown path", "GET", "/api/v1/secrets", "Bearer reads", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			status, body, header := d.ask(t, c.method, c.path, "Authorization", c.authorization)
			if status != c.want {
				t.Fatalf("answered %d %s, want %d", status, body, c.want)
			}
			if status < 400 {
				return
			}
			var p struct{ Title, Detail, Type string }
			if err := json.Unmarshal([]byte(body), &p); err != nil || p.Title == "" || p.Detail == "" || p.Type != "about:blank" ||
				header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("no problem document: %s %s", header.Get("Content-Type"), body)
			}
			if strings.Contains(body, "on fire") {
				t.Errorf("an inner error reached the outside: %s", body)
			}
		})
	}
}

func TestNumbersAreListedWithTheirStateAndPairingText(t *testing.T) {
	d := newDesk(t)
	_, body, header := d.ask(t, "GET", "/api/v1/numbers", "Authorization", "Bearer reads")
	var got struct {
		Items []struct {
			Name, Phone, State, Sentence string
			QR                           *string
		}
		Next *string `json:"next_cursor"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Items) != 2 || got.Items[0].QR != nil || got.Items[1].QR == nil || *got.Items[1].QR != "2@ref,noise,identity,adv" {
		t.Errorf("listed %s", body)
	}
	if !strings.Contains(body, `"next_cursor":null`) {
		t.Errorf("a missing cursor is not null: %s", body)
	}
	if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Content-Security-Policy") == "" {
		t.Errorf("security headers are missing: %v", header)
	}
}

func TestWhoGuessesTokensHasToWaitAndAnotherMinuteIsAnotherChance(t *testing.T) {
	d := newDesk(t)
	for range 10 {
		if status, _, _ := d.ask(t, "GET", "/api/v1/numbers", "Authorization", "Bearer guess"); status != 401 {
			t.Fatalf("answered %d before the limit", status)
		}
	}
	status, _, header := d.ask(t, "GET", "/api/v1/numbers", "Authorization", "Bearer reads")
	if status != 429 || header.Get("Retry-After") == "" {
		t.Errorf("answered %d, Retry-After %q after ten wrong tokens", status, header.Get("Retry-After"))
	}
	d.now = d.now.Add(time.Minute)
	if status, _, _ := d.ask(t, "GET", "/api/v1/numbers", "Authorization", "Bearer reads"); status != 200 {
		t.Errorf("answered %d after the window", status)
	}
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"another site":                      {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"a neighbor":                        {[]string{"Sec-Fetch-Site", "same-site"}, 403},
		"a page of its own":                 {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://behind.proxy.test"}, 202},
		"a person":                          {[]string{"Sec-Fetch-Site", "none"}, 202},
		"an old browser, on another site":   {[]string{"Origin", "https://www.example.com"}, 403},
		"an old browser, on no site":        {[]string{"Origin", "null"}, 403},
		"an old browser, on a page of ours": {[]string{"Origin", d.URL}, 202},
		"a program":                         {nil, 202},
	} {
		t.Run(name, func(t *testing.T) {
			d.paired = nil
			headers := append([]string{"Authorization", "Bearer writes"}, c.headers...)
			status, _, header := d.ask(t, "POST", "/api/v1/numbers/sales/pair", headers...)
			if status != c.want || (len(d.paired) == 0) != (c.want == 403) || header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("answered %d %v, paired %v", status, header, d.paired)
			}
		})
	}
}

func TestMetricsAreOpenToThisMachineAndNeedATokenThroughAProxy(t *testing.T) {
	d := newDesk(t)
	if status, body, _ := d.ask(t, "GET", "/metrics"); status != 200 || !strings.Contains(body, "leadgate_test_total") {
		t.Errorf("answered %d %s", status, body)
	}
	if status, _, _ := d.ask(t, "GET", "/metrics", "X-Forwarded-For", "198.51.100.7"); status != 401 {
		t.Errorf("answered %d to a request from elsewhere", status)
	}
	status, _, _ := d.ask(t, "GET", "/metrics", "X-Forwarded-For", "198.51.100.7", "Authorization", "Bearer reads")
	if status != 200 {
		t.Errorf("answered %d to a request with a token", status)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- web.Serve(ctx, l, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	}()
	resp, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
