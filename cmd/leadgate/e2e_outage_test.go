//go:build linux

package main

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"leadgate/simulator"
)

// diskFull keeps the daemon from writing to any file, as a full disk does, until it is given room again.
func (r *rig) diskFull(full bool) {
	r.Helper()
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if full {
		limit.Cur = 0
	}
	if err := unix.Prlimit(r.daemon.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		r.Fatal(err)
	}
}

func TestEndToEndAFullDiskMakesTheDaemonUnreadyAndSilentUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	r.outage(func() { r.diskFull(true) }, func() { r.diskFull(false) })
}

func TestEndToEndADatabaseThatGoesAwayMakesTheDaemonUnreadyAndSilentUntilItIsBack(t *testing.T) {
	t.Parallel()
	db := newPostgres(t)
	r := newRig(t, db)
	r.start()
	r.pair()
	r.outage(func() { db.shut(r) }, func() { db.reopen(r) })
}

// outage checks what must be so while the store takes nothing, and afterwards.
func (r *rig) outage(begin, end func()) {
	r.Helper()
	r.anaWrites(anaWrites)
	r.reaches(r.ana, "Lead Entry")
	r.eventually("the CRM is told", func() bool { return len(r.crm.facts()) == 2 })
	r.eventually("nothing is pending", func() bool { return r.count(`SELECT count(*) FROM delivery WHERE state = 'pending'`) == 0 })
	begin()
	late := r.person(simulator.PersonOptions{Phone: "+5511938000001", Name: "Late"})
	r.says(late, simulator.Message{Text: instagram})
	r.phoneWrites(phoneAnswers)
	r.eventually("the daemon is not ready", func() bool { return !r.ready() })
	if got := r.account.Waiting(); got == 0 {
		r.Error("messages that could not be stored are acknowledged")
	}
	if got := r.crm.facts(); len(got) != 2 {
		r.Errorf("the CRM was told %q of what could not be stored", got)
	}
	if n := r.numbers()["front-desk"]; n.Phone == "" {
		r.Errorf("the API says of the number %+v", n)
	}
	if status, page := r.get("/metrics", ""); status != http.StatusOK || !strings.Contains(page, "leadgate_number_connected") {
		r.Errorf("/metrics answers %d: %.300s", status, page)
	}
	end()
	r.reaches(late, "Lead Entry")
	r.reaches(r.ana, "Scheduling")
	r.eventually("the daemon is ready", r.ready)
	r.quiet()
	r.eventually("the CRM has it all", func() bool { return len(r.crm.facts()) == 5 })
	r.eventually("nothing is pending", func() bool { return r.count(`SELECT count(*) FROM delivery WHERE state = 'pending'`) == 0 })
	for query, want := range map[string]int{
		`SELECT count(*) FROM lead`: 2, `SELECT count(*) FROM transition`: 3, `SELECT count(*) FROM set_aside`: 0,
		`SELECT count(*) FROM event WHERE lead IS NOT NULL`: 5,
	} {
		if got := r.count(query); got != want {
			r.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for _, direction := range []string{"inbound", "outbound"} {
		if got := r.metric(`leadgate_messages_total{direction="` + direction + `",number="front-desk",outcome="undecryptable"}`); got != 0 {
			r.Errorf("%v %s messages are taken for undecryptable, and given away, because of the store", got, direction)
		}
	}
	r.stop()
}
