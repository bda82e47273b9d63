package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"leadgate/simulator"
)

const (
	mariaPhone = "+5511988880001"
	joaoPhone  = "+5511988880002"
	biaPhone   = "+5511911113333"
	question   = "Which course is it about?"
)

// deskConfig is what makes the rig's business one that asks and routes: the display of its menu, the session, and within
// which time an agent has to answer are left open.
const deskConfig = `
[[agent]]
name = "maria"
phone = "+5511988880001"
[[agent]]
name = "joao"
phone = "+5511988880002"
[[group]]
name = "counsellors"
members = ["maria", "joao"]
[[rule]]
name = "courses"
targets = ["owner", "group:counsellors"]
accept_within = %q
[[opportunity_type]]
name = "Postgraduate Course"
field = "Course"
values = ["AI", "Data Science"]
rule = "courses"
[[autoresponse]]
number = "front-desk"
create_opportunity = true
default_rule = "courses"
session = %q
  [autoresponse.first]
  display = %q
  message = "Which course is it about?"
`

// A desk is a rig with a team whose phones are in the simulated WhatsApp.
type desk struct {
	*rig
	maria, joao, bia *simulator.Person
}

// deskOptions is how a desk differs from the usual one.
type deskOptions struct {
	display, session, acceptWithin string
	pace                           bool // the number sends one message a minute
	labels                         bool
}

func newDeskOn(t *testing.T, db database, seed int, o deskOptions) desk {
	t.Helper()
	r := newRigOn(t, db, nasty(seed))
	d := desk{
		rig: r, maria: r.person(simulator.PersonOptions{Phone: mariaPhone, Name: "Maria"}),
		joao: r.person(simulator.PersonOptions{Phone: joaoPhone, Name: "João"}),
		bia:  r.person(simulator.PersonOptions{Phone: biaPhone, Name: "Bia"}),
	}
	d.with(o)
	r.start()
	r.pair()
	return d
}

// with configures the desk.
func (d desk) with(o deskOptions) {
	d.Helper()
	number := "phone = \"+5511987650001\"\n"
	more := number
	if o.pace {
		more += "pace = { per_minute = 1, burst = 1 }\n"
	}
	if o.labels {
		more += "labels = true\n"
	}
	d.configure(fmt.Sprintf(deskConfig, cmp.Or(o.acceptWithin, "0"), cmp.Or(o.session, "24h"), cmp.Or(o.display, "list")), number, more,
		`events = ["lead.*", "conversion.*"]`, `events = ["lead.*", "conversion.*", "menu.*", "chat.*", "agent.*"]`)
}

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, db func(testing.TB) database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, func(testing.TB) database { return &sqliteFile{} }) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, func(t testing.TB) database { return newPostgres(t) }) })
}

// A point is where a daemon is killed: at a statement on a row of a table.
type point struct{ statement, table, when string }

// claiming is when a delivery is claimed, settling when it is settled. The condition tells which.
func claiming(which string) point {
	return point{"UPDATE", "delivery", "NEW.attempt > OLD.attempt AND " + which}
}

func settling(which string) point {
	return point{"UPDATE", "delivery", "NEW.state <> 'pending' AND " + which}
}

// Deliveries by which conditions tell them apart.
const (
	isMenu   = `NEW.key LIKE 'menu/%'`
	isNotice = `NEW.key LIKE 'notice/%'`
	isLabel  = `NEW.destination = 'labels:front-desk'`
)

// isTimer is the condition of timers whose key begins so.
func isTimer(key string) string {
	return `NEW.destination LIKE 'bot:timers%' AND NEW.key LIKE '` + key + `%'`
}

// killedAt has the daemon reach a point, and kills it there.
func (d desk) killedAt(p point, happens func()) {
	d.Helper()
	d.database.stall(d.rig, p.statement, p.table, p.when)
	happens()
	d.eventually(fmt.Sprintf("the daemon is at %s", p), func() bool { return d.database.stalled(d.rig) })
	d.kill()
	d.database.unblock(d.rig)
}

