package autoresponse

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/opportunity"
)

func minute(n int) time.Time { return time.Date(2026, 11, 23, 10, n, 0, 0, time.UTC) }

var (
	ai   = opportunity.Choice{Type: "Postgraduate Course", Value: "AI"}
	ds   = opportunity.Choice{Type: "Postgraduate Course", Value: "Data Science"}
	loan = opportunity.Choice{Type: "Education Loan"}
)

// has is an open opportunity of the lead; the higher its number, the later it was active.
func has(n int, what opportunity.Choice, owner string) opportunity.Opportunity {
	return opportunity.Opportunity{
		ID: fmt.Sprintf("opp_%d", n), Type: what.Type, Value: what.Value, Owner: owner, Stage: "Entry", Status: opportunity.Open, ActiveAt: minute(n),
	}
}

// A talk is a conversation with the front desk, as package bot would lead it.
type talk struct {
	policy *Policy
	s      Situation
	clock  int
	last   Decision
}

func newTalk(t testing.TB, config ResponseConfig, open ...opportunity.Opportunity) *talk {
	t.Helper()
	return &talk{policy: responses(t, config), s: Situation{
		Lead: chat.Lead{ID: "lead_1", Name: "Ana"}, Chat: chat.Chat{ID: "chat_1", Number: config.Number},
		Opportunities: open, Fresh: true,
	}}
}

// hears is one more message, a minute after the one before.
func (k *talk) hears(m chat.Message) Decision {
	k.clock++
	if m.SentAt.IsZero() {
		m.SentAt = minute(k.clock)
	}
	m.Number, m.Direction, k.s.Now = k.s.Chat.Number, chat.Inbound, minute(k.clock)
	k.last = k.policy.Hear(m, k.s)
	k.s.Dialogue = k.last.Dialogue
	switch {
	case k.last.Route != nil:
		k.s.Chat.Status = chat.ChatWaiting
	case k.last.Send != SendNothing:
		k.s.Chat.Status = chat.ChatMenu
	}
	return k.last
}

func (k *talk) says(text string) Decision { return k.hears(chat.Message{Text: text}) }

func (k *talk) taps(row string) Decision {
	return k.hears(chat.Message{Text: "tapped", Answer: &chat.Answer{Form: chat.AnswerList, Option: row}})
}

func (k *talk) votes(labels ...string) Decision {
	a := &chat.Answer{Form: chat.AnswerPoll, Menu: "3EB0"}
	for _, label := range labels {
		a.Votes = append(a.Votes, voteOf(label))
	}
	return k.hears(chat.Message{Answer: a})
}

// optionLabels are the labels of the menu that waits, or nothing.
func (d Decision) optionLabels() []string {
	if d.Dialogue.Menu == nil {
		return nil
	}
	var labels []string
	for _, o := range d.Dialogue.Menu.Options {
		labels = append(labels, o.Label)
	}
	return labels
}

func wantRoute(t *testing.T, d Decision, want Route) {
	t.Helper()
	if d.Route == nil || !reflect.DeepEqual(*d.Route, want) {
		t.Errorf("the chat goes to %+v, want %+v", d.Route, want)
	}
	if d.Dialogue.Menu != nil || d.Send != SendNothing {
		t.Errorf("a menu waits beside the route: %+v", d)
	}
}

func wantMenu(t *testing.T, d Decision, kind MenuKind, labels ...string) {
	t.Helper()
	if d.Send != SendMenu || d.Dialogue.Menu == nil || d.Dialogue.Menu.Kind != kind || !slices.Equal(d.optionLabels(), labels) || d.Route != nil {
		t.Errorf("sent is %q %+v with route %+v, want %s menu of %q", d.Send, d.Dialogue.Menu, d.Route, kind, labels)
	}
}

func wantAnswer(t *testing.T, d Decision, menu MenuKind, label string, form chat.AnswerForm) {
	t.Helper()
	if d.Answered == nil || d.Answered.Menu != menu || d.Answered.Option.Label != label || d.Answered.Form != form {
		t.Errorf("answered is %+v, want %q of the %s menu by %s", d.Answered, label, menu, form)
	}
}

