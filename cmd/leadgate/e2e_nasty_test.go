package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/simulator"
)

// crowd is how many people write in the tests of traffic.
const crowd = 50

// A throng is people who write to the number, and what the business answers each of them.
type throng struct {
	*rig
	people []*simulator.Person
	sent   int // messages of either side
}

func (r *rig) newThrong() *throng {
	r.Helper()
	c := &throng{rig: r}
	for i := range crowd {
		c.people = append(c.people, r.person(simulator.PersonOptions{
			Phone: fmt.Sprintf("+55119370%05d", i), Name: fmt.Sprintf("Person %d", i), ByPhone: i%3 == 0,
		}))
	}
	return c
}

// write has everybody write their first messages.
func (c *throng) write() {
	c.Helper()
	for _, text := range []string{"Hello!", instagram, "Are you there?"} {
		for _, p := range c.people {
			c.says(p, simulator.Message{Text: text})
			c.sent++
		}
	}
}

// answer has the business answer everybody, at times that tell the messages' order whatever becomes of it on the way.
func (c *throng) answer() {
	c.Helper()
	now := time.Now()
	for i, text := range []string{scheduled, bought} {
		for _, p := range c.people {
			c.answers(p, simulator.Message{Text: text, At: now.Add(time.Duration(i+1) * time.Minute)})
			c.sent++
		}
	}
}

func (c *throng) allStand(stage string) {
	c.Helper()
	for _, p := range c.people {
		c.reaches(p, stage)
	}
}

// onceEach checks that everything that was written had its effect, and had it once.
func (c *throng) onceEach() {
	c.Helper()
	c.quiet()
	c.eventually("nothing is pending", func() bool { return c.count(`SELECT count(*) FROM delivery WHERE state = 'pending'`) == 0 })
	told := map[string]int{}
	for _, p := range c.people {
		for _, e := range c.eventsOf(p) {
			told[p.Phone()+" "+e.Type+" "+e.Data.To]++
		}
	}
	for _, p := range c.people {
		for _, fact := range strings.Split(boughtStory, ", ") {
			if !strings.Contains(fact, " ") {
				fact += " "
			}
			if got := told[p.Phone()+" "+fact]; got != 1 {
				c.Errorf("the CRM is told %q of %s %d times", fact, p.Phone(), got)
			}
			delete(told, p.Phone()+" "+fact)
		}
	}
	for fact, n := range told {
		c.Errorf("the CRM is told %q %d times, want never", fact, n)
	}
	for query, want := range map[string]int{
		`SELECT count(*) FROM lead`: crowd, `SELECT count(*) FROM transition`: 3 * crowd,
		`SELECT count(*) FROM event WHERE lead IS NOT NULL`: 4 * crowd, `SELECT count(*) FROM set_aside`: 0,
	} {
		if got := c.count(query); got != want {
			c.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for _, wrong := range c.crm.wrong() {
		c.Errorf("the CRM refused a webhook: %s", wrong)
	}
}

func TestEndToEndEveryMessageAccountedForThoughWhatsAppIsNasty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		r := newRigOfThreeStages(t, simulator.Options{Seed: seed, Nasty: true})
		c := r.newThrong()
		settled := r.settled()
		c.write()
		c.allStand("Lead Entry")
		c.answer()
		c.allStand("Sale")
		c.onceEach()
		counters := r.simulator.Counters()
		if counters["messages_damaged"] == 0 || counters["messages_doubled"] == 0 {
			t.Errorf("nothing nasty happened: %v", counters)
		}
		if got := int(r.settled() - settled); got < c.sent {
			t.Errorf("of %d messages only %d are accounted for", c.sent, got)
		}
		if got := r.metric(`leadgate_messages_missing{number="front-desk"}`); got != 0 {
			t.Errorf("%v messages are missing", got)
		}
		r.stop()
	}
}

// settled is how many messages came to an end, by the daemon's own count.
func (r *rig) settled() (n float64) {
	r.Helper()
	for _, direction := range []string{"inbound", "outbound"} {
		for _, outcome := range []string{"handled", "ignored", "set_aside"} {
			n += r.metric(fmt.Sprintf(`leadgate_messages_total{direction=%q,number="front-desk",outcome=%q}`, direction, outcome))
		}
	}
	return n
}

func TestEndToEndStoppedInTheMiddleOfTrafficNothingIsLost(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 3})
	c := r.newThrong()
	// interrupted stops the daemon again and again while everybody writes.
	interrupted := func(write func(), stage string) {
		t.Helper()
		written := make(chan struct{})
		go func() {
			defer close(written)
			write()
		}()
		for part := range 4 {
			r.eventually("some have been handled", func() bool {
				return r.count(`SELECT count(*) FROM transition WHERE to_stage = $1`, stage) > part*crowd/5
			})
			began := time.Now()
			r.stop()
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("stopping took %s", took)
			}
			r.restartAmidTraffic()
		}
		<-written
	}
	interrupted(c.write, "Lead Entry")
	c.allStand("Lead Entry")
	interrupted(c.answer, "Scheduling")
	c.allStand("Sale")
	c.onceEach()
	r.stop()
}

// restartAmidTraffic returns when the number is connected, whatever is still under way.
func (r *rig) restartAmidTraffic() {
	r.Helper()
	r.start()
	r.wait("the number connects", r.account.WaitConnected)
}

func TestEndToEndBusyWritersNeverLock(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 4})
	c := r.newThrong()
	reading := make(chan struct{})
	go func() { // somebody looks at everything all the time
		defer close(reading)
		for range 200 {
			r.metric("leadgate_store_size_bytes")
			r.ready()
		}
	}()
	c.write()
	c.allStand("Lead Entry")
	c.answer()
	c.allStand("Sale")
	<-reading
	c.onceEach()
	for _, sign := range []string{"locked", "busy", "not committed"} {
		if strings.Contains(r.log.String(), sign) {
			t.Errorf("the log speaks of %q", sign)
		}
	}
	if got := r.metric(`leadgate_messages_total{direction="inbound",number="front-desk",outcome="failed"}`); got != 0 {
		t.Errorf("%v attempts at messages failed", got)
	}
	r.stop()
}
