package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A receiver is the CRM of the demo: a web server on this machine that takes webhooks as any other would, and verifies
// their signatures with the library that Standard Webhooks publishes for receivers.
type receiver struct {
	secret   string
	url      string
	verifier *standardwebhooks.Webhook
	server   *http.Server

	mu      sync.Mutex
	arrived []webhookSeen
	changed chan struct{} // closed, and made anew, whenever something arrives
}

// webhookSeen is a webhook as it arrived.
type webhookSeen struct {
	ID, Type  string
	Signature string
	Verified  bool
	Data      struct {
		Lead struct {
			Name, Phone, Source string
			Stages              map[string]string
		}
		Funnel   string
		From, To string
		Source   string
	}
}

func startReceiver() (*receiver, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw a signing secret: %w", err)
	}
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, fmt.Errorf("use the signing secret: %w", err)
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	r := &receiver{secret: secret, url: "http://" + socket.Addr().String() + "/hooks/leadgate", verifier: verifier, changed: make(chan struct{})}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = r.server.Serve(socket) }() // ends with Close
	return r, nil
}

func (r *receiver) close() error { return r.server.Close() }

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	seen := webhookSeen{Signature: req.Header.Get("webhook-signature"), Verified: r.verifier.Verify(body, req.Header) == nil}
	if err := json.Unmarshal(body, &seen); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived = append(r.arrived, seen)
	close(r.changed)
	r.changed = make(chan struct{})
}

// since returns the webhooks from number n on, and a channel that is closed when there are more.
func (r *receiver) since(n int) ([]webhookSeen, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]webhookSeen(nil), r.arrived[min(n, len(r.arrived)):]...), r.changed
}

// wait returns once n webhooks have arrived in all.
func (r *receiver) wait(ctx context.Context, n int) error {
	for {
		arrived, more := r.since(0)
		if len(arrived) >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d webhooks arrived: %w", len(arrived), n, ctx.Err())
		}
	}
}

// line is a webhook in a few words.
func (s webhookSeen) line() string {
	who := s.Data.Lead.Name
	switch s.Type {
	case "lead.created":
		return fmt.Sprintf("%s is a lead, source %q", who, s.Data.Lead.Source)
	case "lead.returned":
		return fmt.Sprintf("%s came again, source %q", who, s.Data.Source)
	case "conversion.stage_changed":
		if s.Data.From == "" {
			return fmt.Sprintf("%s enters %q at %q", who, s.Data.Funnel, s.Data.To)
		}
		return fmt.Sprintf("%s moves from %q to %q", who, s.Data.From, s.Data.To)
	}
	return who
}
