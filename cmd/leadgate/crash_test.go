package main

import (
	"testing"

	"leadgate/simulator"
)

// The steps between which the daemon is killed, in the order in which a message meets them. Each brings the daemon to the
// point, kills it there, and clears the way.
var steps = []struct {
	name string
	at   func(r *rig, say func())
}{
	{"after a message was received", func(r *rig, say func()) {
		r.database.block(r)
		say()
		r.eventually("the message waits for its acknowledgement", func() bool { return r.account.Waiting() > 0 })
		r.kill()
		r.database.unblock(r)
	}},
	{"in the transaction", func(r *rig, say func()) {
		r.database.stall(r, "INSERT", "event", "")
		say()
		r.eventually("the transaction is under way", func() bool { return r.database.stalled(r) })
		r.kill()
		r.database.unblock(r)
	}},
	{"after the commit and before the acknowledgement", func(r *rig, say func()) {
		// whatsmeow forgets the plaintext that it kept for a repetition after the handler and before the receipt.
		r.database.stall(r, "UPDATE", "whatsmeow_event_buffer", "")
		before := r.count(`SELECT count(*) FROM transition`)
		say()
		r.eventually("the message is committed", func() bool { return r.count(`SELECT count(*) FROM transition`) > before })
		r.eventually("the acknowledgement is held up", func() bool { return r.database.stalled(r) })
		r.kill()
		r.database.unblock(r)
	}},
	{"after a delivery was claimed", func(r *rig, say func()) {
		before := r.count(`SELECT coalesce(sum(attempt), 0) FROM delivery`)
		r.crm.set(func() { r.crm.silent = true })
		say()
		r.eventually("a delivery is claimed", func() bool {
			return r.count(`SELECT coalesce(sum(attempt), 0) FROM delivery`) > before
		})
		r.kill()
		r.crm.set(func() { r.crm.silent = false })
	}},
	{"after a delivery was sent and before it is settled", func(r *rig, say func()) {
		r.crm.set(func() { r.crm.holding = true })
		say()
		r.eventually("the CRM has a request", r.crm.holds)
		r.kill()
		r.crm.set(func() { r.crm.holding = false })
	}},
}

// nasty is a WhatsApp that also delivers twice, late, and what can't be decrypted at first.
func nasty(seed int) simulator.Options { return simulator.Options{Seed: uint64(seed) + 1, Nasty: true} }

func TestEndToEndKilledBetweenEveryTwoStepsEveryMessageHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	for name, db := range map[string]func(testing.TB) database{
		"SQLite":     func(testing.TB) database { return &sqliteFile{} },
		"PostgreSQL": func(t testing.TB) database { return newPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			for i, step := range steps {
				t.Run(step.name, func(t *testing.T) {
					r := newRigOn(t, db(t), nasty(i))
					r.start()
					r.pair()
					step.at(r, func() { r.anaWrites(anaWrites) })
					r.restart()
					r.eventually("the lead is there", func() bool { return r.count(`SELECT count(*) FROM transition`) == 1 })
					step.at(r, func() { r.phoneWrites(phoneAnswers) })
					r.restart()
					r.happenedOnce()
					r.stop()
				})
			}
		})
	}
}

func TestEndToEndKilledBetweenEveryTwoStepsWithTheReceiverDownNothingIsLost(t *testing.T) {
	t.Parallel()
	for i, step := range steps[:3] { // nothing is taken by a receiver that is down
		t.Run(step.name, func(t *testing.T) {
			r := newRigOn(t, &sqliteFile{}, nasty(i))
			r.crm.down()
			r.start()
			r.pair()
			step.at(r, func() { r.anaWrites(anaWrites) })
			r.restart()
			r.eventually("the lead is there", func() bool { return r.count(`SELECT count(*) FROM transition`) == 1 })
			r.eventually("a delivery has failed", func() bool {
				return r.count(`SELECT count(*) FROM delivery WHERE attempt > 0 AND detail <> ''`) > 0
			})
			step.at(r, func() { r.phoneWrites(phoneAnswers) })
			r.restart()
			r.eventually("the lead is in the second stage", func() bool { return r.count(`SELECT count(*) FROM transition`) == 2 })
			r.kill()
			if got := r.crm.facts(); len(got) != 0 {
				t.Fatalf("a receiver that is down was told %q", got)
			}
			r.crm.up()
			if out, err := r.leadgate("deliveries", "retry", "-c", r.configFile(), "--destination", "crm").CombinedOutput(); err != nil {
				t.Fatalf("deliveries retry: %v\n%s", err, out)
			}
			r.restart()
			r.happenedOnce()
			r.stop()
		})
	}
}
