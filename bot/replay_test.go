package bot_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
	"leadgate/routing"
	"leadgate/store"
)

// shop is a bot on a real store.
type shop struct {
	bot   *bot.Bot
	store *store.Store
}

func newShop(t testing.TB, dir string) *shop {
	t.Helper()
	policy, faults := conversion.New(conversion.Config{
		Numbers: []string{"front-desk"},
		Funnels: []conversion.FunnelConfig{
			{Name: "Sales", Stages: []conversion.StageConfig{
				{Name: "Lead Entry", Triggers: []conversion.TriggerConfig{
					{Phrase: "I came from Instagram", Source: "Instagram"}, {Phrase: "I read your blog", Source: "My Blog"},
				}},
				{Name: "Scheduling", Triggers: []conversion.TriggerConfig{{Phrase: "Thank you for scheduling"}}},
				{Name: "Sale", Triggers: []conversion.TriggerConfig{{Phrase: "Your payment has arrived"}}},
			}},
			{Name: "Everybody", UntrackedLeads: true, Stages: []conversion.StageConfig{{Name: "Wrote"}}},
		},
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "leadgate.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opportunities, _ := opportunity.New(opportunity.Config{})
	team, _ := routing.New(routing.Config{})
	responses, _ := autoresponse.New(autoresponse.Config{Opportunities: opportunities})
	p := &bot.Policy{
		Conversion: policy, Opportunities: opportunities, Routing: team, Responses: responses, Numbers: []chat.Number{{Name: "front-desk", Phone: "+5511987650001"}},
		Subscriptions: []bot.Subscription{{Destination: "crm"}, {Destination: "board", Events: []string{"lead.*"}}},
	}
	return &shop{bot: bot.New(st, p, nil, prometheus.NewRegistry()), store: st}
}

// written draws a message of one of three people, who come now by LID, now by phone, now by both.
func written(t *rapid.T, n int) bot.Input {
	texts := []string{
		"hello", "I came from Instagram", "I read your blog, and I came from Instagram", "Thank you for scheduling with us",
		"Your payment has arrived", "",
	}
	who := rapid.IntRange(1, 3).Draw(t, "who")
	person := chat.Person{Phone: chat.Phone(fmt.Sprintf("+551191111000%d", who)), LID: chat.LID(fmt.Sprintf("20030040%d", who))}
	switch rapid.IntRange(0, 2).Draw(t, "address") {
	case 0:
		person.Phone = ""
	case 1:
		person.LID = ""
	}
	m := chat.Message{
		Number: "front-desk", ID: fmt.Sprintf("M%d", n), Person: person, Text: rapid.SampledFrom(texts).Draw(t, "text"),
		Direction: rapid.SampledFrom([]chat.Direction{chat.Inbound, chat.Outbound}).Draw(t, "direction"),
		SentAt:    time.Date(2026, 11, 23, 10, rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC),
	}
	if n > 0 && rapid.IntRange(0, 5).Draw(t, "edit") == 0 {
		m.EditID, m.ID = m.ID, fmt.Sprintf("M%d", rapid.IntRange(0, n-1).Draw(t, "edited"))
	}
	return bot.Input{Key: m.Key(), At: m.SentAt, Message: &m}
}

func (s *shop) handle(t *rapid.T, inputs []bot.Input) {
	for _, in := range inputs {
		if err := s.bot.Handle(context.Background(), in); err != nil {
			t.Fatal(err)
		}
	}
}

// books is everything that the store tells of leads, transitions and events.
func (s *shop) books(t *rapid.T) string {
	ctx := context.Background()
	var b strings.Builder
	leads, _, err := s.store.Leads(ctx, store.LeadFilter{}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leads {
		fmt.Fprintf(&b, "%+v\n", l)
		transitions, err := s.store.Transitions(ctx, l.ID, true)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", transitions)
	}
	events, err := s.store.Events(ctx, store.EventFilter{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		fmt.Fprintf(&b, "%s\n", e.Body)
	}
	return b.String()
}

func TestReplayingAnyPrefixOfTheInputsChangesNothing(t *testing.T) {
	root := t.TempDir()
	shops := 0
	rapid.Check(t, func(rt *rapid.T) {
		shops++
		dir := filepath.Join(root, fmt.Sprint(shops))
		if err := os.Mkdir(dir, 0o700); err != nil {
			rt.Fatal(err)
		}
		s := newShop(t, dir)
		defer func() { _ = s.store.Close() }()
		var inputs []bot.Input
		for n := range rapid.IntRange(1, 12).Draw(rt, "messages") {
			inputs = append(inputs, written(rt, n))
		}
		s.handle(rt, inputs)
		before := s.books(rt)
		s.handle(rt, inputs[:rapid.IntRange(0, len(inputs)).Draw(rt, "again")])
		if after := s.books(rt); after != before {
			rt.Fatalf("the books were\n%s\nand are\n%s", before, after)
		}
	})
}

func TestAFollowUpThatIsHandledBeforeTheLeadsEarlierMessageCounts(t *testing.T) {
	s := newShop(t, t.TempDir())
	defer func() { _ = s.store.Close() }()
	ana := chat.Person{Phone: "+5511911110001", LID: "200300401"}
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, m := range []chat.Message{
		{ID: "early", Direction: chat.Outbound, Text: "Your payment has arrived", SentAt: at.Add(-time.Hour)},
		{ID: "next", Direction: chat.Outbound, Text: "Thank you for scheduling with us", SentAt: at.Add(time.Hour)},
		{ID: "first", Direction: chat.Inbound, Text: "I came from Instagram", SentAt: at},
		{ID: "first", Direction: chat.Inbound, Text: "I came from Instagram", SentAt: at},
	} {
		m.Number, m.Person = "front-desk", ana
		if err := s.bot.Handle(t.Context(), bot.Input{Key: m.Key(), At: at.Add(2 * time.Hour), Message: &m}); err != nil {
			t.Fatal(err)
		}
	}
	lead, err := s.store.LeadByPhone(t.Context(), ana.Phone)
	if err != nil {
		t.Fatal(err)
	}
	transitions, err := s.store.Transitions(t.Context(), lead.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tr := range transitions {
		if tr.Funnel == "Sales" {
			got = append(got, fmt.Sprintf("%s>%s %s %s", tr.From, tr.To, tr.MessageID, tr.At.Format("15:04")))
		}
	}
	want := []string{">Lead Entry first 10:00", "Lead Entry>Scheduling next 11:00"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("transitions %q, want %q", got, want)
	}
}

func TestAPhoneThatChangedHandsMakesNobodyOneWithAnother(t *testing.T) {
	s := newShop(t, t.TempDir())
	defer func() { _ = s.store.Close() }()
	const first, second = chat.Phone("+5511911110001"), chat.Phone("+5511911110002")
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for i, who := range []chat.Person{
		{Phone: first, LID: "200300401"}, {Phone: second, LID: "200300402"}, {Phone: first, LID: "200300402"},
	} {
		m := chat.Message{
			Number: "front-desk", ID: fmt.Sprint("M", i), Person: who, Direction: chat.Inbound,
			Text: "I came from Instagram", SentAt: at.Add(time.Duration(i) * time.Hour),
		}
		if err := s.bot.Handle(t.Context(), bot.Input{Key: m.Key(), At: m.SentAt, Message: &m}); err != nil {
			t.Fatal(err)
		}
	}
	a, err := s.store.LeadByPhone(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.store.LeadByPhone(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	if a.ID == b.ID || a.LID != "200300402" || b.LID != "" || !b.Known() {
		t.Errorf("the leads are %+v and %+v", a, b)
	}
}

func TestAnInputThatPanicsIsUndecidableAndChangesNothing(t *testing.T) {
	s := newShop(t, t.TempDir())
	defer func() { _ = s.store.Close() }()
	s.bot.SetPolicy(&bot.Policy{}) // no funnels: deciding a message panics
	m := chat.Message{Number: "front-desk", ID: "M1", Person: chat.Person{Phone: "+5511911110001"}, Direction: chat.Inbound, SentAt: time.Unix(1, 0)}
	err := s.bot.Handle(t.Context(), bot.Input{Key: m.Key(), At: m.SentAt, Message: &m})
	if !errors.Is(err, bot.ErrUndecidable) {
		t.Errorf("handled with %v", err)
	}
	if events, err := s.store.Events(t.Context(), store.EventFilter{}, 10); err != nil || len(events) != 0 {
		t.Errorf("%d events, error %v", len(events), err)
	}
}
