package conversion

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"leadgate/chat"
)

// minute is a time of the stories that the tests tell.
func minute(n int) time.Time { return time.Date(2026, 11, 23, 10, n, 0, 0, time.UTC) }

// story plays messages of one person against a policy and keeps what they change, as package bot does.
type story struct {
	testing.TB
	policy *Policy
	state  State
	last   Decision
	count  int
}

// shop has two funnels: Sales with phrases, and Support, into which a phrase leads on one number only.
func shop() Config {
	return Config{
		Numbers: []string{"front-desk", "clinic"},
		Funnels: []FunnelConfig{
			{Name: "Sales", Stages: []StageConfig{
				{Name: "Lead Entry", Triggers: []TriggerConfig{
					{Phrase: "I came from Instagram", Source: "Instagram"},
					{Phrase: "from my blog", Source: "My Blog"},
					{Phrase: "clinic leaflet", Source: "Leaflet", Numbers: []string{"clinic"}},
				}},
				{Name: "Scheduling", Triggers: []TriggerConfig{{Phrase: "Thank you for scheduling with us"}}},
				{Name: "Sale", Triggers: []TriggerConfig{
					{Phrase: "payment received"},
					{Phrase: "see you at the clinic", Numbers: []string{"clinic"}},
				}},
			}},
			{Name: "Support", Stages: []StageConfig{
				{Name: "Question", Triggers: []TriggerConfig{
					{Phrase: "I need help", Source: "Help page"},
					{Phrase: "I came from Instagram", Source: "Instagram", Numbers: []string{"clinic"}},
				}},
				{Name: "Solved", Triggers: []TriggerConfig{{Phrase: "glad we could help"}}},
			}},
		},
	}
}

func tell(t testing.TB, config Config) *story {
	t.Helper()
	p, faults := New(config)
	if p == nil {
		t.Fatalf("the configuration is refused: %v", faults)
	}
	return &story{TB: t, policy: p}
}

func (s *story) message(direction chat.Direction, at int, text string) chat.Message {
	s.count++
	return chat.Message{
		Number: "front-desk", ID: fmt.Sprintf("M%d", s.count), Direction: direction, Text: text, SentAt: minute(at),
		Person: chat.Person{Phone: "+5511911112222"},
	}
}

func (s *story) lead(at int, text string)     { s.play(s.message(chat.Inbound, at, text)) }
func (s *story) business(at int, text string) { s.play(s.message(chat.Outbound, at, text)) }

func (s *story) play(m chat.Message) {
	s.Helper()
	if m.EditID == "" {
		s.state.Matched = nil
	}
	s.last = s.policy.Decide(m, s.state)
	if again := s.policy.Decide(m, s.state); !equalDecisions(s.last, again) {
		s.Errorf("decided again, %q comes to %+v after %+v", m.Text, again, s.last)
	}
	s.keep(s.last)
}

func (s *story) keep(d Decision) {
	s.state.Matched = append(s.state.Matched, d.Matched...)
	s.state.Transitions = append(s.state.Transitions, d.Transitions...)
	slices.SortStableFunc(s.state.Transitions, func(a, b Transition) int { return a.At.Compare(b.At) })
	if d.Touch == nil {
		return
	}
	s.state.Lead.ID, s.state.Lead.LastSource = "1", d.Touch.Source
	if s.state.Lead.Source == "" {
		s.state.Lead.Source = d.Touch.Source
	}
	if d.Touch.Ad != nil {
		s.state.Lead.Ad = d.Touch.Ad
	}
}

func equalDecisions(a, b Decision) bool {
	return fmt.Sprintf("%+v", flat(a)) == fmt.Sprintf("%+v", flat(b))
}

// flat is a decision without pointers, for comparing.
func flat(d Decision) any {
	var touch Touch
	var ad chat.Ad
	if d.Touch != nil {
		touch = *d.Touch
		if touch.Ad != nil {
			ad = *touch.Ad
		}
		touch.Ad = nil
	}
	return []any{touch, ad, d.Returned, d.Transitions, d.Matched}
}

// changes says what the last message changed: "Sales: -> Lead Entry (inbound_phrase Instagram)", "touch phrase Instagram",
// "returned".
func (s *story) changes() []string {
	var list []string
	if s.last.Touch != nil {
		list = append(list, fmt.Sprintf("touch %s %s", s.last.Touch.Kind, s.last.Touch.Source))
	}
	if s.last.Returned {
		list = append(list, "returned")
	}
	for _, t := range s.last.Transitions {
		list = append(list, fmt.Sprintf("%s: %s -> %s (%s %s)", t.Funnel, t.From, t.To, t.Cause.Kind, t.Cause.By))
	}
	return list
}

func (s *story) wantChanges(want ...string) {
	s.Helper()
	if got := s.changes(); !slices.Equal(got, want) {
		s.Errorf("the message changes\n\t%q, want\n\t%q", got, want)
	}
}

