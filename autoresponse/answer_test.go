package autoresponse

import (
	"reflect"
	"strings"
	"testing"

	"leadgate/chat"
)

func TestEveryFormOfAnAnswerIsUnderstood(t *testing.T) {
	display := func(d chat.Display) ResponseConfig {
		return changed(frontDesk(), func(r *ResponseConfig) { r.First.Display = string(d) })
	}
	answer := func(a chat.Answer) chat.Message { return chat.Message{Answer: &a} }
	for _, c := range []struct {
		name    string
		display chat.Display
		message chat.Message
		form    chat.AnswerForm
	}{
		{"a tap in a list", chat.DisplayList, answer(chat.Answer{Form: chat.AnswerList, Option: "chat_1.first.1"}), chat.AnswerList},
		{"a tap on a button", chat.DisplayButtons, answer(chat.Answer{Form: chat.AnswerButton, Option: "chat_1.first.1"}), chat.AnswerButton},
		{"a tap of which the phone tells the label alone", chat.DisplayList,
			chat.Message{Text: "Data Science", Answer: &chat.Answer{Form: chat.AnswerList, Menu: "3EB0"}}, chat.AnswerList},
		{"a vote", chat.DisplayPoll, answer(chat.Answer{Form: chat.AnswerPoll, Votes: []string{voteOf("Data Science")}}), chat.AnswerPoll},
		{"several votes count as the first option", chat.DisplayPoll,
			answer(chat.Answer{Form: chat.AnswerPoll, Votes: []string{voteOf("Other queries"), voteOf("Data Science")}}), chat.AnswerPoll},
		{"the number", chat.DisplayText, chat.Message{Text: "2"}, chat.AnswerText},
		{"the number under a list", chat.DisplayList, chat.Message{Text: "2"}, chat.AnswerText},
		{"the label", chat.DisplayPoll, chat.Message{Text: "data science"}, chat.AnswerText},
		{"the label in an edited message", chat.DisplayText, chat.Message{Text: "Data Science", EditID: "E1"}, chat.AnswerText},
		{"the label in an edited message that was an answer before", chat.DisplayText,
			chat.Message{Text: "Data Science", EditID: "E1", Answer: &chat.Answer{Form: chat.AnswerList, Option: "chat_1.first.0"}}, chat.AnswerText},
		{"an answer that the phone calls text", chat.DisplayText, chat.Message{Text: "2", Answer: &chat.Answer{Form: chat.AnswerText}}, chat.AnswerText},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTalk(t, display(c.display))
			k.says("hi")
			d := k.hears(c.message)
			wantAnswer(t, d, First, "Data Science", c.form)
			wantRoute(t, d, Route{Rule: "postgraduate", Create: &ds})
			if want := (Dialogue{Selected: ds, Answered: []string{"chat_1.first"}}); !reflect.DeepEqual(d.Dialogue, want) {
				t.Errorf("the dialogue is %+v, want %+v", d.Dialogue, want)
			}
		})
	}
}

func TestATextIsAnAnswerWhenItIsAnOptionsNumberOrLabel(t *testing.T) {
	m := menuOf(chat.DisplayList, "AI", "Pós-graduação em Ciência de Dados", "Straße", "What else?", "1999", "👍")
	for text, want := range map[string]int{
		"1": 0, " 1 ": 0, "1.": 0, "1)": 0, "(1)": 0, "#1": 0, "# 1": 0, "１": 0, "1\ufe0f\u20e3": 0, "01": 0, "\u200e1": 0, "6": 5,
		"AI": 0, "ai": 0, "aI!": 0, " AI. ": 0, "1. AI": 0, "ＡＩ": 0, "A\u200bI": 0,
		"PÓS-GRADUAÇÃO EM CIÊNCIA DE DADOS": 1, "po\u0301s-graduac\u0327a\u0303o em  Ciência de Dados": 1, "Pós-graduação em Ciência": 1,
		"strasse": 2, "what else": 3, "WHAT ELSE??": 3, "1999": 4, "👍": 5, "👍!": 5,
		"0": -1, "7": -1, "-1": -1, "+1": -1, "1 2": -1, "1.5": -1, "99999999999999999999": -1, "": -1, " ": -1, "?": -1, "...": -1,
		"A": -1, "AI please": -1, "Pos-graduacao em Ciencia de Dados": -1, "Pós-graduação": -1, "tapped": -1, "\xff": -1,
	} {
		got := -1
		if r := m.readText(text); r.kind == readsOption {
			got = r.option
		}
		if got != want {
			t.Errorf("%q is option %d, want %d", text, got, want)
		}
	}
}

func TestALabelIsTriedBeforeANumber(t *testing.T) {
	m := menuOf(chat.DisplayText, "3", "2 rooms", "1")
	for text, want := range map[string]int{"1": 2, "2": 1, "3": 0} {
		if r := m.readText(text); r.kind != readsOption || r.option != want {
			t.Errorf("%q is read as %+v, want option %d", text, r, want)
		}
	}
}

func TestACutLabelThatTwoRowsShareIsNoAnswer(t *testing.T) {
	m := menuOf(chat.DisplayList, "Artificial Intelligence for schools", "Artificial Intelligence for offices")
	if r := m.readText("Artificial Intelligence"); r.kind != readsNothing {
		t.Errorf("it is read as %+v", r)
	}
	if r := m.readText("artificial intelligence for offices"); r.kind != readsOption || r.option != 1 {
		t.Errorf("the whole label is read as %+v", r)
	}
}

