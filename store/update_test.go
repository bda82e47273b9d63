package store

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

func TestAKnownKeyIsNotDecidedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		in := message("M1", person(lead))
		update(t, s, in, bot.Decision{Lead: &lead})
		before := everything(t, s)
		if _, decided := state(t, s, in); decided {
			t.Error("the input was decided a second time")
		}
		if after := everything(t, s); after != before {
			t.Errorf("%d rows became %d", before, after)
		}
	})
}

func TestARefusedInputWritesNothingAndMayBeTriedAgain(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		in := message("M1", person(ana()))
		state(t, s, in)
		if n := everything(t, s); n != 0 {
			t.Errorf("%d rows were written", n)
		}
		if _, decided := state(t, s, in); !decided {
			t.Error("the key of a refused input was kept")
		}
	})
}

func TestAnInputThatChangesNothingLeavesItsKey(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		in := message("M1", person(ana()))
		update(t, s, in, bot.Decision{})
		if n := everything(t, s); n != 1 {
			t.Errorf("%d rows were written, want the key alone", n)
		}
		if _, decided := state(t, s, in); decided {
			t.Error("the input was decided a second time")
		}
	})
}

func TestALeadComesBackAsItWasWritten(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
		for name, who := range map[string]chat.Person{
			"phone": {Phone: lead.Phone}, "LID": {LID: lead.LID}, "both": {Phone: lead.Phone, LID: lead.LID},
		} {
			found, _ := state(t, s, message("M2", who))
			if !reflect.DeepEqual(found.Lead, lead) {
				t.Errorf("by %s: %+v, want %+v", name, found.Lead, lead)
			}
			if found.Twin.Known() {
				t.Errorf("by %s: a twin %+v", name, found.Twin)
			}
		}
		changed := lead
		changed.Name, changed.NameSet, changed.FirstAd, changed.Ad, changed.Fields, changed.Numbers = "Ana B.", true, nil, nil, nil, nil
		changed.LID, changed.LastSource, changed.TouchedAt = "", "Meta Ads", noon.Add(1500*time.Microsecond)
		update(t, s, message("M3", person(lead)), bot.Decision{Lead: &changed})
		got, err := s.LeadByID(t.Context(), lead.ID)
		if err != nil || !reflect.DeepEqual(got, changed) {
			t.Errorf("changed: %+v, %v, want %+v", got, err, changed)
		}
	})
}

func TestNobodyIsFoundByAnEmptyPhoneOrLID(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := chat.Lead{ID: "lead_a", Phone: "+1", CreatedAt: noon}, chat.Lead{ID: "lead_b", LID: "2", CreatedAt: noon}
		update(t, s, message("M1", person(a)), bot.Decision{Lead: &a})
		update(t, s, message("M2", person(b)), bot.Decision{Lead: &b})
		for _, who := range []chat.Person{{Phone: "+9"}, {LID: "9"}, {}} {
			if found, _ := state(t, s, message("M3", who)); found.Lead.Known() {
				t.Errorf("%+v was taken for %+v", who, found.Lead)
			}
		}
	})
}

func TestTwoLeadsOfOnePersonAreLeadAndTwinAndThenOne(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		byLID := chat.Lead{ID: "lead_lid", LID: "101", CreatedAt: noon}
		byPhone := chat.Lead{ID: "lead_phone", Phone: "+5511911112222", CreatedAt: noon.Add(-time.Hour)}
		d := bot.Decision{Lead: &byLID, Transitions: []conversion.Transition{entered("lid", "Entry", noon)}}
		event(&d, "evt_1", byLID.ID, "crm")
		update(t, s, message("M1", person(byLID)), d)
		update(t, s, message("M2", person(byPhone)), bot.Decision{
			Lead: &byPhone, Transitions: []conversion.Transition{entered("phone", "Entry", noon.Add(-time.Minute))},
		})

		both := message("M3", chat.Person{Phone: byPhone.Phone, LID: byLID.LID})
		found, _ := state(t, s, both)
		if found.Lead.ID != byPhone.ID || found.Twin.ID != byLID.ID {
			t.Fatalf("lead %q, twin %q; the older one is the lead", found.Lead.ID, found.Twin.ID)
		}
		if len(found.Transitions) != 2 || found.Transitions[0].ID != "tr_phone_Entry" {
			t.Errorf("transitions %+v, want those of both by time", found.Transitions)
		}

		one := byPhone
		one.LID = byLID.LID
		update(t, s, both, bot.Decision{Lead: &one, Absorbed: byLID.ID})
		for _, id := range []string{byLID.ID, byPhone.ID} {
			if got, err := s.LeadByID(t.Context(), id); err != nil || got.ID != byPhone.ID || got.LID != "101" {
				t.Errorf("lead %q is now %+v, %v", id, got, err)
			}
			if kept, err := s.Transitions(t.Context(), id, false); err != nil || len(kept) != 2 {
				t.Errorf("lead %q has transitions %+v, %v", id, kept, err)
			}
			if events, err := s.Events(t.Context(), EventFilter{LeadID: id}, 10); err != nil || len(events) != 1 {
				t.Errorf("lead %q has events %+v, %v", id, events, err)
			}
		}
		if n := count(t, s, "SELECT COUNT(*) FROM input WHERE lead = $1", byPhone.ID); n != 3 {
			t.Errorf("%d of 3 inputs belong to the one lead", n)
		}
		if n := count(t, s, "SELECT COUNT(*) FROM lane WHERE key = $1", byLID.ID); n != 1 {
			t.Error("what was queued has left its lane")
		}
		move := bot.Input{Key: "move/1", At: noon, Move: &bot.Move{LeadID: byLID.ID}}
		if found, _ := state(t, s, move); found.Lead.ID != byPhone.ID {
			t.Errorf("the absorbed id leads to %+v", found.Lead)
		}
	})
}

