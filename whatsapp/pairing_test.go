package whatsapp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/simulator"
)

func TestAnUnpairedNumberWaitsToBePaired(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	s := d.waitState("front-desk", Unpaired)
	if !s.State.Ready() || !strings.Contains(s.Sentence, "leadgate pair front-desk") || s.QR != "" {
		t.Errorf("status %+v", s)
	}
	if got := d.sim.Counters()["connections"]; got != 0 {
		t.Errorf("connected %d times", got)
	}
}

func TestTheStatusShowsTheCodeWhilePairing(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	d.waitState("front-desk", Unpaired)
	n := d.Number("front-desk")
	if err := n.StartPairing(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a code is shown", func() bool { return n.Status().QR != "" })
	s := n.Status()
	if s.State != Pairing || !s.State.Ready() {
		t.Errorf("status %+v", s)
	}
	if err := d.account.Scan(s.QR); err != nil {
		t.Fatal(err)
	}
	if s := d.waitState("front-desk", Connected); s.QR != "" || s.Code != "" {
		t.Errorf("still shows a code: %+v", s)
	}
	if err := n.StartPairing(); !errors.Is(err, ErrPaired) {
		t.Errorf("pairing a paired number: %v", err)
	}
	if _, err := n.Pair(t.Context(), false); !errors.Is(err, ErrPaired) {
		t.Errorf("pairing a paired number: %v", err)
	}
	d.expectTold(ChangeConnected)
}

func TestTheLettersForThePhonePairToo(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	events, err := d.Number("front-desk").Pair(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	var done bool
	for e := range events {
		switch e.Kind {
		case PairCode:
			if len(e.Text) != 9 || e.Until.IsZero() || d.Number("front-desk").Status().State != Pairing {
				t.Errorf("got %+v", e)
			}
			if err := d.account.TypeCode(e.Text); err != nil {
				t.Fatal(err)
			}
		case PairDone:
			done = true
		}
	}
	if !done {
		t.Error("pairing ended without success")
	}
}

func TestAnotherPhoneIsRefusedAndTheRightOneStillPairs(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	wrong, err := d.sim.AddAccount(simulator.AccountOptions{Phone: "+5511987659999", Name: "Private"})
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.Number("front-desk").Pair(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var refused string
	for e := range events {
		switch {
		case e.Kind == PairQR && refused == "":
			_ = wrong.Scan(e.Text)
		case e.Kind == PairQR:
			if err := d.account.Scan(e.Text); err != nil {
				t.Fatal(err)
			}
		case e.Kind == PairRefused:
			refused = e.Text
		}
	}
	for _, part := range []string{"+5511987659999", frontDesk, `"front-desk"`} {
		if !strings.Contains(refused, part) {
			t.Errorf("refused with %q", refused)
		}
	}
	if s := d.waitState("front-desk", Connected); !strings.Contains(s.LastError, "+5511987659999") {
		t.Errorf("status %+v", s)
	}
}

func TestAPhoneFromBeforeTheNinthDigitIsTheSamePhone(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	old, err := d.sim.AddAccount(simulator.AccountOptions{Phone: "+551187650003", Name: "Old"})
	if err != nil {
		t.Fatal(err)
	}
	d.run(chat.Number{Name: "old", Phone: "+5511987650003"})
	d.pair("old", old)
	d.stop()
	d.run(chat.Number{Name: "old", Phone: "+5511987650003"})
	d.waitState("old", Connected)
}

func TestPairingEndsWithItsContext(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	ctx, cancel := context.WithCancel(t.Context())
	events, err := d.Number("front-desk").Pair(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	<-events
	cancel()
	for range events { // until it is closed
	}
	if s := d.waitState("front-desk", Unpaired); s.QR != "" {
		t.Errorf("still shows a code: %+v", s)
	}
}

func TestPairingWaitsForAServerThatIsAway(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	d.sim.Offline(true)
	d.run()
	events, err := d.Number("front-desk").Pair(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the status says why", func() bool {
		return strings.Contains(d.Number("front-desk").Status().Sentence, "gives no code to scan yet")
	})
	d.sim.Offline(false)
	if e := <-events; e.Kind != PairQR {
		t.Errorf("got %+v", e)
	}
}

func TestAPairingThatIsDoneSurvivesARestart(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.restart()
	d.waitState("front-desk", Connected)
}

func TestANumberThatAnotherProcessPairedIsTaken(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	d.delays = &delays{redeliverFirst, redeliverLongest, 2 * time.Second, quietFor}
	d.run()
	d.waitState("front-desk", Unpaired)
	beside := *d
	beside.run()
	beside.pair("front-desk", d.account)
	beside.stop()
	d.waitState("front-desk", Connected)
}

func TestAPairingThatWhatsAppRefusesFailsWithTheReason(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	d.sim.FailLogin(405, 0, 0)
	events, err := d.Number("front-desk").Pair(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var last PairEvent
	for e := range events {
		if last = e; e.Kind == PairQR {
			if err := d.account.Scan(e.Text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last.Kind != PairFailed || !strings.Contains(last.Text, "update leadgate") {
		t.Errorf("ended with %+v", last)
	}
}
