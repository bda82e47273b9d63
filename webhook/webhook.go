// Package webhook hands events to other systems over HTTP, as Standard Webhooks 1.0.0 says, and makes a verdict of
// their answer: done, again, rejected, or disabled. It checks the part of the configuration that describes a
// destination. It never decides which event goes where, never retries, follows no redirect and no proxy, and reads no
// more of an answer than its head. Package delivery calls it.
package webhook

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"time"

	"leadgate/fault"
)

// Config is a destination as the configuration spells it.
type Config struct {
	Name         string            `toml:"name"`
	URL          string            `toml:"url"`
	Secret       string            `toml:"secret"` // one of three: the secret itself …
	SecretEnv    string            `toml:"secret_env"`
	SecretFile   string            `toml:"secret_file"`
	Events       []string          `toml:"events"` // patterns such as "lead.*"; empty: all
	Headers      map[string]string `toml:"headers"`
	AllowPrivate bool              `toml:"allow_private"` // the URL may be on this machine or network
}

// Options is what a Sender needs from its surroundings. The zero value of each is what a daemon wants, but for
// EventTypes.
type Options struct {
	Version     string                       // of leadgate, for User-Agent
	EventTypes  []string                     // every type there is: a pattern that matches none of them is a fault
	LookupEnv   func(string) (string, bool)  // nil: os.LookupEnv
	ReadFile    func(string) ([]byte, error) // nil: os.ReadFile
	Connections int                          // how many are kept open for the next request; 0: 32
	Timeout     time.Duration                // of an attempt, from dialing to the head of the answer; 0: 15 s
	Roots       *x509.CertPool               // whose certificates are trusted; nil: the system's
	Now         func() time.Time             // nil: time.Now
}

const (
	defaultTimeout     = 15 * time.Second // SPEC section 8
	defaultConnections = 32               // as many as package delivery has workers
)

func (o Options) withDefaults() Options {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.Connections <= 0 {
		o.Connections = defaultConnections
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// A Sender hands deliveries to one destination. It may be used by many goroutines at once.
type Sender struct {
	client
	url    *url.URL
	header http.Header // of every request; never changed
	signer *signer
}

// New checks a destination's configuration and makes its Sender, which is nil if any fault is more than a warning.
// Paths of the faults are relative to the destination: "url", "headers.X-Tenant".
func New(c Config, o Options) (*Sender, fault.List) {
	o = o.withDefaults()
	var faults fault.List
	checkName(&faults, c.Name)
	target := checkURL(&faults, "url", c.URL, c.AllowPrivate)
	key := checkSecret(&faults, c, o)
	checkEvents(&faults, c.Events, o.EventTypes)
	header := checkHeaders(&faults, c.Headers)
	if faults.Err() != nil {
		return nil, faults
	}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "leadgate/"+o.Version)
	return &Sender{
		client: newClient(c.AllowPrivate, o),
		url:    target,
		header: header,
		signer: newSigner(key),
	}, faults
}
