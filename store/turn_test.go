package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

// A post is a queue whose deliveries a test carries by hand.
type post struct {
	*Store
	t *testing.T
}

// queue queues deliveries of a destination in a lane, under keys.
func (p post) queue(destination, lane string, keys ...string) {
	p.t.Helper()
	var d bot.Decision
	for _, key := range keys {
		d.Deliveries = append(d.Deliveries, delivery.Delivery{
			Destination: destination, Lane: lane, Key: key, Body: []byte(key), CreatedAt: noon,
		})
	}
	update(p.t, p.Store, bot.Input{Key: fmt.Sprint(destination, lane, keys), At: noon}, d)
}

// claim claims what is due.
func (p post) claim(now time.Time, destinations ...string) []delivery.Delivery {
	p.t.Helper()
	claimed, err := p.Turn(p.t.Context(), now, nil, destinations, 100, time.Minute)
	if err != nil {
		p.t.Fatal(err)
	}
	return claimed
}

// settle settles attempts with one result.
func (p post) settle(now time.Time, r delivery.Result, claimed ...delivery.Delivery) {
	p.t.Helper()
	var ended []delivery.Settled
	for _, d := range claimed {
		ended = append(ended, delivery.Settled{Delivery: d, Result: r})
	}
	if _, err := p.Turn(p.t.Context(), now, ended, nil, 0, time.Minute); err != nil {
		p.t.Fatal(err)
	}
}

// want checks the keys of what was claimed, in any order.
func (p post) want(claimed []delivery.Delivery, keys ...string) {
	p.t.Helper()
	seen := map[string]int{}
	for _, d := range claimed {
		seen[d.Key]++
	}
	for _, key := range keys {
		seen[key]--
	}
	for _, n := range seen {
		if n != 0 {
			p.t.Fatalf("claimed %v, want %v", claimed, keys)
		}
	}
}

func (p post) stat(destination string) QueueStat {
	p.t.Helper()
	stats, err := p.QueueStats(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, s := range stats {
		if s.Destination == destination {
			return s
		}
	}
	return QueueStat{}
}

func onPost(t *testing.T, test func(t *testing.T, p post)) {
	onEach(t, func(t *testing.T, at place) { test(t, post{at.open(Options{}), t}) })
}

var (
	done   = delivery.Result{Verdict: delivery.Done, Status: 200}
	again  = delivery.Result{Verdict: delivery.Again, Status: 500, Detail: "status 500"}
	never  = delivery.Result{Verdict: delivery.Never, Status: 400, Detail: `it said "no"`}
	gone   = delivery.Result{Verdict: delivery.Disable, Status: 410, Detail: "gone"}
	unsent = delivery.Result{Verdict: delivery.Unsent}
)

func TestADeliveryIsClaimedAsItWasQueued(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		lead := ana()
		d := bot.Decision{Lead: &lead}
		event(&d, "evt_1", lead.ID, "crm")
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: "whatsapp", Lane: "front-desk", Key: "menu/1", Body: []byte("menu")})
		update(t, p.Store, message("M1", person(lead)), d)
		want := []delivery.Delivery{
			{Destination: "crm", Lane: lead.ID, Key: "evt_1", Body: []byte(`{"id":"evt_1"}`), CreatedAt: noon, Attempt: 1},
			{Destination: "whatsapp", Lane: "front-desk", Key: "menu/1", Body: []byte("menu"), CreatedAt: noon, Attempt: 1},
		}
		for _, w := range want {
			claimed := p.claim(noon, w.Destination)
			if len(claimed) != 1 {
				t.Fatalf("claimed %+v", claimed)
			}
			w.ID = claimed[0].ID
			if !reflect.DeepEqual(claimed[0], w) || w.ID == 0 {
				t.Errorf("claimed %+v, want %+v", claimed[0], w)
			}
		}
	})
}

func TestALaneGivesOneAtATimeAndTheOldestFirst(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1", "a2", "a3")
		p.queue("crm", "b", "b1", "b2")
		first := p.claim(noon, "crm")
		p.want(first, "a1", "b1")
		p.want(p.claim(noon, "crm"))
		p.settle(noon, done, first...)
		second := p.claim(noon, "crm")
		p.want(second, "a2", "b2")
		p.settle(noon, again, second...)
		p.queue("crm", "c", "c1")
		p.want(p.claim(noon.Add(4*time.Second), "crm"), "c1")
		retried := p.claim(noon.Add(6*time.Second), "crm")
		p.want(retried, "a2", "b2")
		if retried[0].Attempt != 2 {
			t.Errorf("attempt %d of the retry", retried[0].Attempt)
		}
		p.settle(noon.Add(6*time.Second), done, retried...)
		p.want(p.claim(noon.Add(6*time.Second), "crm"), "a3")
	})
}

