package autoresponse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"leadgate/chat"
)

// menuOf is a menu of the given labels.
func menuOf(display chat.Display, labels ...string) Menu {
	m := Menu{Key: "chat_1.first", Kind: First, Display: display, Message: "What?", Button: "Options", More: "More"}
	for _, label := range labels {
		m.Options = append(m.Options, Option{Label: label, Kind: OptionChoice, Type: label})
	}
	return m
}

// numberedLabels are "Option 0" to "Option n-1".
func numberedLabels(n int) []string {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf("Option %d", i))
	}
	return labels
}

func rowLabels(s *chat.Sheet) []string {
	var labels []string
	for _, r := range s.Rows {
		labels = append(labels, r.Label)
	}
	return labels
}

func TestAMenuIsShownByADisplayThatHoldsIt(t *testing.T) {
	long := strings.Repeat("é", 1025)
	with := func(m Menu, change func(*Menu)) Menu {
		change(&m)
		return m
	}
	for _, c := range []struct {
		name string
		menu Menu
		want chat.Display
	}{
		{"text is text", menuOf(chat.DisplayText, "A", "B"), chat.DisplayText},
		{"three buttons", menuOf(chat.DisplayButtons, "A", "B", "C"), chat.DisplayButtons},
		{"four buttons are a list", menuOf(chat.DisplayButtons, "A", "B", "C", "D"), chat.DisplayList},
		{"a list of one", menuOf(chat.DisplayList, "A"), chat.DisplayList},
		{"a list of nothing", menuOf(chat.DisplayList), chat.DisplayText},
		{"a poll of one is text", menuOf(chat.DisplayPoll, "A"), chat.DisplayText},
		{"a poll of two", menuOf(chat.DisplayPoll, "A", "B"), chat.DisplayPoll},
		{"a poll of twelve", menuOf(chat.DisplayPoll, numberedLabels(12)...), chat.DisplayPoll},
		{"a poll of thirteen is text", menuOf(chat.DisplayPoll, numberedLabels(13)...), chat.DisplayText},
		{"a list under a message that is too long", with(menuOf(chat.DisplayList, "A"), func(m *Menu) { m.Message = long }), chat.DisplayText},
		{"a list under a message that just fits", with(menuOf(chat.DisplayList, "A"), func(m *Menu) { m.Message = long[2:] }), chat.DisplayList},
		{"a list without a message", with(menuOf(chat.DisplayList, "A"), func(m *Menu) { m.Message = "" }), chat.DisplayText},
		{"a poll under words that are too long together", with(menuOf(chat.DisplayPoll, "A", "B"), func(m *Menu) {
			m.Header, m.Message = strings.Repeat("h", 128), strings.Repeat("m", 127)
		}), chat.DisplayText},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := chat.DisplayText
			if s := c.menu.Sheet(); s != nil {
				got = s.Display
			}
			if got != c.want {
				t.Errorf("it is shown as %s, want %s", got, c.want)
			}
		})
	}
}

func TestAListIsPagedWithARowThatLeadsOn(t *testing.T) {
	for _, c := range []struct {
		options int
		pages   []string // the ids of each page's first and last option, and of the row that leads on
	}{
		{1, []string{"0-0"}},
		{10, []string{"0-9"}},
		{11, []string{"0-8 more.1", "9-10"}},
		{19, []string{"0-8 more.1", "9-18"}},
		{20, []string{"0-8 more.1", "9-17 more.2", "18-19"}},
	} {
		t.Run(fmt.Sprint(c.options, " options"), func(t *testing.T) {
			m := menuOf(chat.DisplayList, numberedLabels(c.options)...)
			if m.pages() != len(c.pages) {
				t.Fatalf("there are %d pages, want %d", m.pages(), len(c.pages))
			}
			for page, want := range c.pages {
				m.Page = page
				rows := m.Sheet().Rows
				more := ""
				if last := rows[len(rows)-1]; last.Label == "More" {
					more = " " + strings.TrimPrefix(last.ID, "chat_1.first.")
					rows = rows[:len(rows)-1]
				}
				first, last := rows[0], rows[len(rows)-1]
				got := strings.TrimPrefix(first.ID, "chat_1.first.") + "-" + strings.TrimPrefix(last.ID, "chat_1.first.") + more
				if got != want || len(rows) > 10 {
					t.Errorf("page %d shows %s, want %s", page, got, want)
				}
			}
		})
	}
}

