package delivery

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// ahead is how much work is claimed for a destination at once, at the pace at which it has been answering. A slow one
// has nothing lying about whose lease runs out; a fast one has enough to do until the next turn.
const ahead = time.Second

// A desk is where the coordinator puts what it claimed, and the workers what they ended. Each destination has the same
// share of the workers, so that none can take those of another.
type desk struct {
	mu     sync.Mutex
	more   *sync.Cond // something to take, or closed
	trays  map[string]*tray
	order  []*tray // by name; workers look through it in turn
	turn   int     // where the next worker begins to look
	ended  []Settled
	notice chan struct{} // something has ended
	closed bool
	isCut  bool

	workers int
	batch   int
	lease   time.Duration
}

// A tray holds what is claimed for one destination.
type tray struct {
	name    string
	sender  Sender
	waiting []claim // oldest first
	running int
	share   int           // of the workers
	pace    time.Duration // how long an attempt takes of late; 0: not known
	health  Health        // as far as this process has seen
	look    bool          // there may be something to claim
}

// A claim is a delivery and when it was claimed.
type claim struct {
	Delivery
	at time.Time
}

// A job is what a worker takes.
type job struct {
	tray   *tray
	sender Sender
	Delivery
}

func newDesk(o Options) *desk {
	d := &desk{
		trays: map[string]*tray{}, notice: make(chan struct{}, 1),
		workers: o.Workers, batch: o.Batch, lease: o.Lease,
	}
	d.more = sync.NewCond(&d.mu)
	return d
}

func (d *desk) setSenders(senders map[string]Sender) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, t := range d.trays {
		if senders[name] == nil {
			d.putBack(t)
			delete(d.trays, name)
		}
	}
	for name, sender := range senders {
		if sender == nil {
			continue
		}
		t := d.trays[name]
		if t == nil {
			t = &tray{name: name}
			d.trays[name] = t
		}
		t.sender, t.look, t.pace = sender, true, 0
	}
	d.order = d.order[:0]
	for _, name := range slices.Sorted(maps.Keys(d.trays)) {
		t := d.trays[name]
		t.share = max(1, d.workers/len(d.trays))
		d.order = append(d.order, t)
	}
	d.more.Broadcast()
}

func (d *desk) senders() map[string]Sender {
	d.mu.Lock()
	defer d.mu.Unlock()
	senders := make(map[string]Sender, len(d.trays))
	for name, t := range d.trays {
		senders[name] = t.sender
	}
	return senders
}

// lookAgain says that there may be something to claim for every destination.
func (d *desk) lookAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.order {
		t.look = true
	}
}

// A demand is destinations that may have something due, and how much of it there is room for at each of them.
type demand struct {
	names []string
	limit int
}

// wanting is what to claim. Destinations with about the same room are claimed for together.
func (d *desk) wanting() []demand {
	d.mu.Lock()
	defer d.mu.Unlock()
	type want struct {
		name string
		room int
	}
	var wants []want
	for _, t := range d.order {
		if room := d.room(t); t.look && room > 0 && !t.shut() {
			t.look = false
			wants = append(wants, want{t.name, room})
		}
	}
	slices.SortStableFunc(wants, func(a, b want) int { return b.room - a.room })
	var demands []demand
	for i, most := 0, 0; i < len(wants); i++ {
		if i == 0 || 2*wants[i].room < most {
			most = wants[i].room
			demands = append(demands, demand{})
		}
		last := &demands[len(demands)-1]
		last.names, last.limit = append(last.names, wants[i].name), wants[i].room
	}
	return demands
}

// room is how many deliveries may be claimed for a destination: none while as many lie there as the next turn can't use up.
func (d *desk) room(t *tray) int {
	window := min(t.share, d.batch)
	if t.pace > 0 {
		window = max(window, min(int(time.Duration(t.share)*ahead/t.pace), d.batch))
	}
	if len(t.waiting) > window/2 {
		return 0
	}
	return window - len(t.waiting) - t.running
}

// names is the destinations that have room, but for those whose gate is shut: what is due there waits for it.
func (d *desk) names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, t := range d.order {
		if d.room(t) > 0 && !t.shut() {
			names = append(names, t.name)
		}
	}
	return names
}

