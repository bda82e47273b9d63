package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/opportunity"
)

func TestAnOpportunityComesBackAsItWasWritten(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		younger, o := wanted("opp_1", lead, "maria"), wanted("opp_2", lead, "")
		o.CreatedAt = noon.Add(-time.Hour)
		known(t, s, lead, []opportunity.Opportunity{younger, o})
		found, _ := state(t, s, message("M1", person(lead)))
		if want := []opportunity.Opportunity{o, younger}; !reflect.DeepEqual(found.Opportunities, want) {
			t.Fatalf("%+v, want %+v", found.Opportunities, want)
		}
		o.Status, o.Stage, o.Owner, o.Title, o.ActiveAt = opportunity.Won, "Sale", "joao", "", noon.Add(time.Minute)
		update(t, s, message("M1", person(lead)), bot.Decision{Opportunities: []opportunity.Opportunity{o}})
		found, _ = state(t, s, message("M2", person(lead)))
		if want := []opportunity.Opportunity{o, younger}; !reflect.DeepEqual(found.Opportunities, want) {
			t.Errorf("changed: %+v, want %+v", found.Opportunities, want)
		}
	})
}

func TestAMessageInAChatIsActivityOfItsOpportunity(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		old, current := closed(opened("chat_1", lead), noon), opened("chat_2", lead)
		old.Opportunity, current.Opportunity = "opp_1", "opp_1"
		old.ActiveAt, current.ActiveAt = noon.Add(2*time.Hour), noon.Add(time.Hour)
		stale := wanted("opp_2", lead, "")
		known(t, s, lead, []opportunity.Opportunity{wanted("opp_1", lead, ""), stale}, old, current)
		found, _ := state(t, s, message("M1", person(lead)))
		if len(found.Opportunities) != 2 || !found.Opportunities[0].ActiveAt.Equal(old.ActiveAt) || !found.Opportunities[1].ActiveAt.Equal(noon) {
			t.Errorf("%+v", found.Opportunities)
		}
		read, err := s.Opportunities(t.Context(), OpportunityFilter{ID: "opp_1"}, 10)
		if err != nil || len(read) != 1 || !read[0].ActiveAt.Equal(old.ActiveAt) {
			t.Errorf("read: %+v, %v", read, err)
		}
	})
}

func TestOpportunitiesAreListedByWhatIsAsked(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		a, b := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		won, other := wanted("opp_2", a, "maria"), wanted("opp_3", b, "")
		won.Status, other.Type = opportunity.Won, "Workshop"
		known(t, s, a, []opportunity.Opportunity{wanted("opp_1", a, "maria"), won})
		known(t, s, b, []opportunity.Opportunity{other})
		for name, c := range map[string]struct {
			filter OpportunityFilter
			want   []string
		}{
			"all":       {OpportunityFilter{}, []string{"opp_1", "opp_2", "opp_3"}},
			"by id":     {OpportunityFilter{ID: "opp_2"}, []string{"opp_2"}},
			"by lead":   {OpportunityFilter{LeadID: a.ID}, []string{"opp_1", "opp_2"}},
			"by type":   {OpportunityFilter{Type: "Workshop"}, []string{"opp_3"}},
			"by owner":  {OpportunityFilter{Owner: "maria", Status: opportunity.Open}, []string{"opp_1"}},
			"by status": {OpportunityFilter{Status: opportunity.Won}, []string{"opp_2"}},
			"of nobody": {OpportunityFilter{LeadID: "lead_x"}, nil},
		} {
			var got []string
			for after := int64(0); ; {
				c.filter.After = after
				page, err := s.Opportunities(t.Context(), c.filter, 1)
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
	})
}
