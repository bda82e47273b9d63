package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"leadgate/delivery"
	"leadgate/store"
)

func TestEventsOfALeadStayInOrderThoughTheFirstHasToBeRepeated(t *testing.T) {
	h := newHouse(t, crm)
	h.commit(crm, "ana/1", "ana/2", "ana/3")
	h.receivers[crm].answers(500)
	h.step(0)
	h.receivers[crm].behaves(nil)
	if attempts := h.step(time.Second); attempts != 0 {
		t.Errorf("%d attempts before the first is due again", attempts)
	}
	h.settle()
	if got := h.receivers[crm].got(); !slices.Equal(got, []string{"ana/1", "ana/2", "ana/3"}) {
		t.Fatalf("arrived: %v", got)
	}
	if got := h.receivers[crm].requested(); !slices.Equal(got, []string{"ana/1", "ana/1", "ana/2", "ana/3"}) {
		t.Errorf("asked: %v", got)
	}
}

func TestALeadWhoseDeliveryFailsDelaysNoOtherLead(t *testing.T) {
	h := newHouse(t, crm)
	h.commit(crm, "ana/1", "bia/1", "ana/2", "bia/2")
	h.receivers[crm].behaves(func(id string, w http.ResponseWriter) {
		if strings.HasPrefix(id, "ana/") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	h.step(0)
	h.step(0)
	if got := h.receivers[crm].got(); !slices.Equal(got, []string{"bia/1", "bia/2"}) {
		t.Fatalf("arrived: %v", got)
	}
}

func TestADestinationThatFailsDelaysNoOther(t *testing.T) {
	h := newHouse(t, crm, "erp")
	h.receivers[crm].answers(500)
	h.commit(crm, numbered(20, 2)...)
	h.commit("erp", numbered(20, 2)...)
	h.step(0)
	h.step(0)
	wantInOrder(t, h.receivers["erp"].got(), 40)
}

func TestADeadDeliveryDoesNotHoldBackTheNextOfItsLead(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].behaves(func(id string, w http.ResponseWriter) {
		if id == "ana/1" {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	})
	h.commit(crm, "ana/1", "ana/2")
	h.settle()
	if got := h.receivers[crm].requested(); !slices.Equal(got, []string{"ana/1", "ana/1", "ana/1", "ana/2"}) {
		t.Fatalf("asked: %v", got)
	}
	if passed := h.now.Sub(noon()); passed > 30*time.Minute {
		t.Errorf("the next one waited for %s", passed)
	}
}

func TestADeliveryThatNeverArrivesIsDeadAfterAboutThreeDays(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].answers(503)
	h.commit(crm, "ana/1")
	h.settle()
	if passed := h.now.Sub(noon()); passed < 60*time.Hour || passed > 84*time.Hour {
		t.Errorf("given up after %s", passed)
	}
	if n := h.receivers[crm].requests(); n != delivery.MaxAttempts {
		t.Errorf("tried %d times", n)
	}
	h.wantStates(map[delivery.State]int{delivery.Dead: 1})
}

// FIELD.md 20: retries are none or endless elsewhere.
func TestDestinationDownForHours(t *testing.T) {
	h := newHouse(t, crm, "erp")
	down := h.receivers[crm]
	down.answers(502)
	events := numbered(40, 5)
	h.commit(crm, events[:100]...)
	h.commit("erp", events...)
	backAt := noon().Add(7 * time.Hour)
	for h.now.Before(backAt) {
		h.next()
		if len(events) > 100 && h.now.After(noon().Add(time.Hour)) {
			h.commit(crm, events[100:]...) // life goes on
			events = events[:100]
		}
	}
	wantInOrder(t, h.receivers["erp"].got(), 200)
	if got := down.got(); len(got) != 0 {
		t.Fatalf("arrived while it was down: %v", got)
	}
	// The first five; then pauses of 1, 2, 4, 8, 16, 32 minutes and an hour each end in one probe.
	if n := down.requests(); n > 5+7+6 {
		t.Errorf("%d requests to a destination that is down", n)
	}
	down.behaves(nil)
	h.settle()
	wantInOrder(t, down.got(), 200)
	h.wantStates(map[delivery.State]int{delivery.Delivered: 400})
	if late := h.now.Sub(backAt); late > 13*time.Hour {
		t.Errorf("all had arrived only %s after it was back", late)
	}
}

func TestAProbeThatWorksLetsTheRestFollowAtOnce(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].answers(500)
	h.commit(crm, numbered(30, 1)...)
	h.step(0)
	if n := h.receivers[crm].requests(); n != 5 {
		t.Fatalf("%d requests until the pause, want 5", n)
	}
	h.receivers[crm].behaves(nil)
	if attempts := h.step(59 * time.Second); attempts != 0 {
		t.Errorf("%d attempts during the pause", attempts)
	}
	if attempts := h.step(2 * time.Second); attempts != 1 {
		t.Errorf("%d attempts as probes, want 1", attempts)
	}
	h.step(0)
	if got := len(h.receivers[crm].got()); got < 26 {
		t.Errorf("%d have arrived", got)
	}
	h.settle()
	wantInOrder(t, h.receivers[crm].got(), 30)
}

func TestRetryAfterPausesTheWholeDestination(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].behaves(func(_ string, w http.ResponseWriter) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	h.commit(crm, numbered(10, 1)...)
	h.step(0)
	h.receivers[crm].behaves(nil)
	if attempts := h.step(599 * time.Second); attempts != 0 || h.receivers[crm].requests() != 1 {
		t.Errorf("%d requests before the time that it asked for", h.receivers[crm].requests())
	}
	h.settle()
	wantInOrder(t, h.receivers[crm].got(), 10)
}

