package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/delivery"
)

const desk = "whatsapp:front-desk"

// take withdraws a lane, and has something else sent in it.
func (p post) take(key string, lane string, instead ...string) {
	p.t.Helper()
	d := bot.Decision{Withdrawn: []bot.Lane{{Destination: desk, Key: lane}}}
	for _, key := range instead {
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: desk, Lane: lane, Key: key, Body: []byte(key)})
	}
	update(p.t, p.Store, bot.Input{Key: key, At: noon}, d)
}

// bodies are what deliveries of the destination still say, by key.
func (p post) bodies(destination string) map[string]string {
	p.t.Helper()
	rows, err := p.reads.QueryContext(p.t.Context(), "SELECT key, body FROM delivery WHERE destination = $1", destination)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	said := map[string]string{}
	for rows.Next() {
		var key string
		var body []byte
		if err := rows.Scan(&key, &body); err != nil {
			p.t.Fatal(err)
		}
		said[key] = string(body)
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	return said
}

func TestWhatIsWithdrawnIsNotSentAndWhatComesInsteadIs(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue(desk, "lead_a", "menu", "reminder")
		p.queue(desk, "lead_b", "other")
		p.queue("labels:front-desk", "lead_a", "label")
		p.take("taken", "lead_a", "assigned")
		p.want(p.claim(noon, desk, "labels:front-desk"), "assigned", "other", "label")
		want := map[string]string{"menu": "", "reminder": "", "assigned": "assigned", "other": "other"}
		if got := p.bodies(desk); !reflect.DeepEqual(got, want) {
			t.Errorf("bodies %q, want %q", got, want)
		}
		list, _, err := p.Deliveries(t.Context(), DeliveryFilter{State: delivery.Withdrawn}, 0, 10)
		if err != nil || len(list) != 2 || list[0].Key != "reminder" || !list[0].SettledAt.Equal(noon) {
			t.Errorf("withdrawn: %+v, %v", list, err)
		}
		if n, err := p.RetryDeliveries(t.Context(), DeliveryFilter{Destination: desk, Until: noon.Add(time.Hour)}, noon); err != nil || n != 2 {
			t.Errorf("%d retried, %v; what was withdrawn stays so", n, err)
		}
		if s := p.stat(desk); s.Pending != 2 || s.Dead != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestAnEmptiedLaneIsFree(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue(desk, "lead_a", "menu")
		p.settle(noon, again, p.claim(noon, desk)...) // waits for its next attempt
		p.take("taken", "lead_a")
		p.take("taken again", "lead_a")
		p.take("nobody's lane", "lead_x")
		if next, err := p.NextAt(t.Context(), noon, []string{desk}); err != nil || !next.IsZero() {
			t.Errorf("next at %v, %v", next, err)
		}
		p.queue(desk, "lead_a", "later")
		p.want(p.claim(noon, desk), "later")
	})
}

