package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

func TestAChangeThatThePhoneOvertakesIsMadeAfterIt(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.account.ConflictAppState(1)
	d.carry(d.stage("Lead Entry"))
	d.shown("Lead Entry")
	d.account.ConflictAppState(2) // whatsmeow tries twice
	if got := d.attempt(d.stage("Scheduling"), 1); got.Verdict != delivery.Again || got.Status != codeConflict || got.Detail == "" {
		t.Errorf("two conflicts in a row: %+v", got)
	}
	if ids, err := d.book.Labelled(t.Context(), "front-desk", d.ana.LID()); err != nil || !slices.Equal(ids, []string{"1"}) {
		t.Errorf("the book says %q of what was refused (%v)", ids, err)
	}
	if got := d.attempt(d.stage("Scheduling"), 2); got.Verdict != delivery.Done {
		t.Errorf("tried again: %+v", got)
	}
	d.shown("Scheduling")
	d.told(0)
}

func TestARefusedLabelIsNeverTriedAgainAndTheBookIsAsBefore(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Lead Entry"))
	d.account.RefuseAppState(400, 1)
	if got := d.attempt(d.stage("Scheduling"), 1); got.Verdict != delivery.Never || got.Status != 400 || !strings.Contains(got.Detail, "refused") {
		t.Errorf("got %+v", got)
	}
	d.account.RefuseAppState(503, 1)
	if got := d.attempt(d.stage("Scheduling"), 1); got.Verdict != delivery.Again || got.Status != 503 {
		t.Errorf("got %+v", got)
	}
	d.shown("Lead Entry")
	d.carry(d.stage("Sale"))
	d.shown("Sale")
}

