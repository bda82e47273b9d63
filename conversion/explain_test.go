package conversion

import (
	"fmt"
	"testing"

	"leadgate/chat"
)

// explained returns what is said of the trigger with a phrase.
func explained(t *testing.T, e Explanation, phrase string) TriggerExplanation {
	t.Helper()
	for _, x := range e.Triggers {
		if x.Phrase == phrase {
			return x
		}
	}
	t.Fatalf("nothing is said of %q", phrase)
	return TriggerExplanation{}
}

func TestExplainSaysWhatATriggerDid(t *testing.T) {
	for _, c := range []struct {
		name   string
		play   func(*story) chat.Message // plays what comes before and returns the message to explain
		phrase string
		acted  bool
		reason Reason
		at     int
		detail string
	}{
		{
			"it registers the lead",
			func(s *story) chat.Message { return s.message(chat.Inbound, 0, "Olá 👋🏽 I came from Instagram") },
			"I came from Instagram", true, "", 7, `registers the lead in "Lead Entry" with source "Instagram"`,
		},
		{
			"the lead came again",
			func(s *story) chat.Message {
				s.lead(0, "I came from Instagram")
				return s.message(chat.Inbound, 1, "from my blog")
			},
			"from my blog", true, "", 1, `the lead is in the funnel and came again; the last source becomes "My Blog"`,
		},
		{
			"it moves the lead",
			func(s *story) chat.Message {
				s.lead(0, "I came from Instagram")
				return s.message(chat.Outbound, 1, "Hi! Payment received")
			},
			"payment received", true, "", 5, `moves the lead from "Lead Entry" to "Sale"`,
		},
		{
			"it is not in the text",
			func(s *story) chat.Message { return s.message(chat.Inbound, 0, "Hello") },
			"I came from Instagram", false, NotFound, 0, "not in the text",
		},
		{
			"a longer one won",
			func(s *story) chat.Message {
				return s.message(chat.Inbound, 0, "from my blog, no, I came from Instagram")
			},
			"from my blog", false, Outranked, 1, `"I came from Instagram" is longer`,
		},
		{
			"it is for another number",
			func(s *story) chat.Message { return s.message(chat.Inbound, 0, "a clinic leaflet") },
			"clinic leaflet", false, OtherNumber, 3, "it is only for clinic",
		},
		{
			"the lead is not in the funnel",
			func(s *story) chat.Message { return s.message(chat.Outbound, 0, "payment received") },
			"payment received", false, NotInFunnel, 1, `the lead is not in funnel "Sales"`,
		},
		{
			"it was written before the lead entered",
			func(s *story) chat.Message {
				s.lead(5, "I came from Instagram")
				return s.message(chat.Outbound, 4, "payment received")
			},
			"payment received", false, BeforeEntry, 1, `it was written before the lead entered funnel "Sales"`,
		},
		{
			"the lead stands there",
			func(s *story) chat.Message {
				s.lead(0, "I came from Instagram")
				s.business(1, "payment received")
				return s.message(chat.Outbound, 2, "payment received")
			},
			"payment received", false, StandsThere, 1, `the lead stands at "Sale" already`,
		},
		{
			"the message had it before it was edited",
			func(s *story) chat.Message {
				m := s.message(chat.Inbound, 0, "I came from Instagram")
				s.play(m)
				m.EditID, m.Text = "E1", "So: I came from Instagram"
				return m
			},
			"I came from Instagram", false, MatchedBefore, 5, "the message matched it before it was edited",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t, shop())
			m := c.play(s)
			if m.EditID == "" {
				s.state.Matched = nil
			}
			e := s.policy.Explain(m, s.state)
			if want := s.policy.Decide(m, s.state); !equalDecisions(e.Decision, want) {
				t.Errorf("it explains the decision %+v, but %+v is taken", e.Decision, want)
			}
			x := explained(t, e, c.phrase)
			if x.Acted != c.acted || x.Reason != c.reason || x.Character != c.at || x.Found != (c.at > 0) || x.Detail != c.detail {
				t.Errorf("it says %+v", x)
			}
			if x.Found && x.Length != len(c.phrase) {
				t.Errorf("the phrase covers %d characters, want %d", x.Length, len(c.phrase))
			}
		})
	}
}