// busy reports whether every destination that gets something has enough waiting for its workers not to need the
// coordinator just now.
func (d *desk) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.order {
		if len(t.waiting) < t.share && !t.shut() {
			return false
		}
	}
	return true
}

// put lays down what was claimed.
func (d *desk) put(claimed []Delivery, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, delivery := range claimed {
		t := d.trays[delivery.Destination]
		if t == nil || d.closed {
			d.end(delivery, Result{Verdict: Unsent})
			continue
		}
		if !t.open(now) {
			t.health = Health{} // somebody has had it tried again by hand, or another process has found it well
		}
		t.waiting = append(t.waiting, claim{delivery, now})
		d.more.Signal()
	}
}

// shut reports whether the destination's sender is a gate that lets nothing through just now.
func (t *tray) shut() bool {
	gate, ok := t.sender.(Gate)
	return ok && !gate.Open()
}

// open reports whether the destination may get something, as far as this process has seen.
func (t *tray) open(now time.Time) bool {
	return t.health.State != Disabled && (t.health.State != Paused || !now.Before(t.health.ResumeAt))
}

// wait takes the next job as soon as there is one. It returns false when the desk is closed.
func (d *desk) wait(now func() time.Time) (job, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if d.closed {
			return job{}, false
		}
		// A worker that ends one job takes the next, so nobody has to be told that there is room in a share.
		if j, ok := d.next(now()); ok {
			return j, true
		}
		d.more.Wait()
	}
}

// take takes the next job if there is one.
func (d *desk) take(now time.Time) (job, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next(now)
}

// next goes through the destinations in turn. What has lain there for half of its lease goes back: its attempt might
// outlast the rest, and begin again elsewhere. So does what lies before a gate that has been shut since it was claimed.
func (d *desk) next(now time.Time) (job, bool) {
	for i := range d.order {
		t := d.order[(d.turn+i)%len(d.order)]
		if len(t.waiting) == 0 {
			continue
		}
		if t.shut() {
			d.putBack(t)
			t.look = true // once it opens
			continue
		}
		if t.running >= t.share {
			continue
		}
		first := t.waiting[0]
		if now.Sub(first.at) > d.lease/2 {
			d.putBack(t)
			continue
		}
		t.waiting = t.waiting[1:]
		t.running++
		d.turn = (d.turn + i + 1) % len(d.order)
		return job{tray: t, sender: t.sender, Delivery: first.Delivery}, true
	}
	return job{}, false
}

// finish lays down what became of a job, and returns how the destination has been doing before and after. It returns
// false when the attempt was cut off, so that it is not known what became of it.
func (d *desk) finish(j job, r Result, now time.Time) (before, after Health, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := j.tray
	t.running--
	t.look = true
	if d.isCut && r.Verdict != Done {
		return t.health, t.health, false
	}
	if t.pace == 0 {
		t.pace = r.Took
	}
	t.pace = max(1, (3*t.pace+r.Took)/4)
	before, t.health = t.health, t.health.After(j.Delivery, r, now)
	if !t.open(now) {
		d.putBack(t)
	}
	d.end(j.Delivery, r)
	return before, t.health, true
}

// putBack ends what waits for a destination without an attempt.
func (d *desk) putBack(t *tray) {
	for _, c := range t.waiting {
		d.end(c.Delivery, Result{Verdict: Unsent})
	}
	t.waiting = nil
}

// end lays down a settlement, without the body, which nobody needs any more.
func (d *desk) end(delivery Delivery, r Result) {
	delivery.Body = nil
	d.ended = append(d.ended, Settled{Delivery: delivery, Result: r})
	select {
	case d.notice <- struct{}{}:
	default:
	}
}

// takeEnded takes what is to be settled.
func (d *desk) takeEnded() []Settled {
	d.mu.Lock()
	defer d.mu.Unlock()
	ended := d.ended
	d.ended = nil
	return ended
}

// returnEnded gives back what could not be settled, before what has ended since.
func (d *desk) returnEnded(ended []Settled) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = append(ended, d.ended...)
}

// close sends the workers home, and puts back what waits.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, t := range d.order {
		d.putBack(t)
	}
	d.more.Broadcast()
}

// cut says that attempts which fail from now on were cut off: nobody knows what came of them.
func (d *desk) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.isCut = true
}