func TestLabelsAreCutToWhatThePhoneShows(t *testing.T) {
	family := "👨‍👩‍👧"
	for _, c := range []struct {
		name        string
		label       string
		row         string // of a list
		description string
		button      string
	}{
		{"one that fits everywhere", "Data Science for all", "Data Science for all", "", "Data Science for all"},
		{"one that just fits a row", "Data Science for everyone"[:24], "Data Science for everyon", "", "Data Science for…"},
		{"one that is cut at a blank", "Artificial Intelligence and Society", "Artificial Intelligence", "and Society", "Artificial Intellig…"},
		{"one that has no blank near", "A Donaudampfschifffahrtsgesellschaft", "A Donaudampfschifffahrts", "gesellschaft", "A Donaudampfschifff…"},
		{"marks stay with their letters", strings.Repeat("e\u0301", 13), strings.Repeat("e\u0301", 12), "e\u0301", strings.Repeat("e\u0301", 9) + "…"},
		{"joined emoji stay whole", strings.Repeat(family, 5), strings.Repeat(family, 4), family, strings.Repeat(family, 3) + "…"},
		{"flags stay whole", "x" + strings.Repeat("🇧🇷", 12), "x" + strings.Repeat("🇧🇷", 11), "🇧🇷", "x" + strings.Repeat("🇧🇷", 9) + "…"},
		{"skin tones stay with their hands", "x" + strings.Repeat("👍🏽", 12), "x" + strings.Repeat("👍🏽", 11), "👍🏽", "x" + strings.Repeat("👍🏽", 9) + "…"},
		{"a selector stays with its sign", "x" + strings.Repeat("❤\ufe0f", 12), "x" + strings.Repeat("❤\ufe0f", 11), "❤\ufe0f", "x" + strings.Repeat("❤\ufe0f", 9) + "…"},
		{
			"a character that is too long alone is cut all the same", "a" + strings.Repeat("\u0301", 30),
			"a" + strings.Repeat("\u0301", 23), strings.Repeat("\u0301", 7), "a" + strings.Repeat("\u0301", 18) + "…",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := menuOf(chat.DisplayList, c.label).Sheet().Rows[0]
			if row.Label != c.row || row.Description != c.description {
				t.Errorf("the row is %q with %q, want %q with %q", row.Label, row.Description, c.row, c.description)
			}
			if got := menuOf(chat.DisplayButtons, c.label).Sheet().Rows[0]; got.Label != c.button || got.Description != "" {
				t.Errorf("the button is %q with %q, want %q", got.Label, got.Description, c.button)
			}
		})
	}
}

func TestButtonsAndPollsThatAreCutEqualAreNumbered(t *testing.T) {
	buttons := menuOf(chat.DisplayButtons, "Postgraduate Course: AI", "Postgraduate Course: Law", "Loan").Sheet()
	if got := rowLabels(buttons); !slices.Equal(got, []string{"Postgraduate… (1)", "Postgraduate… (2)", "Loan"}) {
		t.Errorf("the buttons are %q", got)
	}
	long := strings.Repeat("x", 100)
	poll := menuOf(chat.DisplayPoll, long+"a", long+"b").Sheet()
	if got := rowLabels(poll); !slices.Equal(got, []string{long[:95] + "… (1)", long[:95] + "… (2)"}) {
		t.Errorf("the poll is %q", got)
	}
}

