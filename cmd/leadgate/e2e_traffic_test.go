package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leadgate/simulator"
)

// leadsInTraffic is how many leads write in the test of traffic.
const leadsInTraffic = 30

// answersSomehow answers a menu in one of the ways in which people do, and returns what was chosen.
func (s *stage) answersSomehow(draws *rand.Rand, p *simulator.Person, menu simulator.Received) (chosen string) {
	s.Helper()
	options := menu.Shown.Options
	if len(options) == 0 {
		s.Fatalf("the phone shows no options: %+v", menu.Shown)
	}
	i := draws.IntN(len(options))
	chosen = options[i].Title
	switch draws.IntN(4) {
	case 0:
		s.says(p, simulator.Message{Text: strconv.Itoa(i + 1)})
	case 1:
		s.says(p, simulator.Message{Text: strings.ToUpper(chosen)})
	case 2:
		s.says(p, simulator.Message{Text: "What?"}) // and gets the menu again
		s.eventually("the menu comes again", func() bool { return len(s.got(p)) == 2 })
		s.picks(p, s.got(p)[1], chosen)
	default:
		s.picks(p, menu, chosen)
	}
	return chosen
}

func TestEndToEndTrafficWithMenusThoughWhatsAppIsNasty(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 7, Nasty: true}, `targets = ["owner", "agent:joao", "admin"]`, `targets = ["owner", "group:ai-counsellors", "admin"]`)
	draws := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same answers in every run
	leads := make([]*simulator.Person, leadsInTraffic)
	for i := range leads {
		leads[i] = s.lead()
		s.says(leads[i], simulator.Message{Text: instagram})
	}
	taken, byGroup := map[*simulator.Person]bool{}, 0
	menus := map[*simulator.Person]int{}
	for i, p := range leads {
		menu := s.gets(p, asksCourse)
		if i%5 == 4 {
			s.writes(p, "Good morning, how can I help?")
			taken[p] = true
		}
		if chosen := s.answersSomehowUnless(taken[p], draws, p, menu); chosen != "" && chosen != "Other queries" {
			byGroup++
		}
		menus[p] = len(s.got(p))
	}
	s.settle()
	s.eventually("every chat is somebody's", func() bool {
		return s.count(`SELECT count(*) FROM chat WHERE status IN ('assigned', 'taken')`) == leadsInTraffic
	})
	s.settle()
	for _, p := range leads {
		chats := s.chats(p)
		if taken[p] && chats != "courses taken" || !taken[p] && !strings.HasPrefix(chats, "courses assigned ") || strings.Contains(chats, ",") {
			t.Errorf("%s has the chats %q, taken over: %v", p.Phone(), chats, taken[p])
		}
		got := s.got(p)
		if len(got) != menus[p] {
			t.Errorf("%s got %d messages, want %d", p.Phone(), len(got), menus[p])
		}
		for _, r := range got {
			if r.Shown.Kind != simulator.ShownList {
				t.Errorf("%s is shown %+v, want a list", p.Phone(), r.Shown)
			}
		}
	}
	s.turnsAreEven(byGroup)
	s.crmKnowsAll()
	for query, want := range map[string]int{
		`SELECT count(*) FROM lead`: leadsInTraffic, `SELECT count(*) FROM chat`: leadsInTraffic,
		`SELECT count(*) FROM set_aside`: 0, `SELECT count(*) FROM delivery WHERE state = 'dead'`: 0,
		`SELECT count(*) FROM event WHERE type = 'menu.answered'`: leadsInTraffic - len(taken),
		`SELECT count(*) FROM event WHERE type = 'chat.assigned'`: leadsInTraffic - len(taken),
	} {
		if got := s.count(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if counters := s.simulator.Counters(); counters["messages_damaged"] == 0 || counters["messages_doubled"] == 0 {
		t.Errorf("nothing nasty happened: %v", counters)
	}
}

// answersSomehowUnless answers a menu, or taps it in vain when a person has taken over.
func (s *stage) answersSomehowUnless(taken bool, draws *rand.Rand, p *simulator.Person, menu simulator.Received) (chosen string) {
	s.Helper()
	if !taken {
		return s.answersSomehow(draws, p, menu)
	}
	s.eventually("the business has the chat", func() bool { return s.chats(p) == "courses taken" })
	s.picks(p, menu, menu.Shown.Options[0].Title)
	return ""
}

// turnsAreEven checks that those whose turn it was have got as many chats as each other, and a notice of each.
func (s *stage) turnsAreEven(byGroup int) {
	s.Helper()
	var each []int
	for _, name := range []string{"maria", "joao", "carla"} {
		n := s.count(`SELECT count(*) FROM chat WHERE status = 'assigned' AND agent = $1`, name)
		if got := len(s.got(s.agent(name))); got != n {
			s.Errorf("%s has %d chats and %d notices", name, n, got)
		}
		each = append(each, n)
	}
	if slices.Max(each[:2])-slices.Min(each[:2]) > 1 || each[0]+each[1] != byGroup {
		s.Errorf("of %d chats the counsellors have %v", byGroup, fmt.Sprint(each))
	}
}