func TestTwoTapsInARowCountOnce(t *testing.T) {
	for _, status := range []chat.Status{chat.ChatWaiting, chat.ChatAssigned, chat.ChatTaken} {
		k := newTalk(t, frontDesk())
		k.says("hi")
		k.taps("chat_1.first.0")
		k.s.Chat.Status = status
		wantNothing(t, k.s.Dialogue, k.taps("chat_1.first.1"), true)
		wantNothing(t, k.s.Dialogue, k.votes("AI"), true)
		wantNothing(t, k.s.Dialogue, k.votes(), true)
		wantNothing(t, k.s.Dialogue, k.taps("chat_0.first.1"), false)
		wantNothing(t, k.s.Dialogue, k.says("AI"), false)
	}
	k := newTalk(t, frontDesk(), has(1, ai, "maria"), has(2, ai, "joao"))
	k.says("hi")
	k.taps("chat_1.first.0")
	wantNothing(t, k.s.Dialogue, k.taps("chat_1.first.1"), true)
	wantNothing(t, k.s.Dialogue, k.votes("Data Science"), true)
}

func TestAVoteThatWasTakenBackIsNoAnswer(t *testing.T) {
	k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.First.Display = "poll" }))
	k.says("hi")
	wantNothing(t, k.s.Dialogue, k.votes(), true)
}

func TestAnAnswerToAnOldMenuGetsTheCurrentOne(t *testing.T) {
	for name, answer := range map[string]func(*talk) Decision{
		"a tap in another chat's menu": func(k *talk) Decision { return k.taps("chat_0.first.0") },
		"a tap on a row that is none":  func(k *talk) Decision { return k.taps("chat_1.first.4") },
		"a tap on a page that is none": func(k *talk) Decision { return k.taps("chat_1.first.more.1") },
		"a vote for another label":     func(k *talk) Decision { return k.votes("Law") },
		"a tap on an unknown label": func(k *talk) Decision {
			return k.hears(chat.Message{Text: "Law", Answer: &chat.Answer{Form: chat.AnswerButton}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.First.Display = "poll" }))
			first := k.says("hi")
			d := answer(k)
			wantMenu(t, d, First, first.optionLabels()...)
			if !d.Ignored || d.Answered != nil || d.Dialogue.Reminders != 0 || !d.Dialogue.AskedAt.Equal(k.s.Now) {
				t.Errorf("the decision is %+v", d)
			}
			k.s.Fresh = false
			wantNothing(t, k.s.Dialogue, answer(k), true)
			k.s.Fresh, k.s.Dialogue.AskedAt = true, minute(59)
			wantNothing(t, k.s.Dialogue, answer(k), true)
		})
	}
}

func TestAPageIsTurnedByItsRowOrItsWord(t *testing.T) {
	config := changed(frontDesk(), func(r *ResponseConfig) {
		r.First.Display = "list"
		for _, label := range strings.Split("abcdefghijklmnopqrst", "") {
			r.First.Options = append(r.First.Options, OptionConfig{Type: "Education Loan", Label: label})
		}
	})
	k := newTalk(t, config)
	k.says("hi")
	turned := func(d Decision, page int) {
		t.Helper()
		if d.Send != SendPage || d.Dialogue.Menu.Page != page || d.Answered != nil || !d.Ignored || d.Dialogue.Reminders != 0 {
			t.Errorf("the decision is %+v, want page %d", d, page)
		}
	}
	turned(k.taps("chat_1.first.more.1"), 1)
	turned(k.says("more!"), 2)
	turned(k.taps("chat_1.first.more.1"), 1)
	turned(k.hears(chat.Message{Text: "More", Answer: &chat.Answer{Form: chat.AnswerList}}), 2)
	if d := k.says("more"); d.Send != SendMenu || d.Dialogue.Menu.Page != 0 || d.Dialogue.Reminders != 1 {
		t.Errorf("on the last page the word comes to %+v, want the first page again", d)
	}
	k.s.Fresh = false
	wantNothing(t, k.s.Dialogue, k.taps("chat_1.first.more.1"), true)
	wantAnswer(t, k.says("20"), First, "t", chat.AnswerText)

	k = newTalk(t, changed(config, func(r *ResponseConfig) { r.First.Display = "text" }))
	k.says("hi")
	if d := k.says("More"); d.Send != SendMenu || d.Dialogue.Reminders != 1 {
		t.Errorf("under a text the word comes to %+v, want a reminder", d)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"1", "AI", "chat_1.first.1", "chat_1.first.more.1", "chat_1.first.", "chat_0.first.1", "more", "\xff", "chat_1.first.-1", "Ω. 3"} {
		f.Add(seed, seed, uint8(25))
	}
	f.Fuzz(func(t *testing.T, text, row string, options uint8) {
		for _, display := range []chat.Display{chat.DisplayText, chat.DisplayList, chat.DisplayButtons, chat.DisplayPoll} {
			m := menuOf(display, append(numberedLabels(int(options%30)), "AI")...)
			for _, a := range []*chat.Answer{
				nil, {Form: chat.AnswerList, Option: row}, {Form: chat.AnswerButton}, {Form: chat.AnswerPoll, Votes: []string{row}},
			} {
				r := m.read(chat.Message{Text: text, Answer: a}, []string{"chat_1.first"})
				if r.option < 0 || r.option >= len(m.Options) || r.page < 0 || r.page >= m.pages() {
					t.Errorf("%q and row %q are read as %+v of %d options", text, row, r, len(m.Options))
				}
			}
		}
	})
}
