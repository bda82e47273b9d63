package whatsapp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

// courses is a menu in a form.
func courses(display chat.Display) *chat.Sheet {
	menu := &chat.Sheet{
		Display: display, Header: "Welcome", Body: "Which <course>?", Footer: "Acme & Sons",
		Rows: []chat.Row{{ID: "opt-1", Label: "AI"}, {ID: "opt-2", Label: `"Data" Science`}},
	}
	if display == chat.DisplayList {
		menu.Button, menu.Title = "Choose", "Courses"
		menu.Rows[1].Description = "two years"
	}
	return menu
}

const coursesText = "Welcome\n\nWhich <course>?\n\n1. AI\n2. \"Data\" Science"

// ask sends a menu to Ana, who has written first.
func ask(display chat.Display) chat.Outgoing {
	return chat.Outgoing{Phone: "+5511912345678", Text: coursesText, Menu: courses(display), Reply: true}
}

// got waits for the message with an id on a person's phone.
func (d *desk) got(p *simulator.Person, id string) simulator.Received {
	d.t.Helper()
	var found simulator.Received
	eventually(d.t, "the person has "+id, func() bool {
		for _, r := range p.Received() {
			if r.ID == id {
				found = r
				return true
			}
		}
		return false
	})
	return found
}

// done fails the test unless the result is that something was delivered.
func (d *desk) done(r delivery.Result) {
	d.t.Helper()
	if r.Verdict != delivery.Done {
		d.t.Fatalf("got %+v", r)
	}
}

func TestAMenuIsShownAndAnsweredInEveryForm(t *testing.T) {
	for display, want := range map[chat.Display]struct {
		kind simulator.ShownKind
		form chat.AnswerForm
	}{
		chat.DisplayList:    {simulator.ShownList, chat.AnswerList},
		chat.DisplayButtons: {simulator.ShownButtons, chat.AnswerButton},
		chat.DisplayPoll:    {simulator.ShownPoll, chat.AnswerPoll},
	} {
		t.Run(string(display), func(t *testing.T) {
			d := paired(t, simulator.Options{})
			for phone, byPhone := range map[string]bool{"+5511912345670": false, "+5511912345671": true} {
				ana := d.person(simulator.PersonOptions{Phone: phone, ByPhone: byPhone})
				out := ask(display)
				out.Phone = chat.Phone(phone)
				d.done(d.send("menu/"+phone, out))
				menu := d.got(ana, chat.MessageID("menu/"+phone))
				checkShown(t, menu.Shown, want.kind, *out.Menu)
				m := d.hear(d.sent(ana.Pick(d.account, menu.ID, `"Data" Science`)))
				a := m.Answer
				if a == nil || a.Form != want.form || a.Menu != menu.ID || m.Direction != chat.Inbound || m.Person.Phone != chat.Phone(phone) {
					t.Fatalf("heard %+v with answer %+v", m, a)
				}
				if want.form == chat.AnswerPoll {
					if sum := sha256.Sum256([]byte(`"Data" Science`)); m.Text != "" || len(a.Votes) != 1 || a.Votes[0] != hex.EncodeToString(sum[:]) {
						t.Errorf("voted %+v, said %q", a, m.Text)
					}
				} else if a.Option != "opt-2" || m.Text != `"Data" Science` {
					t.Errorf("chose %+v, said %q", a, m.Text)
				}
			}
		})
	}
}

// checkShown compares what a phone shows with the menu that was sent.
func checkShown(t *testing.T, shown simulator.Shown, kind simulator.ShownKind, menu chat.Sheet) {
	t.Helper()
	if shown.Kind != kind || len(shown.Options) != 2 {
		t.Fatalf("the phone shows %+v", shown)
	}
	for i, row := range menu.Rows {
		o := shown.Options[i]
		if o.Title != row.Label || o.Description != row.Description || kind != simulator.ShownPoll && o.ID != row.ID {
			t.Errorf("option %d is shown as %+v", i, o)
		}
	}
	switch kind {
	case simulator.ShownPoll:
		if shown.Text != "Welcome\n\nWhich <course>?\n\nAcme & Sons" {
			t.Errorf("the poll asks %q", shown.Text)
		}
	default:
		if shown.Text != menu.Body || shown.Title != menu.Header || shown.Footer != menu.Footer || shown.Button != menu.Button {
			t.Errorf("the phone shows %+v", shown)
		}
	}
}

