package bot_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
)

// An act is something that happens in a town. It is drawn before it is played, so that two towns can have the same acts.
type act struct {
	name string
	play func(w *town)
}

// drawnActs are so many of all that can happen. What shrinks becomes nothing.
func drawnActs(t *rapid.T, n int) []act {
	kinds := []func(*rapid.T) act{
		nothing, leadWrites, leadWrites, leadWrites, leadWrites, leadPicks, leadPicks, leadPicks, leadPicks, leadPicks, leadEdits,
		businessWrites, agentCommands, agentCommands, chatOrder, available, change, merge, erase, timePasses, timePasses, timePasses,
		reload, restart, goesOffline, goesOnline, goesOnline, goesOnline, again,
	}
	acts := make([]act, n)
	for i := range acts {
		acts[i] = rapid.SampledFrom(kinds).Draw(t, "act")(t)
	}
	return acts
}

func nothing(*rapid.T) act { return act{"nothing", func(*town) {}} }

// play has acts happen one after another, a second apart.
func (w *town) play(acts []act) {
	for i, a := range acts {
		w.t.Logf("%d: %s: %s", i, w.now.Format("Mon 15:04:05"), a.name)
		a.play(w)
		w.pass(time.Second)
	}
}

func drawnNumber(t *rapid.T) string {
	return rapid.SampledFrom([]string{"front-desk", "front-desk", "sales"}).Draw(t, "number")
}

func drawnPerson(t *rapid.T) (who int, as chat.Person) {
	who = rapid.IntRange(0, people-1).Draw(t, "who")
	as = person(who)
	switch rapid.IntRange(0, 4).Draw(t, "address") {
	case 0:
		as.Phone = ""
	case 1:
		as.LID = ""
	}
	return who, as
}

// lateBy is how long ago a message was written.
func lateBy(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 5 * time.Minute, 2 * time.Hour}).Draw(t, "late by")
}

// message is one that somebody writes now.
func (w *town) message(number string, as chat.Person, text string, late time.Duration) chat.Message {
	w.keys++
	return chat.Message{
		Number: number, ID: fmt.Sprintf("M%d", w.keys), Person: as, Direction: chat.Inbound, Text: text,
		SentAt: w.now.Add(-late).Truncate(time.Second),
	}
}

func leadWrites(t *rapid.T) act {
	number, late := drawnNumber(t), lateBy(t)
	who, as := drawnPerson(t)
	text := rapid.SampledFrom([]string{"hello", "hello", "1", "2", "3", "9", "AI", "other", "I came from Instagram", ""}).Draw(t, "text")
	cut := rapid.IntRange(0, 4).Draw(t, "the number goes offline") == 1
	return act{fmt.Sprintf("person %d writes %q to %s, %s late; offline then: %v", who, text, number, late, cut), func(w *town) {
		m := w.message(number, as, text, late)
		w.written[who] = &m
		w.hear(m)
		w.offline[number] = w.offline[number] || cut // before anything is answered
	}}
}

func leadEdits(t *rapid.T) act {
	who, _ := drawnPerson(t)
	text := rapid.SampledFrom([]string{"hello", "1", "I came from Instagram"}).Draw(t, "text")
	return act{fmt.Sprintf("person %d edits their last message to %q", who, text), func(w *town) {
		if last := w.written[who]; last != nil {
			m := *last
			w.keys++
			m.EditID, m.Text, m.Answer = fmt.Sprintf("E%d", w.keys), text, nil
			w.hear(m)
		}
	}}
}

// leadPicks is a tap, a vote or a number, in the last menu or the one before it.
func leadPicks(t *rapid.T) act {
	who, as := drawnPerson(t)
	option, back, late := rapid.IntRange(0, 3).Draw(t, "option"), rapid.IntRange(0, 1).Draw(t, "menus ago"), lateBy(t)
	return act{fmt.Sprintf("person %d picks option %d of the menu %d ago, %s late", who, option, back, late), func(w *town) {
		if len(w.menus[who]) <= back {
			return
		}
		last := w.menus[who][len(w.menus[who])-1-back]
		m := w.message(last.number, as, fmt.Sprint(option+1), late)
		if last.Menu != nil {
			w.old[m.Number+as.Phone.Digits()]++
			row := last.Menu.Rows[option%len(last.Menu.Rows)]
			m.Text, m.Answer = row.Label, &chat.Answer{Form: chat.AnswerList, Option: row.ID, Menu: last.id}
			switch last.Menu.Display {
			case chat.DisplayButtons:
				m.Answer.Form = chat.AnswerButton
			case chat.DisplayPoll:
				vote := sha256.Sum256([]byte(row.Label))
				m.Text, m.Answer = "", &chat.Answer{Form: chat.AnswerPoll, Menu: last.id, Votes: []string{hex.EncodeToString(vote[:])}}
			case chat.DisplayList, chat.DisplayText:
			}
		}
		w.written[who] = &m
		w.hear(m)
	}}
}