func TestNothingIsLabelledBeforeThePhoneHasSharedItsKey(t *testing.T) {
	d := newLabelDesk(t)
	d.byHand("Scheduling", true)
	if err := d.account.HoldStateKeys(true); err != nil {
		t.Fatal(err)
	}
	d.run(labelling)
	codes, err := d.Number("front-desk").Pair(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for e := range codes {
		if e.Kind == PairQR {
			if err := d.account.Scan(e.Text); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.waitOpen("front-desk")
	if got := d.attempt(d.stage("Sale"), 1); got.Verdict != delivery.Unsent || got.After == 0 {
		t.Errorf("without the key: %+v", got)
	}
	if err := d.account.HoldStateKeys(false); err != nil {
		t.Fatal(err)
	}
	d.learned()
	d.carry(d.stage("Sale"))
	d.shown("Sale")
	d.told(0)
}

func TestAPhoneWithTwentyLabelsGetsNoMore(t *testing.T) {
	d := newLabelDesk(t)
	for i := range labelsAtMost - 1 {
		d.change(appstate.BuildLabelEdit(fmt.Sprint(i+1), fmt.Sprint("mine ", i), 0, false))
	}
	d.byHand("Scheduling", true)
	d.begin()
	got := d.attempt(d.stage("Sale"), 1)
	if got.Verdict != delivery.Never || !strings.Contains(got.Detail, "20 labels") {
		t.Errorf("got %+v", got)
	}
	d.shown() // that of the stage before is off all the same
	d.carry(d.stage("Scheduling"))
	d.shown("Scheduling")
}

func TestAnAttemptAfterAnotherSaysEverythingAgain(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Sale"))
	d.carry(d.stage("Scheduling"))
	// As after an attempt that ended between the book and the phone.
	for id, on := range map[string]bool{"1": true, "2": false} {
		if err := d.book.SetLabelled(t.Context(), "front-desk", d.ana.LID(), id, on); err != nil {
			t.Fatal(err)
		}
	}
	d.carry(d.stage("Sale"))
	d.shown("Scheduling")
	if got := d.attempt(d.stage("Sale"), 2); got.Verdict != delivery.Done {
		t.Errorf("got %+v", got)
	}
	d.shown("Sale")
}

// unanswered labels a chat, and the answer of the server is lost once the phone shows that.
func (d *labelDesk) unanswered(want chat.Labelling, shown ...string) {
	d.t.Helper()
	body, err := json.Marshal(want)
	if err != nil {
		d.t.Fatal(err)
	}
	d.account.LoseAppStateAnswer(1)
	ctx, cancel := context.WithCancel(d.t.Context())
	result := make(chan delivery.Result, 1)
	go func() { result <- d.Labeller("front-desk").Send(ctx, delivery.Delivery{Body: body, Attempt: 1}) }()
	eventually(d.t, "the phone shows the label", func() bool { return slices.Equal(d.account.Labels(d.ana), shown) })
	cancel()
	if got := <-result; got.Verdict != delivery.Again || got.Detail == "" {
		d.t.Errorf("the answer is lost: %+v", got)
	}
}

func TestAfterAnOutcomeThatIsNotKnownThePhoneIsAskedFirst(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Lead Entry"))
	d.unanswered(d.stage("Scheduling"), "Scheduling")
	d.learned()
	joao := d.person(simulator.PersonOptions{Phone: "+5511911110001", Name: "João"})
	d.carry(chat.Labelling{Phone: chat.Phone(joao.Phone()), Label: "Sale"})
	d.shown("Scheduling") // or the next label has taken its id
	if got := d.attempt(d.stage("Scheduling"), 2); got.Verdict != delivery.Done {
		t.Errorf("tried again: %+v", got)
	}
	d.shown("Scheduling")
	if got := d.account.Labels(joao); !slices.Equal(got, []string{"Sale"}) {
		t.Errorf("João has %q", got)
	}
	d.told(0)
}

func TestADaemonThatEndsInTheMiddleOfALabellingTellsNothing(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Lead Entry"))
	d.unanswered(d.stage("Scheduling"), "Scheduling")
	d.stop()
	d.run(labelling)
	d.learned()
	if got := d.attempt(d.stage("Scheduling"), 2); got.Verdict != delivery.Done {
		t.Errorf("tried again: %+v", got)
	}
	d.carry(d.stage("Sale"))
	d.shown("Sale")
	if d.account.AppState("label_edit|4") != nil {
		t.Error("a label was made twice")
	}
	d.told(0)
}

// forgotten waits until the book holds no label that the phone might have.
func (d *labelDesk) forgotten() {
	d.t.Helper()
	eventually(d.t, "the labels are forgotten", func() bool {
		known, err := d.book.Labels(d.t.Context(), "front-desk")
		return err == nil && !slices.ContainsFunc(known, func(l chat.PhoneLabel) bool { return !l.Deleted })
	})
}

func TestWithoutLabelsNothingIsLabelledAndNothingHeard(t *testing.T) {
	d := newLabelDesk(t)
	plain := labelling
	plain.Labels = false
	d.byHand("Scheduling", true)
	d.run(plain)
	d.pair("front-desk", d.account)
	d.waitOpen("front-desk")
	if got := d.attempt(d.stage("Sale"), 1); got.Verdict != delivery.Never {
		t.Errorf("got %+v", got)
	}
	d.byHand("Sale", true)
	d.hear(d.sent(d.ana.Send(d.account, simulator.Message{Text: "after that"})))
	if known, err := d.book.Labels(t.Context(), "front-desk"); err != nil || len(known) != 0 {
		t.Errorf("the book has %+v, %v", known, err)
	}
	l := d.Number("front-desk").labels
	l.turn.Lock() // a change of before is heard before the number can ask for all
	d.SetNumbers([]chat.Number{labelling})
	l.push(func(ctx context.Context) error { return l.edit(ctx, chat.PhoneLabel{ID: "2", Name: "Sale"}, false) })
	l.turn.Unlock()
	d.learned()
	d.carry(d.stage("Lead Entry"))
	d.shown("Lead Entry") // what was put on meanwhile is known
	d.byHand("Sale", true)
	d.told(1)
	d.SetNumbers([]chat.Number{plain})
	d.forgotten()
	d.byHand("Sale", false)
	d.SetNumbers([]chat.Number{labelling})
	d.learned()
	before := d.sentPatches()
	d.carry(d.stage("Lead Entry"))
	d.shown("Lead Entry")
	if n := d.sentPatches() - before; n != 0 {
		t.Errorf("%d patches for what is so already", n)
	}
	d.told(1)
}

func TestAPhoneThatIsLinkedAnewTellsItsLabelsAnew(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Scheduling"))
	if err := d.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	d.waitState("front-desk", LoggedOut)
	d.forgotten()
	if d.Labeller("front-desk").Open() {
		t.Error("the gate of a number that is logged out is open")
	}
	d.byHand("Scheduling", false)
	d.byHand("Sale", true)
	d.pair("front-desk", d.account)
	d.learned()
	d.carry(d.stage("Scheduling"))
	d.shown("Scheduling")
	d.told(0)
}

func TestABodyThatHoldsNoLabellingIsNeverTriedAgain(t *testing.T) {
	d := newLabelDesk(t).begin()
	for _, body := range []string{"", "{", "[]", `{"label":"Sale"}`} {
		if got := d.Labeller("front-desk").Send(t.Context(), delivery.Delivery{Body: []byte(body)}); got.Verdict != delivery.Never {
			t.Errorf("%q: %+v", body, got)
		}
	}
	if got := d.attempt(chat.Labelling{Phone: "+5511900000000", Label: "Sale"}, 1); got.Verdict != delivery.Never {
		t.Errorf("somebody who is not on WhatsApp: %+v", got)
	}
	nobody := d.Labeller("nobody")
	if got := nobody.Send(t.Context(), delivery.Delivery{}); got.Verdict != delivery.Unsent || nobody.Open() {
		t.Errorf("a number that is not there: %+v", got)
	}
}

func TestAnErrorOfLabelsTellsNoPhone(t *testing.T) {
	got := labelVerdict(errors.New("label 5511912345678@s.whatsapp.net: no route to host"))
	if got.Verdict != delivery.Again || strings.Contains(got.Detail, "5511912345678") {
		t.Errorf("got %+v", got)
	}
	if got := labelVerdict(fmt.Errorf("%w: <collection/>", whatsmeow.ErrAppStateUpdate)); got.Verdict != delivery.Never {
		t.Errorf("got %+v", got)
	}
}