func TestAnAbsorbedLeadIsFoundByWhatItWasKnownBy(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a := chat.Lead{ID: "lead_a", Phone: "+1", CreatedAt: noon}
		b := chat.Lead{ID: "lead_b", Phone: "+2", LID: "2", CreatedAt: noon}
		c := chat.Lead{ID: "lead_c", Phone: "+3", CreatedAt: noon}
		for _, l := range []chat.Lead{a, b, c} {
			update(t, s, message("M"+l.ID, person(l)), bot.Decision{Lead: &l})
		}
		update(t, s, message("M1", person(b)), bot.Decision{Lead: &a, Absorbed: b.ID})
		update(t, s, message("M2", person(a)), bot.Decision{Lead: &c, Absorbed: a.ID})
		for _, who := range []chat.Person{{Phone: "+1"}, {Phone: "+2"}, {LID: "2"}, {Phone: "+3"}} {
			if found, _ := state(t, s, message("M3", who)); found.Lead.ID != c.ID {
				t.Errorf("%+v leads to %q", who, found.Lead.ID)
			}
		}
		if got, err := s.LeadByID(t.Context(), b.ID); err != nil || got.ID != c.ID {
			t.Errorf("the id absorbed first leads to %q, %v", got.ID, err)
		}
	})
}

func TestADeletedTransitionIsKeptAndCountsNoMore(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		late, early := entered("ana", "Sale", noon), entered("ana", "Entry", noon.Add(-time.Hour))
		late.From, late.Phrase, late.MessageID, late.Number = "Entry", "thanks", "M1", "front-desk"
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead, Transitions: []conversion.Transition{late, early}})
		found, _ := state(t, s, message("M2", person(lead)))
		if want := []conversion.Transition{early, late}; !reflect.DeepEqual(found.Transitions, want) {
			t.Fatalf("transitions %+v, want %+v", found.Transitions, want)
		}

		in := bot.Input{Key: "delete/1", At: noon.Add(time.Minute), Delete: &bot.DeleteTransition{
			LeadID: lead.ID, TransitionID: late.ID, Cause: chat.Cause{Kind: chat.CauseAPI, By: "crm"},
		}}
		update(t, s, in, bot.Decision{Deleted: late.ID})
		found, _ = state(t, s, message("M2", person(lead)))
		if want := []conversion.Transition{early}; !reflect.DeepEqual(found.Transitions, want) {
			t.Errorf("transitions %+v, want %+v", found.Transitions, want)
		}
		all, err := s.Transitions(t.Context(), lead.ID, true)
		if err != nil || len(all) != 2 || !all[1].DeletedAt.Equal(in.At) || !all[0].DeletedAt.IsZero() {
			t.Errorf("with the deleted one: %+v, %v", all, err)
		}
		in.Key = "delete/2"
		if err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return bot.Decision{Deleted: late.ID} }); err == nil {
			t.Error("a transition that does not count was deleted again")
		}
	})
}

func TestAnEditIsToldWhatEarlierTextsMatched(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		instagram, blog := conversion.Match{Funnel: "Sales", Phrase: "Instagram"}, conversion.Match{Funnel: "Sales", Phrase: "Blog"}
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead, Matched: []conversion.Match{instagram}})
		edit := func(id string) bot.Input {
			in := message("M1", person(lead))
			in.Message.EditID = id
			in.Key = in.Message.Key()
			return in
		}
		update(t, s, edit("E1"), bot.Decision{Matched: []conversion.Match{blog}})
		found, decided := state(t, s, edit("E2"))
		if want := []conversion.Match{instagram, blog}; !decided || !sameMatches(found.Matched, want) {
			t.Errorf("matched %v, want %v", found.Matched, want)
		}
		if found, _ := state(t, s, message("M2", person(lead))); found.Matched != nil {
			t.Errorf("another message matched %v", found.Matched)
		}
		elsewhere := edit("E3")
		elsewhere.Message.Number = "back-office"
		if found, _ := state(t, s, elsewhere); found.Matched != nil {
			t.Errorf("a message of another number matched %v", found.Matched)
		}
	})
}

