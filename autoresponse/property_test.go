package autoresponse

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"leadgate/chat"
	"leadgate/opportunity"
)

// drawnMessage is something that a lead may do: write, edit, tap, vote or turn a page.
func drawnMessage(t *rapid.T) chat.Message {
	text := rapid.SampledFrom([]string{"hi", "1", "2", "9", "AI", "Other queries", "AI with maria", "more", "Something new", ""}).Draw(t, "text")
	row := rapid.SampledFrom([]string{"chat_1.first.0", "chat_1.first.2", "chat_1.first.more.1", "chat_1.second.0", "chat_1.second.1", "chat_0.first.0"})
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		return chat.Message{Text: text, Answer: &chat.Answer{Form: chat.AnswerList, Option: row.Draw(t, "row")}}
	case 1:
		votes := rapid.SliceOfN(rapid.SampledFrom([]string{voteOf("AI"), voteOf("Law"), voteOf("Other queries")}), 0, 2)
		return chat.Message{Answer: &chat.Answer{Form: chat.AnswerPoll, Votes: votes.Draw(t, "votes")}}
	case 2:
		return chat.Message{Text: text, EditID: "E1"}
	}
	return chat.Message{Text: text}
}

// drawnResponse is a configuration of both menus, in any display and scope.
func drawnResponse(t *rapid.T) (config ResponseConfig, reminders int) {
	display := rapid.SampledFrom([]string{"", "list", "buttons", "poll"})
	reminders = rapid.IntRange(0, 3).Draw(t, "reminders")
	config = frontDesk()
	config.Reminders, config.CreateOpportunity = &reminders, rapid.Bool().Draw(t, "create")
	config.First.Display, config.Second.Display = display.Draw(t, "first"), display.Draw(t, "second")
	config.Second.Scope = rapid.SampledFrom([]string{"", "type", "all"}).Draw(t, "scope")
	for i := range rapid.IntRange(0, 1).Draw(t, "long") * 12 {
		config.First.Options = append(config.First.Options, OptionConfig{Type: "Education Loan", Label: fmt.Sprint("Loan ", i)})
	}
	if !rapid.Bool().Draw(t, "asks twice") {
		config.Second = nil
	}
	return config, reminders
}

func drawnOpportunities(t *rapid.T) []opportunity.Opportunity {
	var open []opportunity.Opportunity
	for i := range rapid.IntRange(0, 3).Draw(t, "open") {
		what := rapid.SampledFrom([]opportunity.Choice{ai, ds, loan}).Draw(t, "what")
		open = append(open, has(i, what, rapid.SampledFrom([]string{"", "maria"}).Draw(t, "owner")))
	}
	return open
}

func TestWhateverIsWrittenTheDialogueEnds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		config, reminders := drawnResponse(rt)
		k := newTalk(t, config, drawnOpportunities(rt)...)
		menus, routes, heard := 0, 0, 0
		for range rapid.IntRange(1, 20).Draw(rt, "messages") {
			m := drawnMessage(rt)
			k.s.Fresh = rapid.IntRange(0, 9).Draw(rt, "fresh") > 0
			before := k.s
			d := k.hears(m)
			m.Number, m.Direction, m.SentAt, before.Now = "front-desk", chat.Inbound, minute(k.clock), minute(k.clock)
			if again := k.policy.Hear(m, before); !reflect.DeepEqual(again, d) {
				rt.Fatalf("decided again, %+v comes to %+v after %+v", m, again, d)
			}
			checkDecision(rt, before, d)
			if d.Send == SendMenu && !d.Ignored {
				menus++
			}
			if d.Route != nil {
				routes++
			}
			if m.EditID == "" && !d.Ignored {
				heard++
			}
		}
		if most := 2 * (1 + reminders); menus > most || routes > 1 {
			rt.Fatalf("%d menus were sent and %d routes decided, want %d and 1 at most", menus, routes, most)
		}
		if routes == 0 && heard > 2*(1+reminders)+1 {
			rt.Fatalf("after %d messages the chat still waits: %+v", heard, k.s)
		}
	})
}

func checkDecision(t *rapid.T, before Situation, d Decision) {
	switch {
	case d.Send != SendNothing && (d.Dialogue.Menu == nil || d.Route != nil || !before.Fresh):
		t.Fatalf("%+v sends what it must not: %+v", before, d)
	case d.Route != nil && (d.Dialogue.Menu != nil || d.Route.Rule == "" || d.Route.Opportunity != "" && d.Route.Create != nil):
		t.Fatalf("%+v is routed to %+v", before, d)
	case d.Answered != nil && (before.Dialogue.Menu == nil || d.Ignored || d.Route == nil && d.Send != SendMenu):
		t.Fatalf("%+v is answered by %+v", before, d)
	case before.Chat.Status == "" && d.Route == nil && d.Send != SendMenu:
		t.Fatalf("the chat begins with %+v", d)
	case before.Chat.Status == chat.ChatWaiting && (d.Route != nil || d.Send != SendNothing || d.Answered != nil || !reflect.DeepEqual(d.Dialogue, before.Dialogue)):
		t.Fatalf("what is routed already comes to %+v", d)
	}
}

func TestEveryOptionOfEveryMenuCanBeChosenInEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawnMenu(t)
		for i, o := range m.Options {
			if r := m.readText(o.Label); r.kind != readsOption || r.option != i {
				t.Fatalf("the label %q is read as %+v, want option %d", o.Label, r, i)
			}
			if r := m.readText(fmt.Sprint(i + 1)); r.kind != readsOption || r.option != i {
				t.Fatalf("the number %d is read as %+v", i+1, r)
			}
		}
		for page := range m.pages() {
			m.Page = page
			if m.Sheet() == nil {
				return
			}
			for _, row := range m.Sheet().Rows {
				r := m.read(chat.Message{Answer: &chat.Answer{Form: chat.AnswerList, Option: row.ID}}, nil)
				if r.kind == readsPage && r.page == page+1 {
					continue
				}
				if r.kind != readsOption || row.ID != fmt.Sprintf("chat_1.first.%d", r.option) {
					t.Fatalf("the row %+v is read as %+v", row, r)
				}
			}
		}
		if s := m.Sheet(); s.Display == chat.DisplayPoll {
			for i, row := range s.Rows {
				if r := m.readVotes([]string{voteOf(row.Label)}, nil); r.kind != readsOption || r.option != i {
					t.Fatalf("a vote for %q is read as %+v", row.Label, r)
				}
			}
		}
	})
}
