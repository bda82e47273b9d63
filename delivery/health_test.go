package delivery_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/delivery"
)

const crm = "crm"

func done() delivery.Result   { return delivery.Result{Verdict: delivery.Done, Status: 200} }
func again() delivery.Result  { return delivery.Result{Verdict: delivery.Again, Status: 500} }
func reject() delivery.Result { return delivery.Result{Verdict: delivery.Reject, Status: 422} }
func disable() delivery.Result {
	return delivery.Result{Verdict: delivery.Disable, Status: 410, Detail: "answered 410 Gone"}
}

func after(h delivery.Health, now time.Time, results ...delivery.Result) delivery.Health {
	for _, r := range results {
		h = h.After(delivery.Delivery{Destination: crm, Key: "evt_1", Attempt: 1}, r, now)
	}
	return h
}

func TestFiveFailuresInARowPauseADestinationForAMinute(t *testing.T) {
	h := after(delivery.Health{}, noon(), again(), again(), again(), again())
	if h.State != delivery.Active {
		t.Fatalf("%s after four failures", h.State)
	}
	h = after(h, noon(), again())
	if h.State != delivery.Paused || !h.ResumeAt.Equal(noon().Add(time.Minute)) || h.Reason == "" {
		t.Fatalf("after five failures %+v", h)
	}
	if h.Destination != crm {
		t.Fatalf("the health is of %q", h.Destination)
	}
}

func TestASuccessOrARejectionBreaksTheRow(t *testing.T) {
	for _, answer := range []delivery.Result{done(), reject()} {
		h := after(delivery.Health{}, noon(), again(), again(), again(), again(), answer, again())
		if h.State != delivery.Active || h.Failures != 1 {
			t.Errorf("after %s: %+v", answer.Verdict, h)
		}
	}
}

func TestEachFailedProbeDoublesThePauseUpToAnHour(t *testing.T) {
	h := after(delivery.Health{}, noon(), again(), again(), again(), again(), again())
	for _, pause := range []int{2, 4, 8, 16, 32, 60, 60, 60} {
		probed := h.ResumeAt
		h = after(h, probed, again())
		if got := h.ResumeAt.Sub(probed); got != time.Duration(pause)*time.Minute {
			t.Fatalf("paused for %s, want %d minutes", got, pause)
		}
	}
	h = after(h, h.ResumeAt, done())
	if h != (delivery.Health{Destination: crm, State: delivery.Active}) {
		t.Fatalf("after a probe that worked %+v", h)
	}
}

func TestAttemptsThatWereUnderWayWhenThePauseBeganDoNotLengthenIt(t *testing.T) {
	h := after(delivery.Health{}, noon(), again(), again(), again(), again(), again())
	late := after(h, noon().Add(20*time.Second), again(), again(), again(), again(), again(), again())
	if !late.ResumeAt.Equal(h.ResumeAt) {
		t.Fatalf("paused until %s, then until %s", h.ResumeAt, late.ResumeAt)
	}
}

func TestRetryAfterPausesADestinationAtOnceAndForADayAtMost(t *testing.T) {
	asked := delivery.Result{Verdict: delivery.Again, Status: 429, After: 10 * time.Minute}
	h := after(delivery.Health{}, noon(), asked, done())
	if h.State != delivery.Paused || !h.ResumeAt.Equal(noon().Add(10*time.Minute)) {
		t.Fatalf("asked to wait ten minutes: %+v", h)
	}
	asked.After = 1000 * time.Hour
	if h = after(delivery.Health{}, noon(), asked); !h.ResumeAt.Equal(noon().Add(24 * time.Hour)) {
		t.Fatalf("asked to wait for weeks: %+v", h)
	}
}

func TestADisabledDestinationStaysDisabled(t *testing.T) {
	h := after(delivery.Health{}, noon(), disable())
	if h.State != delivery.Disabled || h.Reason != "answered 410 Gone" {
		t.Fatalf("after a 410 %+v", h)
	}
	if later := after(h, noon(), done(), again(), reject()); later != h {
		t.Fatalf("became %+v", later)
	}
}

func TestHealthIsPausedExactlyWhileItHasATimeToResume(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, now := delivery.Health{}, noon()
		for range rapid.IntRange(1, 50).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Hour)).Draw(t, "passed")))
			before := h
			h = h.After(drawDelivery(t), drawResult(t), now)
			if (h.State == delivery.Paused) == h.ResumeAt.IsZero() {
				t.Fatalf("%+v", h)
			}
			if (h.State == delivery.Active) != (h.Reason == "") {
				t.Fatalf("%+v", h)
			}
			if h.ResumeAt.After(now.Add(24*time.Hour)) && h.ResumeAt.After(before.ResumeAt) {
				t.Fatalf("at %s paused until %s", now, h.ResumeAt)
			}
		}
	})
}
