// Package webhook hands events to other systems over HTTP, as Standard Webhooks 1.0.0 says or as a destination's own
// templates do, and conversions to Meta. It makes a verdict of the answer: done, again, rejected, never, or disabled, and keeps
// what a template captures of it. It checks the part of the configuration that describes a destination. It never decides
// which event goes where, never retries, follows no redirect and no proxy, and reads no more than 64 kB of an answer.
// Package delivery calls it.
package webhook

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"time"

	"leadgate/fault"
)

// Config is a destination as the configuration spells it. Without templates the event itself is sent, signed. Method, URL,
// headers, body and a step's when may be templates of package text/template over the event; what they print is escaped for
// where it stands, and "raw" leaves it as it is. Besides the functions of text/template they have
//
//	json V          a value as a JSON document        digits, lower, upper V
//	default OTHER V  OTHER where V is nothing          dashed V            a phone as +55-11987650001
//	date LAYOUT V   a time, by Go's layout, in UTC    stage V             what stage_ids calls a stage; "" for none
//	env "NAME"      a variable, read at load
type Config struct {
	Name         string            `toml:"name"`
	URL          string            `toml:"url"`
	Secret       string            `toml:"secret"` // one of three: the secret itself …
	SecretEnv    string            `toml:"secret_env"`
	SecretFile   string            `toml:"secret_file"`
	Previous     string            `toml:"previous_secret"` // signs too, while receivers change to the new one
	PreviousEnv  string            `toml:"previous_secret_env"`
	PreviousFile string            `toml:"previous_secret_file"`
	Format       string            `toml:"format"` // "json" (also "") or "xml"
	Events       []string          `toml:"events"` // patterns such as "lead.*"; empty: all
	Rules        []RuleConfig      `toml:"rule"`   // an event goes out when any of them holds; empty: always
	Headers      map[string]string `toml:"headers"`
	AllowPrivate bool              `toml:"allow_private"` // the URL may be on this machine or network

	Preset   string            `toml:"preset"` // fills in what the destination does not say itself; "": none
	With     map[string]string `toml:"with"`   // {{.with.name}} of templates: the parameters of a preset
	WithEnv  map[string]string `toml:"with_env"`
	WithFile map[string]string `toml:"with_file"`
	StageIDs map[string]string `toml:"stage_ids"` // {{stage .data.to}}: what the destination calls our stages

	Method  string            `toml:"method"` // "": POST
	Body    string            `toml:"body"`   // "": the event
	Success *SuccessConfig    `toml:"success"`
	Busy    *BusyConfig       `toml:"busy"`
	Capture map[string]string `toml:"capture"` // name to path in the answer; one that ends in "?" may be missing
	Steps   []StepConfig      `toml:"step"`    // instead of the one request that the keys above describe
	Rate    float64           `toml:"rate"`    // requests a second; 0: as many as there are
	Burst   int               `toml:"burst"`   // how many may leave at once after a pause; 0: 1

	preset map[string]bool // keys that the preset filled in
	define string          // the preset's templates that others call
}

// StepConfig is one of the requests that a delivery makes, in their order.
type StepConfig struct {
	Name    string            `toml:"name"`
	When    string            `toml:"when"` // the step is left out when this prints nothing, or "false"; "": never
	Asks    bool              `toml:"asks"` // the step changes nothing there, as a GET: a delivery that is tried again asks again
	Method  string            `toml:"method"`
	URL     string            `toml:"url"`     // "": the destination's
	Headers map[string]string `toml:"headers"` // beside the destination's
	Body    string            `toml:"body"`
	Success *SuccessConfig    `toml:"success"` // nil: the destination's
	Capture map[string]string `toml:"capture"`
}

// SuccessConfig is what counts as done.
type SuccessConfig struct {
	Status []int  `toml:"status"` // empty: every 2xx
	Path   string `toml:"path"`   // of a value in the answer, "result.0.id"; "": none is needed
	Equals string `toml:"equals"` // what the value must be; "": anything but null
}

// BusyConfig is how a destination says, whatever the status, that it was asked too often.
type BusyConfig struct {
	Path   string   `toml:"path"`
	Equals []string `toml:"equals"`
}

// RuleConfig chooses events by what they are about; what is empty holds for every event.
type RuleConfig struct {
	Funnel  string            `toml:"funnel"`
	Stages  []string          `toml:"stages"`
	Sources []string          `toml:"sources"`
	Types   []string          `toml:"types"`
	Reasons []string          `toml:"reasons"`
	Fields  map[string]string `toml:"fields"`
}

// Memory keeps what a destination's answers tell of a lead. Package store implements it.
type Memory interface {
	// Captured is what is kept, by name; empty when that is nothing.
	Captured(ctx context.Context, destination, lead string) (map[string]string, error)
	// Capture keeps values, in place of those that were kept under the same names.
	Capture(ctx context.Context, destination, lead string, values map[string]string) error
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
	Known       Names                        // that a rule may use
}

// Names are those of the configuration that a destination's rules may use. A list that is nil is not checked.
type Names struct {
	Funnels []string
	Stages  []string // of every funnel and board
	Sources []string
	Types   []string // of opportunities
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
	name    string
	url     *url.URL
	header  http.Header // of every request; never changed
	signers []*signer   // none: requests are not signed
	xml     bool
	plan    *plan // nil: each event is sent as it is
	bucket  *bucket
	events  []string
	memory  Memory
}

// New checks a destination's configuration and makes its Sender, which is nil if any fault is more than a warning.
// Paths of the faults are relative to the destination: "url", "headers.X-Tenant", "step[0].body"; what is wrong in what a
// preset says is at "preset".
func New(c Config, o Options) (*Sender, fault.List) {
	o = o.withDefaults()
	var faults fault.List
	checkName(&faults, c.Name)
	c, planned := filled(&faults, c)
	s := &Sender{client: newClient(c.AllowPrivate, o), name: c.Name, events: c.Events, xml: c.Format == "xml"}
	if !planned {
		s.url = checkURL(&faults, "url", c.URL, c.AllowPrivate)
	}
	s.signers = checkSecrets(&faults, c, o, planned)
	checkEvents(&faults, c.Events, o.EventTypes)
	checkRules(&faults, c.Rules, o.Known)
	checkFormat(&faults, c)
	if planned {
		s.plan = newPlan(&faults, c, o)
	} else {
		s.header = checkHeaders(&faults, c.Headers)
	}
	if faults.Err() != nil {
		return nil, faults
	}
	if s.header == nil {
		s.header = http.Header{}
	}
	s.header.Set("Content-Type", contentType(c.Format))
	s.header.Set("User-Agent", "leadgate/"+o.Version)
	if c.Rate > 0 {
		s.bucket = newBucket(c.Rate, max(c.Burst, 1), o.Now)
	}
	return s, faults
}

// Remember has the Sender keep what answers tell. It is to be called before the first Send.
func (s *Sender) Remember(m Memory) { s.memory = m }

// Events are the patterns of the events that the destination wants: those of its configuration, or its preset's; empty:
// all.
func (s *Sender) Events() []string { return s.events }

func contentType(format string) string {
	if format == "xml" {
		return "application/xml"
	}
	return "application/json"
}