func TestA410DisablesTheDestinationAndLosesNothing(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].answers(410)
	h.commit(crm, numbered(10, 2)...)
	h.step(0)
	h.receivers[crm].behaves(nil)
	if h.next() || h.step(1000*time.Hour) != 0 || h.receivers[crm].requests() != 1 {
		t.Fatalf("%d requests to a disabled destination", h.receivers[crm].requests())
	}
	h.wantStates(map[delivery.State]int{delivery.Pending: 20})
	if err := h.store.EnableDestinations(t.Context(), []string{crm}); err != nil {
		t.Fatal(err)
	}
	if attempts := h.step(0); attempts != 10 {
		t.Errorf("%d attempts in the first round after it was enabled, want one for each lead", attempts)
	}
	h.settle()
	wantInOrder(t, h.receivers[crm].got(), 20)
	h.wantStates(map[delivery.State]int{delivery.Delivered: 20})
}

func TestADeadDeliveryThatIsRetriedHasAllItsAttemptsAgain(t *testing.T) {
	h := newHouse(t, crm)
	h.receivers[crm].answers(404)
	h.commit(crm, "ana/1", "bia/1")
	h.settle()
	h.wantStates(map[delivery.State]int{delivery.Dead: 2})
	if _, err := h.store.RetryDeliveries(t.Context(), store.DeliveryFilter{Destination: crm}, h.now); err != nil {
		t.Fatal(err)
	}
	h.step(0)
	h.receivers[crm].behaves(nil)
	h.settle()
	wantInOrder(t, h.receivers[crm].got(), 2)
	h.wantStates(map[delivery.State]int{delivery.Delivered: 2})
}

func TestADeliveryThatEndsTheProcessEachTimeIsDeadInTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leadgate.db")
	s := openStore(t, path)
	commit(t, s, "input/1", noon(), crm, "ana/1", "ana/2")
	for attempt := 1; attempt <= delivery.MaxAttempts; attempt++ {
		claimed, err := s.Turn(t.Context(), noon(), nil, []string{crm}, 1, time.Minute)
		if err != nil || len(claimed) != 1 || claimed[0].Attempt != attempt || claimed[0].Key != "ana/1" {
			t.Fatalf("claim %d: %v %+v", attempt, err, claimed)
		}
		if err := s.Close(); err != nil { // and nothing is settled, as if the process had been killed
			t.Fatal(err)
		}
		s = openStore(t, path)
	}
	r := newReceiver(t)
	carrier := delivery.New(s, delivery.Options{})
	carrier.SetSenders(map[string]delivery.Sender{crm: newSender(t, crm, r.server.URL)})
	for range 2 {
		if _, err := carrier.Step(t.Context(), noon()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(r.requested(), []string{"ana/2"}) {
		t.Fatalf("asked: %v", r.requested())
	}
	dead, _, err := s.Deliveries(t.Context(), store.DeliveryFilter{State: delivery.Dead}, 0, 10)
	if err != nil || len(dead) != 1 || dead[0].Key != "ana/1" || dead[0].Detail == "" {
		t.Errorf("dead: %+v, %v", dead, err)
	}
}

// senderFunc is a destination within the process.
type senderFunc func(context.Context, delivery.Delivery) delivery.Result

func (f senderFunc) Send(ctx context.Context, d delivery.Delivery) delivery.Result { return f(ctx, d) }

func TestASenderThatPanicsIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	h.receivers[crm] = nil // so that the clock knows of it
	attempts := 0
	h.carrier.SetSenders(map[string]delivery.Sender{crm: senderFunc(func(_ context.Context, d delivery.Delivery) delivery.Result {
		if attempts = d.Attempt; attempts < 3 {
			panic(fmt.Sprintf("attempt %d\xff\n", attempts))
		}
		return done()
	})})
	h.commit(crm, "ana/1")
	h.step(0)
	failed, _, err := h.store.Deliveries(t.Context(), store.DeliveryFilter{}, 0, 1)
	if err != nil || failed[0].Detail != "the sender failed: attempt 1  " {
		t.Errorf("%+v, %v", failed, err)
	}
	h.settle()
	if attempts != 3 {
		t.Fatalf("%d attempts", attempts)
	}
}

func TestWhateverAReceiverAnswersNothingIsLostOrOutOfOrder(t *testing.T) {
	codes := []int{200, 200, 200, 204, 301, 400, 404, 429, 500, 503}
	for seed := range 8 {
		h := newHouse(t, crm, "erp")
		asked := 0
		for _, r := range h.receivers {
			r.behaves(func(_ string, w http.ResponseWriter) {
				asked++
				if asked%3 == 0 {
					w.Header().Set("Retry-After", "90")
				}
				w.WriteHeader(codes[(asked*asked+seed*asked)%len(codes)])
			})
		}
		for i, event := range numbered(7, 6) {
			h.commit(crm, event)
			h.commit("erp", event)
			if i%5 == 0 {
				h.step(time.Duration(i) * time.Second)
			}
		}
		h.settle()
		for name, r := range h.receivers {
			arrived := r.got()
			wantInOrder(t, arrived, len(arrived))
			for _, event := range numbered(7, 6) {
				rejected := count(r.requested(), event)
				if !slices.Contains(arrived, event) && rejected < 3 {
					t.Errorf("seed %d: %s did not arrive at %s and was tried %d times", seed, event, name, rejected)
				}
			}
		}
	}
}

func count(asked []string, event string) (n int) {
	for _, a := range asked {
		if a == event {
			n++
		}
	}
	return n
}
