package store

import (
	"fmt"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
	"leadgate/routing"
)

// benchEach runs a benchmark on SQLite, and on PostgreSQL when there is one.
func benchEach(b *testing.B, bench func(b *testing.B, s *Store)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, onSQLite(b).open(Options{})) })
	b.Run("postgres", func(b *testing.B) { bench(b, onPostgres(b).open(Options{})) })
}

// BenchmarkUpdate commits what a lead's first message changes: the lead, a transition, two events and their deliveries.
func BenchmarkUpdate(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			id := fmt.Sprintf("lead_%d", i)
			lead := chat.Lead{ID: id, Phone: chat.Phone(fmt.Sprintf("+55%d", i)), CreatedAt: noon}
			d := bot.Decision{Lead: &lead, Transitions: []conversion.Transition{entered(id, "Entry", noon)}}
			event(&d, "evt_a"+id, id, "crm")
			event(&d, "evt_b"+id, id, "crm")
			update(b, s, message("M"+id, person(lead)), d)
		}
	})
}

// BenchmarkUpdateOfNothing is a message of somebody unknown that matches nothing: only its key is kept.
func BenchmarkUpdateOfNothing(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			update(b, s, message(fmt.Sprintf("M%d", i), chat.Person{Phone: "+1", LID: "1"}), bot.Decision{})
		}
	})
}

// BenchmarkUpdateOfAChat is a message in a chat that an agent has: the lead has an opportunity, and the chat is written again.
func BenchmarkUpdateOfAChat(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		b.ReportAllocs()
		lead := ana()
		c := given(opened("chat_1", lead), "maria")
		c.Opportunity = "opp_1"
		known(b, s, lead, []opportunity.Opportunity{wanted("opp_1", lead, "maria")}, c)
		i := 0
		for b.Loop() {
			i++
			err := s.Update(b.Context(), message(fmt.Sprintf("M%d", i), person(lead)), func(st bot.State) bot.Decision {
				st.Chats[0].ActiveAt = noon.Add(time.Duration(i) * time.Second)
				return bot.Decision{Chats: st.Chats}
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRoute loads what routing has to know with 200 agents, 50 groups and 10,000 open chats: the agents of a group and
// how many chats each has, their line, and the heads of three lines in which 5,000 chats wait.
func BenchmarkRoute(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		const chats, agents, groups = 10_000, 200, 50
		d := bot.Decision{}
		for i := range groups {
			turn := routing.Turn{Line: fmt.Sprintf("group:%d", i)}
			for j := range agents / groups {
				turn.Back = append(turn.Back, fmt.Sprintf("agent%d", i*agents/groups+j))
			}
			d.Turns = append(d.Turns, turn)
		}
		lead := ana()
		d.Lead = &lead
		for i := range chats {
			c := opened(fmt.Sprintf("chat_%d", i), lead)
			c.Number = fmt.Sprintf("number%d", i)
			if c = given(c, fmt.Sprintf("agent%d", i%agents)); i%2 == 0 {
				c = waits(c, fmt.Sprintf("rule%d", i%3), noon.Add(time.Duration(i)*time.Second))
			}
			d.Chats = append(d.Chats, c)
		}
		update(b, s, bot.Input{Key: "chats", At: noon}, d)
		in := bot.Input{Key: "drain", At: noon, Timer: &bot.Timer{Kind: bot.TimerDrain}}
		b.ReportAllocs()
		for b.Loop() {
			found := needing(b, s, in, bot.Needs{
				Agents: []string{"agent4", "agent5", "agent6", "agent7"}, Lines: []string{"group:1"}, Waiting: true,
			})
			if len(found.Waiting) != 3 || found.Team.Agents["agent5"].Open != chats/agents {
				b.Fatalf("%+v", found)
			}
		}
	})
}

// queueUp queues deliveries to "crm", one in each of the lanes in turn, with bodies of the size of an event.
func queueUp(tb testing.TB, s *Store, deliveries, lanes int) {
	tb.Helper()
	const batch = 5000
	body := fmt.Appendf(nil, "%0600d", 0)
	for first := 0; first < deliveries; first += batch {
		var d bot.Decision
		for i := first; i < min(first+batch, deliveries); i++ {
			e := bot.Event{ID: fmt.Sprintf("evt_%d", i), Type: bot.LeadUpdated, At: noon, Body: body}
			d.Events = append(d.Events, e)
			d.Deliveries = append(d.Deliveries, delivery.Delivery{
				Destination: "crm", Lane: fmt.Sprintf("lead_%d", i%lanes), Key: e.ID, CreatedAt: noon,
			})
		}
		update(tb, s, bot.Input{Key: fmt.Sprintf("bulk/%d", first), At: noon}, d)
	}
}

// BenchmarkTurn drains 50,000 deliveries of 5,000 lanes, 1,000 a turn.
func BenchmarkTurn(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		const deliveries, lanes, batch = 50_000, 5_000, 1_000
		for range b.N {
			b.StopTimer()
			for _, table := range []string{"delivery", "lane", "event", "input"} {
				if _, err := s.writes.ExecContext(b.Context(), "DELETE FROM "+table); err != nil {
					b.Fatal(err)
				}
			}
			queueUp(b, s, deliveries, lanes)
			b.StartTimer()
			drain(b, s, deliveries, batch)
		}
		b.ReportMetric(float64(deliveries*b.N)/b.Elapsed().Seconds(), "deliveries/s")
	})
}

