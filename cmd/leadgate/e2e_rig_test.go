package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"leadgate/simulator"
	"leadgate/web"
)

const (
	instagram = "Hi, I came from Instagram"
	scheduled = "Thank you for scheduling with us!"
)

// newLivingRig is a rig on SQLite whose daemon runs and is paired.
func newLivingRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, &sqliteFile{})
	r.start()
	r.pair()
	return r
}

// within is the rig in a subtest.
func (r *rig) within(t testing.TB) *rig {
	sub := *r
	sub.TB = t
	return &sub
}

// configure writes the config: as it is first, with some words replaced by others, and more at its end.
func (r *rig) configure(more string, replacements ...string) {
	r.Helper()
	text := strings.NewReplacer(replacements...).Replace(r.text) + more
	if len(replacements) > 0 && text == r.text+more {
		r.Fatalf("the config holds nothing of %q", replacements)
	}
	if err := os.WriteFile(r.configFile(), []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// reload has the daemon read its config again, and returns when it has said what became of it.
func (r *rig) reload() {
	r.Helper()
	read := func() int {
		return strings.Count(r.log.String(), `msg="the config was reloaded"`) + strings.Count(r.log.String(), `msg="the config has errors`)
	}
	before := read()
	if err := r.daemon.Process.Signal(syscall.SIGHUP); err != nil {
		r.Fatal(err)
	}
	r.eventually("the config is read again", func() bool { return read() > before })
}

// destination is one more [[destination]] of the config.
func destination(name, url, events string) string {
	return fmt.Sprintf("[[destination]]\nname = %q\nurl = %q\nsecret_env = \"RIG_SECRET\"\nallow_private = true\nevents = [%s]\n", name, url, events)
}

// account is one more business number of the simulated WhatsApp.
func (r *rig) addAccount(phone string) *simulator.Account {
	r.Helper()
	account, err := r.simulator.AddAccount(simulator.AccountOptions{Phone: phone, Name: "Another"})
	if err != nil {
		r.Fatal(err)
	}
	return account
}

// person is somebody who can write to the number.
func (r *rig) person(options simulator.PersonOptions) *simulator.Person {
	r.Helper()
	p, err := r.simulator.AddPerson(options)
	if err != nil {
		r.Fatal(err)
	}
	return p
}

// says has a person write.
func (r *rig) says(p *simulator.Person, m simulator.Message) (id string) {
	r.Helper()
	id, err := p.Send(r.account, m)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// answers has the business write on its phone.
func (r *rig) answers(p *simulator.Person, m simulator.Message) (id string) {
	r.Helper()
	id, err := r.account.Send(p, m)
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// stage is where the person with that phone stands in the funnel; "" when they are not in it.
func (r *rig) stage(phone string) string {
	r.Helper()
	var stage string
	const query = `SELECT coalesce(max(to_stage), '') FROM (SELECT to_stage FROM transition t JOIN lead l ON l.id = t.lead
		WHERE l.phone = $1 AND t.deleted_at IS NULL ORDER BY t.at DESC, t.seq DESC LIMIT 1) last`
	if err := r.database.open(r).QueryRow(query, phone).Scan(&stage); err != nil {
		r.Fatal(err)
	}
	return stage
}

// reaches waits until a person stands in a stage.
func (r *rig) reaches(p *simulator.Person, stage string) {
	r.Helper()
	r.eventually(fmt.Sprintf("%s is in stage %q", p.Phone(), stage), func() bool { return r.stage(p.Phone()) == stage })
}

// worksOn checks that the daemon goes on: somebody new who writes a phrase enters the funnel, and the CRM is told.
func (r *rig) worksOn(phone string) {
	r.Helper()
	somebody := r.person(simulator.PersonOptions{Phone: phone, Name: "Somebody"})
	r.says(somebody, simulator.Message{Text: instagram})
	r.eventually("the CRM is told of "+phone, func() bool { return r.toldOf(phone) })
	r.isReady()
}

// toldOf reports whether the CRM knows that somebody entered the funnel.
func (r *rig) toldOf(phone string) bool {
	for _, e := range r.crm.told("conversion.stage_changed") {
		if e.Data.Lead.Phone != nil && *e.Data.Lead.Phone == phone {
			return true
		}
	}
	return false
}

// get asks the daemon for a page.
func (r *rig) get(path, token string) (status int, body string) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+r.http+path, http.NoBody)
	if err != nil {
		r.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatalf("the daemon does not answer: %v", err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp.StatusCode, string(page)
}

func (r *rig) ready() bool {
	r.Helper()
	status, _ := r.get("/readyz", "")
	return status == http.StatusOK
}

func (r *rig) isReady() {
	r.Helper()
	if status, page := r.get("/readyz", ""); status != http.StatusOK {
		r.Errorf("the daemon is not ready: %s", page)
	}
}

// numbers is how the API shows the numbers, by name.
func (r *rig) numbers() map[string]web.Number {
	r.Helper()
	status, page := r.get("/api/v1/numbers", r.token)
	if status != http.StatusOK {
		r.Fatalf("/api/v1/numbers answers %d: %s", status, page)
	}
	var list struct{ Items []web.Number }
	decode(r, []byte(page), &list)
	numbers := map[string]web.Number{}
	for _, n := range list.Items {
		numbers[n.Name] = n
	}
	return numbers
}

func (r *rig) inState(number, state string) {
	r.Helper()
	r.eventually(fmt.Sprintf("%s is %s", number, state), func() bool { return r.numbers()[number].State == state })
}

// metric is the value of a series, spelled as on the page; 0 when it is not there.
func (r *rig) metric(series string) float64 {
	r.Helper()
	status, page := r.get("/metrics", "")
	if status != http.StatusOK {
		r.Fatalf("/metrics answers %d: %s", status, page)
	}
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				r.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// pairNumber links a number to an account, by the API and the QR code.
func (r *rig) pairNumber(name string, account *simulator.Account) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+r.http+"/api/v1/numbers/"+name+"/pair", http.NoBody)
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		r.Fatalf("pairing %s is answered with %s", name, resp.Status)
	}
	r.eventually("there is a QR code for "+name, func() bool { return r.numbers()[name].QR != nil })
	if err := account.Scan(*r.numbers()[name].QR); err != nil {
		r.Fatal(err)
	}
	r.inState(name, "connected")
	r.wait(name+" is logged in", account.WaitConnected)
}

// wait waits for something that the simulator knows.
func (r *rig) wait(what string, until func(context.Context) error) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	if err := until(ctx); err != nil {
		r.Fatalf("it did not come to pass that %s: %v", what, err)
	}
}

// Every phone of the tests begins like this.
var phones = regexp.MustCompile(`5511\d{8,9}`)

// keepsToItself checks what must be so of every log, whatever happened: no phone and no text stands in it, and nothing
// fell over.
func (r *rig) keepsToItself() {
	r.Helper()
	log := r.log.String()
	if phone := phones.FindString(log); phone != "" {
		r.Errorf("the log holds a phone: %s", phone)
	}
	for _, text := range []string{"came from Instagram", "for scheduling with us"} {
		if strings.Contains(log, text) {
			r.Errorf("the log holds what was written: %q", text)
		}
	}
	if strings.Contains(strings.ToLower(log), "panic") || strings.Contains(log, "fell over") {
		r.Error("something of the daemon panicked")
	}
}
