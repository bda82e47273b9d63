package main

import (
	"cmp"
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
		Funnel      string
		From, To    string
		Source      string
		Menu        string
		Option      struct{ Label, Value string }
		Answer      string
		Opportunity struct{ Type, Value, Stage, Owner, Status string }
		Chat        struct{ Agent string }
		Agent       struct{ Name string }
		Target      string
		Available   bool
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
	d, who := s.Data, s.Data.Lead.Name
	switch s.Type {
	case "lead.created":
		if d.Lead.Source == "" {
			return who + " is a lead"
		}
		return fmt.Sprintf("%s is a lead, source %q", who, d.Lead.Source)
	case "lead.returned":
		return fmt.Sprintf("%s came again, source %q", who, d.Source)
	case "conversion.stage_changed":
		if d.From == "" {
			return fmt.Sprintf("%s enters %q at %q", who, d.Funnel, d.To)
		}
		return fmt.Sprintf("%s moves from %q to %q", who, d.From, d.To)
	case "menu.sent":
		return fmt.Sprintf("%s is asked by the %s menu", who, d.Menu)
	case "menu.answered":
		return fmt.Sprintf("%s chose %q, answer %q", who, cmp.Or(d.Option.Value, d.Option.Label), d.Answer)
	case "agent.availability_changed":
		if d.Available {
			return d.Agent.Name + " gets chats again"
		}
		return d.Agent.Name + " gets no new chats"
	}
	if text := s.opportunityLine(); text != "" {
		return text
	}
	return s.chatLine()
}

func (s webhookSeen) opportunityLine() string {
	o, who := s.Data.Opportunity, s.Data.Lead.Name
	what := o.Type
	if o.Value != "" {
		what += ", " + o.Value
	}
	switch s.Type {
	case "opportunity.created":
		return fmt.Sprintf("%s wants %s", who, what)
	case "opportunity.owner_changed":
		return fmt.Sprintf("%s owns it", o.Owner)
	case "opportunity.stage_changed":
		return fmt.Sprintf("%s moves to %q", what, o.Stage)
	case "opportunity.closed":
		return fmt.Sprintf("%s is %s", what, o.Status)
	}
	return ""
}

func (s webhookSeen) chatLine() string {
	d, who := s.Data, s.Data.Lead.Name
	switch s.Type {
	case "chat.waiting":
		return who + " waits for an agent"
	case "chat.assigned":
		if d.Target == "" {
			return fmt.Sprintf("%s gets the chat with %s", d.Agent.Name, who)
		}
		return fmt.Sprintf("%s gets the chat with %s, by %s", d.Agent.Name, who, d.Target)
	case "chat.escalated":
		return fmt.Sprintf("%s loses the chat with %s", d.Agent.Name, who)
	case "chat.closed":
		return fmt.Sprintf("the chat with %s is closed", who)
	}
	return who
}
