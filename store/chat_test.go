package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/opportunity"
	"leadgate/routing"
)

// opened is a chat of a lead with the front desk that waits for an answer to its menu.
func opened(id string, l chat.Lead) bot.Chat {
	return bot.Chat{Chat: chat.Chat{
		ID: id, Number: "front-desk", LeadID: l.ID, Status: chat.ChatMenu, OpenedAt: noon, ActiveAt: noon, SaidAt: noon,
	}}
}

// waits is a chat that waits for the people of a rule since a time.
func waits(c bot.Chat, rule string, since time.Time) bot.Chat {
	c.Status, c.Agent, c.Place = chat.ChatWaiting, "", routing.Place{Rule: rule, Since: since, Nth: 1}
	return c
}

// given is a chat that an agent has.
func given(c bot.Chat, agent string) bot.Chat {
	c.Status, c.Agent, c.Place = chat.ChatAssigned, agent, routing.Place{Rule: "sales", Target: "agent:" + agent, Since: noon, Nth: 1}
	return c
}

func closed(c bot.Chat, at time.Time) bot.Chat {
	c.Status, c.Agent, c.ClosedAt = chat.ChatClosed, "", at
	return c
}

// wanted is an open opportunity of a lead.
func wanted(id string, l chat.Lead, owner string) opportunity.Opportunity {
	return opportunity.Opportunity{
		ID: id, LeadID: l.ID, Type: "Course", Field: "Subject", Value: "AI", Title: "AI in spring", Stage: "Entry", Owner: owner,
		Status: opportunity.Open, CreatedAt: noon, ActiveAt: noon,
	}
}

// known makes a lead known with what they want and the chats that they have.
func known(t testing.TB, s *Store, l chat.Lead, wants []opportunity.Opportunity, chats ...bot.Chat) {
	t.Helper()
	update(t, s, bot.Input{Key: "known/" + l.ID, At: noon}, bot.Decision{Lead: &l, Opportunities: wants, Chats: chats})
}

func TestAChatComesBackAsItWasWritten(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		c := opened("chat_1", lead)
		c.Opportunity, c.Said, c.WroteAt, c.Told = "opp_1", "Hello", noon.Add(time.Second), []string{"waiting", "closed"}
		c.Dialogue = autoresponse.Dialogue{
			Menu: &autoresponse.Menu{
				Key: "chat_1/first", Kind: autoresponse.First, Display: chat.DisplayList, Message: "Hi Ana",
				Options: []autoresponse.Option{{Label: "AI", Kind: autoresponse.OptionChoice, Type: "Course", Value: "AI"}},
			},
			Reminders: 1, AskedAt: noon, Selected: opportunity.Choice{Type: "Course"}, Answered: []string{"chat_1/second"},
		}
		c = waits(c, "sales", noon.Add(time.Minute))
		c.Place.Asked = []routing.Asked{{Agent: "joao", At: noon}}
		c.Place.Passed = []routing.Passed{{Target: "group:sales", Agent: "maria", Reason: routing.AtCapacity, Open: 8, Of: 8}}
		known(t, s, lead, []opportunity.Opportunity{wanted("opp_1", lead, "maria")}, c)
		found, _ := state(t, s, message("M1", person(lead)))
		if want := []bot.Chat{c}; !reflect.DeepEqual(found.Chats, want) {
			t.Fatalf("chats %+v, want %+v", found.Chats, want)
		}

		changed := given(opened("chat_1", lead), "maria")
		changed.ActiveAt = noon.Add(time.Hour)
		update(t, s, message("M2", person(lead)), bot.Decision{Chats: []bot.Chat{changed}})
		found, _ = state(t, s, message("M3", person(lead)))
		if want := []bot.Chat{changed}; !reflect.DeepEqual(found.Chats, want) {
			t.Fatalf("changed: %+v, want %+v", found.Chats, want)
		}
		over := closed(changed, noon.Add(2*time.Hour))
		next := opened("chat_2", lead) // in the same decision, and named before the one that it follows
		update(t, s, message("M3", person(lead)), bot.Decision{Chats: []bot.Chat{next, over}})
		found, _ = state(t, s, message("M4", person(lead)))
		if want := []bot.Chat{next}; !reflect.DeepEqual(found.Chats, want) {
			t.Errorf("after the first one: %+v, want %+v", found.Chats, want)
		}
		all, err := s.Chats(t.Context(), ChatFilter{}, 10)
		if err != nil || len(all) != 2 || !reflect.DeepEqual(all[0].Chat, over) || !reflect.DeepEqual(all[1].Chat, next) {
			t.Errorf("all: %+v, %v", all, err)
		}
	})
}

func TestWhatNoChatCanBeIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil, opened("chat_1", lead))
		before := everything(t, s)
		agentless, owned, unclosed := given(opened("chat_2", lead), ""), opened("chat_2", lead), opened("chat_2", lead)
		owned.Agent, unclosed.Status = "maria", "asleep"
		agentless.Number, owned.Number, unclosed.Number = "back-office", "back-office", "back-office"
		stray := opened("chat_2", chat.Lead{ID: "lead_gone"})
		for name, d := range map[string]bot.Decision{
			"a second open chat on a number": {Chats: []bot.Chat{opened("chat_2", lead)}},
			"assigned to nobody":             {Chats: []bot.Chat{agentless}},
			"an agent before it is assigned": {Chats: []bot.Chat{owned}},
			"a state that there is not":      {Chats: []bot.Chat{unclosed}},
			"a chat of nobody":               {Chats: []bot.Chat{stray}},
			"a chat without an id":           {Chats: []bot.Chat{opened("", lead)}},
			"an opportunity without an id":   {Opportunities: []opportunity.Opportunity{wanted("", lead, "")}},
			"an opportunity of nobody":       {Opportunities: []opportunity.Opportunity{wanted("opp_2", chat.Lead{ID: "lead_gone"}, "")}},
			"an assignment of no chat":       {Assignments: []bot.Assignment{{ID: "asg_1", ChatID: "chat_gone"}}},
			"written to nobody":              {WroteAt: noon},
		} {
			in := message("M2", person(lead))
			if d.WroteAt == noon {
				in = message("M2", chat.Person{Phone: "+9"})
			}
			if err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return d }); err == nil {
				t.Errorf("%s: no error", name)
			}
			if n := everything(t, s); n != before {
				t.Errorf("%s: %d rows became %d", name, before, n)
			}
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("%s: the store is called broken: %v", name, err)
			}
		}
	})
}

func TestChatsAreListedByWhatIsAsked(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		old, current := closed(opened("chat_1", a), noon), given(opened("chat_2", a), "maria")
		other := waits(opened("chat_3", b), "sales", noon)
		elsewhere := opened("chat_4", b)
		elsewhere.Number = "back-office"
		known(t, s, a, nil, old, current)
		known(t, s, b, nil, other, elsewhere)
		for name, c := range map[string]struct {
			filter ChatFilter
			want   []string
		}{
			"all":        {ChatFilter{}, []string{"chat_1", "chat_2", "chat_3", "chat_4"}},
			"by id":      {ChatFilter{ID: "chat_2"}, []string{"chat_2"}},
			"by lead":    {ChatFilter{LeadID: a.ID}, []string{"chat_1", "chat_2"}},
			"by number":  {ChatFilter{Number: "back-office"}, []string{"chat_4"}},
			"by agent":   {ChatFilter{Agent: "maria"}, []string{"chat_2"}},
			"by status":  {ChatFilter{Status: chat.ChatClosed}, []string{"chat_1"}},
			"open":       {ChatFilter{Open: true}, []string{"chat_2", "chat_3", "chat_4"}},
			"open, lead": {ChatFilter{Open: true, LeadID: b.ID, Number: "front-desk"}, []string{"chat_3"}},
			"of nobody":  {ChatFilter{LeadID: "lead_x"}, nil},
		} {
			var got []string
			for after := int64(0); ; {
				c.filter.After = after
				page, err := s.Chats(t.Context(), c.filter, 1)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(page) == 0 {
					break
				}
				got, after = append(got, page[0].ID), page[0].Seq
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		stats, err := s.ChatStats(t.Context())
		want := ChatStats{
			ByStatus:     map[chat.Status]int{chat.ChatAssigned: 1, chat.ChatWaiting: 1, chat.ChatMenu: 1},
			WaitingSince: noon,
		}
		if err != nil || !reflect.DeepEqual(stats, want) {
			t.Errorf("stats %+v, %v, want %+v", stats, err, want)
		}
	})
}

