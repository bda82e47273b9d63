package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
)

// stages are those of every funnel here.
func stages() []string { return []string{"Entry", "Scheduling", "Sale"} }

// TestReportsSayWhatAPlainRecountSays has anything happen, in any order of time, and counts it again lead by lead.
func TestReportsSayWhatAPlainRecountSays(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			m := &market{T: rt, tb: t, s: s, name: fmt.Sprintf("m%d/", n)}
			for range rapid.IntRange(1, 15).Draw(rt, "acts") {
				m.act()
			}
			leads := m.recount()
			for range 3 {
				f := m.filter()
				m.checkFunnel(f, leads)
				m.checkCohorts(f, leads)
				m.checkSources(f, leads)
				m.checkAgents(f)
			}
		})
	})
}

func TestADayBeginsWhenItDoesWhereClocksAreSetAtMidnight(t *testing.T) {
	for _, c := range []struct {
		zone, want string
		y          int
		m          time.Month
		d          int
	}{
		{"America/Sao_Paulo", "2018-11-04T01:00:00-02:00", 2018, 11, 4}, // there is no midnight
		{"America/Sao_Paulo", "2018-02-18T00:00:00-03:00", 2018, 2, 18}, // the day before has two last hours
		{"America/Havana", "2018-11-04T00:00:00-04:00", 2018, 11, 4},    // there are two
		{"Europe/Lisbon", "2018-03-25T00:00:00Z", 2018, 3, 25},
		{"Asia/Kathmandu", "2018-12-31T00:00:00+05:45", 2018, 13, 0},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := midnight(c.y, c.m, c.d, zone).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", c.zone, got, c.want)
		}
	}
}

func TestIntegrationsAreCountedAsTheyComeInAndGoOut(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		lead := ana()
		by := chat.Cause{Kind: chat.CauseAPI, By: "landing"}
		update(t, p.Store, bot.Input{Key: "create", At: noon, Create: &bot.CreateLead{Cause: by}}, bot.Decision{Lead: &lead})
		update(t, p.Store, bot.Input{Key: "again", At: noon, Create: &bot.CreateLead{Phone: lead.Phone, Cause: by}}, bot.Decision{})
		pay(t, p.Store, "pay", paid("P1", bot.PaymentNew, lead, noon))
		p.queue("crm", "a", "first", "second")
		p.queue("crm", "b", "third")
		p.queue(desk, "b", "not outside")
		p.settle(noon, done, p.claim(noon, desk)...)
		claimed := p.claim(noon, "crm")
		p.settle(noon, never, claimed[0])
		p.settle(noon, done, claimed[1])
		want := []IntegrationStat{
			{"in", "lead", "landing", 2}, {"in", "payment", "P1", 1}, {"in", "source", "Instagram", 1},
			{"out", "dead", "crm", 1}, {"out", "delivered", "crm", 1},
		}
		f := ReportFilter{Since: noon, Until: noon.Add(time.Minute)}
		if got, err := p.IntegrationsReport(t.Context(), f); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if _, err := p.RetryDeliveries(t.Context(), DeliveryFilter{State: delivery.Dead}, noon); err != nil {
			t.Fatal(err)
		}
		want = append(want[:3], want[4])
		if got, err := p.IntegrationsReport(t.Context(), ReportFilter{}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("retried: %+v, %v, want %+v", got, err, want)
		}
		early := ReportFilter{Until: noon}
		if got, err := p.IntegrationsReport(t.Context(), early); err != nil || got != nil {
			t.Errorf("before: %+v, %v", got, err)
		}
	})
}

func TestReportsRefuseWhatTheyCantCount(t *testing.T) {
	s := onSQLite(t).open(Options{})
	if got, err := s.FunnelReport(t.Context(), ReportFilter{}, stages()); err == nil {
		t.Errorf("no funnel: %v", got)
	}
	if got, err := s.CohortReport(t.Context(), ReportFilter{}, "week", time.UTC, stages()); err == nil {
		t.Errorf("no funnel: %v", got)
	}
	if got, err := s.CohortReport(t.Context(), ReportFilter{Funnel: "Sales"}, "day", time.UTC, stages()); err == nil {
		t.Errorf("by day: %v", got)
	}
}

func TestTheFirstAnswerAfterAnAssignmentCounts(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		c := given(opened("chat_1", lead), "maria")
		known(t, s, lead, nil, c)
		wrote(t, s, lead, "front-desk", noon.Add(-time.Hour)) // before anybody had it
		update(t, s, message("A1", person(lead)), bot.Decision{
			Chats: []bot.Chat{c}, Assignments: []bot.Assignment{{ID: "asg_1", ChatID: c.ID, At: noon, Agent: "maria"}},
		})
		for _, step := range []struct {
			number   string
			after    time.Duration
			answered int
			mean     time.Duration
		}{
			{"front-desk", -time.Minute, 0, 0},
			{"back-office", time.Minute, 0, 0},
			{"front-desk", 10 * time.Minute, 1, 10 * time.Minute},
			{"front-desk", 20 * time.Minute, 1, 10 * time.Minute},
			{"front-desk", 5 * time.Minute, 1, 5 * time.Minute}, // came late
		} {
			wrote(t, s, lead, step.number, noon.Add(step.after))
			got, err := s.AgentsReport(t.Context(), ReportFilter{})
			if want := []AgentStat{{"maria", 1, step.answered, step.mean}}; err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("on %s after %s: %+v, %v, want %+v", step.number, step.after, got, err, want)
			}
		}
	})
}
