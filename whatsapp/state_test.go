package whatsapp

import (
	"strings"
	"testing"
	"time"
)

func TestEveryStateHasASentenceThatSaysWhatToDo(t *testing.T) {
	for _, s := range States() {
		l := line{state: s, why: "because", dialAt: noon}
		if got := l.sentence("front-desk"); !strings.HasSuffix(got, ".") || len(got) < 20 {
			t.Errorf("state %q says %q", s, got)
		}
	}
}

func TestReconnectsComeAtOnceThenLaterAndAtLeastEveryMinute(t *testing.T) {
	l := line{}
	l.linked(noon)
	l.online(noon)
	var delays []time.Duration
	for range 9 {
		l.lost("cut", noon)
		delays = append(delays, l.dialAt.Sub(noon))
	}
	for i, seconds := range []int{0, 1, 2, 4, 8, 16, 32, 60, 60} {
		if want := time.Duration(seconds) * time.Second; delays[i] != want {
			t.Errorf("attempt %d comes after %v, want %v", i+1, delays[i], want)
		}
	}
	l.online(noon)
	if l.lost("cut", noon); !l.dialAt.Equal(noon) {
		t.Errorf("after a login that worked the first attempt comes after %v", l.dialAt.Sub(noon))
	}
}

func TestOnlyRealChangesAreTold(t *testing.T) {
	l := line{}
	l.linked(noon)
	if _, tell := l.change(); tell {
		t.Error("connecting is told")
	}
	l.online(noon)
	if kind, tell := l.change(); !tell || kind != ChangeConnected {
		t.Errorf("connected is told as %q", kind)
	}
	l.lost("cut", noon)
	if _, tell := l.change(); tell {
		t.Error("a connection that may come back at once is told as lost")
	}
	l.lost("cut", noon)
	if kind, tell := l.change(); !tell || kind != ChangeDisconnected {
		t.Errorf("a lost connection is told as %q", kind)
	}
}

func TestATemporaryBanIsRespectedToItsEnd(t *testing.T) {
	l := line{}
	l.linked(noon)
	l.dialled(noon)
	l.banned("101: too many messages", 3*time.Hour, noon)
	if l.dialAt.Before(noon.Add(3*time.Hour)) || !l.loginBy.IsZero() {
		t.Errorf("dials at %v", l.dialAt)
	}
	if got := l.sentence("front-desk"); !strings.Contains(got, "2026-11-23 15:00 UTC") || !strings.Contains(got, "101: too many messages") {
		t.Errorf("says %q", got)
	}
	l.banned("106", 0, noon)
	if l.dialAt.Before(noon.Add(bannedUnknown)) {
		t.Errorf("a ban without an end ends at %v", l.dialAt)
	}
}

func TestANumberThatIsPushedOutDoesNotPushBack(t *testing.T) {
	l := line{}
	l.online(noon)
	l.replaced(noon)
	if l.dialAt.Before(noon.Add(replacedFor)) {
		t.Errorf("dials at %v", l.dialAt)
	}
}

func TestRefusalsAreTriedLessAndLess(t *testing.T) {
	l := line{}
	l.linked(noon)
	last := time.Duration(0)
	for range 8 {
		l.refused("400", noon)
		if delay := l.dialAt.Sub(noon); delay < last || delay < refusedFirst || delay > refusedLongest {
			t.Errorf("tried after %v, before that after %v", delay, last)
		} else {
			last = delay
		}
	}
	if last != refusedLongest {
		t.Errorf("tried at last after %v", last)
	}
}

func TestALogoutIsRememberedUntilThePairing(t *testing.T) {
	l := line{}
	l.loggedOut("401", noon)
	l.unlinked(noon.Add(time.Hour))
	if l.state != LoggedOut || !l.since.Equal(noon) {
		t.Errorf("is %q since %v", l.state, l.since)
	}
	l.pairing(noon)
	if l.state != Pairing {
		t.Errorf("is %q", l.state)
	}
}

func TestCodesAreShownOneAfterTheOtherAsLongAsWhatsAppTakesThem(t *testing.T) {
	r := newRotation([]string{"a", "b", "c"}, noon)
	if r.text != "a" || !r.until.Equal(noon.Add(time.Minute)) || !r.end().Equal(noon.Add(100*time.Second)) {
		t.Errorf("first %+v, end %v", r, r.end())
	}
	at := r.until
	if !r.turn(at) || r.text != "b" || !r.until.Equal(at.Add(20*time.Second)) {
		t.Errorf("then %+v", r)
	}
	if !r.turn(r.until) || r.text != "c" || r.turn(r.until) {
		t.Errorf("at last %+v", r)
	}
	if r := newRotation(nil, noon); r.text != "" || !r.until.IsZero() {
		t.Errorf("without codes %+v", r)
	}
}