func TestAMenuOfTextIsItsText(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("menu/1", chat.Outgoing{Phone: "+5511912345678", Text: coursesText, Reply: true}))
	if r := d.got(ana, chat.MessageID("menu/1")); r.Shown.Kind != simulator.ShownText || r.Text != coursesText {
		t.Errorf("the phone shows %+v", r.Shown)
	}
	for name, menu := range map[string]*chat.Sheet{
		"a display that is text":          courses(chat.DisplayText),
		"a display that nobody knows yet": courses("carousel"),
		"a list without rows":             {Display: chat.DisplayList, Body: "?"},
	} {
		out := chat.Outgoing{Phone: "+5511912345678", Text: coursesText, Menu: menu}
		d.done(d.send(name, out))
		if r := d.got(ana, chat.MessageID(name+"/text")); r.Text != coursesText {
			t.Errorf("%s: the phone shows %+v", name, r.Shown)
		}
	}
	if got := d.ear.limited("front-desk"); got != (chat.Limits{}) {
		t.Errorf("a limit is committed though WhatsApp has refused nothing: %+v", got)
	}
}

// FIELD.md 2: the server takes or refuses forms as it likes, and the customer sees nothing.
func TestMenuFallsBackToText(t *testing.T) {
	for name, test := range map[string]struct {
		display chat.Display
		code    int
	}{
		"a list of which the server says that it is outdated": {chat.DisplayList, 479},
		"buttons that the server does not allow":              {chat.DisplayButtons, 405},
		"a poll that the server finds malformed":              {chat.DisplayPoll, 400},
	} {
		t.Run(name, func(t *testing.T) {
			d := paired(t, simulator.Options{})
			ana := d.person(simulator.PersonOptions{})
			d.account.RefuseForms(test.code)
			before := time.Now()
			d.done(d.send("menu/1", ask(test.display)))
			if r := d.got(ana, chat.MessageID("menu/1/text")); r.Shown.Kind != simulator.ShownText || r.Text != coursesText {
				t.Errorf("the phone shows %+v", r.Shown)
			}
			until := d.ear.limited("front-desk").TextUntil
			if until.Before(before.Add(24*time.Hour)) || until.After(time.Now().Add(24*time.Hour)) {
				t.Errorf("text until %s", until)
			}
			if s := d.Number("front-desk").Status(); !strings.Contains(s.Sentence, "menus go out as text") {
				t.Errorf("status: %q", s.Sentence)
			}
			eventually(t, "the metric says so", func() bool { return d.counted("leadgate_number_limited", "limit=text") == 1 })
			d.staysWithText(ana, test.display)
		})
	}
}

// staysWithText sends more menus, before and after a restart, of which none is tried in its form.
func (d *desk) staysWithText(ana *simulator.Person, display chat.Display) {
	d.t.Helper()
	d.account.RefuseForms(0)
	refused := d.sim.Counters()["messages_refused"]
	d.done(d.send("menu/2", ask(display)))
	d.got(ana, chat.MessageID("menu/2/text"))
	d.restart()
	d.waitOpen("front-desk")
	d.done(d.send("menu/3", ask(display)))
	d.done(d.send("menu/1", ask(display))) // as after a kill before it was settled
	d.got(ana, chat.MessageID("menu/3/text"))
	if got := ana.Received(); len(got) != 3 {
		d.t.Errorf("the phone shows %d messages, want 3: %+v", len(got), got)
	}
	if again := d.sim.Counters()["messages_refused"]; again != refused {
		d.t.Error("a menu was tried in its form again")
	}
}

func TestADayAfterARefusalMenusHaveTheirFormAgain(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	d.ear.limits["front-desk"] = chat.Limits{TextUntil: time.Now().Add(-time.Second)}
	d.run()
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("menu/1", ask(chat.DisplayList)))
	if r := d.got(ana, chat.MessageID("menu/1")); r.Shown.Kind != simulator.ShownList {
		t.Errorf("the phone shows %+v", r.Shown)
	}
}

func TestALimitThatCanNotBeCommittedIsRespectedAllTheSame(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.ear.with(func() { d.ear.failCap = errStore })
	d.account.RefuseForms(405)
	d.done(d.send("menu/1", ask(chat.DisplayList)))
	d.account.RefuseForms(0)
	d.done(d.send("menu/2", ask(chat.DisplayList)))
	d.got(ana, chat.MessageID("menu/2/text"))
}