func TestADeadDeliveryDoesNotHoldBackTheLaterOnesOfItsLane(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1", "a2")
		p.settle(noon, never, p.claim(noon, "crm")...)
		p.want(p.claim(noon, "crm"), "a2")
		list, _, err := p.Deliveries(t.Context(), DeliveryFilter{State: delivery.Dead}, 0, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("dead: %+v, %v", list, err)
		}
		d := list[0]
		if d.Key != "a1" || d.Status != 400 || d.Detail != never.Detail || !d.SettledAt.Equal(noon) || d.Attempt != 1 {
			t.Errorf("dead: %+v", d)
		}
		if s := p.stat("crm"); s.Dead != 1 || s.Pending != 1 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestOnlyTheDestinationsAskedForAreClaimedEachWithItsShare(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		for i := range 50 {
			p.queue("crm", fmt.Sprint(i), fmt.Sprintf("c%d", i))
		}
		p.queue("sheet", "x", "s1")
		p.queue("other", "x", "o1")
		claimed, err := p.Turn(t.Context(), noon, nil, []string{"crm", "sheet", "nothing"}, 10, time.Minute)
		if err != nil || len(claimed) != 10 {
			t.Fatalf("claimed %d of 10, %v", len(claimed), err)
		}
		counts := map[string]int{}
		for _, d := range claimed {
			counts[d.Destination]++
		}
		if counts["sheet"] != 1 || counts["crm"] != 9 {
			t.Errorf("claimed %v", counts)
		}
	})
}

func TestADeliveryWaitsUntilItsTime(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		at := noon.Add(10 * time.Minute)
		update(t, p.Store, bot.Input{Key: "k", At: noon}, bot.Decision{Deliveries: []delivery.Delivery{
			{Destination: "bot", Lane: "a", Key: "a1", CreatedAt: noon},
			{Destination: "bot", Lane: "a", Key: "a2", NotBefore: at, CreatedAt: noon},
			{Destination: "bot", Lane: "b", Key: "b1", NotBefore: at, CreatedAt: noon},
		}})
		update(t, p.Store, bot.Input{Key: "l", At: noon}, bot.Decision{Deliveries: []delivery.Delivery{
			{Destination: "later", Lane: "a", Key: "a1", NotBefore: at, CreatedAt: noon},
		}})
		if next, err := p.NextAt(t.Context(), noon, []string{"later"}); err != nil || !next.Equal(at) {
			t.Errorf("next at %v, %v, want %v", next, err, at)
		}
		if _, err := p.RetryDeliveries(t.Context(), DeliveryFilter{Destination: "later"}, noon); err != nil {
			t.Fatal(err)
		}
		p.want(p.claim(noon, "later"))

		first := p.claim(noon, "bot")
		p.want(first, "a1")
		p.settle(noon, done, first...)
		p.want(p.claim(at.Add(-time.Second), "bot"))
		if next, err := p.NextAt(t.Context(), noon, []string{"bot"}); err != nil || !next.Equal(at) {
			t.Errorf("next at %v, %v, want %v", next, err, at)
		}
		p.want(p.claim(at, "bot"), "a2", "b1")
	})
}

func TestALeaseRunsOutAndALateSettlementDoesNoDamage(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1", "a2")
		lost := p.claim(noon, "crm")
		if next, err := p.NextAt(t.Context(), noon, []string{"crm"}); err != nil || !next.Equal(noon.Add(time.Minute)) {
			t.Errorf("next at %v, %v, want the lease's end", next, err)
		}
		later := noon.Add(2 * time.Minute)
		held := p.claim(later, "crm")
		p.want(held, "a1")
		if held[0].Attempt != 2 {
			t.Errorf("attempt %d after a lost lease", held[0].Attempt)
		}
		for _, r := range []delivery.Result{done, never, again, gone} {
			p.settle(later, r, lost...)
		}
		p.want(p.claim(later, "crm"))
		if s := p.stat("crm"); s.State != delivery.Active || s.Pending != 2 {
			t.Errorf("stats %+v", s)
		}
		p.settle(later, done, held...)
		p.settle(later, never, held...) // settled already
		if s := p.stat("crm"); s.Pending != 1 || s.Dead != 0 {
			t.Errorf("stats %+v", s)
		}
		p.want(p.claim(later, "crm"), "a2")
	})
}

func TestASettlementCountsAfterItsLeaseWhenNobodyElseHasClaimed(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1")
		slow := p.claim(noon, "crm")
		p.settle(noon.Add(time.Hour), done, slow...)
		p.want(p.claim(noon.Add(2*time.Hour), "crm"))
	})
}