func TestExplainListsTheTriggersOfTheDirection(t *testing.T) {
	s := tell(t, shop())
	var got []string
	for _, x := range s.policy.Explain(s.message(chat.Outbound, 0, "hi"), s.state).Triggers {
		got = append(got, fmt.Sprintf("%s %s %s %s", x.Path, x.Funnel, x.Stage, x.Match))
	}
	want := []string{
		"funnel[0].stage[1].trigger[0] Sales Scheduling exact", "funnel[0].stage[2].trigger[0] Sales Sale exact",
		"funnel[0].stage[2].trigger[1] Sales Sale exact", "funnel[1].stage[1].trigger[0] Support Solved exact",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the triggers are\n%q, want\n%q", got, want)
	}
}

func TestExplainSaysWhichOfTwoEqualPhrasesWon(t *testing.T) {
	for _, c := range []struct {
		name, text string
		triggers   []TriggerConfig
		lost, want string
	}{
		{
			"the one further left", "two one",
			[]TriggerConfig{{Phrase: "one", Source: "S"}, {Phrase: "two", Source: "T"}}, "one", `"two" begins further left`,
		},
		{
			"the first in the file", "olá",
			[]TriggerConfig{{Phrase: "olá", Source: "S"}, {Phrase: "ola", Source: "T", Match: matchLoose}}, "ola", `"olá" comes first in the file`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := policyOf(t, c.triggers...).Explain(chat.Message{Direction: chat.Inbound, Text: c.text}, State{})
			if got := explained(t, e, c.lost).Detail; got != c.want {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

func TestExplainShowsNearMisses(t *testing.T) {
	const loosely = `it would match loosely: the text differs in %s at character %d (match = "loose" ignores that)`
	for _, c := range []struct {
		name, phrase, match, text string
		want                      string
	}{
		{"an accent too few", "ação já", "", "Quero acao ja", fmt.Sprintf(loosely, "accents", 8)},
		{"an accent too many", "acao", "", "Quero ação", fmt.Sprintf(loosely, "accents", 8)},
		{"an accent too many, decomposed", "acao", "", "Quero ac\u0327a\u0303o", fmt.Sprintf(loosely, "accents", 8)},
		{"an accent at the end", "cafe", "", "um café", fmt.Sprintf(loosely, "accents", 7)},
		{"two spaces", "I came", "", "Hi I  came", fmt.Sprintf(loosely, "white space", 6)},
		{"a line break", "I came", "", "I\ncame", fmt.Sprintf(loosely, "white space", 2)},
		{"a typographic apostrophe", "it's me", "", "it’s me", fmt.Sprintf(loosely, "quotes or dashes", 3)},
		{"a long dash", "a - b", "", "a – b", fmt.Sprintf(loosely, "quotes or dashes", 3)},
		{"full width", "abc", "", "ａｂｃ", fmt.Sprintf(loosely, "the form of a character", 1)},
		{"another word", "I came from Instagram", "", "Hi, I came from Facebook", `the text differs at character 17: it has "F" where the phrase has "i"`},
		{"the end of the text", "I came from Instagram", "", "I came from Insta", `the text ends before character 18, where the phrase goes on with "g"`},
		{"half a character", "gros", "loose", "groß", `the phrase would end within character 4, "ß"`},
		{"a loose phrase with another word", "I came from Instagram", "loose", "i  came from Facebook", `the text differs at character 14: it has "F" where the phrase has "i"`},
		{"too little of it", "I came from Instagram", "", "I came by bus", "not in the text"},
		{"no text", "I came", "", "", "not in the text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := oneTrigger(t, c.phrase, c.match)
			x := p.Explain(chat.Message{Direction: chat.Inbound, Text: c.text}, State{}).Triggers[0]
			if x.Reason != NotFound || x.Detail != c.want {
				t.Errorf("it says %q (%s), want %q", x.Detail, x.Reason, c.want)
			}
		})
	}
}

func TestNearMissesAreSoughtWithBoundedEffort(t *testing.T) {
	p := oneTrigger(t, "I came from Instagram", "")
	near := newNearSearch(p, "I came from Facebook")
	before := near.effort
	if near.of(p.triggers[0]) == nil {
		t.Fatal("the near miss is not found")
	}
	if spent := before - near.effort; spent < len("I came from Facebook") {
		t.Errorf("a search through the text counts as %d letters", spent)
	}
	near.effort = 10
	if miss := near.of(p.triggers[0]); miss != nil {
		t.Errorf("with the effort spent it still finds %+v", miss)
	}
}
