package whatsapp

import (
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
)

func TestANumberThatIsBeingPairedDoesNotLookForADeviceMeanwhile(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	n := &Number{connection: connection{
		cli: &whatsmeow.Client{}, offers: []*offer{{until: now.Add(time.Minute)}},
		overdueAt: now.Add(30 * time.Second), deviceAt: now.Add(-time.Minute), codes: rotation{until: now.Add(20 * time.Second)},
	}}
	if next := n.next(); next.Before(now) {
		t.Errorf("the loop wakes at %s, which is over: it would turn without end", next)
	}
	n.offers = nil
	if next := n.next(); !next.Equal(n.deviceAt) {
		t.Errorf("nobody pairs it: the loop wakes at %s, want %s", next, n.deviceAt)
	}
}

func TestTheNumbersAreAliveSinceTheirLongestStepBegan(t *testing.T) {
	free, busy := &Number{}, &Number{}
	ns := &Numbers{list: []*Number{free, busy}}
	before := time.Now()
	if alive := ns.Alive(); alive.Before(before) {
		t.Errorf("no step is under way, and they are alive since %s", alive)
	}
	began := before.Add(-time.Hour)
	busy.stepBegan.Store(began.UnixNano())
	if alive := ns.Alive(); !alive.Equal(began) {
		t.Errorf("alive since %s, want %s", alive, began)
	}
}
