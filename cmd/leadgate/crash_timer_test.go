package main

import (
	"maps"
	"slices"
	"testing"

	"leadgate/simulator"
)

// asks has Ana asked, and answer.
func (d desk) asks() {
	d.Helper()
	d.anaWrites(anaWrites)
	d.picks(d.menuOnce(1))
}

// commands has an agent write a command, and waits until they are answered.
func (d desk) commands(agent *simulator.Person, command, answer string) {
	d.Helper()
	before := said(agent, answer)
	d.says(agent, simulator.Message{Text: command})
	d.eventually("the answer to "+command, func() bool { return said(agent, answer) > before })
}

// waits has Ana's chat wait for somebody: both counsellors are away.
func (d desk) waits() {
	d.Helper()
	d.commands(d.maria, "/away 2h", "no new chats until")
	d.commands(d.joao, "/away 3h", "no new chats until")
	d.asks()
	d.eventually("the chat waits", func() bool { return d.count(`SELECT count(*) FROM chat WHERE status = 'waiting'`) == 1 })
	d.settled()
}

func TestEndToEndKilledAroundAnAgentsReturnTheChatThatWaitsIsGivenOnce(t *testing.T) {
	t.Parallel()
	points := map[string]point{
		"in the transaction of the command":        {"INSERT", "agent", ""},
		"before the chats that wait are looked at": claiming(isTimer("drain_")),
		"in the transaction of the assignment":     {"INSERT", "assignment", ""},
		"before the look is settled":               settling(isTimer("drain_")),
		"before the notice is sent":                claiming(isNotice),
		"before the answer is sent":                claiming(`NEW.key LIKE 'reply/%'`),
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(points)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{})
				d.waits()
				d.killedAt(points[name], func() { d.says(d.maria, simulator.Message{Text: "/back"}) })
				d.restart()
				d.givenOnce()
				d.told("agent.availability_changed", 3)
				d.told("chat.waiting", 1)
				if n := said(d.maria, "new chats again"); n != 1 {
					t.Errorf("Maria's /back was answered %d times", n)
				}
				d.stop()
			})
		}
	})
}

func TestEndToEndKilledAroundTheEndOfASessionTheChatIsClosedOnce(t *testing.T) {
	t.Parallel()
	points := map[string]point{
		"in the transaction":     {"UPDATE", "chat", "NEW.status = 'closed'"},
		"before it is looked at": claiming(isTimer("session/")),
		"before it is settled":   settling(isTimer("session/")),
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(points)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{session: "3s"})
				d.killedAt(points[name], func() { d.anaWrites(anaWrites) })
				d.restart()
				d.told("chat.closed", 1)
				d.counts(1, `SELECT count(*) FROM chat`)
				d.counts(1, `SELECT count(*) FROM chat WHERE status = 'closed'`)
				d.with(deskOptions{})
				d.reload()
				d.settled()
				before := len(menus(d.ana)) // none when the chat was closed before the menu could go out
				d.anaWrites("Hello again")
				d.eventually("the next chat begins with a menu", func() bool { return len(menus(d.ana)) > before })
				d.settled()
				if n := len(menus(d.ana)); before > 1 || n != before+1 {
					t.Errorf("the phone shows %d menus, and %d after another message", before, n)
				}
				d.told("menu.sent", 2)
				d.stop()
			})
		}
	})
}

func TestEndToEndKilledAroundTheEndOfAnAgentsTimeTheChatGoesOnOnce(t *testing.T) {
	t.Parallel()
	points := map[string]point{
		"in the transaction":        {"INSERT", "assignment", "NEW.agent = 'joao'"},
		"before it is looked at":    claiming(isTimer("accept/")),
		"before it is settled":      settling(isTimer("accept/")),
		"before the notice is sent": claiming(isNotice + ` AND NEW.key LIKE '%/2'`),
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(points)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{acceptWithin: "3s"})
				d.killedAt(points[name], d.asks)
				d.restart()
				// João does not answer either: nobody is left, and the chat waits.
				d.eventually("the chat waits", func() bool { return d.count(`SELECT count(*) FROM chat WHERE status = 'waiting'`) == 1 })
				d.settled()
				d.told("chat.assigned", 2)
				d.told("chat.escalated", 2)
				d.told("chat.waiting", 1)
				d.counts(1, `SELECT count(*) FROM assignment WHERE agent = 'maria'`)
				d.counts(1, `SELECT count(*) FROM assignment WHERE agent = 'joao'`)
				d.nextIs("maria")
				for _, agent := range []*simulator.Person{d.maria, d.joao} {
					if n := said(agent, anaPhone); n != 1 {
						t.Errorf("%s was told of Ana %d times", agent.Phone(), n)
					}
				}
				d.stop()
			})
		}
	})
}

func TestEndToEndKilledAroundTheEndOfAnAbsenceTheAgentIsBackOnce(t *testing.T) {
	t.Parallel()
	points := map[string]point{
		"in the transaction":                       {"INSERT", "agent", "NEW.away_until = 0 AND NEW.back_at > 0"},
		"before it is looked at":                   claiming(isTimer("back/")),
		"before it is settled":                     settling(isTimer("back/")),
		"before the chats that wait are looked at": claiming(isTimer("drain")),
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(points)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{})
				d.waits()
				d.killedAt(points[name], func() { d.says(d.maria, simulator.Message{Text: "/away 3s"}) })
				d.restart()
				d.givenOnce()
				d.told("agent.availability_changed", 3)
				d.told("chat.waiting", 1)
				d.stop()
			})
		}
	})
}