// wantNothing checks that a message changed nothing, and whether it is words of the lead's.
func wantNothing(t *testing.T, before Dialogue, d Decision, ignored bool) {
	t.Helper()
	if want := (Decision{Dialogue: before, Ignored: ignored}); !reflect.DeepEqual(d, want) {
		t.Errorf("the decision is %+v, want %+v", d, want)
	}
}

func changed(config ResponseConfig, change func(*ResponseConfig)) ResponseConfig {
	change(&config)
	return config
}

func TestTheFirstMessageOfAChatIsAskedWhatItIsAbout(t *testing.T) {
	k := newTalk(t, frontDesk())
	d := k.says("AI")
	wantMenu(t, d, First, "AI", "Data Science", "Education Loan", "Other queries")
	want := Menu{
		Key: "chat_1.first", Kind: First, Display: chat.DisplayText, Message: "Hi Ana, what would you like to talk about?", Button: "Options", More: "More",
		Options: []Option{
			{Label: "AI", Kind: OptionChoice, Type: "Postgraduate Course", Value: "AI"},
			{Label: "Data Science", Kind: OptionChoice, Type: "Postgraduate Course", Value: "Data Science"},
			{Label: "Education Loan", Kind: OptionChoice, Type: "Education Loan"},
			{Label: "Other queries", Kind: OptionOther},
		},
	}
	if !reflect.DeepEqual(*d.Dialogue.Menu, want) {
		t.Errorf("the menu is %+v, want %+v", *d.Dialogue.Menu, want)
	}
	if !d.Dialogue.AskedAt.Equal(minute(1)) || d.Dialogue.Reminders != 0 {
		t.Errorf("it was asked at %v, with %d reminders", d.Dialogue.AskedAt, d.Dialogue.Reminders)
	}
}

func TestATapOnAnOldMenuBeginsAChatLikeAnyMessage(t *testing.T) {
	k := newTalk(t, frontDesk())
	wantMenu(t, k.taps("chat_0.first.0"), First, "AI", "Data Science", "Education Loan", "Other queries")
	k = newTalk(t, frontDesk())
	wantMenu(t, k.votes("AI"), First, "AI", "Data Science", "Education Loan", "Other queries")
}

func TestWhoHearsTheBusinessOrAnotherNumberDecidesNothing(t *testing.T) {
	p := responses(t, frontDesk())
	s := Situation{Chat: chat.Chat{ID: "chat_1"}, Fresh: true, Now: minute(1)}
	wantNothing(t, Dialogue{}, p.Hear(chat.Message{Number: "front-desk", Direction: chat.Outbound, Text: "hi"}, s), false)
	wantNothing(t, Dialogue{}, p.Hear(chat.Message{Number: "clinic", Direction: chat.Inbound, Text: "hi"}, s), false)
}

func TestAnUnusableAnswerGetsTheMenuAgainAndThenCountsAsOther(t *testing.T) {
	for _, c := range []struct {
		name      string
		reminders *int
		menus     int
		other     *OtherConfig
		rule      string
	}{
		{"one reminder unless it is configured", nil, 2, &OtherConfig{Rule: "others"}, "others"},
		{"three reminders", new(3), 4, &OtherConfig{Rule: "others"}, "others"},
		{"no reminder", new(0), 1, &OtherConfig{Rule: "others"}, "others"},
		{"an option for something else without a rule", nil, 2, &OtherConfig{}, "everything"},
		{"no option for something else", nil, 2, nil, "everything"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.Reminders, r.First.Other = c.reminders, c.other }))
			k.says("hi")
			for n := 1; n < c.menus; n++ {
				before := *k.s.Dialogue.Menu
				d := k.says("no idea")
				if d.Send != SendMenu || !reflect.DeepEqual(*d.Dialogue.Menu, before) || d.Dialogue.Reminders != n || !d.Dialogue.AskedAt.Equal(k.s.Now) {
					t.Fatalf("reminder %d is %+v", n, d)
				}
			}
			d := k.says("no idea")
			wantRoute(t, d, Route{Rule: c.rule})
			if d.Answered != nil || len(d.Dialogue.Answered) > 0 || d.Ignored {
				t.Errorf("the last unusable answer counts as %+v, want it to be words of the lead's", d)
			}
		})
	}
}

