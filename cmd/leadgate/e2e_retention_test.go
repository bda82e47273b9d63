package main

import "testing"

// What is older than the config keeps is removed when the daemon starts, and what is not stays.
func TestEndToEndWhatIsOldIsRemoved(t *testing.T) {
	r := newLivingRig(t)
	r.anaWrites(anaWrites)
	r.eventually("the CRM was told", func() bool { return len(r.crm.facts()) == 2 })
	r.eventually("nothing is pending", func() bool { return r.count(`SELECT count(*) FROM delivery WHERE state = 'pending'`) == 0 })
	r.stop()
	const eightDays = 8 * 24 * 3600 * 1_000_000
	if _, err := r.database.open(r).Exec(`UPDATE event SET at = at - $1 WHERE type = 'lead.created'`, eightDays); err != nil {
		t.Fatal(err)
	}
	r.configure("", "[store]\n", "[store]\nretention = \"7d\"\n")
	r.restart()
	r.eventually("the old event is gone", func() bool { return r.count(`SELECT count(*) FROM event WHERE type = 'lead.created'`) == 0 })
	for query, want := range map[string]int{
		`SELECT count(*) FROM event WHERE type = 'conversion.stage_changed'`: 1, `SELECT count(*) FROM transition`: 1, `SELECT count(*) FROM lead`: 1,
	} {
		if got := r.count(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
}