// menus are those that a person's phone shows.
func menus(p *simulator.Person) []simulator.Received {
	var shown []simulator.Received
	for _, r := range p.Received() {
		if strings.Contains(r.Text, question) {
			shown = append(shown, r)
		}
	}
	return shown
}

// said is how many of the messages on a person's phone hold the words.
func said(p *simulator.Person, words string) (n int) {
	for _, r := range p.Received() {
		if strings.Contains(r.Text, words) {
			n++
		}
	}
	return n
}

// settled waits until the daemon has carried out all that is due now.
func (d desk) settled() {
	d.Helper()
	d.eventually("nothing is to be carried out", func() bool {
		return d.count(`SELECT count(*) FROM delivery WHERE state = 'pending' AND (destination NOT LIKE 'bot:timers%' OR not_before <= $1)`,
			time.Now().UnixMicro()) == 0
	})
}

// told checks how often the CRM was told of a type of event, each under an id of its own, and that the store has no more.
func (d desk) told(kind string, times int) {
	d.Helper()
	d.eventually(fmt.Sprintf("the CRM is told of %s %d times", kind, times), func() bool { return len(d.crm.told(kind)) >= times })
	if got := len(d.crm.told(kind)); got != times {
		d.Errorf("the CRM was told of %s %d times, want %d", kind, got, times)
	}
	d.counts(times, `SELECT count(*) FROM event WHERE type = '`+kind+`'`)
}

func (d desk) counts(want int, query string) {
	d.Helper()
	if got := d.count(query); got != want {
		d.Errorf("%s: %d, want %d", query, got, want)
	}
}

// menuOnce waits for Ana's menu, and checks that she has seen it once. So many were sent in all.
func (d desk) menuOnce(sent int) simulator.Received {
	d.Helper()
	d.eventually("Ana has the menu", func() bool { return len(menus(d.ana)) > 0 })
	d.settled()
	shown := menus(d.ana)
	if len(shown) != 1 || len(shown[0].Shown.Options) != 2 {
		d.Fatalf("Ana's phone shows %d menus, the first as %+v", len(shown), shown[0].Shown)
	}
	d.told("menu.sent", sent)
	return shown[0]
}

// picks has Ana answer a menu.
func (d desk) picks(menu simulator.Received) {
	d.Helper()
	if _, err := d.ana.Pick(d.account, menu.ID, "AI"); err != nil {
		d.Fatal(err)
	}
}

// givenOnce checks that Ana's answer has had its effect once: Maria has the chat and knows, and João is next.
func (d desk) givenOnce() {
	d.Helper()
	d.eventually("Maria knows of Ana", func() bool { return said(d.maria, anaPhone) > 0 })
	d.settled()
	d.told("menu.answered", 1)
	d.told("chat.assigned", 1)
	d.counts(1, `SELECT count(*) FROM assignment WHERE agent = 'maria'`)
	d.counts(1, `SELECT count(*) FROM assignment`)
	d.counts(1, `SELECT count(*) FROM opportunity WHERE value = 'AI' AND owner = 'maria'`)
	d.counts(1, `SELECT count(*) FROM opportunity`)
	d.counts(1, `SELECT count(*) FROM chat WHERE status = 'assigned'`)
	d.nextIs("joao")
	if n := said(d.maria, anaPhone); n != 1 {
		d.Errorf("Maria was told of Ana %d times", n)
	}
	if n := said(d.joao, anaPhone); n != 0 {
		d.Errorf("João was told of Ana %d times", n)
	}
}

// nextIs checks whose turn it is among the counsellors.
func (d desk) nextIs(want string) {
	d.Helper()
	var got string
	const query = `SELECT agent FROM turn WHERE line = 'group:counsellors' ORDER BY position LIMIT 1`
	if err := d.database.open(d.rig).QueryRow(query).Scan(&got); err != nil || got != want {
		d.Errorf("it is the turn of %q, want %q (%v)", got, want, err)
	}
}