func TestWhatWasWrittenBeforeTheMenuCanHaveBeenSeenIsNoUnusableAnswer(t *testing.T) {
	k := newTalk(t, frontDesk())
	k.says("hi")
	k.s.Dialogue.AskedAt = k.s.Dialogue.AskedAt.Add(900 * time.Millisecond)
	before := k.s.Dialogue
	early := chat.Message{Text: "anybody there?", SentAt: minute(1).Add(-time.Second)}
	wantNothing(t, before, k.hears(early), false)
	early.SentAt = minute(1)
	if d := k.hears(early); d.Send != SendMenu {
		t.Errorf("within the second in which the menu was sent it comes to %+v, want the menu again", d)
	}
}

func TestAnEditThatAnswersNothingChangesNothing(t *testing.T) {
	k := newTalk(t, frontDesk())
	k.says("hi")
	wantNothing(t, k.s.Dialogue, k.hears(chat.Message{Text: "hello", EditID: "E1"}), false)
}

func TestAMessageThatIsTooOldIsRoutedAsIfTheLeadWouldNotSay(t *testing.T) {
	k := newTalk(t, frontDesk())
	k.s.Fresh = false
	wantRoute(t, k.says("hi"), Route{Rule: "others"})
	k = newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.First.Other = nil }))
	k.s.Fresh = false
	wantRoute(t, k.says("hi"), Route{Rule: "everything"})
	k = newTalk(t, frontDesk())
	k.says("hi")
	k.s.Fresh = false
	wantRoute(t, k.says("no idea"), Route{Rule: "others"})
}

func TestOtherQueriesGoByTheirOwnRule(t *testing.T) {
	k := newTalk(t, frontDesk(), has(1, ai, "maria"))
	k.says("hi")
	d := k.says("Other queries")
	wantAnswer(t, d, First, "Other queries", chat.AnswerText)
	wantRoute(t, d, Route{Rule: "others"})
}

func TestASelectionIsRoutedByTheOpportunitiesThatTheLeadHas(t *testing.T) {
	twoMenus, scoped := frontDesk(), func(scope string) ResponseConfig {
		return changed(frontDesk(), func(r *ResponseConfig) { r.Second.Scope = scope })
	}
	one := changed(frontDesk(), func(r *ResponseConfig) { r.Second = nil })
	byHand := changed(frontDesk(), func(r *ResponseConfig) { r.CreateOpportunity = false })
	for _, c := range []struct {
		name   string
		config ResponseConfig
		open   []opportunity.Opportunity
		route  *Route   // nil: the second menu is sent …
		labels []string // … with these options
	}{
		{"none: it is created", twoMenus, nil, &Route{Rule: "postgraduate", Create: &ai}, nil},
		{"none, and people create them", byHand, nil, &Route{Rule: "postgraduate"}, nil},
		{"one of another value", twoMenus, []opportunity.Opportunity{has(1, ds, "joao")}, &Route{Rule: "postgraduate", Create: &ai}, nil},
		{"exactly one: it is meant", twoMenus, []opportunity.Opportunity{has(1, ai, "maria"), has(2, loan, "")}, &Route{Rule: "postgraduate", Opportunity: "opp_1"}, nil},
		{
			"two: which one is asked, the latest activity first", twoMenus, []opportunity.Opportunity{has(1, ai, "maria"), has(3, ai, ""), has(2, loan, "")},
			nil, []string{"AI with —", "AI with maria", "Something new"},
		},
		{
			"two whose labels come out equal are numbered", twoMenus, []opportunity.Opportunity{has(1, ai, "maria"), has(2, ai, "Maria")},
			nil, []string{"AI with Maria (1)", "AI with maria (2)", "Something new"},
		},
		{"two and no second response: the latest activity", one, []opportunity.Opportunity{has(1, ai, "maria"), has(2, ai, "joao")}, &Route{Rule: "postgraduate", Opportunity: "opp_2"}, nil},
		{
			"two of the type", scoped("type"), []opportunity.Opportunity{has(1, ai, "maria"), has(2, ds, "joao"), has(3, loan, "carla")},
			nil, []string{"Data Science with joao", "AI with maria", "Something new"},
		},
		{"a single one of the type that is the selected one", scoped("type"), []opportunity.Opportunity{has(1, ai, "maria"), has(2, loan, "")}, &Route{Rule: "postgraduate", Opportunity: "opp_1"}, nil},
		{"a single one of the type that is not the selected one", scoped("type"), []opportunity.Opportunity{has(1, ds, "joao")}, nil, []string{"Data Science with joao", "Something new"}},
		{"none of the type", scoped("type"), []opportunity.Opportunity{has(1, loan, "joao")}, &Route{Rule: "postgraduate", Create: &ai}, nil},
		{
			"all of the lead's", scoped("all"), []opportunity.Opportunity{has(1, ai, "maria"), has(2, loan, "carla")},
			nil, []string{"— with carla", "AI with maria", "Something new"},
		},
		{"a single one of all that is not the selected one", scoped("all"), []opportunity.Opportunity{has(1, loan, "carla")}, nil, []string{"— with carla", "Something new"}},
		{"none at all", scoped("all"), nil, &Route{Rule: "postgraduate", Create: &ai}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newTalk(t, c.config, c.open...)
			k.says("hi")
			d := k.says("AI")
			wantAnswer(t, d, First, "AI", chat.AnswerText)
			if c.route != nil {
				wantRoute(t, d, *c.route)
				return
			}
			wantMenu(t, d, Second, c.labels...)
			if d.Dialogue.Selected != ai || d.Dialogue.Menu.Key != "chat_1.second" || !slices.Equal(d.Dialogue.Answered, []string{"chat_1.first"}) {
				t.Errorf("the dialogue is %+v", d.Dialogue)
			}
		})
	}
}