func sameMatches(a, b []conversion.Match) bool {
	seen := map[conversion.Match]int{}
	for _, m := range a {
		seen[m]++
	}
	for _, m := range b {
		seen[m]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestMessageTextsAreKeptOnlyWhereThatIsWanted(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		lead := ana()
		s := p.open(Options{})
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
		s.Close()
		s = p.open(Options{MessageText: true})
		update(t, s, message("M2", person(lead)), bot.Decision{Lead: &lead})
		update(t, s, message("M3", chat.Person{Phone: "+9"}), bot.Decision{}) // of somebody who is no lead
		for key, want := range map[string]int{
			"message/front-desk/M1": 0, "message/front-desk/M2": 1, "message/front-desk/M3": 0,
		} {
			if n := count(t, s, "SELECT COUNT(text) FROM input WHERE key = $1", key); n != want {
				t.Errorf("%s: %d texts, want %d", key, n, want)
			}
		}
	})
}

func TestWhatFailsHalfwayChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		d := bot.Decision{Lead: &lead, Transitions: []conversion.Transition{entered("ana", "Entry", noon)}}
		event(&d, "evt_1", lead.ID, "crm")
		update(t, s, message("M1", person(lead)), d)
		before := everything(t, s)

		other := chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		again := bot.Decision{Lead: &other}
		event(&again, "evt_2", other.ID, "crm")
		event(&again, "evt_1", other.ID, "crm") // its id is taken
		thief := bot.Decision{Lead: &chat.Lead{ID: "lead_c", Phone: lead.Phone, CreatedAt: noon}}
		for name, d := range map[string]bot.Decision{
			"an event's id is taken":         again,
			"the phone belongs to another":   thief,
			"transitions of nobody":          {Transitions: []conversion.Transition{entered("x", "Entry", noon)}},
			"the absorbed lead is not there": {Lead: &other, Absorbed: "lead_gone"},
		} {
			err := s.Update(t.Context(), message("M2", chat.Person{Phone: "+3"}), func(bot.State) bot.Decision { return d })
			if err == nil {
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

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic ended in the store")
				}
			}()
			s.Update(t.Context(), message("M1", person(ana())), func(bot.State) bot.Decision { panic("stumbled") })
		}()
		lead := ana()
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	})
}

func TestACanceledContextRollsBack(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Update(ctx, message("M1", person(lead)), func(bot.State) bot.Decision {
			cancel()
			return bot.Decision{Lead: &lead}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if n := everything(t, s); n != 0 {
			t.Errorf("%d rows were written", n)
		}
		update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	})
}

func TestAnEventIsKeptOnceForAllItsDestinations(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		d := bot.Decision{Lead: &lead}
		event(&d, "evt_1", lead.ID, "crm", "sheet")
		event(&d, "evt_2", lead.ID, "crm")
		update(t, s, message("M1", person(lead)), d)
		if n := count(t, s, "SELECT COUNT(*) FROM delivery WHERE body IS NULL AND event IS NOT NULL"); n != 3 {
			t.Errorf("%d of 3 deliveries refer to their event", n)
		}
		events, err := s.Events(t.Context(), EventFilter{}, 10)
		if err != nil || len(events) != 2 {
			t.Fatalf("events %+v, %v", events, err)
		}
		if !reflect.DeepEqual(events[0].Event, d.Events[0]) || events[0].Seq >= events[1].Seq {
			t.Errorf("event %+v, want %+v", events[0], d.Events[0])
		}
		for name, f := range map[string]EventFilter{
			"after the first": {After: events[0].Seq}, "of a lead": {LeadID: lead.ID, After: events[0].Seq},
			"of a type": {Type: bot.LeadUpdated, After: events[0].Seq},
		} {
			if got, err := s.Events(t.Context(), f, 10); err != nil || len(got) != 1 || got[0].ID != "evt_2" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		for name, f := range map[string]EventFilter{"of another type": {Type: bot.LeadCreated}, "of nobody": {LeadID: "lead_x"}} {
			if got, err := s.Events(t.Context(), f, 10); err != nil || len(got) != 0 {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	})
}

func TestAMessageThatCouldNotBeHandledIsKeptOnce(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		for i, reason := range []string{"first", "last"} {
			at := noon.Add(time.Duration(i) * time.Second)
			if err := s.SetAside(t.Context(), "front-desk", "M1", reason, at, []byte("wire")); err != nil {
				t.Fatal(err)
			}
		}
		want := []SetAside{{Number: "front-desk", MessageID: "M1", Reason: "last", At: noon.Add(time.Second), Payload: []byte("wire")}}
		if got, err := s.SetAsides(t.Context(), 10); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	})
}
