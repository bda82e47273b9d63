package bot_test

import (
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/routing"
)

// smallTown is a town whose team is as it says; whoever writes to sales is routed by its rule "first".
func smallTown(t *testing.T, team routing.Config) *town {
	t.Helper()
	w := newTown(t, t.TempDir(), newBusiness(t, team), nil)
	t.Cleanup(w.close)
	return w
}

// has is who has the only chat; "" when it waits.
func (w *town) has() string {
	all := w.lines(`SELECT coalesce(agent, '') AS agent FROM chat`)
	if len(all) != 1 {
		w.t.Fatalf("there are %d chats", len(all))
	}
	return all[0]
}

func TestAChatThatAnAgentLosesGoesToWhomItWasNotOfferedBefore(t *testing.T) {
	w := smallTown(t, routing.Config{
		Agents: []routing.AgentConfig{{Name: "maria", Phone: string(agentPhone(0))}, {Name: "joao", Phone: string(agentPhone(1))}},
		Rules:  []routing.RuleConfig{{Name: "first", Targets: []string{"agent:maria", "agent:joao"}, AcceptWithin: "10m"}, {Name: "second", Targets: []string{"admin"}}},
	})
	w.hear(w.message("sales", chat.Person{Phone: agentPhone(0)}, "/away 5m", 0))
	w.hear(w.message("sales", person(0), "hello", 0))
	w.pass(time.Minute)
	if got := w.has(); got != "agent=joao " {
		t.Fatalf("while maria is away: %s", got)
	}
	w.pass(10 * time.Minute)
	if got := w.has(); got != "agent=maria " {
		t.Errorf("after joao did not answer, with maria back: %s", got)
	}
}