func TestASelectionThatCameTooLateIsNotAskedAbout(t *testing.T) {
	k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.Second.Scope = "all" }), has(1, ai, "maria"), has(2, ai, "joao"), has(3, loan, ""))
	k.says("hi")
	k.s.Fresh = false
	wantRoute(t, k.says("AI"), Route{Rule: "postgraduate", Opportunity: "opp_2"})
	k = newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.Second.Scope = "all" }), has(3, loan, ""))
	k.says("hi")
	k.s.Fresh = false
	wantRoute(t, k.says("AI"), Route{Rule: "postgraduate", Create: &ai})
}

func TestTheSecondAnswerIsRoutedToTheOpportunityThatItNames(t *testing.T) {
	config := changed(frontDesk(), func(r *ResponseConfig) { r.Second.Scope, r.Second.Label = "all", "" })
	open := []opportunity.Opportunity{has(1, ai, "maria"), has(2, loan, "carla")}
	asked := func(t *testing.T, config ResponseConfig) *talk {
		k := newTalk(t, config, open...)
		k.says("hi")
		wantMenu(t, k.says("AI"), Second, "Education Loan", "AI", "Something new")
		return k
	}
	t.Run("one of the selected type", func(t *testing.T) {
		d := asked(t, config).taps("chat_1.second.1")
		wantAnswer(t, d, Second, "AI", chat.AnswerList)
		wantRoute(t, d, Route{Rule: "postgraduate", Opportunity: "opp_1"})
		if !slices.Equal(d.Dialogue.Answered, []string{"chat_1.first", "chat_1.second"}) || d.Dialogue.Selected != ai {
			t.Errorf("the dialogue is %+v", d.Dialogue)
		}
	})
	t.Run("one of another type goes by that type's rule, here the default", func(t *testing.T) {
		wantRoute(t, asked(t, config).says("1"), Route{Rule: "everything", Opportunity: "opp_2"})
	})
	t.Run("something new", func(t *testing.T) {
		d := asked(t, config).says("something new")
		wantRoute(t, d, Route{Rule: "postgraduate", Create: &ai})
		if want := (Option{Label: "Something new", Kind: OptionNew, Type: "Postgraduate Course", Value: "AI"}); d.Answered.Option != want {
			t.Errorf("the option is %+v, want %+v", d.Answered.Option, want)
		}
	})
	t.Run("something new where people create them", func(t *testing.T) {
		byHand := changed(config, func(r *ResponseConfig) { r.CreateOpportunity = false })
		wantRoute(t, asked(t, byHand).says("something new"), Route{Rule: "postgraduate"})
	})
	t.Run("one that is open no longer counts as something new", func(t *testing.T) {
		k := asked(t, config)
		k.s.Opportunities = open[:1]
		wantRoute(t, k.says("1"), Route{Rule: "postgraduate", Create: &ai})
	})
	t.Run("nothing usable counts as other", func(t *testing.T) {
		k := asked(t, config)
		if d := k.says("no idea"); d.Send != SendMenu || d.Dialogue.Reminders != 1 || d.Dialogue.Menu.Kind != Second {
			t.Errorf("the reminder is %+v", d)
		}
		wantRoute(t, k.says("no idea"), Route{Rule: "others"})
	})
}

