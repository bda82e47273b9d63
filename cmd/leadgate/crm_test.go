package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// A crm receives webhooks, and misbehaves when told.
type crm struct {
	t        testing.TB
	address  string
	verifier *standardwebhooks.Webhook
	server   *http.Server

	mu       sync.Mutex
	changed  *sync.Cond
	silent   bool // takes connections and reads nothing
	holding  bool // takes requests and does not answer
	held     int
	seen     []string        // facts in order of first arrival
	events   []event         // the same whole
	ids      map[string]bool // of events that arrived
	refused  []string
	attempts int
}

func newCRM(t testing.TB) *crm {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(rigSecret)
	if err != nil {
		t.Fatal(err)
	}
	c := &crm{t: t, address: "127.0.0.1:0", verifier: verifier, ids: map[string]bool{}}
	c.changed = sync.NewCond(&c.mu)
	t.Cleanup(c.down)
	c.up()
	return c
}

func (c *crm) url() string { return "http://" + c.address + "/hooks/leadgate" }

// up listens; down closes the port and cuts every connection.
func (c *crm) up() {
	c.t.Helper()
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.address = l.Addr().String() // the same from now on
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	server := c.server
	go func() { _ = server.Serve(quiet{l, c}) }() // ends with down
}

func (c *crm) down() {
	c.set(func() { c.silent, c.holding = false, false })
	if c.server != nil {
		_ = c.server.Close() // twice is once
	}
}

func (c *crm) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	c.changed.Broadcast()
}

// ServeHTTP takes a webhook as a careful receiver does: it checks the signature, and knows an event by its id.
func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender was killed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts++
	if err := c.verifier.Verify(body, r.Header); err != nil {
		c.refused = append(c.refused, fmt.Sprintf("%v: %s", err, body))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.held++
	c.changed.Broadcast()
	for c.holding {
		c.changed.Wait()
	}
	c.held--
	var event event
	if err := json.Unmarshal(body, &event); err != nil || event.ID != r.Header.Get("webhook-id") {
		c.refused = append(c.refused, fmt.Sprintf("webhook-id %q, error %v: %s", r.Header.Get("webhook-id"), err, body))
	}
	if c.ids[event.ID] {
		return // an event that is told twice is one event
	}
	c.ids[event.ID] = true
	fact := event.Type
	if event.Data.To != "" {
		fact += " " + event.Data.To
	}
	c.seen = append(c.seen, fact)
	c.events = append(c.events, event)
}

// An event is a webhook's body, as far as the tests look at it.
type event struct {
	ID, Type  string
	Timestamp time.Time
	Data      struct {
		Number *string
		Lead   struct {
			ID                  string
			Name, Phone, Source *string
			LastSource          *string `json:"last_source"`
			Ad                  *struct {
				SourceID *string `json:"source_id"`
				Headline *string
				ClickID  *string `json:"ctwa_clid"`
			}
			Stages map[string]string
		}
		From      *string
		To        string
		Cause     struct{ Kind, By string }
		Phrase    *string
		MessageID *string `json:"message_id"`
		Source    string
		Reason    *string
	}
}

// told is what the CRM was told of a type, in order of first arrival; a prefix may end in "*".
func (c *crm) told(kind string) []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []event
	for _, e := range c.events {
		prefix, open := strings.CutSuffix(kind, "*")
		if e.Type == kind || open && strings.HasPrefix(e.Type, prefix) {
			found = append(found, e)
		}
	}
	return found
}

func (c *crm) facts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen...)
}

func (c *crm) wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.refused...)
}

// holds reports whether a request was read whole and waits for its answer.
func (c *crm) holds() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held > 0
}

// quiet is a listener whose connections read nothing while the CRM is silent.
type quiet struct {
	net.Listener
	crm *crm
}

func (q quiet) Accept() (net.Conn, error) {
	conn, err := q.Listener.Accept()
	return quietConn{conn, q.crm}, err
}

type quietConn struct {
	net.Conn
	crm *crm
}

func (q quietConn) Read(p []byte) (int, error) {
	q.crm.mu.Lock()
	for q.crm.silent {
		q.crm.changed.Wait()
	}
	q.crm.mu.Unlock()
	return q.Conn.Read(p)
}
