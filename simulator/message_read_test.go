package simulator

import (
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/types/events"
)

func TestADamagedMessageIsSentAgainUnderItsID(t *testing.T) {
	for name, fromPhone := range map[string]bool{"person": false, "phone": true} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, PersonOptions{})
			st.hears(Message{Text: "sound"})
			st.shop.AnswerPlaceholders(false) // or else the phone's answer may come first
			st.shop.UndecryptableNext(1)
			var id string
			var err error
			if fromPhone {
				id, err = st.shop.Send(st.ana, Message{Text: "damaged"})
			} else {
				id, err = st.ana.Send(st.shop, Message{Text: "damaged"})
			}
			if err != nil {
				t.Fatal(err)
			}
			await(st.meow, func(e *events.UndecryptableMessage) bool { return e.Info.ID == id })
			if e := st.event(id); e.RetryCount == 0 || textOfEvent(e) != "damaged" || e.Info.IsFromMe != fromPhone {
				t.Errorf("event = %v %+v retry %d", e.Message, e.Info, e.RetryCount)
			}
		})
	}
}

func TestAPersonThatCannotReadAsksUntilItCan(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.hears(Message{Text: "hi"})
	st.says(text("hello"))
	st.ana.AskAgain(1)
	if r := st.says(text("again, please")); r.Text != "again, please" || r.Copies != 1 {
		t.Errorf("after one retry: %+v", r)
	}
	st.ana.AskAgain(2)
	if r := st.says(text("and again")); r.Text != "and again" {
		t.Errorf("after two retries: %+v", r)
	}
	if n := st.s.Counters()["retries_asked"]; n != 3 {
		t.Errorf("retries asked = %d, want 3", n)
	}
	st.hears(Message{Text: "still in touch"})
}

func TestAPersonWithANewPhoneStaysInTouch(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.hears(Message{Text: "hi"})
	st.says(text("hello"))
	st.ana.Reinstall()
	if r := st.says(text("are you there?")); r.Text != "are you there?" {
		t.Errorf("received %+v", r)
	}
	st.hears(Message{Text: "new phone"})
	if trace := strings.Join(st.s.Trace(), "\n"); !strings.Contains(trace, "<keys>") {
		t.Error("Ana asked again without sending her new keys")
	}
}

func TestACompanionThatLostItsSessionGetsANewOne(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.hears(Message{Text: "hi"})
	st.says(text("hello"))
	if err := st.meow.Store.Sessions.DeleteSession(t.Context(), st.ana.lid.SignalAddress().String()); err != nil {
		t.Fatal(err)
	}
	st.shop.AnswerPlaceholders(false) // or else the phone's answer may come first
	if e := st.hears(Message{Text: "are you there?"}); textOfEvent(e) != "are you there?" || e.RetryCount < 2 {
		t.Errorf("event = %v, retry %d", e.Message, e.RetryCount)
	}
	st.says(text("yes"))
}

func TestAPlaceholderIsFollowedByThePhonesAnswer(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.shop.AnswerPlaceholders(false)
	ad := &Ad{ID: "120210000000001", ClickID: "ARxyz"}
	id, err := st.ana.Send(st.shop, Message{Text: "from the ad", Ad: ad, Placeholder: true})
	if err != nil {
		t.Fatal(err)
	}
	if e := await[*events.UndecryptableMessage](st.meow, nil); !e.IsUnavailable || e.Info.ID != id {
		t.Errorf("event = %+v", e)
	}
	eventually(t, "the companion asks its phone", func() bool { return st.s.Counters()["placeholders_requested"] == 1 })
	st.shop.AnswerPlaceholders(true)
	e := st.event(id)
	if e.UnavailableRequestID == "" || textOfEvent(e) != "from the ad" || e.Info.Chat != st.ana.lid || e.Info.PushName != "Ana" ||
		e.Message.GetExtendedTextMessage().GetContextInfo().GetExternalAdReply().GetCtwaClid() != "ARxyz" {
		t.Errorf("event = %v %+v", e.Message, e.Info)
	}
}
