package simulator

import (
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// refusedWith checks with which code a message was refused; "" wants it taken.
func refusedWith(t *testing.T, what string, err error, code string) {
	t.Helper()
	if code == "" && err != nil || code != "" && (err == nil || !strings.HasSuffix(err.Error(), code)) {
		t.Errorf("%s: %v, want code %q", what, err, code)
	}
}

func TestMenusAreRefusedAndTextIsTaken(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	poll := func() error {
		_, err := m.SendMessage(t.Context(), ana.phone, m.BuildPollCreation("Which?", []string{"a", "b"}, 1))
		return err
	}
	words := func(to types.JID) error {
		_, err := m.SendMessage(t.Context(), to, text("which?"))
		return err
	}
	a.RefuseForms(479)
	refusedWith(t, "a poll", poll(), "479")
	refusedWith(t, "a text", words(ana.phone), "")
	a.RefuseForms(0)
	s.RefuseForms(405)
	refusedWith(t, "a poll of any account", poll(), "405")
	s.RefuseForms(0)
	refusedWith(t, "a poll when all is well", poll(), "")
}

func TestWhileReachingOutIsLockedOnlyAnswersAreTaken(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	stranger := newPerson(t, s, PersonOptions{Phone: "+5511900000001"})
	send(t, ana, a, "hello")
	awaitText(m, "hello")
	a.LockReachOut(true)
	_, err := m.SendMessage(t.Context(), stranger.phone, text("buy now"))
	refusedWith(t, "a first message", err, "463")
	_, err = m.SendMessage(t.Context(), ana.phone, text("hello yourself"))
	refusedWith(t, "an answer", err, "")
	a.LockReachOut(false)
	_, err = m.SendMessage(t.Context(), stranger.phone, text("good morning"))
	refusedWith(t, "a first message later", err, "")
}

func TestTheEndOfTheQueueCanBeHidden(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	// ends reports whether the queue's end is told, before a message that is written after the queue was delivered.
	ends := func(text string) (told bool) {
		m = m.again(s)
		send(t, ana, a, text)
		if err := m.Connect(); err != nil {
			t.Fatal(err)
		}
		await(m, func(event any) bool {
			_, end := event.(*events.OfflineSyncCompleted)
			told = told || end
			e, ok := event.(*events.Message)
			if ok && textOfEvent(e) == text {
				send(t, ana, a, text+" again")
			}
			return ok && textOfEvent(e) == text+" again"
		})
		return told
	}
	a.HideQueueEnd(true)
	if ends("hidden") {
		t.Error("the end is told though it is hidden")
	}
	a.HideQueueEnd(false)
	if !ends("shown") {
		t.Error("the end is not told")
	}
}
