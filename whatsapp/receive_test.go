package whatsapp

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
	"leadgate/simulator"
)

func TestAMessageOfALeadIsHeardWithPhoneAndName(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "Hi, I came from Instagram"}))
	m := d.hear(id)
	if m.Number != "front-desk" || m.Direction != chat.Inbound || m.Text != "Hi, I came from Instagram" ||
		m.Person.Phone != "+5511912345678" || string(m.Person.LID)+"@lid" != ana.LID() || m.Person.Name != "Ana" {
		t.Errorf("heard %+v", m)
	}
	if m.SentAt.IsZero() || m.SentAt.Location().String() != "UTC" || m.SentAt.Nanosecond() != 0 {
		t.Errorf("sent at %v", m.SentAt)
	}
	if got := d.counted("leadgate_messages_total", "number=front-desk", "direction=inbound", "outcome=handled"); got != 1 {
		t.Errorf("counted %v handled messages", got)
	}
}

func TestLidAndPhoneAreOnePersonHoweverTheyAreAddressed(t *testing.T) {
	d := paired(t, simulator.Options{})
	for _, opts := range []simulator.PersonOptions{
		{Phone: "+5511911110001"},
		{Phone: "+5511911110002", ByPhone: true},
		{Phone: "+551191110003", ByPhone: true}, // an account from before the ninth digit
	} {
		p := d.person(opts)
		m := d.hear(d.sent(p.Send(d.account, simulator.Message{Text: "hello"})))
		if m.Person.Phone == "" || string(m.Person.LID)+"@lid" != p.LID() {
			t.Errorf("%+v is heard as %+v", opts, m.Person)
		}
		if answer := d.hear(d.sent(d.account.Send(p, simulator.Message{Text: "hi"}))); answer.Person.Phone != m.Person.Phone || answer.Person.LID != m.Person.LID {
			t.Errorf("%+v is written to as %+v", m.Person, answer.Person)
		}
	}
}

func TestALeadWithoutAPhoneIsHeardByTheirLid(t *testing.T) {
	d := paired(t, simulator.Options{})
	hidden := d.person(simulator.PersonOptions{Phone: "+5511911110004", HideAlternate: true})
	m := d.hear(d.sent(hidden.Send(d.account, simulator.Message{Text: "hello"})))
	if m.Person.Phone != "" || string(m.Person.LID)+"@lid" != hidden.LID() {
		t.Errorf("heard %+v", m.Person)
	}
}

func TestAMessageWrittenOnThePhoneIsHeardAsTheBusiness(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	m := d.hear(d.sent(d.account.Send(ana, simulator.Message{Text: "Thank you for scheduling with us!"})))
	if m.Direction != chat.Outbound || m.Text != "Thank you for scheduling with us!" || m.Person.Name != "" ||
		m.Person.Phone != "+5511912345678" || string(m.Person.LID)+"@lid" != ana.LID() {
		t.Errorf("heard %+v", m)
	}
}

func TestACaptionCountsWithoutItsMedia(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	for _, m := range []simulator.Message{
		{Caption: true, Text: "a picture"}, {Video: true, Text: "a video"}, {Document: true, Text: "a document"},
		{Caption: true, Text: "once", ViewOnce: true}, {Text: "for a while", Disappearing: true},
	} {
		if got := d.hear(d.sent(ana.Send(d.account, m))); got.Text != m.Text {
			t.Errorf("%+v is heard as %q", m, got.Text)
		}
	}
}

func TestAnEditIsHeardUnderBothIds(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	first := d.sent(ana.Send(d.account, simulator.Message{Text: "helo"}))
	second := d.sent(ana.Send(d.account, simulator.Message{Text: "hello", EditOf: first}))
	m := d.hearKey(chat.Message{Number: "front-desk", ID: first, EditID: second}.Key())
	if m.ID != first || m.EditID != second || m.Text != "hello" {
		t.Errorf("heard %+v", m)
	}
}

func TestGroupsAndStatusAreSilent(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	first := d.sent(ana.Send(d.account, simulator.Message{Text: "hello"}))
	for _, m := range []simulator.Message{
		{Group: true, Text: "to all"}, {Status: true, Text: "my day"}, {Reaction: "👍", ReactTo: first}, {RevokeOf: first},
	} {
		d.sent(ana.Send(d.account, m))
	}
	last := d.sent(ana.Send(d.account, simulator.Message{Text: "bye"}))
	d.hear(last)
	if got := d.ear.messages(); len(got) != 2 {
		t.Errorf("heard %+v", got)
	}
	for _, why := range []string{"group", "status", "reaction", "protocol"} {
		if d.counted("leadgate_messages_ignored_total", "reason="+why) == 0 {
			t.Errorf("nothing is counted as ignored for %q", why)
		}
	}
}

func TestTheSameMessageTwiceHasOneKey(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	for _, fresh := range []bool{false, true} {
		d.account.DuplicateNext(fresh)
		d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "once"})))
	}
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "last"})))
	if got := d.ear.messages(); len(got) != 3 {
		t.Errorf("heard %+v", got)
	}
}

