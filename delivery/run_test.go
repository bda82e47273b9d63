package delivery_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
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

func TestASlowDestinationDoesNotTakeTheWorkersOfAnother(t *testing.T) {
	h := newHouse(t, crm, "erp").realTime()
	release := make(chan struct{})
	h.receivers[crm].behaves(func(string, http.ResponseWriter) { <-release })
	h.commit(crm, numbered(200, 1)...)
	run(t, h.carrier)
	eventually(t, "the slow one is busy", func() bool { return h.receivers[crm].requests() >= 16 })
	h.now = time.Now()
	h.commit("erp", numbered(200, 1)...)
	h.carrier.Wake()
	eventually(t, "the other one has all", func() bool { return len(h.receivers["erp"].got()) == 200 })
	if got := len(h.receivers[crm].got()); got != 0 {
		t.Errorf("the slow one has answered %d", got)
	}
	close(release)
	eventually(t, "the slow one has all", func() bool { return len(h.receivers[crm].got()) == 200 })
}

func TestAtTheEndAttemptsUnderWayAreSettledAndWhatWasNotBegunGoesBack(t *testing.T) {
	h := newHouse(t, crm).realTime()
	release := make(chan struct{})
	h.receivers[crm].behaves(func(string, http.ResponseWriter) { <-release })
	h.commit(crm, numbered(100, 1)...)
	stop := run(t, h.carrier)
	eventually(t, "all workers are busy", func() bool { return h.receivers[crm].requests() == 32 })
	go func() { close(release) }()
	stop()
	first := len(h.receivers[crm].got())
	if first < 32 || first == 100 {
		t.Errorf("%d arrived before the end, want the 32 that were under way", first)
	}
	// Nothing of the rest is leased: it can be claimed at once, and for the first time.
	claimed, err := h.store.Turn(t.Context(), time.Now(), nil, []string{crm}, 1000, time.Minute)
	if err != nil || len(claimed) != 100-first {
		t.Fatalf("%d could be claimed, want %d: %v", len(claimed), 100-first, err)
	}
	for _, d := range claimed {
		if d.Attempt != 1 {
			t.Errorf("%s: attempt %d", d.Key, d.Attempt)
		}
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

// outage is a store whose turns fail while it lasts, some of them after they have been committed.
type outage struct {
	delivery.Queue
	lasts atomic.Bool
	turns atomic.Int32
}

var errOutage = errors.New("disk full")

func (o *outage) Turn(ctx context.Context, now time.Time, ended []delivery.Settled, destinations []string, limit int,
	lease time.Duration,
) ([]delivery.Delivery, error) {
	if o.lasts.Load() && o.turns.Add(1)%2 == 0 {
		return nil, errOutage
	}
	claimed, err := o.Queue.Turn(ctx, now, ended, destinations, limit, lease)
	if o.lasts.Load() {
		return nil, errOutage
	}
	return claimed, err
}

func TestAStoreThatFailsForAWhileLosesNothing(t *testing.T) {
	h := newHouse(t, crm).realTime()
	broken := &outage{Queue: h.store}
	// What is claimed while nobody learns of it comes back when its lease is over.
	h.carrier = delivery.New(broken, delivery.Options{Lease: time.Second})
	h.carrier.SetSenders(h.senders())
	h.receivers[crm].behaves(func(string, http.ResponseWriter) { broken.lasts.Store(true) })
	h.commit(crm, numbered(100, 3)...)
	run(t, h.carrier)
	eventually(t, "turns have failed", func() bool { return broken.turns.Load() >= 3 })
	h.receivers[crm].behaves(nil)
	broken.lasts.Store(false)
	eventually(t, "nothing is pending", func() bool { return !h.pending(t) })
	arrived := h.receivers[crm].got()
	slices.Sort(arrived)
	if unique := slices.Compact(arrived); len(unique) != 300 {
		t.Errorf("%d of 300 have arrived", len(unique))
	}
}

func TestSendersAreReplacedWhileDeliveriesAreUnderWay(t *testing.T) {
	h := newHouse(t, crm).realTime()
	release := make(chan struct{})
	old := h.receivers[crm]
	old.behaves(func(string, http.ResponseWriter) { <-release })
	h.commit(crm, numbered(100, 1)...)
	run(t, h.carrier)
	eventually(t, "all workers are busy", func() bool { return old.requests() == 32 })
	replaced := newReceiver(t)
	h.carrier.SetSenders(map[string]delivery.Sender{crm: newSender(t, crm, replaced.server.URL)})
	close(release)
	eventually(t, "all have arrived", func() bool { return len(old.got())+len(replaced.got()) == 100 })
	if got := len(old.got()); got != 32 {
		t.Errorf("%d arrived at the old address, want the 32 that were under way", got)
	}
}

func TestADestinationThatIsTakenOutGivesBackWhatItHad(t *testing.T) {
	h := newHouse(t, crm).realTime()
	release := make(chan struct{})
	h.receivers[crm].behaves(func(string, http.ResponseWriter) { <-release })
	h.commit(crm, numbered(100, 1)...)
	stop := run(t, h.carrier)
	eventually(t, "all workers are busy", func() bool { return h.receivers[crm].requests() == 32 })
	h.carrier.SetSenders(nil)
	close(release)
	eventually(t, "those under way have arrived", func() bool { return len(h.receivers[crm].got()) == 32 })
	stop()
	claimed, err := h.store.Turn(t.Context(), time.Now(), nil, []string{crm}, 1000, time.Minute)
	if err != nil || len(claimed) != 68 {
		t.Fatalf("%d are left, want 68: %v", len(claimed), err)
	}
}

func TestWakeNeverBlocks(t *testing.T) {
	c := delivery.New(newHouse(t).store, delivery.Options{})
	for range 1000 {
		c.Wake()
	}
}
