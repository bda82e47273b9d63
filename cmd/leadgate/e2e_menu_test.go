package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/simulator"
)

const university = "../../testdata/education/leadgate.toml" // courses are asked for in a list, loans go straight to carla

// newUniversity is a stage whose r.account is the number for courses. Words of the configuration are replaced.
func newUniversity(t *testing.T, options simulator.Options, replacements ...string) *stage {
	t.Helper()
	return newStage(t, university, options, replacements...)
}

// lead is somebody who has never written.
func (s *stage) lead() *simulator.Person {
	s.Helper()
	*s.newcomers++
	return s.personOf(chat.Phone(fmt.Sprintf("+5511936%06d", *s.newcomers)), fmt.Sprintf("Lead %d", *s.newcomers))
}

func (s *stage) agent(name string) *simulator.Person {
	s.Helper()
	agent, is := s.config.Policy().Routing.Agent(name)
	if !is {
		s.Fatalf("there is no agent %s", name)
	}
	return s.personOf(agent.Phone, name)
}

// got is what a phone has received from the daemon.
func (s *stage) got(p *simulator.Person) (all []simulator.Received) {
	for _, r := range p.Received() {
		if !s.written[r.ID] {
			all = append(all, r)
		}
	}
	return all
}

// gets waits until a phone shows a message of the daemon with these words, and returns it.
func (s *stage) gets(p *simulator.Person, words string) (found simulator.Received) {
	s.Helper()
	s.wait(fmt.Sprintf("%s gets a message with %q", p.Phone(), words), func(ctx context.Context) (err error) {
		found, err = p.WaitReceived(ctx, func(r simulator.Received) bool { return !s.written[r.ID] && strings.Contains(r.Shown.Text, words) })
		return err
	})
	return found
}

// hasGot checks that a phone got so many messages from the daemon, when there is nothing left to be done.
func (s *stage) hasGot(p *simulator.Person, n int) {
	s.Helper()
	s.settle()
	if got := s.got(p); len(got) != n {
		var texts []string
		for _, r := range got {
			texts = append(texts, r.Text)
		}
		s.Errorf("%s got %d messages, want %d: %q", p.Phone(), len(got), n, texts)
	}
}