func drain(tb testing.TB, s *Store, deliveries, batch int) {
	tb.Helper()
	var ended []delivery.Settled
	for done, at := 0, noon; done < deliveries; {
		at = at.Add(time.Millisecond)
		claimed, err := s.Turn(tb.Context(), at, ended, []string{"crm"}, batch, time.Minute)
		if err != nil {
			tb.Fatal(err)
		}
		done += len(ended)
		if len(claimed) == 0 && len(ended) == 0 {
			tb.Fatalf("only %d of %d deliveries came", done, deliveries)
		}
		ended = ended[:0]
		for _, d := range claimed {
			ended = append(ended, delivery.Settled{Delivery: d, Result: delivery.Result{Verdict: delivery.Done, Status: 200}})
		}
	}
}

// BenchmarkPollBlocked polls with 100,000 deliveries that can't leave: because their destination is paused, because the
// first of each lane waits for its next attempt, and because the first of their one lane is under way.
func BenchmarkPollBlocked(b *testing.B) {
	for _, blocked := range []struct {
		by    string
		lanes int
		block string
	}{
		{"paused destination", 20_000, `INSERT INTO destination (name, state, failures, pauses, resume_at, reason)
			VALUES ('crm', 'paused', 5, 1, 9000000000000000, '')`},
		{"waiting heads", 20_000, `UPDATE lane SET next_at = 9000000000000000`},
		{"one leased lane", 1, `UPDATE lane SET next_at = 9000000000000000, lease_until = 9000000000000000`},
	} {
		b.Run(blocked.by, func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *Store) {
				queueUp(b, s, 100_000, blocked.lanes)
				if _, err := s.writes.ExecContext(b.Context(), blocked.block); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					claimed, err := s.Turn(b.Context(), noon.Add(time.Second), nil, []string{"crm", "sheet"}, 1000, time.Minute)
					if err != nil || len(claimed) > 0 {
						b.Fatal(len(claimed), err)
					}
				}
			})
		})
	}
}

// BenchmarkQueueStats counts 100,000 pending deliveries, as the metrics do.
func BenchmarkQueueStats(b *testing.B) {
	benchEach(b, func(b *testing.B, s *Store) {
		queueUp(b, s, 100_000, 20_000)
		for b.Loop() {
			if _, err := s.QueueStats(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