func businessWrites(t *rapid.T) act {
	number, late := drawnNumber(t), lateBy(t)
	who, as := drawnPerson(t)
	text := rapid.SampledFrom([]string{"good morning", "Thank you for scheduling with us", "Your payment has arrived"}).Draw(t, "text")
	return act{fmt.Sprintf("%s writes %q to person %d, %s late", number, text, who, late), func(w *town) {
		m := w.message(number, as, text, late)
		m.Direction = chat.Outbound
		w.hear(m)
	}}
}

func agentCommands(t *rapid.T) act {
	number, agent := drawnNumber(t), rapid.IntRange(0, len(agents())-1).Draw(t, "agent")
	command := rapid.SampledFrom([]string{"/away 1h", "/away 3d", "/away", "/back", "/back", "/mine", "/done", "/pass", "good morning"}).Draw(t, "command")
	if command == "/done" || command == "/pass" {
		command += " " + string(person(rapid.IntRange(0, people-1).Draw(t, "of")).Phone)
	}
	name := agents()[agent]
	return act{fmt.Sprintf("%s writes %q to %s", name, command, number), func(w *town) {
		_, is := w.business.policy.Routing.Agent(name)
		if is && !w.offline[number] {
			w.goes(name, command)
		}
		if is || !strings.HasPrefix(command, "/") {
			w.hearNow(w.message(number, chat.Person{Phone: agentPhone(agent)}, command, 0))
		}
		if is && command == "/away" && !w.offline[number] {
			w.away[name] = w.state(name)
		}
	}}
}

// hearNow hands over a message of somebody who writes nothing to a number that is offline.
func (w *town) hearNow(m chat.Message) {
	if !w.offline[m.Number] {
		w.hear(m)
	}
}

// goes notes until when an agent is away by what they write.
func (w *town) goes(name, command string) {
	switch command {
	case "/away 1h":
		w.away[name] = w.now.Add(time.Hour)
	case "/away 3d":
		w.away[name] = w.now.Add(3 * 24 * time.Hour)
	case "/back":
		delete(w.away, name)
	}
}

// state is until when the store knows an agent to be away.
func (w *town) state(name string) time.Time {
	states, err := w.store.AgentStates(context.Background(), []string{name})
	if err != nil {
		w.t.Fatal(err)
	}
	return states[name].AwayUntil
}

func available(t *rapid.T) act {
	name, is := rapid.SampledFrom(agents()).Draw(t, "agent"), rapid.Bool().Draw(t, "available")
	return act{fmt.Sprintf("%s is made available: %v", name, is), func(w *town) {
		if _, there := w.business.policy.Routing.Agent(name); !there {
			return
		}
		until := w.now.Add(90 * time.Minute)
		if w.away[name] = until; is {
			delete(w.away, name)
		}
		w.handle(bot.Input{Key: w.key("available"), Available: &bot.SetAvailable{Agent: name, Available: is, Until: until}})
	}}
}

