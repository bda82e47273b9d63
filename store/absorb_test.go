package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/opportunity"
)

// wrote records that the business wrote to a lead on a number.
func wrote(t *testing.T, s *Store, l chat.Lead, number string, at time.Time) {
	t.Helper()
	in := message("W"+l.ID+number+at.String(), person(l))
	in.Message.Number = number
	update(t, s, in, bot.Decision{WroteAt: at})
}

// TestTwoLeadsWhoBothHaveAnOpenChatBecomeOne is the case in which the order of writing matters: one chat at most may be open.
func TestTwoLeadsWhoBothHaveAnOpenChatBecomeOne(t *testing.T) {
	for name, named := range map[string]func(lead, twin string) string{
		"the decision names the twin": func(_, twin string) string { return twin },
		"the decision names the lead": func(lead, _ string) string { return lead },
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, p place) {
				s := p.open(Options{})
				lead := chat.Lead{ID: "lead_a", Phone: "+1", CreatedAt: noon}
				twin := chat.Lead{ID: "lead_b", LID: "2", CreatedAt: noon.Add(time.Hour)}
				older, newer := opened("chat_a", lead), opened("chat_b", twin)
				newer.OpenedAt = noon.Add(time.Hour)
				elsewhere := opened("chat_c", twin)
				elsewhere.Number, elsewhere.Opportunity = "back-office", "opp_b"
				known(t, s, lead, []opportunity.Opportunity{wanted("opp_a", lead, "")}, older)
				known(t, s, twin, []opportunity.Opportunity{wanted("opp_b", twin, "maria")}, newer, elsewhere)
				wrote(t, s, lead, "front-desk", noon.Add(time.Minute))
				wrote(t, s, lead, "back-office", noon.Add(3*time.Minute))
				wrote(t, s, twin, "front-desk", noon.Add(2*time.Minute))
				wrote(t, s, twin, "back-office", noon.Add(2*time.Minute))
				wrote(t, s, twin, "third", noon)

				both := message("M1", chat.Person{Phone: lead.Phone, LID: twin.LID})
				found, _ := state(t, s, both)
				if len(found.Chats) != 3 || found.Chats[0].ID != "chat_a" || found.Chats[2].ID != "chat_b" || len(found.Opportunities) != 2 {
					t.Fatalf("state %+v", found)
				}
				if !found.WroteAt.Equal(noon.Add(2 * time.Minute)) {
					t.Errorf("wrote at %v, want the later of the two", found.WroteAt)
				}
				one := lead
				one.LID = twin.LID
				over := closed(older, noon.Add(time.Hour))
				newer.LeadID, newer.ActiveAt = named(lead.ID, twin.ID), noon.Add(2*time.Hour)
				update(t, s, both, bot.Decision{Lead: &one, Absorbed: twin.ID, Chats: []bot.Chat{newer, over}})

				found, _ = state(t, s, message("M2", person(one)))
				var chats []string
				for _, c := range found.Chats {
					if c.LeadID != lead.ID {
						t.Errorf("chat %+v", c)
					}
					chats = append(chats, c.ID)
				}
				if want := []string{"chat_c", "chat_b"}; !reflect.DeepEqual(chats, want) || len(found.Opportunities) != 2 {
					t.Errorf("chats %v, want %v; opportunities %+v", chats, want, found.Opportunities)
				}
				for number, want := range map[string]time.Time{
					"front-desk": noon.Add(2 * time.Minute), "back-office": noon.Add(3 * time.Minute), "third": noon,
				} {
					in := message("M3", person(one))
					in.Message.Number = number
					if found, _ := state(t, s, in); !found.WroteAt.Equal(want) {
						t.Errorf("%s: wrote at %v", number, found.WroteAt)
					}
				}
				for _, id := range []string{lead.ID, twin.ID} {
					if kept, err := s.Chats(t.Context(), ChatFilter{LeadID: id}, 10); err != nil || len(kept) != 3 {
						t.Errorf("lead %q has chats %+v, %v", id, kept, err)
					}
					if kept, err := s.Opportunities(t.Context(), OpportunityFilter{LeadID: id}, 10); err != nil || len(kept) != 2 {
						t.Errorf("lead %q has opportunities %+v, %v", id, kept, err)
					}
				}
			})
		})
	}
}

func TestWhatOnlyTheTwinHasIsFoundToo(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead, twin := chat.Lead{ID: "lead_a", Phone: "+1", CreatedAt: noon}, chat.Lead{ID: "lead_b", LID: "2", CreatedAt: noon.Add(time.Hour)}
		known(t, s, lead, nil)
		known(t, s, twin, []opportunity.Opportunity{wanted("opp_b", twin, "")}, opened("chat_b", twin))
		found, _ := state(t, s, message("M1", chat.Person{Phone: lead.Phone, LID: twin.LID}))
		if found.Lead.ID != lead.ID || len(found.Chats) != 1 || len(found.Opportunities) != 1 {
			t.Errorf("state %+v", found)
		}
	})
}

func TestAMergeThatLeavesTwoOpenChatsOnANumberIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, s, a, nil, opened("chat_a", a))
		known(t, s, b, nil, opened("chat_b", b))
		before := everything(t, s)
		err := s.Update(t.Context(), bot.Input{Key: "merge", At: noon}, func(bot.State) bot.Decision {
			return bot.Decision{Lead: &a, Absorbed: b.ID}
		})
		if !refused(err) || everything(t, s) != before {
			t.Errorf("error %v, %d rows of %d", err, everything(t, s), before)
		}
	})
}

func TestWhenTheBusinessWroteLastIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil)
		wrote(t, s, lead, "front-desk", noon)
		wrote(t, s, lead, "front-desk", noon.Add(-time.Hour)) // came late
		if found, _ := state(t, s, message("M1", person(lead))); !found.WroteAt.Equal(noon) {
			t.Errorf("wrote at %v", found.WroteAt)
		}
		in := bot.Input{Key: "k", At: noon, Move: &bot.Move{LeadID: lead.ID}}
		err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return bot.Decision{WroteAt: noon} })
		if !refused(err) {
			t.Errorf("written on no number: %v", err)
		}
	})
}

func TestWhatIsToBeSentToAnAbsorbedLeadIsWithdrawnWithTheOthers(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, p.Store, a, nil)
		known(t, p.Store, b, nil)
		update(t, p.Store, bot.Input{Key: "send", At: noon}, bot.Decision{Deliveries: []delivery.Delivery{
			{Destination: "whatsapp:front-desk", Lane: b.ID, Key: "menu/b", Body: []byte("Hi"), About: b.ID},
			{Destination: "whatsapp:front-desk", Lane: a.ID, Key: "menu/a", Body: []byte("Hi"), About: a.ID},
			{Destination: "whatsapp:back-office", Lane: b.ID, Key: "menu/c", Body: []byte("Hi"), About: b.ID},
		}})
		update(t, p.Store, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &a, Absorbed: b.ID})
		update(t, p.Store, bot.Input{Key: "taken", At: noon}, bot.Decision{Withdrawn: []bot.Lane{{Destination: "whatsapp:front-desk", Key: a.ID}}})
		claimed := p.claim(noon, "whatsapp:front-desk", "whatsapp:back-office")
		p.want(claimed, "menu/c")
		if claimed[0].About != a.ID {
			t.Errorf("claimed %+v", claimed[0])
		}
	})
}