func TestEveryLineIsKnownByTheOneWhoHasWaitedLongest(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		if stats, err := s.ChatStats(t.Context()); err != nil || len(stats.ByStatus) != 0 || !stats.WaitingSince.IsZero() {
			t.Errorf("without chats: %+v, %v", stats, err)
		}
		in := bot.Input{Key: "drain", At: noon, Timer: &bot.Timer{Kind: bot.TimerDrain}}
		if found := needing(t, s, in, bot.Needs{Waiting: true}); found.Waiting != nil || !found.Loaded.Waiting {
			t.Errorf("without chats: %+v", found)
		}
		var d bot.Decision
		for i := range 30 {
			l := chat.Lead{ID: fmt.Sprintf("lead_%d", i), Phone: chat.Phone(fmt.Sprintf("+%d", i)), CreatedAt: noon}
			c := waits(opened(fmt.Sprintf("chat_%d", i), l), []string{"sales", "support", "alumni"}[i%3], noon.Add(-time.Duration(i)*time.Minute))
			o := wanted(fmt.Sprintf("opp_%d", i), l, "")
			switch i {
			case 3:
				o.Owner = "maria"
			case 4:
				c.Place.Asked = []routing.Asked{{Agent: "joao", At: noon}}
			case 28:
				c = given(c, "maria")
			}
			c.Opportunity = o.ID
			known(t, s, l, []opportunity.Opportunity{o}, c)
			d.Chats = append(d.Chats, c)
		}
		var got []string
		for _, l := range needing(t, s, in, bot.Needs{Waiting: true}).Waiting {
			c := d.Chats[0]
			for _, c = range d.Chats {
				if c.ID == l.ChatID {
					break
				}
			}
			if l.Line != bot.WaitingFor(c, l.Owner) || !l.Since.Equal(c.Place.Since) || !reflect.DeepEqual(l.Place, c.Place) {
				t.Errorf("line %+v of chat %+v", l, c)
			}
			got = append(got, l.ChatID)
		}
		if want := []string{"chat_29", "chat_27", "chat_25", "chat_4", "chat_3"}; !reflect.DeepEqual(got, want) {
			t.Errorf("lines of %v, want %v", got, want)
		}
		stats, err := s.ChatStats(t.Context())
		if err != nil || stats.ByStatus[chat.ChatWaiting] != 29 || !stats.WaitingSince.Equal(noon.Add(-29*time.Minute)) {
			t.Errorf("stats %+v, %v", stats, err)
		}
	})
}

func TestAWaitingChatGoesIntoTheLineOfItsOpportunitysNewOwner(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		c := waits(opened("chat_1", lead), "sales", noon)
		c.Opportunity = "opp_1"
		known(t, s, lead, []opportunity.Opportunity{wanted("opp_1", lead, "")}, c)
		in := bot.Input{Key: "owner", At: noon, Change: &bot.ChangeOpportunity{OpportunityID: "opp_1"}}
		err := s.Update(t.Context(), in, func(st bot.State) bot.Decision {
			if len(st.Opportunities) != 1 {
				t.Fatalf("state %+v", st)
			}
			o := st.Opportunities[0]
			o.Owner = "maria"
			return bot.Decision{Opportunities: []opportunity.Opportunity{o}}
		})
		if err != nil {
			t.Fatal(err)
		}
		drain := bot.Input{Key: "drain", At: noon, Timer: &bot.Timer{Kind: bot.TimerDrain}}
		lines := needing(t, s, drain, bot.Needs{Waiting: true}).Waiting
		if len(lines) != 1 || lines[0].Line != bot.WaitingFor(c, "maria") || lines[0].Owner != "maria" {
			t.Errorf("lines %+v", lines)
		}
	})
}
