package delivery

import (
	"fmt"
	"time"
)

// HealthState says whether a destination gets deliveries.
type HealthState string

// The states of a destination.
const (
	Active   HealthState = "active"   // it gets everything that is due
	Paused   HealthState = "paused"   // it gets nothing until ResumeAt, then one delivery as a probe
	Disabled HealthState = "disabled" // it gets nothing until the configuration is reloaded or it is retried by hand
)

const (
	failuresToPause = 5 // in a row
	firstPause      = time.Minute
	longestPause    = time.Hour
)

// Health is how a destination has been doing. The zero State counts as Active.
type Health struct {
	Destination string
	State       HealthState
	Failures    int       // in a row
	Pauses      int       // in a row, each after a failed probe; the length of the next pause follows from it
	ResumeAt    time.Time // when a paused destination is probed; zero unless paused
	Reason      string    // one line, why it is paused or disabled; "" when active
}

// After is the health once the attempt to deliver d came to r. Five failures in a row pause the destination for a
// minute, each failed probe for twice as long as before, up to an hour; a Retry-After pauses it at once and for at
// least as long. An answer that rejects a delivery is no failure of the destination. What ends during a pause was begun
// before it and tells nothing new, unless it asks for a longer one. An attempt that was not made tells nothing at all:
// its After concerns the delivery alone.
func (h Health) After(d Delivery, r Result, now time.Time) Health {
	h.Destination = d.Destination
	if h.State == "" {
		h.State = Active
	}
	if h.State == Disabled || r.Verdict == Unsent {
		return h
	}
	switch r.Verdict {
	case Disable:
		return Health{Destination: h.Destination, State: Disabled, Failures: h.Failures + 1, Reason: reason(r)}
	case Done, Reject, Never:
		if h.State == Paused && now.Before(h.ResumeAt) {
			h.Failures, h.Pauses = 0, 0
			return h
		}
		return Health{Destination: h.Destination, State: Active}
	}
	return h.afterFailure(r, now)
}

func (h Health) afterFailure(r Result, now time.Time) Health {
	h.Failures++
	var pause time.Duration
	switch {
	case h.State == Paused && now.Before(h.ResumeAt): // begun before the pause
	case h.State == Paused || h.Failures >= failuresToPause:
		pause = min(firstPause<<min(h.Pauses, 16), longestPause)
		h.Pauses++
	}
	resume := now.Add(max(pause, min(r.After, maxAfter)))
	if resume.After(now) && resume.After(h.ResumeAt) {
		h.State, h.ResumeAt = Paused, resume
		h.Reason = fmt.Sprintf("failed %d times in a row, the last time: %s", h.Failures, reason(r))
		if h.Failures == 1 {
			h.Reason = reason(r)
		}
	}
	return h
}

func reason(r Result) string {
	switch {
	case r.Detail != "":
		return r.Detail
	case r.Status != 0:
		return fmt.Sprintf("status %d", r.Status)
	default:
		return "no reason given"
	}
}
