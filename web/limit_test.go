package web

import (
	"fmt"
	"testing"
	"time"
)

func TestNoMoreAddressesAreRememberedThanThereIsRoomFor(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	l := newLimiter(func() time.Time { return now })
	for range formBurst {
		l.take("busy")
	}
	for i := range maxAddresses + 10 {
		if wait := l.take(fmt.Sprint(i)); wait != 0 {
			t.Fatalf("address %d has to wait %s", i, wait)
		}
	}
	if len(l.rests) > maxAddresses {
		t.Errorf("%d addresses are remembered", len(l.rests))
	}
	if l.take("busy") == 0 {
		t.Error("the busiest address was forgotten before all others")
	}
	now = now.Add(time.Hour)
	l.take("another")
	if l.take("busy") != 0 || len(l.rests) > 2 {
		t.Errorf("after a rest %d addresses are remembered", len(l.rests))
	}
}