func TestWithoutAMenuAChatIsRoutedAtOnce(t *testing.T) {
	creating := ResponseConfig{Number: "front-desk", CreateOpportunity: true, DefaultType: "Postgraduate Course", DefaultRule: "everything"}
	byHand := ResponseConfig{Number: "front-desk", DefaultRule: "everything"}
	course := opportunity.Choice{Type: "Postgraduate Course"}
	for _, c := range []struct {
		name   string
		config ResponseConfig
		open   []opportunity.Opportunity
		want   Route
	}{
		{"no open opportunity: one of the default type is created", creating, nil, Route{Rule: "postgraduate", Create: &course}},
		{"no open opportunity, and people create them", byHand, nil, Route{Rule: "everything"}},
		{
			"no open opportunity, and a default type that has no effect", changed(creating, func(r *ResponseConfig) { r.CreateOpportunity = false }), nil,
			Route{Rule: "everything"},
		},
		{"exactly one", creating, []opportunity.Opportunity{has(1, ai, "maria")}, Route{Rule: "postgraduate", Opportunity: "opp_1"}},
		{"exactly one, and people create them", byHand, []opportunity.Opportunity{has(1, ai, "maria")}, Route{Rule: "postgraduate", Opportunity: "opp_1"}},
		{"exactly one of a type without a rule", creating, []opportunity.Opportunity{has(1, loan, "maria")}, Route{Rule: "everything", Opportunity: "opp_1"}},
		{"several", creating, []opportunity.Opportunity{has(1, ai, "maria"), has(2, ds, "joao")}, Route{Rule: "everything"}},
	} {
		for _, fresh := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, fresh %v", c.name, fresh), func(t *testing.T) {
				k := newTalk(t, c.config, c.open...)
				k.s.Fresh = fresh
				wantRoute(t, k.says("hi"), c.want)
			})
		}
	}
}

func TestAMenuIsWorkedToItsEndAfterAReloadThatRemovedIt(t *testing.T) {
	k := newTalk(t, frontDesk())
	k.says("hi")
	k.policy = responses(t, ResponseConfig{Number: "clinic", DefaultRule: "everything"})
	wantRoute(t, k.says("AI"), Route{Rule: "postgraduate"})
	k = newTalk(t, frontDesk())
	k.says("hi")
	k.policy = responses(t, ResponseConfig{Number: "front-desk", DefaultRule: "everything", Reminders: new(0)})
	wantRoute(t, k.says("no idea"), Route{Rule: "everything"})
}

func TestTheDialogueSurvivesBeingKept(t *testing.T) {
	k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) { r.First.Header, r.First.Footer, r.First.ListHeader = "H", "F", "L" }), has(1, ai, "maria"), has(2, ai, ""))
	for _, text := range []string{"hi", "no idea", "AI", "1"} {
		k.says(text)
		body, err := json.Marshal(k.s.Dialogue)
		if err != nil {
			t.Fatal(err)
		}
		var kept Dialogue
		if err := json.Unmarshal(body, &kept); err != nil || !reflect.DeepEqual(kept, k.s.Dialogue) {
			t.Fatalf("after %q it is kept as %+v (%v), want %+v", text, kept, err, k.s.Dialogue)
		}
	}
}
