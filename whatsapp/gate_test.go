package whatsapp

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

// hello is something that the daemon says to Ana.
func hello() chat.Outgoing {
	return chat.Outgoing{Phone: "+5511912345678", Text: "hello", Reply: true}
}

func TestTheGateOpensOnlyOnceWhatWasWrittenMeanwhileIsCommitted(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.stop()
	if d.Sender("front-desk").Open() {
		t.Error("the gate is open though nothing runs")
	}
	id := d.sent(d.account.Send(ana, simulator.Message{Text: "I am with you"}))
	reached, proceed := make(chan struct{}, 1), make(chan struct{})
	d.ear.failWith(func(chat.Message, int) error {
		select {
		case reached <- struct{}{}:
		default:
		}
		<-proceed
		return nil
	})
	var opened atomic.Int64
	d.adjust = func(c *Config) { c.Opened = func() { opened.Add(1) } }
	d.run()
	<-reached
	d.waitState("front-desk", Connected)
	if d.Sender("front-desk").Open() {
		t.Error("the gate is open before what was written meanwhile is committed")
	}
	if got := d.send("menu/1", hello()); got.Verdict != delivery.Unsent || got.After <= 0 || !strings.Contains(got.Detail, "not yet heard") {
		t.Errorf("got %+v", got)
	}
	if n := opened.Load(); n != 0 {
		t.Errorf("it was said %d times that the gate has opened", n)
	}
	close(proceed)
	d.waitOpen("front-desk")
	d.hear(id)
	eventually(t, "it is said that the gate has opened", func() bool { return opened.Load() == 1 })
	d.done(d.send("menu/1", hello()))
}

func TestTheGateStaysShutWhileWhatWasWrittenMeanwhileCanNotBeCommitted(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.hurry()
	ana := d.person(simulator.PersonOptions{})
	d.stop()
	id := d.sent(d.account.Send(ana, simulator.Message{Text: "I am with you"}))
	key := chat.Message{Number: "front-desk", ID: id}.Key()
	var early atomic.Bool
	d.ear.failWith(func(_ chat.Message, attempt int) error {
		early.Store(early.Load() || d.Sender("front-desk").Open())
		if attempt <= 2 {
			return errStore
		}
		return nil
	})
	d.run()
	d.waitOpen("front-desk")
	if early.Load() || d.ear.attemptsAt(key) != 3 {
		t.Errorf("open before its commit: %v, attempts: %d", early.Load(), d.ear.attemptsAt(key))
	}
}

func TestAMessageThatIsNeverCommittedDoesNotSilenceTheNumberForever(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.hurry()
	ana := d.person(simulator.PersonOptions{})
	d.stop()
	d.ear.failWith(func(chat.Message, int) error { return errStore })
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "never"}))
	d.run()
	eventually(t, "the number may send all the same", func() bool {
		return d.send("menu/1", hello()).Verdict == delivery.Done
	})
	if n := d.ear.attemptsAt(chat.Message{Number: "front-desk", ID: id}.Key()); n <= silencedAtMost {
		t.Errorf("it may send after %d attempts to commit what was written meanwhile", n)
	}
}

func TestTheGateOpensThoughWhatsAppNeverSaysThatItsQueueIsAtItsEnd(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.stop()
	d.account.HideQueueEnd(true)
	d.delays = &delays{redeliverFirst, redeliverLongest, lookForDevice, 50 * time.Millisecond}
	id := d.sent(d.account.Send(ana, simulator.Message{Text: "I am with you"}))
	d.run()
	d.hear(id)
	d.waitOpen("front-desk")
}