func (s *stage) settle() {
	s.Helper()
	if err := s.Settle(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// writes has the business write on its phone.
func (s *stage) writes(p *simulator.Person, text string) {
	s.Helper()
	id := fmt.Sprintf("PHONE%08d", len(s.written))
	s.written[id] = true
	s.answers(p, simulator.Message{ID: id, Text: text})
}

func (s *stage) picks(p *simulator.Person, menu simulator.Received, title string) {
	s.Helper()
	if _, err := p.Pick(s.account, menu.ID, title); err != nil {
		s.Fatal(err)
	}
}

// chats are the chats with somebody, in order, each with who has it.
func (s *stage) chats(p *simulator.Person) string {
	s.Helper()
	var all []string
	s.eachText(`SELECT c.number || ' ' || c.status || coalesce(' ' || c.agent, '') FROM chat c JOIN lead l ON l.id = c.lead
		WHERE l.phone = $1 ORDER BY c.seq`, func(text string) { all = append(all, text) }, p.Phone())
	return strings.Join(all, ", ")
}

func (s *stage) hasChats(p *simulator.Person, want string) {
	s.Helper()
	s.eventually(fmt.Sprintf("%s has the chats %q (has %q)", p.Phone(), want, s.chats(p)), func() bool { return s.chats(p) == want })
}

// holdMenu has somebody write whose menu WhatsApp does not take yet: it waits to be sent again.
func (s *stage) holdMenu(p *simulator.Person) {
	s.Helper()
	s.account.AckError(503, 1)
	s.says(p, simulator.Message{Text: instagram})
	s.eventually("the menu waits", func() bool {
		return s.count(`SELECT count(*) FROM delivery WHERE state = 'pending' AND destination = 'whatsapp:courses' AND attempt = 1 AND status = 503`) == 1
	})
}

const asksCourse = "which course is it about?"

func TestEndToEndMenuFallsBackToText(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	s.account.RefuseForms(405)
	p := s.lead()
	s.says(p, simulator.Message{Text: instagram})
	menu := s.gets(p, asksCourse)
	if menu.Shown.Kind != simulator.ShownText || !strings.Contains(menu.Shown.Text, "1") || !strings.Contains(menu.Shown.Text, "Other queries") {
		t.Errorf("the phone shows %+v, want all options in a text", menu.Shown)
	}
	s.says(p, simulator.Message{Text: "1"})
	s.hasChats(p, "courses assigned maria")
	s.gets(s.agent("maria"), p.Phone())
	s.hasGot(p, 1)

	s.account.RefuseForms(0)
	later := s.lead() // WhatsApp would take it again, but for a day nobody asks
	s.says(later, simulator.Message{Text: instagram})
	if menu := s.gets(later, asksCourse); menu.Shown.Kind != simulator.ShownText {
		t.Errorf("the phone shows %+v, want a text for a day", menu.Shown)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := s.lead()
	s.says(last, simulator.Message{Text: instagram})
	if menu := s.gets(last, asksCourse); menu.Shown.Kind != simulator.ShownText {
		t.Errorf("after a restart the phone shows %+v, want a text for a day", menu.Shown)
	}
	s.accounted()
}

func TestEndToEndTakeoverSilencesTheBot(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	answered, waiting, away := s.lead(), s.lead(), s.lead()

	s.says(answered, simulator.Message{Text: instagram})
	menu := s.gets(answered, asksCourse)
	s.writes(answered, "Hi, how can I help?")
	s.picks(answered, menu, "AI")
	s.says(answered, simulator.Message{Text: "Hello?"})
	s.hasChats(answered, "courses taken")
	s.hasGot(answered, 1)

	s.holdMenu(waiting)
	s.writes(waiting, "Good morning!")
	s.hasChats(waiting, "courses taken")
	s.hasGot(waiting, 0)

	s.holdMenu(away)
	s.account.Offline(true)
	s.inState("courses", "reconnecting")
	s.writes(away, "I am here")
	s.says(away, simulator.Message{Text: "Good"})
	s.account.Offline(false)
	s.hasChats(away, "courses taken")
	s.hasGot(away, 0)
	for _, name := range []string{"maria", "joao", "carla"} {
		s.hasGot(s.agent(name), 0)
	}
	s.accounted()
}

func TestEndToEndOneMenuPerSession(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p := s.lead()
	for _, text := range []string{instagram, "Hello?", "Anybody?", "Please", "I wait", "Good bye"} {
		s.says(p, simulator.Message{Text: text})
		s.settle()
	}
	s.hasGot(p, 2) // the menu and its reminder
	s.hasChats(p, "courses assigned carla")
	if got := s.count(`SELECT count(*) FROM event WHERE type = 'menu.sent'`); got != 2 {
		t.Errorf("%d menus were told, want 2", got)
	}
	s.hasGot(s.agent("carla"), 1)
	s.says(s.agent("carla"), simulator.Message{Text: "/done " + p.Phone()})
	s.hasChats(p, "courses closed carla")
	s.says(p, simulator.Message{Text: "One more thing"})
	s.hasChats(p, "courses closed carla, courses menu")
	s.hasGot(p, 3)
	s.accounted()
}

func TestEndToEndGroupsAndStatusAreSilentWithMenus(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p := s.lead()
	s.says(p, simulator.Message{Text: instagram, Group: true})
	s.says(p, simulator.Message{Text: instagram, Status: true})
	s.says(s.agent("joao"), simulator.Message{Text: "/away 2h", Group: true})
	s.hasGot(p, 0)
	s.hasGot(s.agent("joao"), 0)
	s.hasChats(p, "")
	if got := s.count(`SELECT (SELECT count(*) FROM lead) + (SELECT count(*) FROM event WHERE type NOT LIKE 'number.%')`); got != 0 {
		t.Errorf("%d leads and events came of a group and a status", got)
	}
	id := s.says(p, simulator.Message{Text: instagram})
	menu := s.gets(p, asksCourse)
	s.says(p, simulator.Message{Reaction: "👍", ReactTo: menu.ID})
	s.says(p, simulator.Message{RevokeOf: id})
	s.says(p, simulator.Message{Text: "AI", Group: true})
	s.hasGot(p, 1)
	s.hasChats(p, "courses menu")
	s.accounted()
}

func TestEndToEndLidAndPhoneAreOneLeadWithAChatOpen(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p := s.lead()
	p.HideAlternate(true)
	s.says(p, simulator.Message{Text: instagram})
	menu := s.gets(p, asksCourse)
	if got := s.count(`SELECT count(*) FROM lead WHERE phone IS NULL`); got != 1 {
		t.Errorf("%d leads are without a phone, want the hidden one", got)
	}
	p.HideAlternate(false)
	s.picks(p, menu, "Data Science")
	s.hasChats(p, "courses assigned maria")
	notice := s.gets(s.agent("maria"), "Data Science")
	if !strings.Contains(notice.Text, p.Phone()) {
		t.Errorf("the agent is told %q, nothing of the phone", notice.Text)
	}
	s.hasGot(p, 1)
	if got := s.count(`SELECT count(*) FROM lead`); got != 1 {
		t.Errorf("one person is %d leads", got)
	}
	s.says(p, simulator.Message{Text: "Thank you"})
	s.hasChats(p, "courses assigned maria")
	s.accounted()
}

func TestEndToEndSendingNeverStarvesReceiving(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	s.account.AckDelay(4 * time.Second)
	const queue = 12
	pending := func() int {
		return s.count(`SELECT count(*) FROM delivery WHERE destination = 'whatsapp:courses' AND state = 'pending'`)
	}
	for range queue {
		s.says(s.lead(), simulator.Message{Text: "Good morning"})
	}
	s.eventually("all menus wait to be sent", func() bool { return pending() >= queue-1 })
	p := s.lead()
	s.says(p, simulator.Message{Text: instagram})
	s.eventually("the CRM is told of who writes meanwhile", func() bool { return s.toldOf(p.Phone()) })
	if n := pending(); n < queue/2 {
		t.Errorf("only %d messages were waiting to be sent when the CRM was told", n)
	}
	s.account.AckDelay(0)
	s.gets(p, asksCourse)
	s.settle()
	s.accounted()
}

func TestEndToEndReachoutLockStopsFirstMessages(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	joao, maria := s.agent("joao"), s.agent("maria")
	s.says(joao, simulator.Message{Text: "/help"})
	s.gets(joao, "/done")
	s.account.LockReachOut(true)

	first, second := s.lead(), s.lead()
	s.says(first, simulator.Message{Text: instagram})
	s.picks(first, s.gets(first, asksCourse), "AI") // goes to maria, who has never written
	s.hasChats(first, "courses assigned maria")
	held := func() int {
		return s.count(`SELECT count(*) FROM delivery WHERE destination = 'whatsapp:courses' AND state = 'pending' AND status = 463`)
	}
	s.eventually("the notice to maria is held", func() bool { return held() == 1 })
	if n := s.numbers()["courses"]; !n.Ready || !strings.Contains(n.Sentence, "463") {
		t.Errorf("the number is shown as %+v, nothing of the lock", n)
	}
	s.says(second, simulator.Message{Text: instagram})
	s.picks(second, s.gets(second, asksCourse), "AI") // to joao, who has
	s.gets(joao, second.Phone())
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	third := s.lead()
	s.says(third, simulator.Message{Text: instagram})
	s.picks(third, s.gets(third, asksCourse), "Data Science") // to maria again
	s.hasChats(third, "courses assigned maria")
	s.settle()
	s.hasGot(maria, 0)
	if got := held(); got != 1 {
		t.Errorf("%d notices are held after a try, want the one that met the lock", got)
	}
	if got := s.count(`SELECT count(*) FROM delivery WHERE destination = 'whatsapp:courses' AND state = 'pending'`); got != 2 {
		t.Errorf("%d messages wait, want both notices to maria", got)
	}
	if got := s.count(`SELECT count(*) FROM delivery WHERE state = 'dead'`); got != 0 {
		t.Errorf("%d deliveries are dead", got)
	}
	// When she writes, she is no stranger any more: what she asks for is answered.
	s.says(maria, simulator.Message{Text: "/mine"})
	s.gets(maria, first.Phone())
}

func TestEndToEndTemporaryBanIsRespectedWithAMenuWaiting(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p := s.lead()
	s.holdMenu(p)
	s.account.FailLogin(402, 101, 2*time.Hour)
	s.account.Cut()
	s.inState("courses", "banned")
	refused := s.simulator.Counters()["logins_failed"]
	loan := s.lead()
	if _, err := loan.Send(s.accounts["loans"], simulator.Message{Text: instagram}); err != nil {
		t.Fatal(err)
	}
	s.gets(s.agent("carla"), loan.Phone())
	s.offline["courses"] = true
	s.settle()
	if got := len(s.got(p)); got != 0 {
		t.Errorf("%d messages were sent through a banned number", got)
	}
	if got := s.simulator.Counters()["logins_failed"]; got != refused {
		t.Errorf("%d more logins were tried", got-refused)
	}
	s.account.FailLogin(0, 0, 0)
	s.offline["courses"] = false
	if err := s.Restart(t.Context()); err != nil { // nobody waits for hours here
		t.Fatal(err)
	}
	s.gets(p, asksCourse)
	s.hasGot(p, 1)
	s.accounted()
}

func TestEndToEndLoggedOutNumberWaitsWithAQueue(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p := s.lead()
	s.holdMenu(p)
	if err := s.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	s.inState("courses", "logged_out")
	s.stop() // a number that is logged out stays so, and keeps what it has to send
	s.start()
	if got := len(s.got(p)); got != 0 {
		t.Errorf("%d messages were sent through a number that is logged out", got)
	}
	s.pairNumber("courses", s.account)
	menu := s.gets(p, asksCourse)
	s.hasGot(p, 1)
	s.picks(p, menu, "AI")
	s.hasChats(p, "courses assigned maria")
	s.accounted()
}

func TestEndToEndOneNumberDownOthersFineWithMenus(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	p, loan := s.lead(), s.lead()
	s.holdMenu(p)
	s.account.Offline(true)
	s.inState("courses", "reconnecting")
	if _, err := loan.Send(s.accounts["loans"], simulator.Message{Text: instagram}); err != nil {
		t.Fatal(err)
	}
	s.hasChats(loan, "loans assigned carla")
	s.gets(s.agent("carla"), loan.Phone())
	if got := len(s.got(p)); got != 0 {
		t.Errorf("%d messages were sent through a number that is away", got)
	}
	s.account.Offline(false)
	s.picks(p, s.gets(p, asksCourse), "AI")
	s.hasChats(p, "courses assigned maria")
	s.hasGot(p, 1)
	s.accounted()
}

func TestEndToEndAnAgentIsToldAndCommandsOnTheirPhone(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1})
	maria, joao := s.agent("maria"), s.agent("joao")
	p := s.lead()
	s.says(p, simulator.Message{Text: instagram})
	s.picks(p, s.gets(p, asksCourse), "AI")
	notice := s.gets(maria, p.Phone()) // who has never written to the number
	for _, word := range []string{"Postgraduate Course, AI", "Instagram", instagram, "https://wa.me/" + strings.TrimPrefix(p.Phone(), "+")} {
		if !strings.Contains(notice.Text, word) {
			t.Errorf("the agent is told %q, nothing of %q", notice.Text, word)
		}
	}
	for _, c := range []struct {
		agent      *simulator.Person
		text, want string
	}{
		{maria, "/help", "/pass PHONE"},
		{maria, "/mine", p.Phone()},
		{joao, "/mine", "no open chats"},
		{joao, "/done " + p.Phone(), "not yours"},
		{maria, "/dne " + p.Phone(), "/done"},
		{maria, "/done " + strings.TrimPrefix(p.Phone(), "+55"), "is closed"},
		{maria, "/mine", "no open chats"},
		{maria, "/away 2h", "/back"},
	} {
		before := len(s.got(c.agent))
		s.says(c.agent, simulator.Message{Text: c.text})
		s.hasGot(c.agent, before+1)
		if answers := s.got(c.agent); len(answers) > before && !strings.Contains(answers[before].Shown.Text, c.want) {
			t.Errorf("%q is answered with %q, nothing of %q", c.text, answers[before].Shown.Text, c.want)
		}
	}
	s.hasChats(p, "courses closed maria")
	if got := s.count(`SELECT count(*) FROM lead`); got != 1 {
		t.Errorf("there are %d leads, want the one: agents are none", got)
	}
	s.accounted()
}
