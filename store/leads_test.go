package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
)

// town is five leads who entered the funnel, two of whom went on and one came back.
func town(t *testing.T, s *Store) {
	t.Helper()
	for i, name := range []string{"Ana", "Bia", "Caio", "100% Davi", "Élcio"} {
		l := chat.Lead{
			ID: fmt.Sprintf("lead_%d", i), Name: name, Phone: chat.Phone(fmt.Sprintf("+55119%d", i)), CreatedAt: noon,
			Source: []string{"Instagram", "Blog"}[i%2],
		}
		transitions := []conversion.Transition{entered(l.ID, "Entry", noon)}
		if i < 2 {
			transitions = append(transitions, entered(l.ID, "Sale", noon.Add(time.Hour)))
		}
		if i == 0 {
			back := entered(l.ID, "Entry", noon.Add(2*time.Hour))
			back.ID += "_again"
			transitions = append(transitions, back)
		}
		update(t, s, message(l.ID, person(l)), bot.Decision{Lead: &l, Transitions: transitions})
	}
}

func TestLeadsAreListedByWhatIsAsked(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		town(t, s)
		for name, c := range map[string]struct {
			filter LeadFilter
			want   []string
		}{
			"all":                  {LeadFilter{}, []string{"lead_4", "lead_3", "lead_2", "lead_1", "lead_0"}},
			"by source":            {LeadFilter{Source: "Blog"}, []string{"lead_3", "lead_1"}},
			"by phone":             {LeadFilter{Phone: "+551192"}, []string{"lead_2"}},
			"by stage":             {LeadFilter{Funnel: "Sales", Stage: "Sale"}, []string{"lead_1"}},
			"by stage and source":  {LeadFilter{Funnel: "Sales", Stage: "Entry", Source: "Instagram"}, []string{"lead_4", "lead_2", "lead_0"}},
			"by funnel":            {LeadFilter{Funnel: "Sales", Source: "Blog"}, []string{"lead_3", "lead_1"}},
			"of no funnel":         {LeadFilter{Funnel: "Support"}, nil},
			"by part of a name":    {LeadFilter{Text: "AN"}, []string{"lead_0"}},
			"by part of a phone":   {LeadFilter{Text: "5119"}, []string{"lead_4", "lead_3", "lead_2", "lead_1", "lead_0"}},
			"a sign of a pattern":  {LeadFilter{Text: "0%"}, []string{"lead_3"}},
			"another sign of one":  {LeadFilter{Text: "_"}, nil},
			"text, stage, sources": {LeadFilter{Text: "i", Funnel: "Sales", Stage: "Entry", Source: "Blog"}, []string{"lead_3"}},
		} {
			var got []string
			for from := Cursor(0); ; {
				page, next, err := s.Leads(t.Context(), c.filter, from, 2)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for _, l := range page {
					got = append(got, l.ID)
				}
				if next == 0 {
					break
				}
				from = next
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	})
}

func TestTheFunnelCountsEachLeadOnceForEachStageThatItReached(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		town(t, s)
		in := bot.Input{Key: "delete/1", At: noon, Delete: &bot.DeleteTransition{LeadID: "lead_1", TransitionID: "tr_lead_1_Sale"}}
		update(t, s, in, bot.Decision{Deleted: "tr_lead_1_Sale"})
		got, err := s.FunnelCounts(t.Context(), "Sales", []string{"Entry", "Scheduling", "Sale"})
		want := []StageCount{{"Entry", 5}, {"Scheduling", 0}, {"Sale", 1}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
}

func TestNobodyIsNoError(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		for name, look := range map[string]func() (chat.Lead, error){
			"id":    func() (chat.Lead, error) { return s.LeadByID(t.Context(), "lead_x") },
			"phone": func() (chat.Lead, error) { return s.LeadByPhone(t.Context(), "+1") },
			"LID":   func() (chat.Lead, error) { return s.LeadByLID(t.Context(), "1") },
		} {
			if l, err := look(); err != nil || l.Known() {
				t.Errorf("by %s: %+v, %v", name, l, err)
			}
		}
		if list, err := s.Transitions(t.Context(), "lead_x", true); err != nil || len(list) != 0 {
			t.Errorf("transitions %v, %v", list, err)
		}
	})
}

func TestTextsThatPostgresRefusesAreKeptWithoutWhatItRefuses(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{MessageText: true})
		lead := ana()
		lead.Name = "An\x00a \xff"
		lead.Fields = map[string]string{"course": "A\x00I"}
		in := message("M1", person(lead))
		in.Message.Text = "hi\x00"
		d := bot.Decision{Lead: &lead}
		event(&d, "evt_1", lead.ID, "crm")
		update(t, s, in, d)
		if got, err := s.LeadByID(t.Context(), lead.ID); err != nil || got.Name != "An\uFFFDa \uFFFD" {
			t.Errorf("lead %+v, %v", got, err)
		}
		q := post{s, t}
		claimed := q.claim(noon, "crm")
		failed := never
		failed.Detail = "it said \x00\xff\"\\\n"
		q.settle(noon, failed, claimed...)
		list, _, err := s.Deliveries(t.Context(), DeliveryFilter{State: "dead"}, 0, 1)
		if err != nil || len(list) != 1 || list[0].Detail != "it said \uFFFD\uFFFD\"\\\n" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}
