package store

import (
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/chat"
)

// A counted lead is what a plain recount looks at.
type countedLead struct {
	chat.Lead
	number  string    // on which they entered the funnel
	entered time.Time // zero: they did not
	reached map[string]time.Time
}

// recount reads the leads of the market one by one.
func (m *market) recount() []countedLead {
	var all []countedLead
	for _, id := range m.leads {
		l := countedLead{reached: map[string]time.Time{}}
		var err error
		if l.Lead, err = m.s.LeadByID(m.tb.Context(), id); err != nil {
			m.Fatal(err)
		}
		transitions, err := m.s.Transitions(m.tb.Context(), id, false)
		if err != nil {
			m.Fatal(err)
		}
		for i, t := range transitions { // in order of time
			if i == 0 {
				l.entered = t.At
			}
			if l.number == "" {
				l.number = t.Number
			}
			if l.reached[t.To].IsZero() {
				l.reached[t.To] = t.At
			}
		}
		all = append(all, l)
	}
	return all
}

func in(f ReportFilter, t time.Time) bool {
	return !t.IsZero() && (f.Since.IsZero() || !t.Before(f.Since)) && (f.Until.IsZero() || t.Before(f.Until))
}

func has(wanted, value string) bool { return wanted == "" || wanted == value }

func (m *market) filter() ReportFilter {
	f := ReportFilter{Funnel: m.name, Number: m.number()}
	if rapid.Bool().Draw(m.T, "one source") {
		f.Source = m.source()
	}
	if rapid.Bool().Draw(m.T, "since") {
		f.Since = m.at().Truncate(15 * time.Minute)
	}
	if rapid.Bool().Draw(m.T, "until") {
		f.Until = m.at().Truncate(15 * time.Minute)
	}
	return f
}

func (m *market) checkFunnel(f ReportFilter, leads []countedLead) {
	want := make([]StageCount, 3)
	for i, stage := range stages() {
		want[i].Stage = stage
		for _, l := range leads {
			if has(f.Source, l.Source) && has(f.Number, l.number) && in(f, l.reached[stage]) {
				want[i].Leads++
			}
		}
	}
	if got, err := m.s.FunnelReport(m.tb.Context(), f, stages()); err != nil || !reflect.DeepEqual(got, want) {
		m.Fatalf("funnel %+v: %+v, %v, want %+v", f, got, err, want)
	}
}

func (m *market) checkCohorts(f ReportFilter, leads []countedLead) {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"America/Sao_Paulo", "Europe/Lisbon", "Asia/Kathmandu", "America/Havana"}).Draw(m.T, "zone"))
	if err != nil {
		m.Fatal(err)
	}
	by := rapid.SampledFrom([]string{"week", "month"}).Draw(m.T, "by")
	want := map[string][4]int{} // by the first day: who entered, and who reached each stage
	for _, l := range leads {
		if !has(f.Source, l.Source) || !has(f.Number, l.number) || !in(f, l.entered) {
			continue
		}
		local := l.entered.In(zone)
		first := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
		for by == "week" && first.Weekday() != time.Monday || by == "month" && first.Day() != 1 {
			first = first.AddDate(0, 0, -1)
		}
		n := want[first.Format(time.DateOnly)]
		n[0]++
		for i, stage := range stages() {
			if !l.reached[stage].IsZero() {
				n[i+1]++
			}
		}
		want[first.Format(time.DateOnly)] = n
	}
	cohorts, err := m.s.CohortReport(m.tb.Context(), f, by, zone, stages())
	got := map[string][4]int{}
	for _, c := range cohorts {
		got[c.Start.Format(time.DateOnly)] = [4]int{c.Leads, c.Stages[0].Leads, c.Stages[1].Leads, c.Stages[2].Leads}
	}
	if err != nil || !reflect.DeepEqual(got, want) || len(cohorts) != len(want) {
		m.Fatalf("cohorts by %s in %v, %+v: %v, %v, want %v", by, zone, f, got, err, want)
	}
}

