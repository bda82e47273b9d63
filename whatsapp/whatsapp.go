// Package whatsapp keeps the numbers of a business logged into WhatsApp and carries messages between WhatsApp and the
// daemon: each number has its own linked device, what people write arrives as chat.Message and is acknowledged to
// WhatsApp only after the Listener has committed it, and what the daemon wants said is sent under an id that the caller
// derives from its cause. It speaks to WhatsApp only through go.mau.fi/whatsmeow.
//
// What is to be said waits until the number is connected and has heard what was written while it was not, keeps the
// number's pace, and never holds up what is received. Where WhatsApp refuses a menu's form the menu goes out as text.
//
// It never decides what a message means, whom to answer or with what; it writes to nobody without a delivery, keeps trying
// nothing that WhatsApp has refused, and keeps nothing of its own but what whatsmeow needs. The wiring in cmd calls it, and
// package delivery calls its Sender.
package whatsapp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mau.fi/util/dbutil"
	"go.mau.fi/whatsmeow/store/sqlstore"

	"leadgate/chat"
	"leadgate/delivery"
)

// A Listener takes what WhatsApp tells the daemon. It is called from several goroutines at once.
type Listener interface {
	// Message commits everything that the message changes. Nil lets WhatsApp forget the message. An error that is
	// ErrPoison, and a panic, is the message's own fault: after five of them it is set aside. After any other error the
	// message is delivered again, for as long as it takes. The same message may come more than once; its Key tells.
	Message(context.Context, chat.Message) error
	// Connection is told of changes on which the outside acts, in order for each number. After an error it is told again.
	Connection(context.Context, Change) error
	// Label commits everything that a label changes which somebody put on a chat, or took off it, by hand. WhatsApp tells it
	// once: after an error it is told again for as long as the process runs, after one that is ErrPoison and after a panic
	// it is given up. The same change may come more than once. What the daemon itself does to labels is never told.
	Label(context.Context, chat.LabelChange) error
	// Limited commits what WhatsApp's server has refused to a number. After an error the number goes on as if it were
	// committed, for as long as the process runs.
	Limited(ctx context.Context, number string, l chat.Limits) error
	// SetAside keeps a message that could not be handled, so that somebody can look at it: its id ("" is never given),
	// why, and its content as WhatsApp encodes it, nil when it never came. The same id may be set aside again.
	SetAside(ctx context.Context, number, messageID, reason string, payload []byte) error
}

// ErrPoison marks an error of Listener.Message as the message's own fault.
var ErrPoison = errors.New("message can't be handled")

// ErrPaired says that a number can't be paired because it is logged in already.
var ErrPaired = errors.New("number is already logged in")

// Config says how the numbers of one process reach WhatsApp. The zero value reaches the real one, discards its log, and
// measures nothing.
type Config struct {
	// DeviceName is what the phone shows among its linked devices; "" is "leadgate".
	DeviceName string
	// Server is the WebSocket URL of a server that speaks WhatsApp's protocol ("ws://127.0.0.1:7777/ws/chat"); "" is
	// WhatsApp itself.
	Server string
	// ServerKey is the public key that signs the certificates of Server, 32 bytes; it must be set exactly when Server is.
	// whatsmeow keeps one for the whole process.
	ServerKey []byte
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	// Labels keeps what the phones show as labels; nil: no chat is labelled, whatever a number's Labels says.
	Labels LabelBook
	// Limits is what Listener.Limited committed for each number when an earlier process ran, by the number's name.
	Limits map[string]chat.Limits
	// Opened is called when a number may send that could not before: its Sender's gate has opened. It returns at once; nil:
	// nobody is told.
	Opened func()
	// StillWanted is asked last before a delivery is sent, as what it says may have become untrue since it was claimed.
	// False: it is not sent, and whoever withdrew it settles it. Nil: everything is wanted.
	StillWanted func(context.Context, delivery.Delivery) (bool, error)
	// Typing is how long the daemon appears to type a text before it is sent; zero: it does not appear to. Nil: for a
	// moment that grows with the text.
	Typing func(text string) time.Duration
	// Lazily marks the context of a write to the database that need not be on the disk when it returns; nil: all wait. Only
	// what the receiving of a message changes is written so, never what the sending of one does: a recipient takes a key
	// that is used twice for a repetition.
	Lazily func(context.Context) context.Context
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Opened == nil {
		c.Opened = func() {}
	}
	if c.StillWanted == nil {
		c.StillWanted = func(context.Context, delivery.Delivery) (bool, error) { return true, nil }
	}
	if c.Typing == nil {
		c.Typing = typingTime
	}
	if c.Lazily == nil {
		c.Lazily = func(ctx context.Context) context.Context { return ctx }
	}
	return c
}

