package delivery

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// MaxAttempts is how often a delivery is tried before it is dead: once, and once after each delay of the schedule.
const MaxAttempts = 10

const (
	// maxRejections is how often a destination may call a request wrong before the delivery is dead.
	maxRejections = 3
	// maxAfter bounds what a sender can ask for: nobody's Retry-After puts a delivery off for longer than a day.
	maxAfter = 24 * time.Hour
	// jitter is the part of a delay by which it may grow, so that what failed together does not come back together.
	jitter = 0.2
)

// afterFailure is the delay after an attempt that may work later; with jitter about three days in all.
func afterFailure(attempt int) time.Duration {
	return [MaxAttempts - 1]time.Duration{
		5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute,
		2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}[attempt-1]
}

// afterRejection is the delay after a rejection; with jitter less than half an hour in all.
func afterRejection(rejected int) time.Duration {
	return [maxRejections - 1]time.Duration{time.Minute, 20 * time.Minute}[rejected-1]
}

// A Step is what an attempt makes of its delivery.
type Step struct {
	State    State
	At       time.Time // pending: when the next attempt is due; delivered or dead: when it became so
	Attempt  int       // how many attempts count from now on
	Rejected int       // how many of them the destination rejected
}

// Next is what becomes of a claimed delivery whose attempt came to r. The delay grows with the attempts and is jittered
// by a hash of the key, so that the same attempt always has the same delay. Attempts are counted when they are claimed:
// one that never ended, because the process was killed, is spent as well. One that was not made is given back, and the
// delivery waits for as long as the sender asked, which is no part of the schedule.
func Next(d Delivery, r Result, now time.Time) Step {
	step := Step{State: Pending, At: now, Attempt: max(d.Attempt, 1), Rejected: d.Rejected}
	switch r.Verdict {
	case Done:
		step.State = Delivered
	case Never:
		step.State = Dead
	case Disable:
		step.Attempt--
	case Unsent:
		step.Attempt--
		step.At = now.Add(min(max(r.After, 0), maxAfter))
	case Reject:
		step.Rejected++
		if step.Rejected >= maxRejections || step.Attempt >= MaxAttempts {
			step.State = Dead
			break
		}
		step.At = now.Add(delay(d.Key, step.Attempt, afterRejection(step.Rejected), r.After))
	default: // Again, and whatever a sender makes up
		if step.Attempt >= MaxAttempts {
			step.State = Dead
			break
		}
		step.At = now.Add(delay(d.Key, step.Attempt, afterFailure(step.Attempt), r.After))
	}
	return step
}

// delay jitters a delay of the schedule, and is at least what the destination asked for.
func delay(key string, attempt int, scheduled, asked time.Duration) time.Duration {
	sum := sha256.Sum256(strconv.AppendInt([]byte(key+"/"), int64(attempt), 10))
	part := float64(binary.BigEndian.Uint32(sum[:])) / (1 << 32)
	jittered := scheduled + time.Duration(part*jitter*float64(scheduled))
	return max(jittered, min(asked, maxAfter))
}