func (m *market) checkSources(f ReportFilter, leads []countedLead) {
	want := map[string]SourceStat{}
	for _, l := range leads {
		payments, err := m.s.Payments(m.tb.Context(), l.ID)
		if err != nil {
			m.Fatal(err)
		}
		if !has(f.Source, l.Source) {
			continue
		}
		stat := want[l.Source]
		if stat.Source == "" {
			stat = SourceStat{Source: l.Source, Stages: inOrder(stages(), nil)}
		}
		if has(f.Number, firstOf(l.Numbers)) {
			if in(f, l.CreatedAt) {
				stat.Leads++
			}
			stat.Won += count(m.tb, m.s, `SELECT COUNT(*) FROM opportunity WHERE lead = $1 AND won_at >= $2 AND won_at < $3`, l.ID,
				micros(f.Since), micros(orEnd(f.Until)))
			for _, p := range payments {
				if p.Status == bot.PaymentSucceeded && in(f, p.At) {
					stat.Paid = plus(stat.Paid, p.Amount)
				}
			}
		}
		for i, stage := range stages() {
			if has(f.Number, l.number) && in(f, l.reached[stage]) {
				stat.Stages[i].Leads++
			}
		}
		if !reflect.DeepEqual(stat, SourceStat{Source: l.Source, Stages: inOrder(stages(), nil)}) {
			want[l.Source] = stat
		}
	}
	list, err := m.s.SourcesReport(m.tb.Context(), f, stages())
	got := map[string]SourceStat{}
	for _, stat := range list {
		if len(stat.Source) > len(m.name) && stat.Source[:len(m.name)] == m.name {
			got[stat.Source] = stat
		}
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		m.Fatalf("sources %+v: %+v, %v, want %+v", f, got, err, want)
	}
}

func orEnd(t time.Time) time.Time {
	if t.IsZero() {
		return noon.AddDate(100, 0, 0)
	}
	return t
}

// plus adds an amount to those of its currency, which stay in order.
func plus(all []chat.Money, more chat.Money) []chat.Money {
	for i, one := range all {
		if one.Currency == more.Currency {
			all[i].Minor += more.Minor
			return all
		}
	}
	all = append(all, more)
	slices.SortFunc(all, func(a, b chat.Money) int { return int(a.Currency[0]) - int(b.Currency[0]) })
	return all
}

func (m *market) checkAgents(f ReportFilter) {
	want := map[string]AgentStat{}
	for _, agent := range []string{m.name + "joao", m.name + "maria"} {
		const from = ` FROM assignment a JOIN chat c ON c.id = a.chat JOIN lead l ON l.id = c.lead
			WHERE a.agent = $1 AND a.at >= $2 AND a.at < $3 AND ($4 = '' OR l.source = $4) AND ($5 = '' OR c.number = $5)`
		args := []any{agent, micros(f.Since), micros(orEnd(f.Until)), f.Source, f.Number}
		stat := AgentStat{Agent: agent, Taken: count(m.tb, m.s, `SELECT COUNT(*)`+from, args...)}
		stat.Answered = count(m.tb, m.s, `SELECT COUNT(a.answered_at)`+from, args...)
		if stat.Answered > 0 {
			total := count(m.tb, m.s, `SELECT CAST(SUM(a.answered_at - a.at) AS BIGINT)`+from, args...)
			stat.Mean = time.Duration(total/stat.Answered) * time.Microsecond
		}
		if stat.Taken > 0 {
			want[agent] = stat
		}
	}
	list, err := m.s.AgentsReport(m.tb.Context(), f)
	got := map[string]AgentStat{}
	for _, stat := range list {
		if len(stat.Agent) > len(m.name) && stat.Agent[:len(m.name)] == m.name {
			got[stat.Agent] = stat
		}
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		m.Fatalf("agents %+v: %+v, %v, want %+v", f, got, err, want)
	}
}