// Numbers is every number that the process is logged into, or shall be.
type Numbers struct {
	link      *link
	container *sqlstore.Container
	listener  Listener
	metrics   *metrics
	labels    LabelBook // nil: labels are not kept
	log       *slog.Logger
	delays    delays
	config    Config // complete

	changed chan struct{} // holds one token when the list differs from what runs
	mu      sync.Mutex
	list    []*Number // in the order of the configuration
}

// Open prepares the numbers: it brings whatsmeow's tables up to date in db, whose dialect is spelled as database/sql
// drivers are ("sqlite3", "postgres", "pgx"). Nothing is connected before Run. It fails on a Config that can't work and
// when the tables can't be had.
func Open(ctx context.Context, db *sql.DB, dialect string, cfg Config, numbers []chat.Number, listener Listener) (*Numbers, error) {
	cfg = cfg.withDefaults()
	link, err := newLink(cfg)
	if err != nil {
		return nil, err
	}
	if _, err := dbutil.ParseDialect(dialect); err != nil {
		return nil, fmt.Errorf("open devices: %w", err)
	}
	silenceSignal(cfg.Log)
	container := sqlstore.NewWithDB(db, dialect, newLog(cfg.Log, "database"))
	if err := container.Upgrade(ctx); err != nil {
		return nil, fmt.Errorf("bring whatsmeow's tables up to date: %w", err)
	}
	ns := &Numbers{
		link: link, container: container, listener: listener, metrics: newMetrics(cfg.Metrics), labels: cfg.Labels, log: cfg.Log, config: cfg,
		delays: delays{redeliverFirst, redeliverLongest, lookForDevice, quietFor}, changed: make(chan struct{}, 1),
	}
	ns.SetNumbers(numbers)
	return ns, nil
}

// SetNumbers replaces the list of numbers. A number that is new connects, one that is gone disconnects without being
// logged out, one whose phone is another is a new number; the others stay connected, and what is new of them holds at
// once.
func (ns *Numbers) SetNumbers(numbers []chat.Number) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	list := make([]*Number, 0, len(numbers))
	for _, want := range numbers {
		i := slices.IndexFunc(ns.list, func(n *Number) bool { return n.name == want.Name && n.phone == want.Phone })
		if i >= 0 {
			ns.list[i].pacer.set(want.Pace, time.Now())
			ns.list[i].labels.want(want.Labels)
			list = append(list, ns.list[i])
			continue
		}
		list = append(list, newNumber(ns, want))
	}
	ns.list = list
	select {
	case ns.changed <- struct{}{}:
	default:
	}
}

// Run keeps every number connected until the context ends, and then disconnects them. It returns nil when nothing of
// it runs any more. It is called once.
func (ns *Numbers) Run(ctx context.Context) error {
	ns.link.lookUpVersion(ctx)
	running := map[*Number]func(){}
	var wg sync.WaitGroup
	defer wg.Wait() // their contexts end with ctx
	for {
		list := ns.all()
		for n, stop := range running {
			if !slices.Contains(list, n) {
				stop()
				delete(running, n)
			}
		}
		for _, n := range list {
			if running[n] != nil {
				continue
			}
			own, stop := context.WithCancel(ctx)
			ended := make(chan struct{})
			wg.Go(func() {
				defer close(ended)
				n.run(own)
			})
			running[n] = func() { stop(); <-ended }
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ns.changed:
		}
	}
}

// Number finds a number by name, nil when there is none.
func (ns *Numbers) Number(name string) *Number {
	for _, n := range ns.all() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// Status is how every number stands, in the order of the configuration.
func (ns *Numbers) Status() []Status {
	list := ns.all()
	all := make([]Status, len(list))
	for i, n := range list {
		all[i] = n.Status()
	}
	return all
}

// Alive is since when every number's loop turns: now, or the begin of the longest step that has not ended. A step takes
// seconds, or as long as the store does.
func (ns *Numbers) Alive() time.Time {
	alive := time.Now()
	for _, n := range ns.all() {
		if began := n.stepBegan.Load(); began != 0 && began < alive.UnixNano() {
			alive = time.Unix(0, began)
		}
	}
	return alive
}

func (ns *Numbers) all() []*Number {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	return slices.Clone(ns.list)
}
