package whatsapp

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

func TestAPaceBoundsWhatIsSentInAnyStretchOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pace := chat.Pace{PerMinute: rapid.IntRange(1, 600).Draw(t, "per minute"), Burst: rapid.IntRange(1, 20).Draw(t, "burst")}
		now := noon
		p := newPacer(pace, now)
		var taken []time.Time
		for range 200 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "passed")))
			if wait, _ := p.take(now); wait == 0 {
				taken = append(taken, now)
			}
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				most := float64(pace.Burst) + taken[j].Sub(taken[i]).Minutes()*float64(pace.PerMinute)
				if float64(j-i+1) > most+1e-6 {
					t.Fatalf("%d turns within %s at %+v", j-i+1, taken[j].Sub(taken[i]), pace)
				}
			}
		}
	})
}

func TestWhoWaitsAsLongAsThePacerSaysHasATurn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPacer(chat.Pace{PerMinute: rapid.IntRange(1, 600).Draw(t, "per minute"), Burst: 1}, noon)
		now := noon
		for range 20 {
			wait, _ := p.take(now)
			if wait == 0 {
				continue
			}
			now = now.Add(wait + time.Microsecond)
			if again, _ := p.take(now); again != 0 {
				t.Fatalf("it was to wait for %s, and then for %s", wait, again)
			}
		}
	})
}

func TestARestIsWorthABurstAndNoMore(t *testing.T) {
	p := newPacer(chat.Pace{PerMinute: 60, Burst: 3}, noon)
	now, turns := noon.Add(time.Hour), 0
	for wait := time.Duration(0); wait == 0; turns++ {
		wait, _ = p.take(now)
	}
	if turns-1 != 3 {
		t.Errorf("%d turns at once", turns-1)
	}
}

func TestANumberWithoutAPaceHasTheDefault(t *testing.T) {
	p := newPacer(chat.Pace{}, noon)
	if p.pace != chat.DefaultPace() {
		t.Errorf("got %+v", p.pace)
	}
}

func TestANewPaceHoldsAtOnceForThoseWhoWait(t *testing.T) {
	p := newPacer(chat.Pace{PerMinute: 1, Burst: 1}, time.Now())
	if !p.wait(t.Context(), patience) {
		t.Fatal("no first turn")
	}
	turn := make(chan bool, 1)
	go func() { turn <- p.wait(t.Context(), patience) }()
	eventually(t, "somebody waits", func() bool { return len(p.head) == 1 })
	p.set(chat.Pace{PerMinute: 60_000, Burst: 1}, time.Now())
	if !<-turn {
		t.Error("no turn at the new pace")
	}
}

func TestASendThatHasNoTurnInTimeIsDueAgain(t *testing.T) {
	p := newPacer(chat.Pace{PerMinute: 1, Burst: 1}, time.Now())
	if !p.wait(t.Context(), time.Millisecond) || p.wait(t.Context(), time.Millisecond) {
		t.Error("the second has a turn as well, or the first has none")
	}
	if len(p.head) != 0 {
		t.Error("who has given up still waits")
	}
}

func TestTheOwnSendsKeepThePace(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	// One in ten seconds: no machine is so slow that the second turn comes in the meantime by itself.
	slow := chat.Number{Name: "front-desk", Phone: frontDesk, Pace: chat.Pace{PerMinute: 6, Burst: 2}}
	d.run(slow)
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("1", hello()))
	d.done(d.send("2", hello()))
	result := make(chan delivery.Result, 1)
	go func() { result <- d.send("3", hello()) }()
	n := d.Number("front-desk")
	eventually(t, "the third waits for its turn", func() bool { return len(n.pacer.head) == 1 })
	if got := ana.Received(); len(got) != 2 {
		t.Errorf("received %d messages", len(got))
	}
	slow.Pace = briskly
	d.SetNumbers([]chat.Number{slow}) // as a reload does
	d.done(<-result)
	if d.Number("front-desk") != n || n.Status().State != Connected {
		t.Error("the new pace has disturbed the number")
	}
}

func TestASendThatHasWaitedForItsTurnLooksAgainWhetherItMayGoOut(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	slow := chat.Number{Name: "front-desk", Phone: frontDesk, Pace: chat.Pace{PerMinute: 6, Burst: 1}}
	d.run(slow)
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	d.done(d.send("1", hello()))
	result := make(chan delivery.Result, 1)
	go func() { result <- d.send("2", hello()) }()
	n := d.Number("front-desk")
	eventually(t, "the second waits for its turn", func() bool { return len(n.pacer.head) == 1 })
	proceed := make(chan struct{})
	d.ear.failWith(func(chat.Message, int) error { <-proceed; return nil })
	d.sim.Offline(true)
	eventually(t, "the gate is shut", func() bool { return !n.Open() })
	d.sent(d.account.Send(ana, simulator.Message{Text: "I am with you"}))
	d.sim.Offline(false)
	d.waitState("front-desk", Connected)
	slow.Pace = briskly
	d.SetNumbers([]chat.Number{slow})
	if got := <-result; got.Verdict != delivery.Unsent {
		t.Errorf("got %+v", got)
	}
	close(proceed)
	d.waitOpen("front-desk")
	if got := ana.Received(); len(got) != 2 {
		t.Errorf("received %+v", got)
	}
}

func TestTheDaemonAppearsToTypeForAMoment(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	var typed atomic.Pointer[string]
	d.adjust = func(c *Config) {
		c.Typing = func(text string) time.Duration { typed.Store(&text); return time.Millisecond }
	}
	d.run()
	d.pair("front-desk", d.account)
	d.person(simulator.PersonOptions{})
	d.done(d.send("1", hello()))
	if n := d.sim.Counters()["chatstates_in"]; n != 1 || typed.Load() == nil || *typed.Load() != "hello" {
		t.Errorf("typing was shown %d times, of %v", n, typed.Load())
	}
	if n := d.sim.Counters()["presences_in"]; n != 0 {
		t.Error("the number appears online, and its phone is silent")
	}
}

func TestALongerTextIsTypedForLonger(t *testing.T) {
	short, long, longest := typingTime("Hi"), typingTime(strings.Repeat("é", 50)), typingTime(strings.Repeat("é", 5000))
	if short < 400*time.Millisecond || long <= short || longest != 1500*time.Millisecond {
		t.Errorf("%s, %s, %s", short, long, longest)
	}
}

// FIELD.md 18: a queue of sends at a slow pace, typed at leisure, while the leads go on writing.
func TestAQueueOfSendsNeverStarvesReceiving(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	d.adjust = func(c *Config) { c.Typing = func(string) time.Duration { return 20 * time.Millisecond } }
	d.run(chat.Number{Name: "front-desk", Phone: frontDesk, Pace: chat.Pace{PerMinute: 1200, Burst: 1}}) // 20 a second
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	queue := make(chan string, 200)
	for i := range 200 {
		queue <- fmt.Sprintf("queued/%d", i)
	}
	close(queue)
	var left sync.WaitGroup
	for range 16 { // as many workers as one of two destinations has
		left.Go(func() {
			for key := range queue {
				for d.send(key, hello()).Verdict != delivery.Done { //nolint:revive // as the carrier does
				}
			}
		})
	}
	for i := range 20 {
		d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: fmt.Sprintf("meanwhile %d", i)})))
	}
	if waiting := len(queue); waiting == 0 {
		t.Error("the queue was empty before the messages were heard: nothing is proved")
	}
	left.Wait()
	if got := ana.Received(); len(got) != 200 {
		t.Errorf("received %d of 200", len(got))
	}
}
