package conversion

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"leadgate/chat"
)

// drawnMessages are random messages of one person, with the given texts.
func drawnMessages(t *rapid.T, texts []string) []chat.Message {
	directions := rapid.SampledFrom([]chat.Direction{chat.Inbound, chat.Outbound})
	n := rapid.IntRange(1, 12).Draw(t, "messages")
	var messages []chat.Message
	for i := range n {
		m := chat.Message{
			Number: rapid.SampledFrom([]string{"front-desk", "clinic", "unknown"}).Draw(t, "number"),
			ID:     string(rune('A' + i)), Direction: directions.Draw(t, "direction"),
			Text:     rapid.SampledFrom(texts).Draw(t, "text"),
			SentAt:   minute(rapid.IntRange(0, 20).Draw(t, "minute")),
			FromLink: rapid.Bool().Draw(t, "link"),
		}
		if rapid.IntRange(0, 3).Draw(t, "ad") == 0 {
			m.Ad = &chat.Ad{ClickID: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "click")}
		}
		messages = append(messages, m)
	}
	return messages
}

func shopTexts() []string {
	return []string{
		"", "hi", "I came from Instagram", "from my blog and I came from Instagram", "I need help", "clinic leaflet. I need help",
		"Thank you for scheduling with us", "Payment received", "payment received, thank you for scheduling with us",
		"see you at the clinic", "Glad we could help, payment received", "👋", "\xff",
	}
}

func TestWhateverIsWrittenTheDecisionKeepsItsPromises(t *testing.T) {
	p, faults := compile(openShop(), newFolder(false), newFolder(true))
	if p == nil {
		t.Fatal(faults)
	}
	funnels := p.Funnels()
	rapid.Check(t, func(t *rapid.T) {
		s := &story{policy: p}
		for _, m := range drawnMessages(t, shopTexts()) {
			before := s.state
			d := p.Decide(m, before)
			if again := p.Decide(m, before); !equalDecisions(d, again) {
				t.Fatalf("decided again, %+v comes to %+v after %+v", m, again, d)
			}
			if e := p.Explain(m, before).Decision; !equalDecisions(d, e) {
				t.Fatalf("it is explained as %+v and decided as %+v", e, d)
			}
			checkPromises(t, funnels, m, before, d)
			s.state.Matched = nil
			s.keep(d)
		}
	})
}

func checkPromises(t *rapid.T, funnels []Funnel, m chat.Message, s State, d Decision) {
	seen := make(map[string]bool)
	for _, change := range d.Transitions {
		i := slices.IndexFunc(funnels, func(f Funnel) bool { return f.Name == change.Funnel })
		if i < 0 || !slices.Contains(funnels[i].Stages, change.To) {
			t.Fatalf("%+v leads to what is not configured", change)
		}
		switch {
		case seen[change.Funnel]:
			t.Fatalf("two transitions in %s: %+v", change.Funnel, d.Transitions)
		case change.From != standingAt(s.Transitions, change.Funnel, m.SentAt):
			t.Fatalf("%+v is not from where the lead stood", change)
		case change.From == "" && Standing(s.Transitions, change.Funnel) != "":
			t.Fatalf("%+v enters a second time", change)
		case change.From == change.To:
			t.Fatalf("%+v leads nowhere", change)
		case (m.Direction == chat.Inbound) != (change.From == "" && change.To == funnels[i].Stages[0]):
			t.Fatalf("%+v by a message that is %s", change, m.Direction)
		case !change.At.Equal(m.SentAt) || change.MessageID != m.ID || change.Number != m.Number:
			t.Fatalf("%+v is not the message's", change)
		}
		seen[change.Funnel] = true
	}
	switch {
	case m.Direction == chat.Outbound && (d.Touch != nil || d.Returned):
		t.Fatalf("the business touches its own lead: %+v", d)
	case d.Returned && d.Touch == nil:
		t.Fatalf("a return without a touch: %+v", d)
	case !s.Lead.Known() && len(d.Transitions) > 0 && d.Touch == nil:
		t.Fatalf("a first transition without a touch: %+v", d)
	}
}

func TestTheOrderOfArrivalDoesNotChangeWhereALeadStands(t *testing.T) {
	p, faults := New(Config{Funnels: []FunnelConfig{{Name: "F", Stages: []StageConfig{
		{Name: "Entry", Triggers: []TriggerConfig{{Phrase: "start", Source: "S"}}},
		{Name: "B", Triggers: []TriggerConfig{{Phrase: "to b"}}},
		{Name: "C", Triggers: []TriggerConfig{{Phrase: "to c"}}},
		{Name: "D", Triggers: []TriggerConfig{{Phrase: "to d"}}},
	}}}})
	if p == nil {
		t.Fatal(faults)
	}
	entered := chat.Message{Direction: chat.Inbound, Text: "start", SentAt: minute(5), ID: "0"}
	rapid.Check(t, func(t *rapid.T) {
		// Each follow-up once, some before the entry; and the lead writes again. Equal times have no order, so there are none.
		minutes := rapid.SliceOfNDistinct(rapid.IntRange(0, 20).Filter(func(n int) bool { return n != 5 }), 4, 4, rapid.ID[int]).Draw(t, "minutes")
		messages := []chat.Message{{Direction: chat.Inbound, Text: "start", SentAt: minute(max(6, minutes[3]))}}
		for i, text := range []string{"to b", "to c", "to d"} {
			messages = append(messages, chat.Message{Direction: chat.Outbound, Text: text, SentAt: minute(minutes[i])})
		}
		standing := func(messages []chat.Message) string {
			s := &story{policy: p}
			for _, m := range messages {
				s.state.Matched = nil
				s.keep(p.Decide(m, s.state))
			}
			return Standing(s.state.Transitions, "F")
		}
		inOrder := slices.SortedStableFunc(slices.Values(messages), func(a, b chat.Message) int { return a.SentAt.Compare(b.SentAt) })
		want := standing(append([]chat.Message{entered}, inOrder...))
		if got := standing(append([]chat.Message{entered}, rapid.Permutation(messages).Draw(t, "arrival")...)); got != want {
			t.Fatalf("the lead stands at %q, in order at %q", got, want)
		}
	})
}

