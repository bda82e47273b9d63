package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
	"leadgate/routing"
)

// needing is the state of an input after its decision has asked for more, each time once; nothing is changed.
func needing(t testing.TB, s *Store, in bot.Input, asks ...bot.Needs) (found bot.State) {
	t.Helper()
	err := s.Update(t.Context(), in, func(st bot.State) bot.Decision {
		if len(asks) == 0 {
			found = st
			return bot.Decision{Refused: true}
		}
		needs := asks[0]
		asks = asks[1:]
		return bot.Decision{Needs: needs, Agents: []bot.AgentChange{{Name: "nobody is written before all is there"}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestADecisionGetsWhatItNeedsAndKeepsWhatItHas(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Name: "Bia", Phone: "+2", CreatedAt: noon}
		held := given(opened("chat_1", a), "maria")
		held.Opportunity = "opp_1"
		wants := wanted("opp_1", a, "maria")
		known(t, s, a, []opportunity.Opportunity{wants}, held)
		known(t, s, b, nil, waits(opened("chat_2", b), "sales", noon))
		away := bot.AgentChange{Name: "maria", State: routing.AgentState{
			AwayUntil: noon.Add(time.Hour), BackAt: noon, Numbers: []string{"front-desk"},
		}}
		update(t, s, bot.Input{Key: "team", At: noon}, bot.Decision{
			Agents: []bot.AgentChange{away}, Turns: []routing.Turn{{Line: "admin", Back: []string{"carla"}}, {Line: "group:ai", Back: []string{"joao", "maria"}}},
		})

		found := needing(t, s, message("M1", person(b)),
			bot.Needs{Agents: []string{"maria", "joao"}, Lines: []string{"group:ai"}},
			bot.Needs{Agents: []string{"maria", "carla"}, Waiting: true},
			bot.Needs{HeldBy: "maria", Lines: []string{"*"}},
			bot.Needs{ChatID: "chat_1"})
		away.State.Open = 1
		if want := (map[string]routing.AgentState{"maria": away.State, "joao": {}, "carla": {}}); !reflect.DeepEqual(found.Team.Agents, want) {
			t.Errorf("agents %+v, want %+v", found.Team.Agents, want)
		}
		if want := (map[string][]string{"admin": {"carla"}, "group:ai": {"joao", "maria"}}); !reflect.DeepEqual(found.Team.Lines, want) {
			t.Errorf("lines %+v, want %+v", found.Team.Lines, want)
		}
		if len(found.Waiting) != 1 || found.Waiting[0].ChatID != "chat_2" {
			t.Errorf("waiting %+v", found.Waiting)
		}
		wantHeld := []bot.HeldChat{{Chat: held, LeadName: a.Name, Phone: a.Phone, Choice: wants.Choice()}}
		if !reflect.DeepEqual(found.Held, wantHeld) {
			t.Errorf("held %+v, want %+v", found.Held, wantHeld)
		}
		if found.Lead.ID != a.ID || len(found.Chats) != 1 || found.Chats[0].ID != "chat_1" || len(found.Opportunities) != 1 {
			t.Errorf("of the chat: %+v", found)
		}
		want := bot.Needs{
			Agents: []string{"maria", "joao", "carla"}, Lines: []string{"group:ai", "*"}, Waiting: true, ChatID: "chat_1", HeldBy: "maria",
		}
		if !reflect.DeepEqual(found.Loaded, want) {
			t.Errorf("loaded %+v, want %+v", found.Loaded, want)
		}
	})
}

func TestADecisionThatNeedsWhatItHasOrNeverEndsIsImpossible(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil)
		before := everything(t, s)
		rounds := 0
		for name, c := range map[string]struct {
			needs  func() bot.Needs
			rounds int
		}{
			"what it has": {func() bot.Needs {
				return bot.Needs{Waiting: true, Agents: []string{"maria"}, HeldBy: "maria", Phone: "+1"}
			}, 2},
			"a line of every": {func() bot.Needs { return bot.Needs{Lines: [][]string{{"*"}, {"admin"}}[min(rounds-1, 1)]} }, 2},
			"two leads":       {func() bot.Needs { return bot.Needs{ChatID: "chat_1", Phone: "+1"} }, 1},
			"no end":          {func() bot.Needs { return bot.Needs{Agents: []string{string(rune('a' + rounds))}} }, 8},
		} {
			rounds = 0
			err := s.Update(t.Context(), message("M1", person(lead)), func(bot.State) bot.Decision {
				rounds++
				return bot.Decision{Needs: c.needs()}
			})
			if !refused(err) || rounds != c.rounds {
				t.Errorf("%s: %v after %d rounds, want %d", name, err, rounds, c.rounds)
			}
			if n := everything(t, s); n != before {
				t.Errorf("%s: %d rows became %d", name, before, n)
			}
		}
	})
}

func TestAPanicInALaterRoundChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil)
		before := everything(t, s)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic ended in the store")
				}
			}()
			s.Update(t.Context(), message("M1", person(lead)), func(st bot.State) bot.Decision {
				if st.Loaded.Waiting {
					panic("stumbled")
				}
				return bot.Decision{Needs: bot.Needs{Waiting: true}}
			})
		}()
		if n := everything(t, s); n != before {
			t.Errorf("%d rows became %d", before, n)
		}
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	})
}

func TestEveryInputFindsWhomItConcerns(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", LID: "2", CreatedAt: noon.Add(-time.Hour)}
		gone := chat.Lead{ID: "lead_gone", Phone: "+3", CreatedAt: noon}
		known(t, s, a, []opportunity.Opportunity{wanted("opp_1", a, "")}, closed(opened("chat_1", a), noon), opened("chat_2", a))
		known(t, s, b, nil)
		known(t, s, gone, nil)
		update(t, s, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &a, Absorbed: gone.ID})
		outbound := message("M1", person(a))
		outbound.Message.Direction = chat.Outbound
		update(t, s, outbound, bot.Decision{Lead: &a, WroteAt: noon, Transitions: []conversion.Transition{entered("ana", "Entry", noon)}})

		late, label := message("M2", person(a)).Message, &chat.LabelChange{Number: "front-desk", Person: chat.Person{LID: a.LID}}
		for name, c := range map[string]struct {
			in         bot.Input
			lead, twin string
			wrote      bool
		}{
			"a message":                      {in: message("M2", person(a)), lead: a.ID, wrote: true},
			"a message of another number":    {in: bot.Input{Message: &chat.Message{Number: "back-office", Person: person(a)}}, lead: a.ID},
			"a late message":                 {in: bot.Input{Late: late}, lead: a.ID, wrote: true},
			"a label":                        {in: bot.Input{Label: label}, lead: a.ID, wrote: true},
			"a move":                         {in: bot.Input{Move: &bot.Move{LeadID: a.ID}}, lead: a.ID},
			"a move of who was absorbed":     {in: bot.Input{Move: &bot.Move{LeadID: gone.ID}}, lead: a.ID},
			"a deletion":                     {in: bot.Input{Delete: &bot.DeleteTransition{LeadID: a.ID}}, lead: a.ID},
			"an update":                      {in: bot.Input{Update: &bot.UpdateLead{LeadID: b.ID}}, lead: b.ID},
			"an erasure":                     {in: bot.Input{Erase: &bot.EraseLead{LeadID: a.ID}}, lead: a.ID},
			"a merge":                        {in: bot.Input{Merge: &bot.MergeLeads{LeadID: b.ID, Into: gone.ID}}, lead: a.ID, twin: b.ID},
			"a merge with itself":            {in: bot.Input{Merge: &bot.MergeLeads{LeadID: gone.ID, Into: a.ID}}, lead: a.ID},
			"a merge with nobody":            {in: bot.Input{Merge: &bot.MergeLeads{LeadID: "lead_x", Into: a.ID}}, lead: a.ID},
			"a new opportunity":              {in: bot.Input{Opportunity: &bot.NewOpportunity{LeadID: gone.ID}}, lead: a.ID},
			"a change":                       {in: bot.Input{Change: &bot.ChangeOpportunity{OpportunityID: "opp_1"}}, lead: a.ID},
			"a change of nothing":            {in: bot.Input{Change: &bot.ChangeOpportunity{OpportunityID: "opp_x"}}},
			"an order":                       {in: bot.Input{Order: &bot.ChatOrder{ChatID: "chat_2"}}, lead: a.ID, wrote: true},
			"an order to a closed chat":      {in: bot.Input{Order: &bot.ChatOrder{ChatID: "chat_1"}}, lead: a.ID, wrote: true},
			"an order to no chat":            {in: bot.Input{Order: &bot.ChatOrder{ChatID: "chat_x"}}},
			"a chat's timer":                 {in: bot.Input{Timer: &bot.Timer{Kind: bot.TimerSession, ChatID: "chat_2"}}, lead: a.ID, wrote: true},
			"an agent's timer":               {in: bot.Input{Timer: &bot.Timer{Kind: bot.TimerBack, Agent: "maria"}}},
			"an agent":                       {in: bot.Input{Available: &bot.SetAvailable{Agent: "maria"}}},
			"a configuration":                {in: bot.Input{Team: &bot.TeamChange{}}},
			"a number":                       {in: bot.Input{Number: &bot.NumberChange{Number: "front-desk"}}},
			"a message of nobody with chats": {in: message("M3", chat.Person{Phone: "+99"})},
		} {
			c.in.Key, c.in.At = name, noon
			found, _ := state(t, s, c.in)
			if found.Lead.ID != c.lead || found.Twin.ID != c.twin {
				t.Errorf("%s: lead %q, twin %q", name, found.Lead.ID, found.Twin.ID)
			}
			if found.WroteAt.Equal(noon) != c.wrote {
				t.Errorf("%s: wrote at %v", name, found.WroteAt)
			}
			counts := [3]int{len(found.Transitions), len(found.Opportunities), len(found.Chats)}
			if want := map[string][3]int{a.ID: {1, 1, 1}}[c.lead]; counts != want {
				t.Errorf("%s: %v transitions, opportunities and open chats, want %v", name, counts, want)
			}
		}
		found := needing(t, s, message("M9", chat.Person{Phone: "+99"}), bot.Needs{ChatID: "chat_2"}, bot.Needs{Phone: "+3"})
		if found.Lead.ID != a.ID || !found.Aliased || !found.WroteAt.Equal(noon) || !reflect.DeepEqual(found.Loaded, bot.Needs{Phone: "+3"}) {
			t.Errorf("by a phone that they once had: %+v", found)
		}
		found = needing(t, s, message("M9", person(a)), bot.Needs{Phone: "+98"})
		if found.Lead.Known() || found.Chats != nil || found.Transitions != nil || !found.WroteAt.IsZero() {
			t.Errorf("by nobody's phone: %+v", found)
		}
	})
}

