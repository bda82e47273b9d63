package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"leadgate/simulator"
)

// newRigOfTwo is a rig whose daemon has two numbers, both paired, and tells the CRM of its numbers too.
func newRigOfTwo(t *testing.T) (r *rig, office *simulator.Account) {
	t.Helper()
	r = newRig(t, &sqliteFile{})
	office = r.addAccount("+5511987650002")
	r.configure(backOffice, `"conversion.*"]`, `"conversion.*", "number.*"]`)
	r.start()
	r.pair()
	r.pairNumber("back-office", office)
	return r, office
}

// officeWorksOn checks that the other number goes on: somebody new who writes to it enters the funnel.
func (r *rig) officeWorksOn(office *simulator.Account, phone string) {
	r.Helper()
	somebody := r.person(simulator.PersonOptions{Phone: phone})
	if _, err := somebody.Send(office, simulator.Message{Text: instagram}); err != nil {
		r.Fatal(err)
	}
	r.eventually("the CRM is told of "+phone, func() bool { return r.toldOf(phone) })
}

// changes are the events of a number's connection, in order.
func (r *rig) changes(number string) string {
	var all []string
	for _, e := range r.crm.told("number.*") {
		if e.Data.Number != nil && *e.Data.Number == number {
			all = append(all, strings.TrimPrefix(e.Type, "number."))
		}
	}
	return strings.Join(all, ", ")
}

func (r *rig) hasChanges(number, want string) {
	r.Helper()
	r.eventually("the CRM is told that "+number+" is "+want, func() bool { return r.changes(number) == want })
}

func TestEndToEndOneNumberDownOthersFine(t *testing.T) {
	t.Parallel()
	r, office := newRigOfTwo(t)
	r.worksOn("+5511935000001")
	r.officeWorksOn(office, "+5511935000002")
	r.hasChanges("front-desk", "connected")
	r.hasChanges("back-office", "connected")

	r.account.Offline(true)
	r.hasChanges("front-desk", "connected, disconnected")
	if status, page := r.get("/readyz", ""); status != http.StatusServiceUnavailable || !strings.Contains(page, `"front-desk":"reconnecting"`) ||
		!strings.Contains(page, `"back-office":"connected"`) {
		t.Errorf("with one number down /readyz answers %d: %s", status, page)
	}
	r.anaWrites(anaWrites)
	r.officeWorksOn(office, "+5511935000003")
	if n := r.numbers()["front-desk"]; n.Ready || n.LastError == nil || !strings.Contains(n.Sentence, "Not connected") {
		t.Errorf("the number that is down is shown as %+v", n)
	}
	if got := r.metric(`leadgate_number_connected{number="front-desk"}`); got != 0 {
		t.Errorf("the number that is down counts as connected: %v", got)
	}
	r.account.Offline(false)
	r.reaches(r.ana, "Lead Entry")
	r.hasChanges("front-desk", "connected, disconnected, connected")
	r.hasChanges("back-office", "connected")
	r.isReady()
	if got := r.metric(`leadgate_number_connected{number="front-desk"}`); got != 1 {
		t.Errorf("the number that is back counts as connected: %v", got)
	}
}

func TestEndToEndALoggedOutNumberWaitsForItsPairingAndTheOtherGoesOn(t *testing.T) {
	t.Parallel()
	r, office := newRigOfTwo(t)
	r.anaWrites(anaWrites)
	r.reaches(r.ana, "Lead Entry")
	if err := r.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	r.inState("front-desk", "logged_out")
	r.hasChanges("front-desk", "connected, logged_out")
	if e := r.crm.told("number.logged_out"); len(e) != 1 || e[0].Data.Reason == nil || !strings.Contains(*e[0].Data.Reason, "leadgate pair front-desk") {
		t.Errorf("the CRM is told %+v", e)
	}
	if status, page := r.get("/readyz", ""); status != http.StatusOK || !strings.Contains(page, `"front-desk":"logged_out"`) {
		t.Errorf("with one number logged out /readyz answers %d: %s", status, page)
	}
	r.officeWorksOn(office, "+5511935100001")

	r.stop() // a number that is logged out stays so
	r.start()
	r.wait("the other number connects", office.WaitConnected)
	r.officeWorksOn(office, "+5511935100002")
	if n := r.numbers()["front-desk"]; n.State != "unpaired" && n.State != "logged_out" {
		t.Errorf("after a restart the number is shown as %+v", n)
	}
	r.pairNumber("front-desk", r.account)
	r.phoneWrites(phoneAnswers)
	r.reaches(r.ana, "Scheduling")
	r.isReady()
}

func TestEndToEndWhatWhatsAppRefusesIsSaidPlainlyAndNotHammered(t *testing.T) {
	t.Parallel()
	r, office := newRigOfTwo(t)
	for _, c := range []struct {
		name         string
		reason, code int
		expire, away time.Duration
		state, phone string
		words        []string
	}{
		{"client-outdated-is-said-plainly", 405, 0, 0, time.Hour, "outdated", "+5511935200001", []string{"version", "update leadgate"}},
		{"temporary-ban-is-respected", 402, 101, 2 * time.Hour, 2 * time.Hour, "banned", "+5511935200002", []string{"banned", "does not connect before"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r.within(t)
			before := r.changes("front-desk")
			r.account.FailLogin(c.reason, c.code, c.expire)
			r.account.Cut()
			r.inState("front-desk", c.state)
			refused := r.simulator.Counters()["logins_failed"]
			n := r.numbers()["front-desk"]
			for _, word := range c.words {
				if !strings.Contains(n.Sentence, word) {
					t.Errorf("the number says %q, nothing of %q", n.Sentence, word)
				}
			}
			if until := untilSaid(n.Sentence); until < c.away-2*time.Minute || until > c.away+2*time.Minute {
				t.Errorf("the number stays away for %s, want %s: %q", until, c.away, n.Sentence)
			}
			r.hasChanges("front-desk", before+", disconnected")
			r.officeWorksOn(office, c.phone)
			if r.ready() {
				t.Error("the daemon is ready")
			}
			if got := r.metric(`leadgate_number_state_changes_total{number="front-desk",state="` + c.state + `"}`); got != 1 {
				t.Errorf("counted %v times", got)
			}
			if got := strings.Count(r.log.String(), "state="+c.state); got != 1 {
				t.Errorf("logged %d times", got)
			}
			if got := r.simulator.Counters()["logins_failed"]; got != refused {
				t.Errorf("%d more logins were tried", got-refused)
			}
			r.account.FailLogin(0, 0, 0)
		})
		r.stop() // nobody waits for hours here
		r.start()
		r.wait("the number connects", r.account.WaitConnected)
		r.wait("the other number connects", office.WaitConnected)
		r.inState("front-desk", "connected")
		r.eventually("the CRM is told that it is connected again", func() bool {
			return strings.HasSuffix(r.changes("front-desk"), "disconnected, connected")
		})
	}
}

// untilSaid is how long it is until the time of day that a sentence names.
func untilSaid(sentence string) time.Duration {
	clock, err := time.Parse("15:04", regexp.MustCompile(`\d\d:\d\d`).FindString(sentence))
	if err != nil {
		return 0
	}
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, time.UTC)
	if at.Before(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.Sub(now)
}