// FuzzDecide feeds texts and phrases of any bytes: nothing panics, what is found is where it is said to be, and it is what
// the reference finds.
func FuzzDecide(f *testing.F) {
	for _, seed := range []struct{ phrase, text string }{
		{"I came from Instagram", "Hi, I came from Instagram and wanted to know more about the product!"},
		{"cafe", "um café"}, {"cafe", "um cafe\u0301"}, {"olá", "OLA\u0301"}, {"STRASSE", "straße"}, {"gros", "groß"},
		{"\u03b1\u0301\u03b9", "\u1fb3\u0301"}, {"가", "각"}, {"가", "\u1100\u1161"}, {"a\u0323\u0301", "á\u0323"},
		{"it's", "it’s"}, {"I came", "I \u00a0 came"}, {"hi", "👨‍👩‍👧 hi 🇧🇷"}, {"x", strings.Repeat("x", 300)}, {"ss", "ßßß"},
		{"\u200b", "\u200b"}, {"\u0301", "\u0301"}, {"a", "\xff\xfea\xc3"}, {"\xff", "\xff"}, {"ﷺ", "ﷺ"}, {"𐐀", "𐐨"}, {"ꭰ", "Ꭰ"}, {"", ""},
	} {
		f.Add(seed.phrase, seed.text)
	}
	exactly, loosely := newFolder(false), newFolder(true)
	f.Fuzz(func(t *testing.T, phrase, text string) {
		if len(phrase) > 200 || len(text) > 400 {
			t.Skip("the reference is slow")
		}
		config := Config{Funnels: []FunnelConfig{{Name: "F", Stages: []StageConfig{
			{Name: "E", Triggers: []TriggerConfig{{Phrase: phrase, Source: "S"}, {Phrase: phrase, Source: "S", Match: matchLoose}}},
			{Name: "Z", Triggers: []TriggerConfig{{Phrase: phrase}}},
		}}}}
		p, faults := compile(config, exactly, loosely)
		if p == nil {
			if len(faults.Errors()) == 0 {
				t.Fatal("refused without an error")
			}
			return
		}
		m := chat.Message{Direction: chat.Inbound, Text: text, SentAt: time.Unix(0, 0)}
		exact := -1
		for _, h := range p.hits(m.Direction, text) {
			if h.at < 0 || h.at >= h.end || h.end > len(text) {
				t.Fatalf("found at bytes %d to %d of %+q", h.at, h.end, text)
			}
			if !h.trigger.isLoose() {
				exact = h.at
			}
		}
		if utf8.ValidString(phrase) && utf8.ValidString(text) && mostMarksIn(text) < mostMarks {
			if want := referenceMatch(text, phrase); exact != want {
				t.Fatalf("%+q is found in %+q at %d, want %d", phrase, text, exact, want)
			}
		}
		d := p.Decide(m, State{})
		if e := p.Explain(m, State{}); !equalDecisions(d, e.Decision) || len(e.Triggers) != 2 {
			t.Fatalf("explained as %+v, decided as %+v", e, d)
		}
	})
}

// mostMarksIn is the length of the longest run of marks and what is ignored.
func mostMarksIn(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if run++; !mark(r) && !ignored(r) {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

func TestTextsThatNobodyWritesAreHarmless(t *testing.T) {
	config := shop()
	for i := 1; i <= 200; i++ { // phrases that nest as deep as can be
		config.Funnels[0].Stages[0].Triggers = append(config.Funnels[0].Stages[0].Triggers,
			TriggerConfig{Phrase: strings.Repeat("s", i), Source: "S"},
			TriggerConfig{Phrase: strings.Repeat("á", i), Source: "A", Match: matchLoose})
	}
	p, faults := New(config)
	if p == nil {
		t.Fatal(faults)
	}
	for name, text := range map[string]string{
		"65,536 letters":                    strings.Repeat("s", 65_536),
		"65,536 letters that fold to two":   strings.Repeat("ß", 65_536),
		"65,536 letters with accents":       strings.Repeat("á", 65_536),
		"one letter with 65,536 marks":      "a" + strings.Repeat("\u0301", 65_536),
		"marks in the wrong order":          "a" + strings.Repeat("\u0301\u0323", 32_768),
		"only emoji":                        strings.Repeat("👨‍👩‍👧", 10_000),
		"only invalid bytes":                strings.Repeat("\xff", 65_536),
		"only invisible characters":         strings.Repeat("\u200b", 65_536),
		"only white space":                  strings.Repeat(" \u00a0\n", 20_000),
		"the longest compatibility form":    strings.Repeat("ﷺ", 20_000),
		"an unfinished character":           "I came from Instagram\xf0\x9f",
		"a phrase behind 65,536 characters": strings.Repeat("x", 65_536) + "I came from Instagram",
	} {
		t.Run(name, func(t *testing.T) {
			m := chat.Message{Number: "front-desk", Direction: chat.Inbound, Text: text, SentAt: minute(0)}
			d := p.Decide(m, State{})
			if found := strings.Contains(text, "Instagram"); found != (d.Touch != nil && d.Touch.Source == "Instagram") {
				t.Errorf("the touch is %+v", d.Touch)
			}
			if e := p.Explain(m, State{}); !equalDecisions(e.Decision, d) {
				t.Errorf("it is explained as %+v", e.Decision)
			}
		})
	}
}