// menuSteps are the steps of a menu between which the daemon is killed.
var menuSteps = []struct {
	name string
	sent int  // menus, to whomever
	pace bool // the number sends one message a minute
	at   func(d desk)
}{
	{"in the transaction that decides it", 1, false, func(d desk) {
		d.killedAt(point{"INSERT", "chat", ""}, func() { d.anaWrites(anaWrites) })
	}},
	{"committed and not claimed", 1, false, func(d desk) {
		d.killedAt(claiming(isMenu), func() { d.anaWrites(anaWrites) })
		d.counts(1, `SELECT count(*) FROM delivery WHERE key LIKE 'menu/%' AND attempt = 0`)
	}},
	{"claimed and not sent", 2, true, func(d desk) {
		d.says(d.bia, simulator.Message{Text: "Hello"})
		d.eventually("Bia's menu has taken the number's only turn", func() bool { return len(menus(d.bia)) > 0 })
		d.eventually("it is settled", func() bool {
			return d.count(`SELECT count(*) FROM delivery WHERE key LIKE 'menu/%' AND state = 'pending'`) == 0
		})
		d.anaWrites(anaWrites)
		d.eventually("Ana's menu is claimed", func() bool {
			return d.count(`SELECT count(*) FROM delivery WHERE key LIKE 'menu/%' AND state = 'pending' AND attempt > 0`) == 1
		})
		d.kill()
		if len(menus(d.ana)) != 0 {
			d.Fatal("the menu was sent before its turn")
		}
	}},
	{"sent and not acknowledged", 1, false, func(d desk) {
		d.account.AckLost(1)
		d.anaWrites(anaWrites)
		d.eventually("Ana has the menu", func() bool { return len(menus(d.ana)) > 0 })
		d.kill()
		d.account.AckLost(0)
	}},
	{"acknowledged and not settled", 1, false, func(d desk) {
		d.killedAt(settling(isMenu), func() { d.anaWrites(anaWrites) })
		if len(menus(d.ana)) != 1 {
			d.Fatal("the menu was settled before it was sent")
		}
	}},
}

func TestEndToEndKilledAroundAMenuTheLeadSeesItOnceAndItsAnswerCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, step := range menuSteps {
			for _, display := range []string{"list", "poll"} {
				t.Run(step.name+" as "+display, func(t *testing.T) {
					t.Parallel()
					d := newDeskOn(t, db(t), i, deskOptions{display: display, pace: step.pace})
					step.at(d)
					d.with(deskOptions{display: display})
					d.restart()
					d.picks(d.menuOnce(step.sent))
					d.givenOnce()
					d.stop()
				})
			}
		}
	})
}

func TestEndToEndKilledAroundAnAnswerTheChatIsGivenOnce(t *testing.T) {
	t.Parallel()
	steps := map[string]func(d desk, answers func()){
		"in the transaction of the assignment": func(d desk, answers func()) {
			d.killedAt(point{"INSERT", "assignment", ""}, answers)
		},
		"after the commit and before the notice is claimed": func(d desk, answers func()) {
			d.killedAt(claiming(isNotice), answers)
			d.counts(1, `SELECT count(*) FROM assignment`)
		},
		"the notice is sent and not acknowledged": func(d desk, answers func()) {
			d.account.AckLost(1)
			answers()
			d.eventually("Maria knows", func() bool { return said(d.maria, anaPhone) > 0 })
			d.kill()
			d.account.AckLost(0)
		},
		"the notice is acknowledged and not settled": func(d desk, answers func()) {
			d.killedAt(settling(isNotice), answers)
		},
	}
	onBoth(t, func(t *testing.T, db func(testing.TB) database) {
		for i, name := range slices.Sorted(maps.Keys(steps)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDeskOn(t, db(t), i, deskOptions{display: "list"})
				d.anaWrites(anaWrites)
				menu := d.menuOnce(1)
				steps[name](d, func() { d.picks(menu) })
				d.restart()
				d.givenOnce()
				d.stop()
			})
		}
	})
}