func TestARefusalThatIsNotAboutTheFormLeavesTheFormAlone(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.person(simulator.PersonOptions{})
	for code, want := range map[int]delivery.Verdict{429: delivery.Again, 503: delivery.Again, 404: delivery.Reject, 401: delivery.Reject} {
		d.account.AckError(code, 1)
		if got := d.send(fmt.Sprintf("menu/%d", code), ask(chat.DisplayList)); got.Verdict != want || got.Status != code {
			t.Errorf("code %d: %+v", code, got)
		}
	}
	if got := d.ear.limited("front-desk"); got != (chat.Limits{}) {
		t.Errorf("limited: %+v", got)
	}
}

func TestAPollThatIsSentAgainUnderItsIdCanBeVotedOn(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("menu/1", ask(chat.DisplayPoll)))
	d.restart()
	d.waitOpen("front-desk")
	d.done(d.send("menu/1", ask(chat.DisplayPoll)))
	poll := d.got(ana, chat.MessageID("menu/1"))
	if poll.Copies != 2 {
		t.Fatalf("received %+v", poll)
	}
	d.restart()
	m := d.hear(d.sent(ana.Pick(d.account, poll.ID, "AI")))
	if m.Answer == nil || len(m.Answer.Votes) != 1 {
		t.Fatalf("heard %+v", m)
	}
	back := d.hear(d.sent(ana.Send(d.account, simulator.Message{Reply: &simulator.Reply{Kind: simulator.ReplyPoll, To: poll.ID}})))
	if back.Answer == nil || back.Answer.Menu != poll.ID || len(back.Answer.Votes) != 0 {
		t.Errorf("a vote that is taken back is heard as %+v", back.Answer)
	}
}

// The first attempt's poll never reached the person, and the second is the one that they vote on.
func TestTheSecretOfAPollIsTheSameForEveryAttempt(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.AckError(503, 1)
	if got := d.send("menu/1", ask(chat.DisplayPoll)); got.Verdict != delivery.Again {
		t.Fatalf("got %+v", got)
	}
	d.done(d.send("menu/1", ask(chat.DisplayPoll)))
	poll := d.got(ana, chat.MessageID("menu/1"))
	if m := d.hear(d.sent(ana.Pick(d.account, poll.ID, "AI"))); m.Answer == nil || len(m.Answer.Votes) != 1 {
		t.Fatalf("heard %+v", m)
	}
}

func TestAVoteThatIsNotCommittedComesAgain(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.hurry()
	d.waitOpen("front-desk")
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("menu/1", ask(chat.DisplayPoll)))
	poll := d.got(ana, chat.MessageID("menu/1"))
	d.ear.failWith(func(_ chat.Message, attempt int) error {
		if attempt < 3 {
			return errors.New("the store is away")
		}
		return nil
	})
	if m := d.hear(d.sent(ana.Pick(d.account, poll.ID, "AI"))); m.Answer == nil || len(m.Answer.Votes) != 1 {
		t.Fatalf("heard %+v", m)
	}
}

func TestAVoteOnSomebodyElsesPollDoesNotCount(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	poll := d.sent(d.account.Send(ana, simulator.Message{Raw: pollOnThePhone()}))
	d.hear(poll)
	d.sent(ana.Pick(d.account, poll, "Monday"))
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "bye"})))
	if got := d.ear.messages(); len(got) != 2 {
		t.Errorf("heard %+v", got)
	}
	if got := d.counted("leadgate_messages_ignored_total", "reason=poll_vote"); got != 1 {
		t.Errorf("%v votes are counted as ignored", got)
	}
}

func TestAMenuIsSeenOnceThoughItsSendingWasCutOff(t *testing.T) {
	for _, display := range []chat.Display{chat.DisplayList, chat.DisplayPoll} {
		t.Run(string(display), func(t *testing.T) {
			d := paired(t, simulator.Options{})
			ana := d.person(simulator.PersonOptions{})
			d.account.AckLost(1)
			result := make(chan delivery.Result, 1)
			go func() { result <- d.send("menu/1", ask(display)) }()
			d.got(ana, chat.MessageID("menu/1"))
			d.stop() // the process ends between the sending and the acknowledgement
			if got := <-result; got.Verdict == delivery.Done {
				t.Errorf("got %+v", got)
			}
			d.run()
			d.waitOpen("front-desk")
			d.done(d.send("menu/1", ask(display)))
			got := ana.Received()
			if len(got) != 1 || got[0].Copies != 2 {
				t.Fatalf("received %+v", got)
			}
			d.hear(d.sent(ana.Pick(d.account, got[0].ID, "AI")))
		})
	}
}
