package store

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
)

// capture keeps a value of a destination's answer.
func capture(t testing.TB, s *Store, destination, lead, name, value string) {
	t.Helper()
	if err := s.Capture(t.Context(), destination, lead, map[string]string{name: value}); err != nil {
		t.Fatal(err)
	}
}

func wantCaptured(t *testing.T, s *Store, destination, lead string, want map[string]string) {
	t.Helper()
	if got, err := s.Captured(t.Context(), destination, lead); err != nil || !maps.Equal(got, want) {
		t.Errorf("%s about %s: %v, %v, want %v", destination, lead, got, err, want)
	}
}

func TestWhatADestinationToldOfALeadIsKeptUntilItTellsOtherwise(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead, twin := ana(), chat.Lead{ID: "lead_b", Phone: "+2", CreatedAt: noon}
		known(t, s, lead, nil)
		known(t, s, twin, nil)
		capture(t, s, "crm", lead.ID, "deal", "1")
		capture(t, s, "crm", lead.ID, "deal", "2")
		capture(t, s, "crm", twin.ID, "deal", "3")
		capture(t, s, "crm", twin.ID, "contact", "4")
		capture(t, s, "desk", twin.ID, "deal", "5")
		capture(t, s, "crm", "lead_nobody", "deal", "6")
		wantCaptured(t, s, "crm", lead.ID, map[string]string{"deal": "2"})
		wantCaptured(t, s, "crm", "lead_nobody", nil)

		update(t, s, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &lead, Absorbed: twin.ID})
		capture(t, s, "desk", twin.ID, "contact", "7") // an answer that was under way
		for _, id := range []string{lead.ID, twin.ID} {
			wantCaptured(t, s, "crm", id, map[string]string{"deal": "2", "contact": "4"})
			wantCaptured(t, s, "desk", id, map[string]string{"deal": "5", "contact": "7"})
		}
		erased(t, s, lead)
		capture(t, s, "crm", lead.ID, "deal", "8")
		if n := count(t, s, `SELECT COUNT(*) FROM capture`); n != 0 {
			t.Errorf("%d values about who is erased", n)
		}
	})
}

func TestTheFirstAnswerUnderAKeyCountsForADay(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		if _, found, err := s.Answer(t.Context(), "k"); found || err != nil {
			t.Fatal(found, err)
		}
		first := KeptAnswer{Key: "k", RequestHash: "h", Status: 201, ContentType: "application/json", Body: []byte("{}"), At: noon}
		day := noon.Add(24 * time.Hour)
		for _, c := range []struct{ at, want time.Time }{{noon, noon}, {day.Add(-time.Second), noon}, {day, day}} {
			a := first
			a.At = c.at
			if err := s.KeepAnswer(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			a.At = c.want
			if got, found, err := s.Answer(t.Context(), "k"); err != nil || !found || !reflect.DeepEqual(got, a) {
				t.Errorf("kept at %v: %+v, %v, %v", c.at, got, found, err)
			}
		}
	})
}
