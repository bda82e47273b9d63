package store

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
)

// A market is a funnel, sources and agents of its own, in which anything happens to a few leads, and what reports are to say
// of it by a plain recount.
type market struct {
	*rapid.T
	tb    testing.TB
	s     *Store
	name  string
	n     int // of what happened
	leads []string
}

// act has one thing happen.
func (m *market) act() {
	m.n++
	acts := []func() bot.Decision{
		m.meet, m.move, m.move, m.move, m.delete, m.merge, m.erase, m.resource, m.want, m.pay, m.give, m.write,
	}
	if len(m.leads) == 0 {
		acts = acts[:1]
	}
	rapid.SampledFrom(acts).Draw(m.T, "act")()
}

// on commits a decision about one of the leads.
func (m *market) on(decide func(st bot.State) bot.Decision) bot.Decision {
	lead := rapid.SampledFrom(m.leads).Draw(m.T, "lead")
	in := bot.Input{Key: fmt.Sprintf("%s/%d", m.name, m.n), At: m.at(), Update: &bot.UpdateLead{LeadID: lead}}
	m.commit(in, decide)
	return bot.Decision{}
}

func (m *market) commit(in bot.Input, decide func(st bot.State) bot.Decision) {
	m.tb.Helper()
	if err := m.s.Update(m.tb.Context(), in, decide); err != nil {
		m.Fatal(err)
	}
}

// at is a time of a year in which clocks were set, at a whole minute.
func (m *market) at() time.Time {
	minutes := rapid.IntRange(0, 366*24*60).Draw(m.T, "minute")
	return time.Date(2018, 1, 1, 0, minutes, 0, 0, time.UTC)
}

func (m *market) source() string {
	return m.name + rapid.SampledFrom([]string{"Instagram", "Blog"}).Draw(m.T, "source")
}

func (m *market) number() string {
	return rapid.SampledFrom([]string{"", "front-desk", "back-office"}).Draw(m.T, "number")
}

func (m *market) meet() bot.Decision {
	l := chat.Lead{ID: fmt.Sprintf("lead_%s_%d", m.name, m.n), Source: m.source(), CreatedAt: m.at()}
	if number := m.number(); number != "" {
		l.Numbers = []string{number}
	}
	m.leads = append(m.leads, l.ID)
	m.commit(bot.Input{Key: l.ID, At: l.CreatedAt}, func(bot.State) bot.Decision { return bot.Decision{Lead: &l} })
	return m.move()
}

func (m *market) move() bot.Decision {
	t := conversion.Transition{
		ID: fmt.Sprintf("tr_%s_%d", m.name, m.n), Funnel: m.name, To: rapid.SampledFrom(stages()).Draw(m.T, "stage"),
		Number: m.number(), At: m.at(),
	}
	m.n++
	return m.on(func(bot.State) bot.Decision { return bot.Decision{Transitions: []conversion.Transition{t}} })
}

func (m *market) delete() bot.Decision {
	return m.on(func(st bot.State) bot.Decision {
		if len(st.Transitions) == 0 {
			return bot.Decision{Refused: true}
		}
		return bot.Decision{Deleted: rapid.SampledFrom(st.Transitions).Draw(m.T, "transition").ID}
	})
}

func (m *market) merge() bot.Decision {
	if len(m.leads) < 2 {
		return bot.Decision{}
	}
	absorbed := m.leads[0]
	m.leads = m.leads[1:]
	return m.on(func(st bot.State) bot.Decision {
		d := bot.Decision{Lead: &st.Lead, Absorbed: absorbed}
		for _, c := range st.Chats {
			d.Chats = append(d.Chats, closed(c, m.at()))
		}
		return d
	})
}

func (m *market) erase() bot.Decision {
	return m.on(func(st bot.State) bot.Decision {
		l := st.Lead
		gone := chat.Lead{ID: l.ID, Source: l.Source, Numbers: l.Numbers, CreatedAt: l.CreatedAt, ErasedAt: noon}
		return bot.Decision{Lead: &gone, Erased: true}
	})
}

// resource gives a lead another first source, as one has who merges with an older one.
func (m *market) resource() bot.Decision {
	source := m.source()
	return m.on(func(st bot.State) bot.Decision {
		st.Lead.Source = source
		return bot.Decision{Lead: &st.Lead}
	})
}

func (m *market) want() bot.Decision {
	status := rapid.SampledFrom([]opportunity.Status{opportunity.Open, opportunity.Won, opportunity.Lost}).Draw(m.T, "status")
	return m.on(func(st bot.State) bot.Decision {
		o := wanted("opp_"+st.Lead.ID, st.Lead, "")
		o.Status = status
		return bot.Decision{Opportunities: []opportunity.Opportunity{o}}
	})
}

func (m *market) pay() bot.Decision {
	status := rapid.SampledFrom([]bot.PaymentStatus{bot.PaymentNew, bot.PaymentSucceeded, bot.PaymentFailed}).Draw(m.T, "status")
	at := m.at()
	return m.on(func(st bot.State) bot.Decision {
		p := paid(st.Lead.ID, status, st.Lead, at)
		p.Amount = chat.Money{Minor: 100, Currency: rapid.SampledFrom([]string{"BRL", "USD"}).Draw(m.T, "currency")}
		return bot.Decision{Payment: &p}
	})
}

func (m *market) give() bot.Decision {
	at, agent := m.at(), m.name+rapid.SampledFrom([]string{"maria", "joao"}).Draw(m.T, "agent")
	return m.on(func(st bot.State) bot.Decision {
		c := opened(fmt.Sprintf("chat_%s_%d", m.name, m.n), st.Lead)
		if len(st.Chats) > 0 {
			c = st.Chats[0]
		}
		return bot.Decision{
			Chats: []bot.Chat{given(c, agent)}, Assignments: []bot.Assignment{{ID: "asg_" + fmt.Sprint(m.name, m.n), ChatID: c.ID, At: at, Agent: agent}},
		}
	})
}

// write has the business write to a lead on the front desk.
func (m *market) write() bot.Decision {
	lead := rapid.SampledFrom(m.leads).Draw(m.T, "lead")
	phone := chat.Phone("+" + lead)
	l, err := m.s.LeadByID(m.tb.Context(), lead)
	if err != nil || !l.ErasedAt.IsZero() {
		return bot.Decision{}
	}
	l.Phone = phone
	m.commit(bot.Input{Key: fmt.Sprintf("phone/%s/%d", m.name, m.n), At: noon, Update: &bot.UpdateLead{LeadID: lead}}, func(bot.State) bot.Decision {
		return bot.Decision{Lead: &l}
	})
	at := m.at()
	in := bot.Input{Key: fmt.Sprintf("write/%s/%d", m.name, m.n), At: at, Say: &bot.SayAsBusiness{Number: "front-desk", Phone: phone}}
	m.commit(in, func(st bot.State) bot.Decision {
		if !st.Lead.Known() {
			return bot.Decision{Refused: true}
		}
		return bot.Decision{WroteAt: at}
	})
	return bot.Decision{}
}
