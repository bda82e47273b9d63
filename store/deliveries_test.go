package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

func TestADisabledDestinationGetsNothingUntilItIsEnabled(t *testing.T) {
	for name, enable := range map[string]func(t *testing.T, p post){
		"by a reload": func(t *testing.T, p post) {
			if err := p.EnableDestinations(t.Context(), []string{"other", "crm"}); err != nil {
				t.Fatal(err)
			}
		},
		"by hand": func(t *testing.T, p post) {
			if n, err := p.RetryDeliveries(t.Context(), DeliveryFilter{Destination: "crm"}, noon); err != nil || n != 2 {
				t.Fatalf("%d retried, %v", n, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onPost(t, func(t *testing.T, p post) {
				p.queue("crm", "a", "a1", "a2")
				p.settle(noon, gone, p.claim(noon, "crm")...)
				if s := p.stat("crm"); s.State != delivery.Disabled || s.Pending != 2 || s.Dead != 0 {
					t.Fatalf("stats %+v", s)
				}
				p.want(p.claim(noon.Add(100*time.Hour), "crm"))
				if next, err := p.NextAt(t.Context(), noon, []string{"crm"}); err != nil || !next.IsZero() {
					t.Errorf("next at %v, %v", next, err)
				}
				enable(t, p)
				p.want(p.claim(noon, "crm"), "a1")
			})
		})
	}
}

func TestDeadDeliveriesAreRetriedByHandOldestFirst(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1", "a2")
		p.queue("crm", "b", "b1")
		p.queue("sheet", "a", "s1")
		for range 2 {
			p.settle(noon, never, p.claim(noon, "crm", "sheet")...)
		}
		list, _, err := p.Deliveries(t.Context(), DeliveryFilter{Destination: "crm", State: delivery.Dead}, 0, 10)
		if err != nil || len(list) != 3 {
			t.Fatalf("dead: %+v, %v", list, err)
		}
		one := list[2]
		if n, err := p.RetryDeliveries(t.Context(), DeliveryFilter{ID: one.ID}, noon); err != nil || n != 1 {
			t.Fatalf("%d retried, %v", n, err)
		}
		claimed := p.claim(noon, "crm", "sheet")
		p.want(claimed, one.Key)
		if claimed[0].Attempt != 1 {
			t.Errorf("attempt %d of what is retried by hand", claimed[0].Attempt)
		}
		p.settle(noon, never, claimed...)
		for name, f := range map[string]DeliveryFilter{
			"before": {Until: noon}, "after": {Since: noon.Add(time.Second)}, "of a lead": {LeadID: "lead_x"},
		} {
			if n, err := p.RetryDeliveries(t.Context(), f, noon); err != nil || n != 0 {
				t.Errorf("%s: %d retried, %v", name, n, err)
			}
		}
		hour := DeliveryFilter{Destination: "crm", Since: noon, Until: noon.Add(time.Hour)}
		if n, err := p.RetryDeliveries(t.Context(), hour, noon); err != nil || n != 3 {
			t.Fatalf("%d retried, %v", n, err)
		}
		first := p.claim(noon, "crm", "sheet")
		p.want(first, "a1", "b1")
		p.settle(noon, done, first...)
		p.want(p.claim(noon, "crm", "sheet"), "a2")
	})
}

func TestWhatIsUnderWayIsLeftToItsAttemptWhenItsLaneIsRetried(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1", "a2")
		p.settle(noon, never, p.claim(noon, "crm")...)
		held := p.claim(noon, "crm")
		p.want(held, "a2")
		if _, err := p.RetryDeliveries(t.Context(), DeliveryFilter{}, noon); err != nil {
			t.Fatal(err)
		}
		p.want(p.claim(noon, "crm"))
		p.settle(noon, done, held...)
		p.want(p.claim(noon, "crm"), "a1")
	})
}

func TestAKeyIsDeliveredOnceToEachDestination(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "k")
		p.settle(noon, done, p.claim(noon, "crm")...)
		p.queue("crm", "b", "k")
		p.queue("sheet", "b", "k")
		p.want(p.claim(noon, "crm", "sheet"), "k")
		if next, err := p.NextAt(t.Context(), noon, []string{"crm"}); err != nil || !next.IsZero() {
			t.Errorf("an empty lane is due at %v, %v", next, err)
		}
		if s := p.stat("crm"); s.Pending != 0 {
			t.Errorf("%d deliveries are pending again", s.Pending)
		}
	})
}

func TestDeliveriesAreListedInPagesTheLastFirst(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		lead := ana()
		d := bot.Decision{Lead: &lead}
		for i := range 5 {
			event(&d, fmt.Sprintf("evt_%d", i), lead.ID, "crm")
		}
		update(t, p.Store, message("M1", person(lead)), d)
		p.queue("sheet", "x", "s1")
		var keys []string
		for from := Cursor(0); ; {
			page, next, err := p.Deliveries(t.Context(), DeliveryFilter{LeadID: lead.ID, State: delivery.Pending}, from, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range page {
				keys = append(keys, d.Key)
				if d.Event != bot.LeadUpdated || d.LeadID != lead.ID || d.Lane != lead.ID {
					t.Errorf("listed %+v", d)
				}
			}
			if next == 0 {
				break
			}
			from = next
		}
		if want := []string{"evt_4", "evt_3", "evt_2", "evt_1", "evt_0"}; !reflect.DeepEqual(keys, want) {
			t.Errorf("listed %v, want %v", keys, want)
		}
		if _, _, err := p.Deliveries(t.Context(), DeliveryFilter{State: "lost"}, 0, 2); err == nil {
			t.Error("a state that there is not was taken")
		}
	})
}

func TestStatsNameTheOldestPendingDelivery(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue("crm", "a", "a1")
		update(t, p.Store, bot.Input{Key: "old", At: noon}, bot.Decision{Deliveries: []delivery.Delivery{
			{Destination: "sheet", Lane: "a", Key: "s1", CreatedAt: noon.Add(-time.Hour)},
			{Destination: "sheet", Lane: "b", Key: "s2", CreatedAt: noon},
		}})
		if s := p.stat("sheet"); s.Pending != 2 || !s.OldestAt.Equal(noon.Add(-time.Hour)) || s.State != delivery.Active {
			t.Errorf("stats %+v", s)
		}
		p.settle(noon, done, p.claim(noon, "crm", "sheet")...)
		if stats, err := p.QueueStats(t.Context()); err != nil || len(stats) != 0 {
			t.Errorf("stats %+v, %v", stats, err)
		}
	})
}