func (s *story) wantStage(funnel, want string) {
	s.Helper()
	if got := Standing(s.state.Transitions, funnel); got != want {
		s.Errorf("the lead stands at %q in %s, want %q", got, funnel, want)
	}
}

const entersSales = "Sales:  -> Lead Entry (inbound_phrase Instagram)"

func TestEntry(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"a source phrase registers the lead in the entry stage", func(s *story) {
			s.lead(0, "Hi, I came from Instagram and wanted to know more about the product!")
			s.wantChanges("touch phrase Instagram", entersSales)
			s.wantStage("Sales", "Lead Entry")
		}},
		{"the transition tells the phrase, the message, the number and the message's time", func(s *story) {
			s.lead(3, "hi, i CAME from instagram")
			want := Transition{
				Funnel: "Sales", To: "Lead Entry", Cause: chat.Cause{Kind: chat.CauseInboundPhrase, By: "Instagram"},
				Phrase: "I came from Instagram", MessageID: "M1", Number: "front-desk", At: minute(3),
			}
			if got := s.last.Transitions; len(got) != 1 || got[0] != want {
				s.Errorf("the transitions are %+v, want %+v", got, want)
			}
		}},
		{"a message without a phrase registers nobody", func(s *story) {
			s.lead(0, "Hi")
			s.wantChanges()
		}},
		{"a source phrase that the business writes registers nobody", func(s *story) {
			s.business(0, "I came from Instagram")
			s.wantChanges()
		}},
		{"a source phrase of another number registers nobody", func(s *story) {
			s.lead(0, "I have the clinic leaflet")
			s.wantChanges()
		}},
		{"a source phrase of this number registers the lead", func(s *story) {
			m := s.message(chat.Inbound, 0, "I have the clinic leaflet")
			m.Number = "clinic"
			s.play(m)
			s.wantChanges("touch phrase Leaflet", "Sales:  -> Lead Entry (inbound_phrase Leaflet)")
		}},
		{"the longest of two source phrases names the source", func(s *story) {
			s.lead(0, "I came from Instagram, no, from my blog")
			s.wantChanges("touch phrase Instagram", entersSales)
		}},
		{"phrases of two funnels register in both, and the best names the source", func(s *story) {
			s.lead(0, "I need help. I came from Instagram")
			s.wantChanges("touch phrase Instagram", entersSales, "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"one phrase may lead into two funnels", func(s *story) {
			m := s.message(chat.Inbound, 0, "I came from Instagram")
			m.Number = "clinic"
			s.play(m)
			s.wantChanges("touch phrase Instagram", entersSales, "Support:  -> Question (inbound_phrase Instagram)")
		}},
		{"the same lead enters a second funnel", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.lead(1, "I need help")
			s.wantChanges("touch phrase Help page", "Support:  -> Question (inbound_phrase Help page)")
			s.wantStage("Sales", "Lead Entry")
		}},
		{"whose transitions were all deleted enters again", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.state.Transitions = nil
			s.lead(1, "I came from Instagram")
			s.wantChanges("touch phrase Instagram", entersSales)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, shop())) })
	}
}

func TestReturn(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"who is in the funnel and writes a phrase again came again, and stays where they stand", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Thank you for scheduling with us")
			s.lead(2, "I read about you, from my blog")
			s.wantChanges("touch phrase My Blog", "returned")
			s.wantStage("Sales", "Scheduling")
		}},
		{"the same phrase again is a return too", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.lead(1, "I came from Instagram")
			s.wantChanges("touch phrase Instagram", "returned")
		}},
		{"who comes again to one funnel may enter another by the same message", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.lead(1, "I came from Instagram, I need help")
			s.wantChanges("touch phrase Instagram", "returned", "Support:  -> Question (inbound_phrase Help page)")
		}},
		{"a phrase from before the entry that arrives late is a return: nobody enters twice", func(s *story) {
			s.lead(5, "from my blog")
			s.business(6, "Payment received")
			s.lead(2, "I came from Instagram")
			s.wantChanges("touch phrase Instagram", "returned")
			s.wantStage("Sales", "Sale")
		}},
		{"other words are no return", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.lead(1, "What does it cost?")
			s.wantChanges()
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, shop())) })
	}
}

