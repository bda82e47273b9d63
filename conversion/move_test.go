package conversion

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
)

func TestMoveByHand(t *testing.T) {
	byHand := chat.Cause{Kind: chat.CauseManual, By: "maria"}
	for _, c := range []struct {
		name string
		play func(*story)
		want string // "" for nothing
	}{
		{"to a later stage", func(s *story) { s.lead(0, "I came from Instagram") }, "Lead Entry -> Scheduling"},
		{"back from a later one", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "payment received")
		}, "Sale -> Scheduling"},
		{"into a funnel in which the lead is not", func(*story) {}, " -> Scheduling"},
		{"not to where the lead stands", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Thank you for scheduling with us")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t, shop())
			c.play(s)
			d, err := s.policy.Move("Sales", "Scheduling", byHand, minute(30), s.state)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, m := range d.Transitions {
				got += fmt.Sprintf("%s -> %s", m.From, m.To)
				if m.Funnel != "Sales" || m.Cause != byHand || !m.At.Equal(minute(30)) {
					t.Errorf("the transition is %+v", m)
				}
			}
			if got != c.want || d.Touch != nil || d.Returned || d.Matched != nil {
				t.Errorf("it changes %q and %+v, want %q alone", got, d, c.want)
			}
		})
	}
}

func TestAMoveByHandHoldsThoughTheClockIsBehind(t *testing.T) {
	s := tell(t, shop())
	s.lead(5, "I came from Instagram")
	d, err := s.policy.Move("Sales", "Sale", chat.Cause{Kind: chat.CauseManual}, minute(4), s.state)
	if err != nil {
		t.Fatal(err)
	}
	s.keep(d)
	s.wantStage("Sales", "Sale")
}

func TestMoveNamesWhatIsNotConfigured(t *testing.T) {
	p := tell(t, shop()).policy
	for _, c := range []struct{ funnel, stage, want string }{
		{"Sails", "Sale", `funnel "Sails" is not configured; did you mean "Sales"?`},
		{"Recruiting", "Sale", `funnel "Recruiting" is not configured; known: ["Sales" "Support"]`},
		{"Sales", "Schedule", `funnel "Sales" has no stage "Schedule"; did you mean "Scheduling"?`},
		{"Sales", "scheduling", `funnel "Sales" has no stage "scheduling"; did you mean "Scheduling"?`},
		{"Support", "Sale", `funnel "Support" has no stage "Sale"`},
	} {
		d, err := p.Move(c.funnel, c.stage, chat.Cause{}, minute(0), State{})
		if err == nil || !strings.Contains(err.Error(), c.want) || len(d.Transitions) > 0 {
			t.Errorf("to %q of %q: %+v, %v; want the error %q", c.stage, c.funnel, d, err, c.want)
		}
	}
}

func TestStandingIsTheLatestTransitionWhateverTheOrder(t *testing.T) {
	transitions := []Transition{
		{Funnel: "A", To: "late", At: minute(5)},
		{Funnel: "B", To: "other", At: minute(9)},
		{Funnel: "A", To: "early", At: minute(1)},
		{Funnel: "A", To: "late, recorded last", At: minute(5)},
	}
	for _, c := range []struct {
		funnel string
		at     time.Time
		want   string
	}{
		{"A", time.Time{}, "late, recorded last"}, {"A", minute(4), "early"}, {"A", minute(1), "early"}, {"A", minute(0), ""},
		{"B", time.Time{}, "other"}, {"C", time.Time{}, ""},
	} {
		if got := standingAt(transitions, c.funnel, c.at); got != c.want {
			t.Errorf("in %s at %v the lead stands at %q, want %q", c.funnel, c.at, got, c.want)
		}
	}
}

func TestLinks(t *testing.T) {
	p, faults := New(entry(
		TriggerConfig{Phrase: "Olá, 50% + frete & mais?", Source: "Blog"},
		TriggerConfig{Phrase: "I came from Instagram", Source: "Instagram", Numbers: []string{"clinic"}},
	))
	if p == nil {
		t.Fatal(faults)
	}
	got := p.Links([]chat.Number{
		{Name: "front-desk", Phone: "+5511987650001"}, {Name: "clinic", Phone: "+525512345678"}, {Name: "unpaired"},
	})
	want := []Link{
		{"Blog", "Olá, 50% + frete & mais?", "front-desk", "https://wa.me/5511987650001?text=Ol%C3%A1%2C%2050%25%20%2B%20frete%20%26%20mais%3F"},
		{"Blog", "Olá, 50% + frete & mais?", "clinic", "https://wa.me/525512345678?text=Ol%C3%A1%2C%2050%25%20%2B%20frete%20%26%20mais%3F"},
		{"Instagram", "I came from Instagram", "clinic", "https://wa.me/525512345678?text=I%20came%20from%20Instagram"},
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("the links are\n%+v, want\n%+v", got, want)
	}
}

func TestFunnelsAreThoseOfTheConfiguration(t *testing.T) {
	p := tell(t, shop()).policy
	want := "[{Sales [Lead Entry Scheduling Sale]} {Support [Question Solved]}]"
	if got := fmt.Sprint(p.Funnels()); got != want {
		t.Errorf("the funnels are %s, want %s", got, want)
	}
	p.Funnels()[0].Stages[0] = "changed"
	if got := fmt.Sprint(p.Funnels()); got != want {
		t.Errorf("who asks for the funnels can change them: %s", got)
	}
}
