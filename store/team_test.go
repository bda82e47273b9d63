package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
)

func TestWhoHadATurnGoesToTheEndOfTheLine(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		step := 0
		for _, c := range []struct {
			turns []routing.Turn
			want  map[string][]string
		}{
			{[]routing.Turn{{Line: "group:ai", Back: []string{"maria", "joao", "carla"}}}, map[string][]string{"group:ai": {"maria", "joao", "carla"}}},
			{[]routing.Turn{{Line: "group:ai", Back: []string{"maria"}}}, map[string][]string{"group:ai": {"joao", "carla", "maria"}}},
			{[]routing.Turn{{Line: "group:ai", Back: []string{"maria"}}}, map[string][]string{"group:ai": {"joao", "carla", "maria"}}},
			{[]routing.Turn{{Line: "admin", Back: []string{"carla"}}, {Line: "group:ai", Left: []string{"joao", "ana"}, Back: []string{"carla"}}},
				map[string][]string{"admin": {"carla"}, "group:ai": {"maria", "carla"}}},
			{[]routing.Turn{{Line: "group:ai", Left: []string{"maria"}, Back: []string{"maria"}}}, map[string][]string{"admin": {"carla"}, "group:ai": {"carla", "maria"}}},
			{[]routing.Turn{{Line: "admin", Left: []string{"carla"}}}, map[string][]string{"group:ai": {"carla", "maria"}}},
		} {
			step++
			update(t, s, bot.Input{Key: string(rune('a' + step)), At: noon}, bot.Decision{Turns: c.turns})
			s.Close()
			s = p.open(Options{})
			if got, err := s.Turns(t.Context()); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("step %d: %v, %v, want %v", step, got, err, c.want)
			}
		}
	})
}

func TestAnAgentsStateCountsTheChatsThatTheyHave(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		mine, elsewhere := given(opened("chat_1", lead), "maria"), given(opened("chat_2", lead), "maria")
		elsewhere.Number = "back-office"
		known(t, s, lead, nil, mine, elsewhere, closed(opened("chat_3", lead), noon))
		was := routing.AgentState{AwayUntil: noon.Add(time.Hour), BackAt: noon, Numbers: []string{"front-desk", "back-office"}, Open: 7}
		update(t, s, bot.Input{Key: "a", At: noon}, bot.Decision{Agents: []bot.AgentChange{{Name: "joao", State: was}, {Name: "carla", State: was}}})
		update(t, s, bot.Input{Key: "b", At: noon}, bot.Decision{Agents: []bot.AgentChange{{Name: "carla"}}})
		got, err := s.AgentStates(t.Context(), []string{"maria", "joao", "carla", "nobody"})
		was.Open = 0
		want := map[string]routing.AgentState{"maria": {Open: 2}, "joao": was, "carla": {}, "nobody": {}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if got, err := s.AgentStates(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of nobody: %+v, %v", got, err)
		}
	})
}

func TestAssignmentsAreKeptWithTheirReasons(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil, given(opened("chat_1", lead), "maria"))
		want := []bot.Assignment{
			{ID: "asg_2", ChatID: "chat_1", At: noon, Agent: "joao", Cause: chat.Cause{Kind: chat.CauseMenu, By: "front-desk"}, Place: routing.Place{
				Rule: "sales", Step: 1, Target: "group:ai", Nth: 1, Since: noon,
				Passed: []routing.Passed{{Target: "owner", Reason: routing.NoOwner}, {Target: "group:ai", Agent: "ana", Reason: routing.AtCapacity, Open: 8, Of: 8}},
			}},
			{ID: "asg_1", ChatID: "chat_1", At: noon.Add(time.Minute), Agent: "maria", Cause: chat.Cause{Kind: chat.CauseTimeout}},
		}
		update(t, s, bot.Input{Key: "a", At: noon}, bot.Decision{Assignments: want[:1]})
		update(t, s, bot.Input{Key: "b", At: noon}, bot.Decision{Assignments: want[1:]})
		if got, err := s.Assignments(t.Context(), "chat_1"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if got, err := s.Assignments(t.Context(), "chat_2"); err != nil || len(got) != 0 {
			t.Errorf("of another chat: %+v, %v", got, err)
		}
	})
}