func TestAConnectionWithoutAnEndOfItsQueueHasCaughtUpWhenItIsQuiet(t *testing.T) {
	n := &Number{inbox: &inbox{}, delays: delays{quietFor: 10 * time.Second}}
	n.behind()
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	for i, step := range []struct {
		at    int
		state State
		heard int // when a message was done with; 0: none since
		busy  bool
		want  bool
	}{
		{at: 0, state: Connecting}, {at: 60, state: Connecting}, // connecting is not quiet
		{at: 61, state: Connected}, {at: 70, state: Connected},
		{at: 71, state: Connected, heard: 65},  // something came after 61
		{at: 80, state: Connected, busy: true}, // and something is being committed
		{at: 81, state: Connected, busy: true}, {at: 300, state: Connected, busy: true},
		{at: 301, state: Connected}, {at: 302, state: Reconnecting}, // the connection is another
		{at: 400, state: Connected}, {at: 409, state: Connected}, {at: 410, state: Connected, want: true},
	} {
		n.line.state = step.state
		if step.heard > 0 {
			n.inbox.heardAt.Store(at(step.heard).UnixNano())
		}
		n.inbox.inHand.Store(0)
		if step.busy {
			n.inbox.inHand.Store(1)
		}
		n.tendCatchUp(at(step.at))
		if n.caughtUp != step.want {
			t.Fatalf("step %d, second %d: caught up is %v", i, step.at, n.caughtUp)
		}
	}
	if !n.quietAt.IsZero() {
		t.Error("it looks again for what it knows")
	}
}

func TestTheEndOfAnEarlierConnectionsQueueIsNotThatOfThisOne(t *testing.T) {
	n := &Number{inbox: &inbox{}}
	n.behind()
	old := drained{n.dials.Load()}
	n.behind()
	if n.hearDrained(old); n.caughtUp {
		t.Error("caught up by the end of another queue")
	}
	if n.hearDrained(drained{n.dials.Load()}); !n.caughtUp {
		t.Error("not caught up by the end of its queue")
	}
}

// FIELD.md 8: the ban and its end are shown, nothing hammers, and what is to be sent waits.
func TestTemporaryBanIsRespectedWithAQueueWaiting(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.FailLogin(402, 101, time.Hour)
	d.sim.Cut()
	d.waitState("front-desk", Banned)
	if d.Sender("front-desk").Open() || d.Gated("front-desk", d.Sender("front-desk")).Open() {
		t.Error("the gate of a banned number is open")
	}
	logins := d.sim.Counters()["logins_failed"]
	for range 3 {
		if got := d.send("menu/1", hello()); got.Verdict != delivery.Unsent || !strings.Contains(got.Detail, "banned") {
			t.Errorf("got %+v", got)
		}
	}
	if n := d.sim.Counters()["logins_failed"]; n != logins || len(ana.Received()) != 0 {
		t.Errorf("%d more logins, received %+v", n-logins, ana.Received())
	}
	d.account.FailLogin(0, 0, 0)
	d.restart()
	d.waitOpen("front-desk")
	d.done(d.send("menu/1", hello()))
}

func TestNumbersThatAreAwayKeepTheirGateShut(t *testing.T) {
	d := paired(t, simulator.Options{})
	if d.Sender("nobody").Open() {
		t.Error("the gate of a number that is not there is open")
	}
	if err := d.account.Conflict("replaced"); err != nil {
		t.Fatal(err)
	}
	d.waitState("front-desk", Replaced)
	if d.Sender("front-desk").Open() {
		t.Error("the gate of a replaced number is open")
	}
	d.restart()
	d.waitOpen("front-desk")
	if err := d.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	d.waitState("front-desk", LoggedOut)
	if d.Sender("front-desk").Open() {
		t.Error("the gate of a number that is logged out is open")
	}
}

// A teller sends nothing, and says so.
type teller struct{}

func (teller) Send(context.Context, delivery.Delivery) delivery.Result {
	return delivery.Result{Verdict: delivery.Done}
}

func TestAnotherSenderBehindTheGateOfANumberIsOpenWithIt(t *testing.T) {
	d := paired(t, simulator.Options{})
	g := d.Gated("front-desk", teller{})
	if !g.Open() || g.Send(t.Context(), delivery.Delivery{}).Verdict != delivery.Done {
		t.Error("it is shut though the number may send")
	}
	d.sim.Offline(true)
	eventually(t, "it is shut", func() bool { return !g.Open() })
	d.sim.Offline(false)
	eventually(t, "it is open", g.Open)
}

