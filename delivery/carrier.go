package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options is how a Carrier works. The zero value is what a daemon wants, but for Metrics.
type Options struct {
	Workers int                   // attempts under way at once, shared evenly by the destinations; 0: 32
	Batch   int                   // deliveries of one destination that are claimed at once at most; 0: 1024
	Lease   time.Duration         // how long a claim lasts; an attempt begins within its first half; 0: 1 min
	Grace   time.Duration         // how long attempts may go on after Run's context has ended; 0: 3 s
	Now     func() time.Time      // of Run; nil: time.Now
	Log     *slog.Logger          // nil: nothing is logged
	Metrics prometheus.Registerer // nil: nothing is counted
}

const (
	defaultWorkers = 32
	defaultBatch   = 1024
	defaultLease   = time.Minute
	defaultGrace   = 3 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	if o.Lease <= 0 {
		o.Lease = defaultLease
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	return o
}

// A Carrier claims deliveries from a Queue, has them sent, and settles them. A single coordinator talks to the queue; a
// fixed pool of workers sends. SetSenders, Wake and Alive may be called from any goroutine; Run and Step not both.
type Carrier struct {
	queue   Queue
	options Options
	log     *slog.Logger
	metrics *metrics
	desk    *desk
	woken   chan struct{}
	alive   atomic.Int64 // Unix nanoseconds of the coordinator's last turn
	checked time.Time    // when the coordinator last asked what is due next
}

// New makes a Carrier without destinations.
func New(q Queue, o Options) *Carrier {
	o = o.withDefaults()
	c := &Carrier{queue: q, options: o, log: o.Log, metrics: newMetrics(o.Metrics), woken: make(chan struct{}, 1)}
	c.desk = newDesk(o)
	return c
}

// SetSenders replaces the destinations by those of a new configuration. Attempts under way end with the sender with
// which they began; what was claimed and not begun for a destination that is no longer there goes back.
func (c *Carrier) SetSenders(senders map[string]Sender) {
	c.desk.setSenders(senders)
	c.Wake()
}

// Wake tells the Carrier that something may be due that was not before. It never blocks; call it after commits.
func (c *Carrier) Wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// Alive is when the coordinator last turned. It turns every second, and every 20 seconds at the slowest while the queue
// fails; when it has not for longer, it hangs. It is the zero time before Run.
func (c *Carrier) Alive() time.Time {
	at := c.alive.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// Run carries deliveries until the context ends. Attempts under way then have the grace to end and are settled; what
// was claimed and not begun goes back. An attempt that takes longer is cut and stays claimed, for nobody knows what came
// of it: it counts, and is repeated when its lease is over. The error is that of the last settling, if it failed.
func (c *Carrier) Run(ctx context.Context) error {
	// Attempts outlive ctx by the grace.
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var workers sync.WaitGroup
	for range c.options.Workers {
		workers.Go(func() { c.work(attempts) })
	}
	c.coordinate(ctx)

	c.desk.close()
	ended := make(chan struct{})
	go func() {
		workers.Wait()
		close(ended)
	}()
	if !waitFor(ended, c.options.Grace) {
		c.desk.cut()
		cut()
		waitFor(ended, c.options.Grace)
	}
	if err := c.settle(context.WithoutCancel(ctx), c.desk.takeEnded(), c.options.Now()); err != nil {
		return fmt.Errorf("settle the last attempts: %w", err)
	}
	return nil
}

// waitFor reports whether the channel was closed in time.
func waitFor(closed <-chan struct{}, within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-closed:
		return true
	case <-timer.C:
		return false
	}
}

// Step makes one round at a given time: it claims what is due at each destination whose gate is open, has it sent, one
// after another, and settles it. It returns how many attempts were made. Tests and virtual clocks call it instead of Run.
func (c *Carrier) Step(ctx context.Context, now time.Time) (int, error) {
	attempts := 0
	senders := c.desk.senders()
	for _, name := range slices.Sorted(maps.Keys(senders)) {
		if gate, ok := senders[name].(Gate); ok && !gate.Open() {
			continue
		}
		claimed, err := c.turn(ctx, now, nil, demand{names: []string{name}, limit: c.options.Batch})
		if err != nil {
			return attempts, fmt.Errorf("claim deliveries to %q: %w", name, err)
		}
		c.desk.put(claimed, now)
		for {
			j, ok := c.desk.take(now)
			if !ok {
				break
			}
			c.carry(ctx, j, func() time.Time { return now })
			attempts++
		}
		if err := c.settle(ctx, c.desk.takeEnded(), now); err != nil {
			return attempts, fmt.Errorf("settle deliveries to %q: %w", name, err)
		}
	}
	return attempts, nil
}

func (c *Carrier) settle(ctx context.Context, ended []Settled, now time.Time) error {
	if len(ended) == 0 {
		return nil
	}
	_, err := c.turn(ctx, now, ended, demand{})
	return err
}

// turn is the queue's Turn, with an end to it.
func (c *Carrier) turn(ctx context.Context, now time.Time, ended []Settled, wanted demand) ([]Delivery, error) {
	ctx, cancel := context.WithTimeout(ctx, queueWithin)
	defer cancel()
	return c.queue.Turn(ctx, now, ended, wanted.names, wanted.limit, c.options.Lease)
}
