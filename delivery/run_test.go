package delivery_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/delivery"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// run runs a carrier until stop is called.
func run(t testing.TB, c *delivery.Carrier) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	stopped := false
	stop = func() {
		t.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run does not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

func (h *house) pending(t testing.TB) bool {
	t.Helper()
	at, err := h.store.NextAt(t.Context(), time.Now(), []string{crm, "erp"})
	if err != nil {
		t.Fatal(err)
	}
	return !at.IsZero()
}

// realTime makes the house's clock the real one.
func (h *house) realTime() *house {
	h.now = time.Now()
	return h
}

func TestRunDeliversWhatIsThereAndWhatIsCommittedLater(t *testing.T) {
	h := newHouse(t, crm, "erp").realTime()
	h.commit(crm, numbered(50, 4)...)
	stop := run(t, h.carrier)
	eventually(t, "the first have arrived", func() bool { return len(h.receivers[crm].got()) == 200 })
	h.now = time.Now()
	h.commit("erp", numbered(50, 4)...)
	h.carrier.Wake()
	eventually(t, "the others have arrived", func() bool { return len(h.receivers["erp"].got()) == 200 })
	stop()
	wantInOrder(t, h.receivers[crm].got(), 200)
	wantInOrder(t, h.receivers["erp"].got(), 200)
	if h.pending(t) {
		t.Error("something is still pending")
	}
	if h.carrier.Alive().IsZero() {
		t.Error("no sign of life")
	}
}

// blocked runs the house's carrier, lets its first destination show that it is fast, so that much is claimed for it at
// once, and then has 500 events for it, 32 or, among two destinations, 16 of which are under way until release is called.
func (h *house) blocked(t testing.TB) (stop, release func()) {
	t.Helper()
	h.commit(crm, numbered(64, 1)...)
	stop = run(t, h.carrier)
	r := h.receivers[crm]
	eventually(t, "it has shown that it is fast", func() bool { return len(r.got()) == 64 && !h.pending(t) })
	gate, under := make(chan struct{}), 32/len(h.receivers)
	r.behaves(func(string, http.ResponseWriter) { <-gate })
	h.now = time.Now()
	h.commit(crm, numbered(500, 2)[500:]...)
	h.carrier.Wake()
	eventually(t, "its workers are busy", func() bool { return r.requests() == 64+under })
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	return stop, release
}

// left is how many deliveries can be claimed at once, all for the first time.
func (h *house) left(t testing.TB) int {
	t.Helper()
	claimed, err := h.store.Turn(t.Context(), time.Now(), nil, []string{crm}, 1000, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range claimed {
		if d.Attempt != 1 {
			t.Errorf("%s: attempt %d", d.Key, d.Attempt)
		}
	}
	return len(claimed)
}

func TestASlowDestinationDoesNotTakeTheWorkersOfAnother(t *testing.T) {
	h := newHouse(t, crm, "erp").realTime()
	_, release := h.blocked(t)
	h.now = time.Now()
	h.commit("erp", numbered(200, 1)...)
	h.carrier.Wake()
	eventually(t, "the other one has all", func() bool { return len(h.receivers["erp"].got()) == 200 })
	if n := h.receivers[crm].requests(); n != 64+16 {
		t.Errorf("the slow one has %d under way, want 16", n-64)
	}
	release()
	eventually(t, "the slow one has all", func() bool { return len(h.receivers[crm].got()) == 564 })
}

func TestAtTheEndAttemptsUnderWayAreSettledAndWhatWasNotBegunGoesBack(t *testing.T) {
	h := newHouse(t, crm).realTime()
	stop, release := h.blocked(t)
	go release()
	stop()
	arrived := len(h.receivers[crm].got())
	if left := h.left(t); arrived < 64+32 || left == 0 || arrived+left != 564 {
		t.Errorf("%d have arrived and %d are left, of 564", arrived, left)
	}
}

func TestSendersAreReplacedWhileDeliveriesAreUnderWay(t *testing.T) {
	h := newHouse(t, crm).realTime()
	_, release := h.blocked(t)
	old, replaced := h.receivers[crm], newReceiver(t)
	h.carrier.SetSenders(map[string]delivery.Sender{crm: newSender(t, crm, replaced.server.URL)})
	release()
	eventually(t, "all have arrived", func() bool { return len(old.got())+len(replaced.got()) == 564 })
	if got := len(old.got()); got != 64+32 {
		t.Errorf("%d arrived at the old address, want the 32 that were under way", got-64)
	}
}

func TestADestinationThatIsTakenOutGivesBackWhatItHad(t *testing.T) {
	h := newHouse(t, crm).realTime()
	stop, release := h.blocked(t)
	h.carrier.SetSenders(nil)
	release()
	eventually(t, "those under way have arrived", func() bool { return len(h.receivers[crm].got()) == 64+32 })
	stop()
	if left := h.left(t); left != 500-32 {
		t.Errorf("%d are left, want %d", left, 500-32)
	}
}

func TestAnAttemptThatOutlastsTheGraceStaysClaimed(t *testing.T) {
	h := newHouse(t, crm).realTime()
	release := make(chan struct{})
	defer close(release)
	h.receivers[crm].behaves(func(string, http.ResponseWriter) { <-release })
	h.carrier = delivery.New(h.store, delivery.Options{Grace: time.Millisecond, Lease: time.Hour})
	h.carrier.SetSenders(h.senders())
	h.commit(crm, "ana/1")
	stop := run(t, h.carrier)
	eventually(t, "it is under way", func() bool { return h.receivers[crm].requests() == 1 })
	stop()
	later := time.Now().Add(50 * time.Minute)
	if claimed, err := h.store.Turn(t.Context(), later, nil, []string{crm}, 10, time.Minute); err != nil || len(claimed) != 0 {
		t.Fatalf("claimed within its lease: %+v, %v", claimed, err)
	}
	later = later.Add(time.Hour)
	claimed, err := h.store.Turn(t.Context(), later, nil, []string{crm}, 10, time.Minute)
	if err != nil || len(claimed) != 1 || claimed[0].Attempt != 2 {
		t.Fatalf("claimed after its lease: %+v, %v", claimed, err)
	}
}

// outage is a store whose turns fail while it lasts.
type outage struct {
	delivery.Queue
	lasts   atomic.Bool
	commits bool // a turn fails after it has been committed: nobody learns what it claimed
	turns   atomic.Int32
}

func (o *outage) Turn(ctx context.Context, now time.Time, ended []delivery.Settled, destinations []string, limit int,
	lease time.Duration,
) ([]delivery.Delivery, error) {
	if !o.lasts.Load() {
		return o.Queue.Turn(ctx, now, ended, destinations, limit, lease)
	}
	o.turns.Add(1)
	if o.commits {
		if _, err := o.Queue.Turn(ctx, now, ended, destinations, limit, lease); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("disk full")
}

func TestAStoreThatFailsForAWhileLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		commits bool
		lease   time.Duration
		most    int // arrivals of 300 events
	}{
		"when it commits nothing, nothing is sent twice":          {commits: false, lease: time.Hour, most: 300},
		"when it commits, what it claimed comes back with leases": {commits: true, lease: time.Second, most: 600},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, crm).realTime()
			broken := &outage{Queue: h.store, commits: test.commits}
			h.carrier = delivery.New(broken, delivery.Options{Lease: test.lease})
			h.carrier.SetSenders(h.senders())
			h.receivers[crm].behaves(func(string, http.ResponseWriter) { broken.lasts.Store(true) })
			h.commit(crm, numbered(100, 3)...)
			run(t, h.carrier)
			eventually(t, "turns have failed", func() bool { return broken.turns.Load() >= 3 })
			h.receivers[crm].behaves(nil)
			broken.lasts.Store(false)
			eventually(t, "nothing is pending", func() bool { return !h.pending(t) })
			arrived := h.receivers[crm].got()
			if len(unique(arrived)) != 300 || len(arrived) > test.most {
				t.Errorf("%d events have arrived, %d of 300 different ones", len(arrived), len(unique(arrived)))
			}
		})
	}
}