func TestASheetShowsEverythingAroundItsOptionsAsFarAsThereIsRoom(t *testing.T) {
	m := menuOf(chat.DisplayList, "AI")
	m.Header, m.Footer, m.Title, m.Button = strings.Repeat("h", 61), strings.Repeat("f", 60), strings.Repeat("t", 25), strings.Repeat("b", 21)
	want := chat.Sheet{
		Display: chat.DisplayList, Header: strings.Repeat("h", 59) + "…", Body: "What?", Footer: m.Footer,
		Button: strings.Repeat("b", 19) + "…", Title: strings.Repeat("t", 23) + "…",
	}
	got := *m.Sheet()
	got.Rows = nil
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("the sheet is %+v, want %+v", got, want)
	}
	m.Display, m.Header, m.Footer, m.Options = chat.DisplayPoll, "Welcome", "Thanks", menuOf("", "AI", "Law").Options
	if got := m.Sheet().Body; got != "Welcome\nWhat?\nThanks" {
		t.Errorf("the poll asks %q", got)
	}
}

func TestAMenuInTextIsNumberedAndWhole(t *testing.T) {
	m := menuOf(chat.DisplayList, numberedLabels(11)...)
	m.Header, m.Footer, m.Page = "Welcome", "Answer with a number", 1
	var lines string
	for i := range 11 {
		lines += fmt.Sprintf("%d. Option %d\n", i+1, i)
	}
	if got, want := m.Text(), "*Welcome*\nWhat?\n\n"+lines+"\n_Answer with a number_"; got != want {
		t.Errorf("the text is\n%s\nwant\n%s", got, want)
	}
	m = menuOf(chat.DisplayText, "AI", "Law")
	if got, want := m.Text(), "What?\n\n1. AI\n2. Law"; got != want {
		t.Errorf("the text is\n%s\nwant\n%s", got, want)
	}
}

// drawnMenu is a menu of labels that are hard to cut.
func drawnMenu(t *rapid.T) Menu {
	pieces := rapid.SampledFrom([]string{"AI", "Data Science", " ", "é", "e\u0301", "👨‍👩‍👧", "🇧🇷", "(1)", "…", "Artificial Intelligence", "x"})
	label := rapid.Custom(func(t *rapid.T) string {
		return oneLine("o" + strings.Join(rapid.SliceOfN(pieces, 0, 14).Draw(t, "pieces"), ""))
	})
	display := rapid.SampledFrom([]chat.Display{chat.DisplayList, chat.DisplayButtons, chat.DisplayPoll, chat.DisplayText})
	labels := rapid.SliceOfN(label, 1, 25).Draw(t, "labels")
	return menuOf(display.Draw(t, "display"), distinct(labels, noLimit)...)
}

func TestHoweverLongTheOptionsEverySheetIsOneThatWhatsAppTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawnMenu(t)
		if m.Sheet() == nil {
			return
		}
		var ids []string
		for page := range m.pages() {
			m.Page = page
			checkSheet(t, m.Sheet())
			for _, r := range m.Sheet().Rows {
				ids = append(ids, r.ID)
			}
			if m.Sheet().Display != chat.DisplayList {
				break
			}
		}
		for i := range m.Options {
			if !slices.Contains(ids, fmt.Sprintf("chat_1.first.%d", i)) {
				t.Fatalf("option %d is on no page", i)
			}
		}
		if slices.Sort(ids); len(slices.Compact(ids)) < len(ids) {
			t.Fatalf("rows share an id: %q", ids)
		}
	})
}

func checkSheet(t *rapid.T, s *chat.Sheet) {
	rows, label := 10, 24
	switch s.Display {
	case chat.DisplayButtons:
		rows, label = 3, 20
	case chat.DisplayPoll:
		rows, label = 12, 100
	}
	if len(s.Rows) == 0 || len(s.Rows) > rows {
		t.Fatalf("the sheet has %d rows: %+v", len(s.Rows), s)
	}
	seen := make(map[string]bool)
	for _, r := range s.Rows {
		n := utf8.RuneCountInString(r.Label)
		if n == 0 || n > label || utf8.RuneCountInString(r.Description) > 72 || !utf8.ValidString(r.Label) {
			t.Fatalf("the row is %+v", r)
		}
		if seen[r.Label] && s.Display != chat.DisplayList {
			t.Fatalf("label %q is there twice", r.Label)
		}
		seen[r.Label] = true
	}
}