func TestAMessageIsAcknowledgedOnlyAfterItsCommit(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.ear.failWith(func(chat.Message, int) error { return errStore })
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "keep me"}))
	key := chat.Message{Number: "front-desk", ID: id}.Key()
	eventually(t, "the commit fails", func() bool { return d.ear.attemptsAt(key) > 0 })
	d.stop()
	d.ear.failWith(nil)
	d.run()
	if m := d.hear(id); m.Text != "keep me" {
		t.Errorf("heard %+v", m)
	}
}

func TestAStoresFailureIsNeverCountedAgainstAMessage(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.hurry()
	ana := d.person(simulator.PersonOptions{})
	d.ear.failWith(func(_ chat.Message, attempt int) error {
		if attempt <= 2*poisonAfter {
			return errStore
		}
		return nil
	})
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "patience"}))
	d.hear(id)
	if a, ok := d.ear.setAside(id); ok {
		t.Errorf("set aside: %+v", a)
	}
}

func TestAPoisonousMessageIsSetAsideAndTheOthersGoOn(t *testing.T) {
	for name, fail := range map[string]func(chat.Message, int) error{
		"panics": func(m chat.Message, _ int) error {
			if strings.HasPrefix(m.Text, "poison") {
				panic("nil map")
			}
			return nil
		},
		"is refused": func(m chat.Message, _ int) error {
			if strings.HasPrefix(m.Text, "poison") {
				return errors.Join(ErrPoison, errors.New("nil map"))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := paired(t, simulator.Options{})
			d.hurry()
			ana := d.person(simulator.PersonOptions{})
			d.ear.failWith(fail)
			bad := d.sent(ana.Send(d.account, simulator.Message{Text: "poison"}))
			d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "food"})))
			eventually(t, "the message is set aside", func() bool { _, ok := d.ear.setAside(bad); return ok })
			a, _ := d.ear.setAside(bad)
			if a.number != "front-desk" || !strings.Contains(a.reason, "nil map") || !strings.Contains(string(a.payload), "poison") {
				t.Errorf("set aside as %+v", a)
			}
			if got := d.ear.attemptsAt(chat.Message{Number: "front-desk", ID: bad}.Key()); got != poisonAfter {
				t.Errorf("tried %d times", got)
			}
			if got := d.counted("leadgate_messages_total", "outcome=set_aside"); got != 1 {
				t.Errorf("counted %v", got)
			}
			d.restart()
			d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "more food"})))
			if got := d.ear.attemptsAt(chat.Message{Number: "front-desk", ID: bad}.Key()); got != poisonAfter {
				t.Errorf("tried again after it was set aside, %d times in all", got)
			}
		})
	}
}

func TestWhatIsNoMessageIsSetAside(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.ear.with(func() { d.ear.failPut = errStore })
	d.sent(ana.Send(d.account, simulator.Message{Garbage: []byte("\xff\xff\xff\xff")}))
	eventually(t, "setting aside fails", func() bool { return strings.Contains(d.log.String(), "unreadable message not set aside yet") })
	d.ear.with(func() { d.ear.failPut = nil })
	var got aside
	eventually(t, "the garbage is set aside", func() bool {
		d.ear.mu.Lock()
		defer d.ear.mu.Unlock()
		for id, a := range d.ear.aside {
			got = a
			return strings.HasPrefix(id, "unparsable-")
		}
		return false
	})
	if string(got.payload) != "\xff\xff\xff\xff" {
		t.Errorf("set aside %q", got.payload)
	}
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "food"})))
}

func TestAnAdMessageIsRecoveredFromThePhone(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.AnswerPlaceholders(false)
	id := d.sent(ana.Send(d.account, simulator.Message{
		Text: "Hi, I want to know more", Placeholder: true, Ad: &simulator.Ad{ID: "77", ClickID: "clid", Title: "Learn AI", URL: "https://fb.me/x"},
	}))
	eventually(t, "the message is missed", func() bool { return d.counted("leadgate_messages_missing", "number=front-desk") == 1 })
	d.ear.failWith(func(_ chat.Message, attempt int) error {
		if attempt <= 2 {
			return errStore // whatsmeow acknowledges the phone's answer whatever the handler says
		}
		return nil
	})
	d.account.AnswerPlaceholders(true)
	m := d.hear(id)
	if m.Text != "Hi, I want to know more" || m.Person.Phone != "+5511912345678" || string(m.Person.LID)+"@lid" != ana.LID() ||
		m.Ad == nil || m.Ad.SourceID != "77" || m.Ad.ClickID != "clid" || m.Ad.Headline != "Learn AI" {
		t.Errorf("heard %+v, ad %+v", m, m.Ad)
	}
	eventually(t, "the message is missed no longer", func() bool { return d.counted("leadgate_messages_missing", "number=front-desk") == 0 })
	if d.counted("leadgate_messages_total", "outcome=missing") != 1 || d.counted("leadgate_messages_total", "outcome=recovered") != 1 {
		t.Error("not counted as missing and recovered")
	}
}