func TestAPhoneThatALeadHadBesidesIsToldFromTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", LID: "2", CreatedAt: noon}
		known(t, s, a, nil)
		known(t, s, b, nil)
		update(t, s, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &a, Absorbed: b.ID})
		for phone, want := range map[chat.Phone]bool{a.Phone: false, b.Phone: true} {
			if found, _ := state(t, s, message("M1", chat.Person{Phone: phone})); found.Lead.ID != a.ID || found.Aliased != want {
				t.Errorf("%s: lead %q, aliased %v", phone, found.Lead.ID, found.Aliased)
			}
		}
		for _, who := range []chat.Person{{LID: b.LID}, {LID: a.LID}, {LID: a.LID, Phone: "+77"}} {
			if found, _ := state(t, s, message("M1", who)); found.Lead.ID != a.ID || found.Aliased {
				t.Errorf("%+v: lead %q, aliased %v", who, found.Lead.ID, found.Aliased)
			}
		}
		moved := a
		moved.Phone = b.Phone // it is their own now
		update(t, s, bot.Input{Key: "moved", At: noon}, bot.Decision{Lead: &moved})
		if found, _ := state(t, s, message("M1", chat.Person{Phone: b.Phone})); found.Lead.ID != a.ID || found.Aliased {
			t.Errorf("lead %q, aliased %v", found.Lead.ID, found.Aliased)
		}
	})
}
