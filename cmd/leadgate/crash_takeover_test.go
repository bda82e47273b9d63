package main

import (
	"maps"
	"slices"
	"testing"

	"leadgate/simulator"
)

// pending has a menu for Ana wait for its turn: Bia's has taken the only one that the number's pace leaves for a minute.
func (d desk) pending() {
	d.Helper()
	d.says(d.bia, simulator.Message{Text: "Hello"})
	d.eventually("Bia has her menu", func() bool { return len(menus(d.bia)) > 0 })
	d.settled()
	d.anaWrites(anaWrites)
	d.eventually("Ana's menu waits for its turn", func() bool {
		return d.count(`SELECT count(*) FROM delivery WHERE key LIKE 'menu/%' AND state = 'pending' AND attempt > 0`) == 1
	})
	d.quiet()
}

func TestEndToEndKilledAroundATakeoverAMenuThatWasNotSentNeverIs(t *testing.T) {
	t.Parallel()
	takeovers := map[string]func(d desk, writes func()){
		"before it arrives": func(d desk, writes func()) {
			d.kill()
			writes()
		},
		"in the transaction": func(d desk, writes func()) {
			d.killedAt(point{"UPDATE", "chat", "NEW.status = 'taken'"}, writes)
		},
		"in the withdrawal of the menu": func(d desk, writes func()) {
			d.killedAt(point{"UPDATE", "delivery", "NEW.state = 'withdrawn'"}, writes)
		},
		"after the commit and before the acknowledgement": func(d desk, writes func()) {
			d.killedAt(point{"UPDATE", "whatsmeow_event_buffer", ""}, func() {
				writes()
				d.eventually("the takeover is committed", func() bool { return d.count(`SELECT count(*) FROM chat WHERE status = 'taken'`) == 1 })
			})
		},
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(takeovers)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{pace: true})
				d.pending()
				takeovers[name](d, func() { d.phoneWrites(phoneAnswers) })
				d.with(deskOptions{})
				d.restart()
				d.eventually("the chat is taken over", func() bool { return d.count(`SELECT count(*) FROM chat WHERE status = 'taken'`) == 1 })
				d.settled()
				d.says(d.bia, simulator.Message{Text: "nothing of the menu"}) // what is sent now comes after all that was to be sent before
				d.eventually("Bia has the menu again", func() bool { return len(menus(d.bia)) == 2 })
				if n := len(menus(d.ana)); n != 0 {
					t.Errorf("Ana's phone shows %d menus", n)
				}
				d.counts(1, `SELECT count(*) FROM delivery WHERE key LIKE 'menu/%' AND state = 'withdrawn'`)
				d.counts(2, `SELECT count(*) FROM transition`)
				d.stop()
			})
		}
	})
}

func TestEndToEndKilledWhileAChatIsLabelledItEndsWithTheOneRightLabel(t *testing.T) {
	t.Parallel()
	points := map[string]point{
		"before it is claimed":                            claiming(isLabel),
		"before it is noted what the chat carries":        {"INSERT", "labelled", ""},
		"after the phone has it and before it is settled": settling(isLabel),
		"before a new label is noted":                     {"INSERT", "label", "NEW.name = 'Scheduling'"},
		"before its news are noted":                       {"DELETE", "labelled", ""},
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(points)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{labels: true})
				d.anaWrites(anaWrites)
				d.eventually("the chat is labelled", func() bool { return slices.Equal(d.account.Labels(d.ana), []string{"Lead Entry"}) })
				d.settled()
				d.killedAt(points[name], func() { d.phoneWrites(phoneAnswers) })
				d.restart()
				d.settled()
				d.eventually("the chat has the label of its stage alone", func() bool {
					return slices.Equal(d.account.Labels(d.ana), []string{"Scheduling"})
				})
				d.quiet()
				d.counts(2, `SELECT count(*) FROM transition`)
				d.told("conversion.stage_changed", 2)
				d.stop()
			})
		}
	})
}

func TestEndToEndTheSameMessageTwiceGetsOneMenu(t *testing.T) {
	t.Parallel()
	twice := map[string]func(d desk){
		"with the same ciphertext": func(d desk) {
			d.account.DuplicateNext(false)
			d.anaWrites(anaWrites)
		},
		"encrypted anew": func(d desk) {
			d.account.DuplicateNext(true)
			d.anaWrites(anaWrites)
		},
		"again later": func(d desk) {
			d.says(d.ana, simulator.Message{ID: "3EB0AGAIN", Text: anaWrites})
			d.menuOnce(1)
			d.says(d.ana, simulator.Message{ID: "3EB0AGAIN", Text: anaWrites})
		},
		"again after a crash": func(d desk) {
			d.says(d.ana, simulator.Message{ID: "3EB0AGAIN", Text: anaWrites})
			d.menuOnce(1)
			d.kill()
			d.says(d.ana, simulator.Message{ID: "3EB0AGAIN", Text: anaWrites})
			d.restart()
		},
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(twice)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{})
				twice[name](d)
				menu := d.menuOnce(1)
				d.quiet()
				d.picks(menu)
				d.givenOnce()
				d.menuOnce(1)
				d.stop()
			})
		}
	})
}