func TestAPhonesAnswerSurvivesADaemonThatEndsMeanwhile(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.ear.failWith(func(chat.Message, int) error { return errStore })
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "from an ad", Placeholder: true}))
	eventually(t, "the answer is tried", func() bool { return d.ear.attemptsAt(chat.Message{Number: "front-desk", ID: id}.Key()) > 0 })
	d.stop()
	d.ear.failWith(nil)
	d.run()
	d.hear(id)
}

func TestAMessageThatNeverComesIsShownAsMissing(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.AnswerPlaceholders(false)
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "lost", Placeholder: true}))
	inbox := d.Number("front-desk").inbox
	eventually(t, "the message is missed", func() bool { return len(inbox.missing()) == 1 })
	if inbox.giveUp(t.Context(), time.Now().Add(-overdueAfter)); len(inbox.missing()) != 1 {
		t.Error("given up at once")
	}
	inbox.giveUp(t.Context(), time.Now())
	if left := inbox.missing(); len(left) != 0 {
		t.Errorf("still awaits %v", left)
	}
	if a, ok := d.ear.setAside(id); !ok || !strings.Contains(a.reason, "phone") || a.payload != nil {
		t.Errorf("set aside as %+v", a)
	}
	d.account.AnswerPlaceholders(true)
	d.hear(id)
}

func TestThePhoneIsAskedAgainAfterGrowingDelays(t *testing.T) {
	in := newInbox("front-desk", newEar(), newMetrics(nil), slog.New(slog.DiscardHandler), nil)
	in.undecryptable(&store.Device{}, &events.UndecryptableMessage{IsUnavailable: true, Info: event(text("")).Info}, noon)
	var asked []time.Duration
	for after := time.Duration(0); after <= overdueAfter; after += time.Second {
		for range in.askAgain(noon.Add(after)) {
			asked = append(asked, after)
		}
	}
	if want := []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute}; !slices.Equal(asked, want) {
		t.Errorf("asked after %v", asked)
	}
}

func TestWhatHasNotComeWhenTheDaemonEndsIsSetAside(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.AnswerPlaceholders(false)
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "late", Placeholder: true}))
	eventually(t, "the message is missed", func() bool { return len(d.Number("front-desk").inbox.missing()) == 1 })
	d.stop()
	if _, ok := d.ear.setAside(id); !ok {
		t.Error("not set aside")
	}
}

func TestAnUndecryptableMessageIsRecovered(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.account.UndecryptableNext(1)
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "scrambled"}))
	if m := d.hear(id); m.Text != "scrambled" {
		t.Errorf("heard %+v", m)
	}
	eventually(t, "it is counted", func() bool {
		return d.counted("leadgate_messages_total", "outcome=undecryptable") == 1 && d.counted("leadgate_messages_total", "outcome=recovered") == 1
	})
}

func TestEveryMessageIsAccountedForInANastyWorld(t *testing.T) {
	d := paired(t, simulator.Options{Nasty: true, Seed: 7})
	d.hurry()
	d.ear.failWith(func(m chat.Message, attempt int) error {
		switch {
		case strings.HasPrefix(m.Text, "poison"):
			return ErrPoison
		case attempt == 1 && strings.HasSuffix(m.Text, "3"):
			return errStore
		}
		return nil
	})
	sent, poison := map[string]bool{}, map[string]bool{}
	for i, name := range []string{"Ana", "Bia", "Caio", "Davi"} {
		p := d.person(simulator.PersonOptions{Phone: "+551191234560" + string(rune('0'+i)), Name: name, ByPhone: i%2 == 1})
		for j := range 10 {
			sent[d.sent(p.Send(d.account, simulator.Message{Text: "message " + string(rune('0'+j))}))] = true
			sent[d.sent(d.account.Send(p, simulator.Message{Text: "answer " + string(rune('0'+j))}))] = true
			if j == 4 {
				d.account.Cut()
				poison[d.sent(p.Send(d.account, simulator.Message{Text: "poison"}))] = true
			}
		}
	}
	for id := range sent {
		d.hear(id)
	}
	for id := range poison {
		eventually(t, "poison is set aside", func() bool { _, ok := d.ear.setAside(id); return ok })
	}
	if got := len(d.ear.messages()); got != len(sent) {
		t.Errorf("heard %d messages of %d", got, len(sent))
	}
}

func TestMessagesOfAnOutageArriveWithTheirOwnTime(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.stop()
	at := time.Now().Add(-3 * time.Hour).UTC().Truncate(time.Second)
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "anybody there?", At: at}))
	d.run()
	if m := d.hear(id); !m.SentAt.Equal(at) {
		t.Errorf("heard as of %v, want %v", m.SentAt, at)
	}
}

// hurry shortens the waits before a message is delivered again.
func (d *desk) hurry() {
	d.t.Helper()
	d.stop()
	d.delays = &delays{20 * time.Millisecond, 100 * time.Millisecond, 50 * time.Millisecond, quietFor}
	d.run()
	d.waitState("front-desk", Connected)
}