func TestWhatIsNotWantedAnyMoreIsNotSent(t *testing.T) {
	var wanted atomic.Bool
	var asked atomic.Pointer[delivery.Delivery]
	var broken atomic.Bool
	d := newDesk(t, simulator.Options{})
	d.adjust = func(c *Config) {
		c.StillWanted = func(_ context.Context, one delivery.Delivery) (bool, error) {
			asked.Store(&one)
			if broken.Load() {
				return false, errors.New("the store is away")
			}
			return wanted.Load(), nil
		}
	}
	d.run()
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	if got := d.send("menu/1", hello()); got.Verdict != delivery.Unsent || got.After != 0 {
		t.Errorf("got %+v", got)
	}
	if one := asked.Load(); one == nil || one.Key != "menu/1" {
		t.Errorf("asked about %+v", one)
	}
	broken.Store(true)
	if got := d.send("menu/1", hello()); got.Verdict != delivery.Unsent || got.After == 0 {
		t.Errorf("got %+v while the store is away", got)
	}
	if got := ana.Received(); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
	broken.Store(false)
	wanted.Store(true)
	d.done(d.send("menu/1", hello()))
}

func TestWhatComesTooLateIsNeverSent(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	late, early := hello(), hello()
	late.Until, early.Until = time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	if got := d.send("late", late); got.Verdict != delivery.Never || got.Detail != "it came too late to be said" {
		t.Errorf("got %+v", got)
	}
	d.done(d.send("early", early))
	if got := ana.Received(); len(got) != 1 {
		t.Errorf("received %+v", got)
	}
}

// FIELD.md 9: software retries and makes it worse.
func TestReachoutLockStopsFirstMessages(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	joao := d.person(simulator.PersonOptions{Phone: "+5511988880002", Name: "joao"})
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.account.LockReachOut(true)
	notice := chat.Outgoing{Phone: "+5511988880002", Text: "a chat for you"}

	got := d.send("notice/1", notice)
	if got.Verdict != delivery.Unsent || got.Status != 463 || got.After < 23*time.Hour || got.After > 24*time.Hour {
		t.Fatalf("got %+v", got)
	}
	refused := d.sim.Counters()["messages_refused"]
	soon := notice
	soon.Until = time.Now().Add(time.Minute)
	if got := d.send("notice/2", soon); got.Verdict != delivery.Unsent || got.After > time.Minute {
		t.Errorf("a notice that comes too late in a minute: %+v", got)
	}
	d.done(d.send("menu/1", hello()))
	if s := d.Number("front-desk").Status(); !strings.Contains(s.Sentence, "463") {
		t.Errorf("status: %q", s.Sentence)
	}
	eventually(t, "the metric says so", func() bool { return d.counted("leadgate_number_limited", "limit=replies") == 1 })

	d.account.LockReachOut(false)
	d.restart()
	d.waitOpen("front-desk")
	if got := d.send("notice/1", notice); got.Verdict != delivery.Unsent {
		t.Errorf("after a restart: %+v", got)
	}
	if n := d.sim.Counters()["messages_refused"]; n != refused || len(joao.Received()) != 0 {
		t.Errorf("%d more messages were refused, received %+v", n-refused, joao.Received())
	}
	d.stop()
	d.ear.with(func() { d.ear.limits["front-desk"] = chat.Limits{RepliesUntil: time.Now().Add(-time.Second)} })
	d.run()
	d.waitOpen("front-desk")
	d.done(d.send("notice/1", notice))
}

func TestAnAnswerThatRunsIntoTheLockIsTriedAgainLater(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.person(simulator.PersonOptions{})
	d.account.LockReachOut(true)
	if got := d.send("menu/1", hello()); got.Verdict != delivery.Again || got.After != time.Hour || got.Status != 463 {
		t.Errorf("got %+v", got)
	}
	if d.ear.limited("front-desk").RepliesUntil.IsZero() {
		t.Error("the lock is not committed")
	}
}