func TestFollowUp(t *testing.T) {
	const scheduled = "Sales: Lead Entry -> Scheduling (outbound_phrase front-desk)"
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"a follow-up phrase of the business moves the lead", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Thank you for scheduling with us! Your time is: 3:00 PM")
			s.wantChanges(scheduled)
			s.wantStage("Sales", "Scheduling")
		}},
		{"also past a stage", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Payment received")
			s.wantChanges("Sales: Lead Entry -> Sale (outbound_phrase front-desk)")
		}},
		{"also backwards", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Payment received")
			s.business(2, "Thank you for scheduling with us")
			s.wantChanges("Sales: Sale -> Scheduling (outbound_phrase front-desk)")
			s.wantStage("Sales", "Scheduling")
		}},
		{"nothing happens if the lead stands there already", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Payment received")
			s.business(2, "Payment received")
			s.wantChanges()
		}},
		{"the longest phrase wins, though the lead stands there and a shorter one would move them", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Thank you for scheduling with us")
			s.business(2, "Payment received. Thank you for scheduling with us")
			s.wantChanges()
		}},
		{"a chat whose person is not in the funnel is left alone", func(s *story) {
			s.business(0, "Thank you for scheduling with us")
			s.wantChanges()
		}},
		{"a chat whose person is in another funnel is left alone", func(s *story) {
			s.lead(0, "I need help")
			s.business(1, "Thank you for scheduling with us")
			s.wantChanges()
		}},
		{"a follow-up phrase that the lead writes moves nobody", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.lead(1, "Thank you for scheduling with us")
			s.wantChanges()
		}},
		{"a follow-up phrase of another number moves nobody", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "see you at the clinic")
			s.wantChanges()
		}},
		{"one message moves the lead in every funnel that they are in", func(s *story) {
			s.lead(0, "I came from Instagram. I need help")
			s.business(1, "Payment received, glad we could help")
			s.wantChanges("Sales: Lead Entry -> Sale (outbound_phrase front-desk)", "Support: Question -> Solved (outbound_phrase front-desk)")
		}},
		{"a phrase that was written before the lead entered does not count", func(s *story) {
			s.lead(5, "I came from Instagram")
			s.business(4, "Thank you for scheduling with us")
			s.wantChanges()
		}},
		{"a phrase of the same second as the entry counts", func(s *story) {
			s.lead(5, "I came from Instagram")
			s.business(5, "Thank you for scheduling with us")
			s.wantChanges(scheduled)
			s.wantStage("Sales", "Scheduling")
		}},
		{"a late message is recorded at its own time and does not move who has gone on", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(5, "Payment received")
			s.business(3, "Thank you for scheduling with us")
			s.wantChanges(scheduled)
			s.wantStage("Sales", "Sale")
		}},
		{"where the lead stands is compared at the message's own time", func(s *story) {
			s.lead(0, "I came from Instagram")
			s.business(1, "Thank you for scheduling with us")
			s.business(5, "Payment received")
			s.business(3, "Thank you for scheduling with us")
			s.wantChanges()
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, shop())) })
	}
}

func TestEdit(t *testing.T) {
	edit := func(s *story, m chat.Message, at int, text string) {
		m.EditID, m.Text, m.SentAt = fmt.Sprintf("E%d", at), text, minute(at)
		s.play(m)
	}
	for _, c := range []struct {
		name string
		play func(*story)
	}{
		{"a message that is edited into a phrase acts as a new one", func(s *story) {
			m := s.message(chat.Inbound, 0, "I came from Instagran")
			s.play(m)
			edit(s, m, 1, "I came from Instagram")
			s.wantChanges("touch phrase Instagram", entersSales)
		}},
		{"the transition names the message that was edited", func(s *story) {
			m := s.message(chat.Inbound, 0, "hi")
			s.play(m)
			edit(s, m, 1, "I came from Instagram")
			if got := s.last.Transitions[0]; got.MessageID != m.ID || !got.At.Equal(minute(1)) {
				s.Errorf("the transition is of message %q at %v", got.MessageID, got.At)
			}
		}},
		{"a phrase that the message had before does nothing", func(s *story) {
			m := s.message(chat.Inbound, 0, "I came from Instagram")
			s.play(m)
			edit(s, m, 1, "Hi! I came from Instagram")
			s.wantChanges()
		}},
		{"another phrase beside it acts, though it is shorter", func(s *story) {
			s.lead(0, "I came from Instagram")
			m := s.message(chat.Outbound, 1, "Thank you for scheduling with us")
			s.play(m)
			edit(s, m, 2, "Thank you for scheduling with us. Payment received")
			s.wantChanges("Sales: Scheduling -> Sale (outbound_phrase front-desk)")
		}},
		{"a phrase that lost before does nothing when a slip is mended", func(s *story) {
			s.lead(0, "I came from Instagram")
			m := s.message(chat.Outbound, 1, "Payment received. Thank you for scheduling with us, helo")
			s.play(m)
			s.wantStage("Sales", "Scheduling")
			edit(s, m, 2, "Payment received. Thank you for scheduling with us, hello")
			s.wantChanges()
		}},
		{"what the first edit matched, the second does not match again", func(s *story) {
			m := s.message(chat.Inbound, 0, "hi")
			s.play(m)
			edit(s, m, 1, "I came from Instagram")
			edit(s, m, 2, "I came from Instagram!")
			s.wantChanges()
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.play(tell(t, shop())) })
	}
}
