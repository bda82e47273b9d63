package delivery_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/delivery"
)

// A door is a gate before a real sender, which the test opens and shuts.
type door struct {
	delivery.Sender
	open    atomic.Bool
	through func() // called when a delivery goes through; may be nil
}

func (d *door) Open() bool { return d.open.Load() }

func (d *door) Send(ctx context.Context, one delivery.Delivery) delivery.Result {
	if d.through != nil {
		d.through()
	}
	return d.Sender.Send(ctx, one)
}

// gated puts a door before the house's first destination.
func (h *house) gated(open bool) *door {
	senders := h.senders()
	d := &door{Sender: senders[crm]}
	d.open.Store(open)
	senders[crm] = d
	h.carrier.SetSenders(senders)
	return d
}

// attempts is how often each delivery counts as begun, by key.
func (h *house) attempts() map[string]int {
	h.t.Helper()
	counted := map[string]int{}
	h.carrier.SetSenders(nil)
	claimed, err := h.store.Turn(h.t.Context(), h.now, nil, []string{crm}, 1000, time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, d := range claimed {
		counted[d.Key] = d.Attempt
	}
	return counted
}

func TestNothingIsClaimedBeforeAShutGate(t *testing.T) {
	h := newHouse(t, crm, "erp")
	w := &witness{Queue: h.store}
	h.carrier = delivery.New(w, delivery.Options{})
	door := h.gated(false)
	h.commit(crm, "ana/1", "bia/1")
	h.commit("erp", "ana/1", "bia/1")
	if attempts := h.step(0); attempts != 2 {
		t.Errorf("%d attempts, want those of the other destination", attempts)
	}
	if got := h.receivers["erp"].got(); len(got) != 2 {
		t.Errorf("the other destination got %v", got)
	}
	if n := w.wentBack(); n != 0 {
		t.Errorf("%d deliveries were claimed and put back", n)
	}
	door.open.Store(true)
	h.step(0)
	if got := h.receivers[crm].got(); !slices.Equal(got, []string{"ana/1", "bia/1"}) {
		t.Errorf("arrived once it is open: %v", got)
	}
}

func TestWhatWasClaimedAndNotBegunGoesBackWhenTheGateShuts(t *testing.T) {
	h := newHouse(t, crm)
	door := h.gated(true)
	h.commit(crm, "ana/1", "bia/1", "carla/1")
	door.through = func() { door.open.Store(false) }
	if attempts := h.step(0); attempts != 1 {
		t.Errorf("%d attempts", attempts)
	}
	if got := h.receivers[crm].got(); !slices.Equal(got, []string{"ana/1"}) {
		t.Errorf("arrived: %v", got)
	}
	got := h.attempts()
	if len(got) != 2 || got["bia/1"] != 1 || got["carla/1"] != 1 {
		t.Errorf("the attempts of what went back, with the one that has begun now: %v", got)
	}
}

func TestRunSendsAsSoonAsItIsToldThatTheGateIsOpen(t *testing.T) {
	h := newHouse(t, crm, "erp").realTime()
	door := h.gated(false)
	h.commit(crm, numbered(50, 4)...)
	stop := run(t, h.carrier)
	h.commit("erp", numbered(10, 1)...)
	h.carrier.Wake()
	eventually(t, "the other destination has its events", func() bool { return len(h.receivers["erp"].got()) == 10 })
	if n := h.receivers[crm].requests(); n != 0 {
		t.Errorf("%d requests through a shut gate", n)
	}
	door.open.Store(true)
	h.carrier.Wake()
	eventually(t, "all have arrived", func() bool { return len(h.receivers[crm].got()) == 200 })
	stop()
	wantInOrder(t, h.receivers[crm].got(), 200)
	h.wantStates(map[delivery.State]int{delivery.Delivered: 210})
}

func TestAGateThatOpensAndShutsLosesAndDoublesNothing(t *testing.T) {
	h := newHouse(t, crm).realTime()
	door := h.gated(true)
	var passed atomic.Int64
	door.through = func() {
		if passed.Add(1)%7 == 0 {
			door.open.Store(false)
		}
	}
	h.commit(crm, numbered(20, 10)...)
	stop := run(t, h.carrier)
	eventually(t, "all have arrived", func() bool {
		if !door.open.Swap(true) {
			h.carrier.Wake()
		}
		return len(h.receivers[crm].got()) == 200
	})
	stop()
	wantInOrder(t, h.receivers[crm].got(), 200)
	if n := h.receivers[crm].requests(); n != 200 {
		t.Errorf("%d requests", n)
	}
}

// A counter is a queue that counts what is asked of it, and what goes back.
type counter struct {
	witness
	rounds atomic.Int64
}

func (c *counter) NextAt(ctx context.Context, now time.Time, destinations []string) (time.Time, error) {
	c.rounds.Add(1)
	return c.witness.NextAt(ctx, now, destinations)
}

// wentBack is how many deliveries were claimed and not begun.
func (w *witness) wentBack() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unsent
}

func TestWaitingBeforeAShutGateIsNoBusyLoop(t *testing.T) {
	h := newHouse(t, crm, "erp").realTime()
	q := &counter{witness: witness{Queue: h.store}}
	h.carrier = delivery.New(q, delivery.Options{})
	h.gated(false)
	h.commit(crm, numbered(50, 4)...)
	stop := run(t, h.carrier)
	eventually(t, "it runs", func() bool { return !h.carrier.Alive().IsZero() })
	first := h.carrier.Alive()
	eventually(t, "it has turned for a while", func() bool { return h.carrier.Alive().Sub(first) > 1500*time.Millisecond })
	stop()
	if n := q.rounds.Load(); n > 10 {
		t.Errorf("it has looked %d times for what it can't send", n)
	}
	if n := q.wentBack(); n != 0 {
		t.Errorf("%d deliveries were claimed and put back", n)
	}
}

// An unsender finds that it can't send just now.
type unsender struct{ after time.Duration }

func (u unsender) Send(context.Context, delivery.Delivery) delivery.Result {
	return delivery.Result{Verdict: delivery.Unsent, After: u.after, Detail: "not now"}
}

func TestAnUnsentDeliveryIsDueAgainAfterAsLongAsWasAskedAndWasNeverTried(t *testing.T) {
	h := newHouse(t, crm)
	h.commit(crm, "ana/1", "ana/2")
	h.carrier.SetSenders(map[string]delivery.Sender{crm: unsender{after: 3 * time.Hour}})
	if attempts := h.step(0); attempts != 1 {
		t.Errorf("%d attempts", attempts)
	}
	h.carrier.SetSenders(h.senders())
	if attempts := h.step(3*time.Hour - time.Second); attempts != 0 {
		t.Errorf("%d attempts before it is due: its lane waits with it", attempts)
	}
	h.step(time.Second)
	h.step(0)
	if got := h.receivers[crm].got(); !slices.Equal(got, []string{"ana/1", "ana/2"}) {
		t.Errorf("arrived: %v", got)
	}
}

func TestHoweverOftenADeliveryIsUnsentItIsNotDead(t *testing.T) {
	h := newHouse(t, crm)
	h.commit(crm, "ana/1")
	h.carrier.SetSenders(map[string]delivery.Sender{crm: unsender{after: time.Minute}})
	for range 3 * delivery.MaxAttempts {
		if attempts := h.step(time.Minute); attempts != 1 {
			t.Fatalf("%d attempts", attempts)
		}
	}
	h.now = h.now.Add(time.Minute)
	if got := h.attempts(); got["ana/1"] != 1 {
		t.Errorf("the next attempt counts as number %v", got)
	}
}