// witness is a queue that remembers how many deliveries went back without an attempt.
type witness struct {
	delivery.Queue
	mu     sync.Mutex
	unsent int
}

func (w *witness) Turn(ctx context.Context, now time.Time, ended []delivery.Settled, destinations []string, limit int,
	lease time.Duration,
) ([]delivery.Delivery, error) {
	w.mu.Lock()
	for _, e := range ended {
		if e.Result.Verdict == delivery.Unsent {
			w.unsent++
		}
	}
	w.mu.Unlock()
	return w.Queue.Turn(ctx, now, ended, destinations, limit, lease)
}

func TestWhatHasWaitedForHalfOfItsLeaseGoesBack(t *testing.T) {
	h := newHouse(t, crm).realTime()
	w := &witness{Queue: h.store}
	var passed atomic.Int64
	h.carrier = delivery.New(w, delivery.Options{Now: func() time.Time {
		return time.Now().Add(time.Duration(passed.Load()))
	}})
	h.carrier.SetSenders(h.senders())
	_, release := h.blocked(t)
	passed.Store(int64(31 * time.Second))
	release()
	eventually(t, "all have arrived", func() bool { return len(h.receivers[crm].got()) == 564 })
	wantInOrder(t, h.receivers[crm].got()[64:], 500)
	if w.wentBack() == 0 {
		t.Error("nothing went back")
	}
}

// deaf is a queue that never says when something is due.
type deaf struct{ delivery.Queue }

func (deaf) NextAt(context.Context, time.Time, []string) (time.Time, error) { return time.Time{}, nil }

func TestWakeIsEnoughToHaveADeliverySent(t *testing.T) {
	h := newHouse(t, crm).realTime()
	h.carrier = delivery.New(deaf{h.store}, delivery.Options{})
	h.carrier.SetSenders(h.senders())
	run(t, h.carrier)
	eventually(t, "it runs", func() bool { return !h.carrier.Alive().IsZero() })
	for i, event := range []string{"ana/1", "bia/1", "ana/2"} {
		h.now = time.Now()
		h.commit(crm, event)
		h.carrier.Wake()
		eventually(t, "it has arrived", func() bool { return len(h.receivers[crm].got()) == i+1 })
	}
}

func TestWakeNeverBlocks(t *testing.T) {
	c := delivery.New(newHouse(t).store, delivery.Options{})
	for range 1000 {
		c.Wake()
	}
}
