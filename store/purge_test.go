package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
)

// purgeAll purges in batches until nothing is left to remove, and returns how many these were.
func purgeAll(t *testing.T, s *Store, now, before time.Time, limit int) (batches int) {
	t.Helper()
	for {
		n, err := s.Purge(t.Context(), now, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return batches
		}
		batches++
	}
}

// year is a day in a past year, with everything that can be purged.
func year(t *testing.T, p post, name string, at time.Time) chat.Lead {
	t.Helper()
	l := chat.Lead{ID: "lead_" + name, Phone: chat.Phone("+" + name), Source: "Instagram", CreatedAt: at}
	c := given(opened("chat_"+name, l), "maria")
	c.OpenedAt, c.ClosedAt, c.Status = at, at, chat.ChatClosed
	e := bot.Event{ID: "evt_" + name, Type: bot.LeadUpdated, At: at, LeadID: l.ID, Body: []byte(`{}`)}
	in := message("M"+name, person(l))
	in.At = at
	update(t, p.Store, in, bot.Decision{
		Lead: &l, Chats: []bot.Chat{c}, Events: []bot.Event{e},
		Transitions:   []conversion.Transition{entered(l.ID, "Entry", at)},
		Opportunities: []opportunity.Opportunity{wanted("opp_"+name, l, "maria")},
		Assignments:   []bot.Assignment{{ID: "asg_" + name, ChatID: c.ID, At: at, Agent: "maria"}},
		Deliveries: []delivery.Delivery{
			{Destination: "crm", Lane: l.ID, Key: e.ID, CreatedAt: at},
			{Destination: "sheet", Lane: l.ID, Key: e.ID, CreatedAt: at},
			{Destination: desk, Lane: l.ID, Key: "menu/" + name, Body: []byte("Hi"), About: l.ID, CreatedAt: at},
		},
	})
	m := &chat.Message{Person: chat.Person{Phone: chat.Phone("+0" + name)}, SentAt: at}
	update(t, p.Store, bot.Input{Key: "unclaimed/" + name, At: at}, bot.Decision{Unclaimed: m})
	return l
}

func TestWhatIsOldIsPurgedInBatchesAndReportsStay(t *testing.T) {
	for _, limit := range []int{1, 5, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			onPost(t, func(t *testing.T, p post) {
				long, recently := noon.AddDate(-1, 0, 0), noon.AddDate(0, 0, -10)
				for i := range 3 {
					year(t, p, fmt.Sprint(i), long)
				}
				p.settle(long, done, p.claim(long, "crm", desk)...)
				p.settle(long, never, p.claim(long, "sheet")...)
				kept := year(t, p, "9", recently)
				reports := func() (all []any) {
					f := ReportFilter{Funnel: "Sales"}
					funnel, err1 := p.FunnelReport(t.Context(), f, stages())
					sources, err2 := p.SourcesReport(t.Context(), f, stages())
					agents, err3 := p.AgentsReport(t.Context(), f)
					integrations, err4 := p.IntegrationsReport(t.Context(), f)
					return append(all, funnel, sources, agents, integrations, err1, err2, err3, err4)
				}
				before := reports()
				batches := purgeAll(t, p.Store, noon, recently, limit)
				if want := map[int]int{1: 12, 5: 3, 1000: 1}[limit]; batches < want {
					t.Errorf("%d batches of %d, want %d at least", batches, limit, want)
				}
				for table, want := range map[string]int{
					"event": 1, "delivery": 3, "lane": 3, "chat": 1, "assignment": 1, "input": 2, "unclaimed": 1,
					"lead": 4, "transition": 4, "opportunity": 4,
				} {
					if n := count(t, p.Store, "SELECT COUNT(*) FROM "+table); n != want {
						t.Errorf("%d rows of %s, want %d", n, table, want)
					}
				}
				if after := reports(); !reflect.DeepEqual(after, before) {
					t.Errorf("reports %+v, before %+v", after, before)
				}
				p.want(p.claim(noon, "crm", "sheet", desk), "evt_9", "evt_9", "menu/9")
				if _, decided := state(t, p.Store, message("M9", person(kept))); decided {
					t.Error("a message is handled again")
				}
			})
		})
	}
}

func TestWhatIsStillNeededIsNotPurged(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		long := noon.AddDate(0, 0, -20)
		lead := year(t, p, "1", long)
		open := opened("chat_open", lead)
		open.ActiveAt, open.OpenedAt = long, long
		update(t, p.Store, bot.Input{Key: "open", At: long}, bot.Decision{Chats: []bot.Chat{open}})
		p.settle(long, done, p.claim(long, "crm")...) // of the sheet it is pending, and so is the menu
		purgeAll(t, p.Store, noon, noon.AddDate(0, 0, -1), 100)
		for table, want := range map[string]int{"event": 1, "delivery": 3, "lane": 3, "chat": 1, "input": 3} {
			if n := count(t, p.Store, "SELECT COUNT(*) FROM "+table); n != want {
				t.Errorf("%d rows of %s, want %d", n, table, want)
			}
		}
		purgeAll(t, p.Store, noon.AddDate(0, 0, 10).Add(time.Second), noon.AddDate(0, 0, -1), 100)
		if n := count(t, p.Store, "SELECT COUNT(*) FROM input"); n != 0 {
			t.Errorf("%d inputs after 30 days", n)
		}
	})
}

func TestWithoutRetentionOnlyAnswersArePurged(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		year(t, p, "1", noon.AddDate(-10, 0, 0))
		for key, at := range map[string]time.Time{"old": noon.Add(-24*time.Hour - time.Second), "young": noon.Add(-24 * time.Hour)} {
			if err := p.KeepAnswer(t.Context(), KeptAnswer{Key: key, At: at}); err != nil {
				t.Fatal(err)
			}
		}
		before := everything(t, p.Store)
		purgeAll(t, p.Store, noon, time.Time{}, 100)
		if n := before - everything(t, p.Store); n != 1 {
			t.Errorf("%d rows are gone", n)
		}
		if _, found, err := p.Answer(t.Context(), "young"); err != nil || !found {
			t.Errorf("the young answer: %v, %v", found, err)
		}
	})
}