func TestAnAttemptThatWasNotMadeDoesNotCount(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1")
		p.settle(noon, unsent, p.claim(noon, "crm")...)
		claimed := p.claim(noon, "crm")
		p.want(claimed, "a1")
		if claimed[0].Attempt != 1 {
			t.Errorf("attempt %d", claimed[0].Attempt)
		}
	})
}

func TestADestinationThatKeepsFailingIsPausedAndProbedWithOne(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		for i := range 10 {
			p.queue("crm", fmt.Sprint(i), fmt.Sprintf("c%d", i))
			p.queue("sheet", fmt.Sprint(i), fmt.Sprintf("s%d", i))
		}
		p.settle(noon, again, p.claim(noon, "crm")...)
		s := p.stat("crm")
		if s.State != delivery.Paused || s.Reason == "" || s.Pending != 10 {
			t.Fatalf("stats %+v", s)
		}
		p.want(p.claim(s.ResumeAt.Add(-time.Second), "crm"))
		if next, err := p.NextAt(t.Context(), noon, []string{"crm"}); err != nil || !next.Equal(s.ResumeAt) {
			t.Errorf("next at %v, %v, want the probe at %v", next, err, s.ResumeAt)
		}
		if claimed := p.claim(noon, "crm", "sheet"); len(claimed) != 10 {
			t.Errorf("%d of 10 to the destination that works", len(claimed))
		}

		probe := p.claim(s.ResumeAt, "crm")
		if len(probe) != 1 {
			t.Fatalf("probed with %d", len(probe))
		}
		p.want(p.claim(s.ResumeAt, "crm"))
		p.settle(s.ResumeAt, again, probe...)
		second := p.stat("crm")
		if second.State != delivery.Paused || !second.ResumeAt.After(s.ResumeAt) {
			t.Fatalf("after a failed probe %+v", second)
		}

		probe = p.claim(second.ResumeAt, "crm")
		if len(probe) != 1 {
			t.Fatalf("probed with %d", len(probe))
		}
		p.settle(second.ResumeAt, done, probe...)
		if s := p.stat("crm"); s.State != delivery.Active {
			t.Errorf("after a good probe %+v", s)
		}
		if claimed := p.claim(second.ResumeAt.Add(time.Hour), "crm"); len(claimed) != 9 {
			t.Errorf("%d of 9 after the pause", len(claimed))
		}
	})
}

func TestAProbeWhoseProcessDiedIsFollowedByAnother(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		for i := range 5 {
			p.queue("crm", fmt.Sprint(i), fmt.Sprintf("c%d", i))
		}
		p.settle(noon, again, p.claim(noon, "crm")...)
		at := p.stat("crm").ResumeAt
		if n := len(p.claim(at, "crm")); n != 1 {
			t.Fatalf("probed with %d", n)
		}
		if n := len(p.claim(at.Add(59*time.Second), "crm")); n != 0 {
			t.Fatalf("probed with %d more", n)
		}
		if n := len(p.claim(at.Add(time.Minute), "crm")); n != 1 {
			t.Errorf("probed with %d after the lease", n)
		}
	})
}

func TestAProbeThatWasNotMadeIsFollowedByAnotherAtOnce(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		for i := range 5 {
			p.queue("crm", fmt.Sprint(i), fmt.Sprintf("c%d", i))
		}
		p.settle(noon, again, p.claim(noon, "crm")...)
		at := p.stat("crm").ResumeAt
		p.settle(at, unsent, p.claim(at, "crm")...)
		if n := len(p.claim(at, "crm")); n != 1 {
			t.Errorf("probed with %d", n)
		}
	})
}

func TestEveryQueuedDeliveryIsClaimedOnceAndInOrder(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		const deliveries, lanes = 600, 40
		queueUp(t, p.Store, deliveries, lanes)
		last := map[string]int64{}
		var ended []delivery.Settled
		for n := 0; n < deliveries; {
			claimed, err := p.Turn(t.Context(), noon, ended, []string{"crm"}, 25, time.Minute)
			if err != nil || len(claimed) == 0 {
				t.Fatalf("%d of %d came, %v", n, deliveries, err)
			}
			ended = ended[:0]
			for _, d := range claimed {
				if d.ID <= last[d.Lane] {
					t.Fatalf("lane %s gave %d after %d", d.Lane, d.ID, last[d.Lane])
				}
				last[d.Lane] = d.ID
				ended = append(ended, delivery.Settled{Delivery: d, Result: done})
			}
			n += len(claimed)
		}
	})
}
