package main

import (
	"context"
	"fmt"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// A loop that has not turned for this long hangs: the slowest turn is one delivery's time-out and a commit.
const loopTimeout = time.Minute

// A number's step that takes this long hangs: it may wait for the network and, twice, for a store that does not answer.
const stepTimeout = 3 * time.Minute

// tellSystemd says that the daemon is up, and from then on how it stands; it feeds the watchdog only while the loops turn.
// Without systemd it does nothing but wait.
func (l *live) tellSystemd(ctx context.Context) error {
	if _, err := systemd.SdNotify(false, systemd.SdNotifyReady+"\nSTATUS="+l.status()); err != nil {
		return fmt.Errorf("tell systemd: %w", err)
	}
	every := 10 * time.Second
	watchdog, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("read the watchdog's interval: %w", err)
	}
	if watchdog > 0 {
		every = min(every, watchdog/2)
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			_, err := systemd.SdNotify(false, systemd.SdNotifyStopping)
			return err
		case now := <-ticker.C:
			state := "STATUS=" + l.status()
			if watchdog > 0 && l.turning(now) {
				state += "\n" + systemd.SdNotifyWatchdog
			}
			if _, err := systemd.SdNotify(false, state); err != nil {
				l.log.Warn("systemd could not be told", "err", err)
			}
		}
	}
}

// turning reports whether every loop has turned lately.
func (l *live) turning(now time.Time) bool {
	return now.Sub(l.carrier.Alive()) < loopTimeout && now.Sub(l.numbers.Alive()) < stepTimeout
}

// status is the line that systemctl shows.
func (l *live) status() string {
	numbers := l.webNumbers()
	ready := 0
	for _, n := range numbers {
		if n.Ready {
			ready++
		}
	}
	return fmt.Sprintf("%d of %d numbers ready", ready, len(numbers))
}
