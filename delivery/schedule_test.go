package delivery_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/delivery"
)

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// schedule is that of SPEC section 8.
func schedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// live keeps failing a delivery with verdict until it is dead, and returns when each attempt was made.
func live(t interface{ Fatalf(string, ...any) }, key string, verdict delivery.Verdict) []time.Time {
	d, now, attempts := delivery.Delivery{Key: key}, noon(), []time.Time(nil)
	for {
		d.Attempt++
		attempts = append(attempts, now)
		step := delivery.Next(d, delivery.Result{Verdict: verdict}, now)
		if step.State == delivery.Dead {
			return attempts
		}
		if step.State != delivery.Pending || len(attempts) > 100 {
			t.Fatalf("%s attempt %d: state %s", verdict, d.Attempt, step.State)
		}
		now, d.Attempt, d.Rejected = step.At, step.Attempt, step.Rejected
	}
}

func TestAFailingDeliveryIsTriedForAboutThreeDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts := live(t, rapid.String().Draw(t, "key"), delivery.Again)
		if len(attempts) != len(schedule())+1 || len(attempts) != delivery.MaxAttempts {
			t.Fatalf("%d attempts, want %d", len(attempts), len(schedule())+1)
		}
		for i, scheduled := range schedule() {
			if got := attempts[i+1].Sub(attempts[i]); got < scheduled || got > scheduled*12/10 {
				t.Fatalf("delay %d is %s, want %s and at most a fifth more", i+1, got, scheduled)
			}
		}
	})
}

func TestARejectedDeliveryIsTriedThreeTimesWithinHalfAnHour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempts := live(t, rapid.String().Draw(t, "key"), delivery.Reject)
		if len(attempts) != 3 {
			t.Fatalf("%d attempts, want 3", len(attempts))
		}
		if took := attempts[2].Sub(attempts[0]); took > 30*time.Minute {
			t.Fatalf("the third attempt came after %s", took)
		}
	})
}

func TestRejectionsAreCountedApartFromFailures(t *testing.T) {
	d := delivery.Delivery{Key: "evt_1", Attempt: 6}
	step := delivery.Next(d, delivery.Result{Verdict: delivery.Reject}, noon())
	if step.State != delivery.Pending || step.Rejected != 1 {
		t.Fatalf("the first rejection after five failures came to %+v", step)
	}
}

func TestWhatADestinationAsksForIsHonoredForADayAtMost(t *testing.T) {
	d := delivery.Delivery{Key: "evt_1", Attempt: 1}
	for asked, want := range map[time.Duration]time.Duration{time.Hour: time.Hour, 100 * time.Hour: 24 * time.Hour} {
		step := delivery.Next(d, delivery.Result{Verdict: delivery.Again, After: asked}, noon())
		if got := step.At.Sub(noon()); got != want {
			t.Errorf("asked for %s, it waits for %s", asked, got)
		}
	}
}

func TestJitterSpreadsWhatFailedTogether(t *testing.T) {
	seen := map[time.Time]bool{}
	for _, key := range []string{"evt_1", "evt_2", "evt_3", "evt_4", "evt_5"} {
		d := delivery.Delivery{Key: key, Attempt: 5}
		seen[delivery.Next(d, delivery.Result{Verdict: delivery.Again}, noon()).At] = true
	}
	if len(seen) != 5 {
		t.Fatalf("five deliveries come back at %d different times", len(seen))
	}
}

func TestNextIsTheSameForTheSameAttempt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, r := drawDelivery(t), drawResult(t)
		first, second := delivery.Next(d, r, noon()), delivery.Next(d, r, noon())
		if first != second {
			t.Fatalf("%+v, then %+v", first, second)
		}
	})
}

func TestWhatEachVerdictMakesOfADelivery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, r := drawDelivery(t), drawResult(t)
		step := delivery.Next(d, r, noon())
		switch r.Verdict {
		case delivery.Done:
			want(t, step, delivery.Step{State: delivery.Delivered, At: noon(), Attempt: d.Attempt, Rejected: d.Rejected})
		case delivery.Never:
			want(t, step, delivery.Step{State: delivery.Dead, At: noon(), Attempt: d.Attempt, Rejected: d.Rejected})
		case delivery.Disable:
			want(t, step, delivery.Step{State: delivery.Pending, At: noon(), Attempt: d.Attempt - 1, Rejected: d.Rejected})
		case delivery.Unsent:
			at := noon().Add(min(r.After, 24*time.Hour))
			want(t, step, delivery.Step{State: delivery.Pending, At: at, Attempt: d.Attempt - 1, Rejected: d.Rejected})
		default:
			if dead := step.State == delivery.Dead; !dead && d.Attempt >= delivery.MaxAttempts {
				t.Fatalf("attempt %d was not the last", d.Attempt)
			}
			if step.State == delivery.Pending && step.At.Before(noon().Add(min(r.After, 24*time.Hour))) {
				t.Fatalf("due at %s although %s were asked for", step.At, r.After)
			}
			if latest := noon().Add(24 * time.Hour * 12 / 10); step.At.After(latest) {
				t.Fatalf("due at %s, later than %s", step.At, latest)
			}
		}
	})
}

func want(t *rapid.T, got, want delivery.Step) {
	if got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func drawDelivery(t *rapid.T) delivery.Delivery {
	return delivery.Delivery{
		Destination: crm,
		Key:         rapid.String().Draw(t, "key"),
		Attempt:     rapid.IntRange(1, 30).Draw(t, "attempt"),
		Rejected:    rapid.IntRange(0, 2).Draw(t, "rejected"),
	}
}

func drawResult(t *rapid.T) delivery.Result {
	return delivery.Result{
		Verdict: rapid.SampledFrom([]delivery.Verdict{
			delivery.Done, delivery.Again, delivery.Reject, delivery.Never, delivery.Disable, delivery.Unsent, "made up",
		}).Draw(t, "verdict"),
		After: time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "after")),
	}
}