func TestWhatIsWithdrawnWhileItIsSentIsLeftAloneByItsSettlement(t *testing.T) {
	for _, r := range []delivery.Result{done, again, never, unsent, gone} {
		t.Run(string(r.Verdict), func(t *testing.T) {
			onPost(t, func(t *testing.T, p post) {
				p.queue(desk, "lead_a", "menu")
				held := p.claim(noon, desk)
				for want := true; ; want = false {
					if got, err := p.Pending(t.Context(), held[0].ID); err != nil || got != want {
						t.Errorf("pending %v, %v, want %v", got, err, want)
					}
					if !want {
						break
					}
					p.take("taken", "lead_a", "assigned")
				}
				next := p.claim(noon, desk)
				p.want(next, "assigned")
				p.settle(noon, r, held...)
				p.want(p.claim(noon.Add(time.Second), desk)) // the lane is still the next one's
				list, _, err := p.Deliveries(t.Context(), DeliveryFilter{State: delivery.Withdrawn}, 0, 10)
				if err != nil || len(list) != 1 || list[0].Key != "menu" || list[0].Status != 0 {
					t.Errorf("withdrawn: %+v, %v", list, err)
				}
				p.settle(noon, done, next...)
				if s := p.stat(desk); s.Pending != 0 || s.State == delivery.Disabled {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestADeliveredBodyOfItsOwnIsForgottenAndAnEventIsNot(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		lead := ana()
		d := bot.Decision{Lead: &lead}
		event(&d, "evt_1", lead.ID, desk)
		for _, key := range []string{"menu", "nothing", "dead", "tried"} {
			body := []byte("Hi Ana")
			if key == "nothing" {
				body = nil
			}
			d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: desk, Lane: key, Key: key, Body: body, About: lead.ID})
		}
		update(t, p.Store, message("M1", person(lead)), d)
		for _, claimed := range p.claim(noon, desk) {
			if want := map[bool]string{true: lead.ID}[claimed.Key != "evt_1"]; claimed.About != want {
				t.Errorf("claimed %+v", claimed)
			}
			p.settle(noon, map[string]delivery.Result{"dead": never, "tried": again, "menu": done, "nothing": done, "evt_1": done}[claimed.Key], claimed)
		}
		want := map[string]string{"menu": "", "nothing": "", "dead": "Hi Ana", "tried": "Hi Ana", "evt_1": ""}
		if got := p.bodies(desk); !reflect.DeepEqual(got, want) {
			t.Errorf("bodies %q, want %q", got, want)
		}
		events, err := p.Events(t.Context(), EventFilter{}, 10)
		if err != nil || len(events) != 1 || string(events[0].Body) != `{"id":"evt_1"}` {
			t.Errorf("events %+v, %v", events, err)
		}
		list, _, err := p.Deliveries(t.Context(), DeliveryFilter{LeadID: lead.ID}, 0, 10)
		if err != nil || len(list) != 5 || list[0].LeadID != lead.ID {
			t.Errorf("of the lead: %+v, %v", list, err)
		}
	})
}

func TestWhatTheBotPutsOffForItselfIsNoQueue(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue(bot.TimerDestination, "chat_1", "timer")
		p.queue(bot.NumberTimerDestination("front-desk"), "chat_1", "timer of a number")
		p.queue("crm", "a", "a1")
		p.settle(noon, never, p.claim(noon, bot.TimerDestination)...)
		p.queue(bot.TimerDestination, "chat_1", "timer 2")
		if stats, err := p.QueueStats(t.Context()); err != nil || len(stats) != 1 || stats[0].Destination != "crm" {
			t.Errorf("stats %+v, %v", stats, err)
		}
		if list, _, err := p.Deliveries(t.Context(), DeliveryFilter{}, 0, 10); err != nil || len(list) != 1 || list[0].Key != "a1" {
			t.Errorf("listed %+v, %v", list, err)
		}
		if n, err := p.RetryDeliveries(t.Context(), DeliveryFilter{}, noon); err != nil || n != 1 {
			t.Errorf("%d retried, %v", n, err)
		}
		p.want(p.claim(noon, bot.TimerDestination), "timer 2")
	})
}

func TestADeliveryIsNotOverdueBeforeItsTime(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		now := time.Now().UTC().Truncate(time.Second)
		update(t, p.Store, bot.Input{Key: "k", At: now}, bot.Decision{Deliveries: []delivery.Delivery{
			{Destination: "later", Lane: "a", Key: "1", CreatedAt: now.Add(-48 * time.Hour), NotBefore: now.Add(time.Hour)},
			{Destination: "crm", Lane: "a", Key: "1", CreatedAt: now.Add(-48 * time.Hour), NotBefore: now.Add(time.Hour)},
			{Destination: "crm", Lane: "b", Key: "2", CreatedAt: now.Add(-24 * time.Hour), NotBefore: now.Add(-time.Hour)},
			{Destination: "crm", Lane: "c", Key: "3", CreatedAt: now.Add(-time.Minute)},
		}})
		if s := p.stat("later"); s.Pending != 1 || !s.OldestAt.IsZero() {
			t.Errorf("stats %+v", s)
		}
		if s := p.stat("crm"); s.Pending != 3 || !s.OldestAt.Equal(now.Add(-time.Hour)) {
			t.Errorf("stats %+v", s)
		}
	})
}