// openChat is one of the open chats, the nth from the oldest on.
func (w *town) openChat(nth int) (store.Chat, bool) {
	all, err := w.store.Chats(context.Background(), store.ChatFilter{Open: true}, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(all) == 0 {
		return store.Chat{}, false
	}
	return all[nth%len(all)], true
}

func chatOrder(t *rapid.T) act {
	do := rapid.SampledFrom([]bot.ChatVerb{bot.AssignChat, bot.PassChat, bot.CloseChat}).Draw(t, "order")
	agent, nth := rapid.SampledFrom(agents()).Draw(t, "agent"), rapid.IntRange(0, people).Draw(t, "chat")
	return act{fmt.Sprintf("chat %d is to %s (%s)", nth, do, agent), func(w *town) {
		if c, open := w.openChat(nth); open {
			w.handle(bot.Input{Key: w.key("order"), Order: &bot.ChatOrder{ChatID: c.ID, Do: do, Agent: agent}})
		}
	}}
}

// change is an opportunity that somebody creates or changes by hand.
func change(t *rapid.T) act {
	nth, owner := rapid.IntRange(0, 3).Draw(t, "opportunity"), rapid.SampledFrom(append(agents(), "")).Draw(t, "owner")
	stage, status := rapid.SampledFrom(board()).Draw(t, "stage"), rapid.SampledFrom([]string{"open", "open", "lost"}).Draw(t, "status")
	value := rapid.SampledFrom([]string{"AI", "Data Science"}).Draw(t, "value")
	return act{fmt.Sprintf("opportunity %d becomes %s of %q, %s; or %s is created", nth, stage, owner, status, value), func(w *town) {
		all, err := w.store.Opportunities(context.Background(), store.OpportunityFilter{}, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		if nth < len(all) {
			w.handle(bot.Input{Key: w.key("change"), Change: &bot.ChangeOpportunity{
				OpportunityID: all[nth].ID, Stage: &stage, Owner: &owner, Status: &status,
			}})
		} else if lead, known := w.lead(nth); known {
			w.handle(bot.Input{Key: w.key("new"), Opportunity: &bot.NewOpportunity{LeadID: lead.ID, Type: "Course", Value: value, Owner: owner}})
		}
	}}
}

// lead is one of the leads, the nth from the newest on.
func (w *town) lead(nth int) (chat.Lead, bool) {
	all, _, err := w.store.Leads(context.Background(), store.LeadFilter{}, store.Cursor(0), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(all) == 0 {
		return chat.Lead{}, false
	}
	return all[nth%len(all)], true
}

func merge(t *rapid.T) act {
	one, other := rapid.IntRange(0, 3).Draw(t, "lead"), rapid.IntRange(0, 3).Draw(t, "into")
	return act{fmt.Sprintf("lead %d becomes part of lead %d", one, other), func(w *town) {
		a, known := w.lead(one)
		b, _ := w.lead(other)
		if known {
			w.handle(bot.Input{Key: w.key("merge"), Merge: &bot.MergeLeads{LeadID: a.ID, Into: b.ID}})
		}
	}}
}

func erase(t *rapid.T) act {
	nth := rapid.IntRange(0, 20).Draw(t, "lead")
	return act{fmt.Sprintf("lead %d is erased if there is one", nth), func(w *town) {
		if lead, known := w.lead(nth); known && nth < people {
			w.handle(bot.Input{Key: w.key("erase"), Erase: &bot.EraseLead{LeadID: lead.ID}})
		}
	}}
}

func timePasses(t *rapid.T) act {
	d := rapid.SampledFrom([]time.Duration{
		20 * time.Second, time.Minute, 11 * time.Minute, time.Hour, 5 * time.Hour, 13 * time.Hour, 26 * time.Hour, 3 * 24 * time.Hour,
	}).Draw(t, "time")
	return act{fmt.Sprintf("%s pass", d), func(w *town) { w.pass(d) }}
}

func reload(t *rapid.T) act {
	b := drawnBusiness(t)
	return act{"the configuration is reloaded", func(w *town) { w.reload(b) }}
}

func restart(*rapid.T) act { return act{"the daemon restarts", (*town).restart} }

func goesOffline(t *rapid.T) act {
	number := drawnNumber(t)
	return act{number + " goes offline", func(w *town) { w.offline[number] = true }}
}

func goesOnline(t *rapid.T) act {
	number := drawnNumber(t)
	return act{number + " comes online", func(w *town) { w.online(number) }}
}

// again brings an input that was handled a second time: it must change nothing.
func again(t *rapid.T) act {
	nth := rapid.IntRange(0, 50).Draw(t, "input")
	return act{fmt.Sprintf("input %d comes again", nth), func(w *town) {
		if nth >= len(w.handled) {
			return
		}
		before := w.books()
		in := w.handled[nth]
		in.At = w.now
		if err := w.bot.Handle(context.Background(), in); err != nil && !refused(err) {
			w.t.Fatal(err)
		} else if refused(err) {
			return
		}
		if after := w.books(); after != before {
			w.t.Fatalf("input %q came again; the books were\n%s\nand are\n%s", in.Key, before, after)
		}
	}}
}
