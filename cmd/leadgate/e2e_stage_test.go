package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/script"
	"leadgate/simulator"
)

// A stage is a rig on which conversation scripts are played: the daemon runs with the scripts' own configuration, and all
// its numbers are linked.
type stage struct {
	*rig
	config   *config.Config
	accounts map[string]*simulator.Account // by the names of their numbers
	offline  map[string]bool
	people   map[chat.Phone]*simulator.Person
	written  map[string]bool // ids of messages that the business has written on its phones
	received []script.Received
	seen     map[string]bool // ids of those
}

const liveConfig = `
[store]
url = %q
[http]
listen = "127.0.0.1:0"
[[http.token]]
name = "script"
token = "script-write"
scope = "write"
[[http.token]]
name = "reader"
token = "script-read"
[whatsapp]
server = %q
server_key = "%s"
`

var (
	// Nobody's working hours are to decide what happens, nor the pace how long it takes.
	ofTheTime = regexp.MustCompile(`(?m)^ *(hours|holidays|pace) *=.*$`)
	aNumber   = regexp.MustCompile(`(?m)^\[\[number\]\]$`)
)

// everyEvent is what a CRM asks for that wants to know it all.
const everyEvent = `"lead.*", "conversion.*", "opportunity.*", "menu.*", "chat.*", "agent.*", "number.*"`

// newStage is a rig with the configuration of that file, in which some words are replaced by others.
func newStage(t *testing.T, file string, options simulator.Options, replacements ...string) *stage {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		rig: newRigOn(t, &sqliteFile{}, options), accounts: map[string]*simulator.Account{}, offline: map[string]bool{},
		people: map[chat.Phone]*simulator.Person{}, written: map[string]bool{}, seen: map[string]bool{},
	}
	s.token = "script-write"
	key := s.simulator.RootKey()
	s.text = withoutOwn(string(text)) + fmt.Sprintf(liveConfig, "sqlite:"+filepath.Join(s.dir, "leadgate.db"), s.simulator.URL(), hex.EncodeToString(key[:])) +
		destination("crm", s.crm.url(), everyEvent)
	s.configure("", replacements...)
	cfg, report := config.Load(s.configFile(), func(string) (string, bool) { return rigSecret, true })
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	s.config = cfg
	for _, a := range cfg.Policy().Routing.Agents() {
		s.personOf(a.Phone, a.Name)
	}
	s.start()
	for _, n := range cfg.Numbers {
		account := s.account
		if string(n.Phone) != account.Phone() {
			account = s.addAccount(string(n.Phone))
		}
		s.accounts[n.Name] = account
		s.pairNumber(n.Name, account)
	}
	const collections = 5
	s.eventually("the phones' own state has been fetched", func() bool {
		return s.count(`SELECT count(*) FROM whatsmeow_app_state_version`) == collections*len(cfg.Numbers)
	})
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// withoutOwn is a configuration without what the stage brings itself.
func withoutOwn(text string) string {
	var kept []string
	skipping := false
	for line := range strings.Lines(text) {
		if name, isTable := strings.CutPrefix(line, "["); isTable {
			name = strings.Trim(name, "[]\n ")
			skipping = slices.Contains([]string{"store", "http", "http.token", "whatsapp", "destination", "destination.rule"}, name)
		}
		if !skipping {
			kept = append(kept, line)
		}
	}
	text = ofTheTime.ReplaceAllString(strings.Join(kept, ""), "")
	return aNumber.ReplaceAllString(text, "[[number]]\npace = { per_minute = 600, burst = 100 }")
}

// ServeHTTP implements script.World.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Clone(r.Context())
	call.RequestURI, call.URL.Scheme, call.URL.Host = "", "http", s.http
	resp, err := http.DefaultClient.Do(call)
	if err != nil {
		s.Fatalf("the daemon does not answer: %v", err)
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		s.Fatal(err)
	}
}

// personOf is somebody of a script, under the LID that the script gives them.
func (s *stage) personOf(who chat.Phone, name string) *simulator.Person {
	if s.people[who] == nil {
		s.people[who] = s.person(simulator.PersonOptions{
			Phone: string(who), Name: name, LID: "9" + strings.TrimPrefix(string(who), "+"),
		})
	}
	return s.people[who]
}

// Bring implements script.World.
func (s *stage) Bring(_ context.Context, in bot.Input) error {
	if in.Label != nil {
		return s.label(in.Label)
	}
	m, account := *in.Message, s.accounts[in.Message.Number]
	if m.Person.Phone == "" {
		return fmt.Errorf("%w: somebody whose phone is hidden", errNotHere)
	}
	if s.numberOf(string(m.Person.Phone)) != "" {
		return fmt.Errorf("%w: a number that writes to another", errNotHere)
	}
	p := s.personOf(m.Person.Phone, m.Person.Name)
	letter := simulator.Message{ID: m.ID, Text: m.Text, ViaLink: m.FromLink}
	if m.EditID != "" {
		letter.ID, letter.EditOf = m.EditID, m.ID
	}
	if m.Ad != nil {
		letter.Ad = &simulator.Ad{ID: m.Ad.SourceID, ClickID: m.Ad.ClickID, Cardless: m.Ad.SourceID == ""}
	}
	if m.Direction == chat.Outbound {
		s.written[letter.ID] = true
		_, err := account.Send(p, letter)
		return err
	}
	if m.Answer != nil {
		return s.tap(p, account, m.Answer)
	}
	_, err := p.Send(account, letter)
	return err
}

// errNotHere is the error for what a stage has not.
var errNotHere = errors.New("the stage has no such people")

// tap has a person tap what their phone shows.
func (s *stage) tap(p *simulator.Person, account *simulator.Account, answer *chat.Answer) error {
	for _, r := range p.Received() {
		for _, o := range r.Shown.Options {
			vote := sha256.Sum256([]byte(o.Title))
			if r.ID == answer.Menu && (answer.Option != "" && o.ID == answer.Option || slices.Contains(answer.Votes, hex.EncodeToString(vote[:]))) {
				_, err := p.Pick(account, r.ID, o.Title)
				return err
			}
		}
	}
	return fmt.Errorf("the phone does not show the option %+v", answer)
}

// label puts a label on by hand, and waits until the daemon has seen it.
func (s *stage) label(l *chat.LabelChange) error {
	p := s.personOf(l.Person.Phone, "")
	if err := s.accounts[l.Number].Label(p, l.Label, l.On); err != nil {
		return err
	}
	s.eventually("the daemon sees the label", func() bool {
		const query = `SELECT count(*) FROM labelled d JOIN label l ON l.number = d.number AND l.id = d.label
			WHERE d.number = $1 AND d.jid LIKE $2 AND l.name = $3`
		return (s.count(query, l.Number, "%"+strings.TrimSuffix(p.LID(), "@lid")+"%", l.Label) > 0) == l.On
	})
	return nil
}

// Connect implements script.World.
func (s *stage) Connect(_ context.Context, number string, online bool) error {
	s.offline[number] = !online
	s.accounts[number].Offline(!online)
	if online {
		s.inState(number, "connected")
		s.wait(number+" connects", s.accounts[number].WaitConnected)
		return nil
	}
	s.eventually(number+" is away", func() bool { return !s.numbers()[number].Ready })
	return nil
}

// Restart implements script.World.
func (s *stage) Restart(context.Context) error {
	s.stop()
	s.start()
	for number, account := range s.accounts {
		if !s.offline[number] {
			s.wait(number+" connects", account.WaitConnected)
		}
	}
	return nil
}

// Settle implements script.World: everything is acknowledged, and what was due has been sent.
func (s *stage) Settle(context.Context) error {
	var away []string
	for number, offline := range s.offline {
		if offline {
			away = append(away, bot.SendDestination(number), bot.LateDestination(number), bot.LabelDestination(number),
				bot.NumberTimerDestination(number))
		}
	}
	s.eventually("nothing is left to be done", func() bool {
		for number, account := range s.accounts {
			if !s.offline[number] && account.Waiting() > 0 {
				return false
			}
		}
		return len(s.due(away)) == 0
	})
	return nil
}

// due are the destinations, but for some, to which something is being sent, is to be sent now, or is to be tried again.
func (s *stage) due(but []string) (destinations []string) {
	s.Helper()
	const query = `SELECT destination FROM lane WHERE lease_until IS NOT NULL OR next_at <= $1
		UNION ALL SELECT destination FROM delivery WHERE state = 'pending' AND attempt > 0`
	s.eachText(query, func(to string) {
		if !slices.Contains(but, to) {
			destinations = append(destinations, to)
		}
	}, time.Now().UnixMicro())
	return destinations
}

// Sent implements script.World.
func (s *stage) Sent() []script.Received {
	var news []simulator.Received
	for _, p := range s.people {
		for _, r := range p.Received() {
			if !s.written[r.ID] && !s.seen[r.ID+r.To] && r.Shown.Kind != simulator.ShownEdit {
				news = append(news, r)
			}
		}
	}
	slices.SortStableFunc(news, func(a, b simulator.Received) int { return a.At.Compare(b.At) })
	for _, r := range news {
		s.seen[r.ID+r.To] = true
		to, err := chat.ParsePhone(r.To, s.config.Country)
		if err != nil {
			s.Fatal(err)
		}
		received := script.Received{Number: s.numberOf(r.From), ID: r.ID, To: to, Text: r.Shown.Text, Menu: sheetOf(r.Shown)}
		s.received = append(s.received, received)
	}
	return s.received
}

func (s *stage) numberOf(phone string) string {
	for name, account := range s.accounts {
		if account.Phone() == phone {
			return name
		}
	}
	return ""
}

// sheetOf is a menu as a phone shows it; nil when it shows none.
func sheetOf(shown simulator.Shown) *chat.Sheet {
	displays := map[simulator.ShownKind]chat.Display{
		simulator.ShownList: chat.DisplayList, simulator.ShownButtons: chat.DisplayButtons, simulator.ShownPoll: chat.DisplayPoll,
	}
	display, isMenu := displays[shown.Kind]
	if !isMenu {
		return nil
	}
	sheet := &chat.Sheet{Display: display, Header: shown.Title, Body: shown.Text, Footer: shown.Footer, Button: shown.Button}
	for _, o := range shown.Options {
		sheet.Title = o.Section
		sheet.Rows = append(sheet.Rows, chat.Row{ID: o.ID, Label: o.Title, Description: o.Description})
	}
	return sheet
}

// Labels implements script.World.
func (s *stage) Labels(number string, who chat.Phone) []string {
	if s.people[who] == nil {
		return nil
	}
	return s.accounts[number].Labels(s.people[who])
}

// accounted checks what must be so after every script: whoever was sent something has seen it once, and the CRM was told
// everything once and, of each lead, in order.
func (s *stage) accounted() {
	s.Helper()
	for _, p := range s.people {
		for _, r := range p.Received() {
			if r.Copies != 1 || r.Shown.Kind == simulator.ShownNothing {
				s.Errorf("%s has received %q %d times, and it is shown as %q", p.Phone(), r.Text, r.Copies, r.Shown.Kind)
			}
		}
	}
	s.crmKnowsAll()
	for what, query := range map[string]string{
		"messages were set aside": `SELECT count(*) FROM set_aside`, "deliveries are dead": `SELECT count(*) FROM delivery WHERE state = 'dead'`,
	} {
		if got := s.count(query); got != 0 {
			s.Errorf("%d %s", got, what)
		}
	}
}

// crmKnowsAll checks that the CRM was told every event once and, of each lead and each number, in order.
func (r *rig) crmKnowsAll() {
	r.Helper()
	var want []string
	const all = `SELECT coalesce(lead, number, '') || ' ' || id FROM event ORDER BY seq`
	r.eachText(all, func(text string) { want = append(want, text) })
	r.eventually("the CRM is told all", func() bool { return len(r.crm.told("*")) >= len(want) })
	var got []string
	for _, e := range r.crm.told("*") {
		i := slices.IndexFunc(want, func(text string) bool { return strings.HasSuffix(text, " "+e.ID) })
		if i < 0 {
			r.Errorf("the CRM was told of %s %s, which was never recorded", e.Type, e.ID)
			continue
		}
		got = append(got, want[i])
	}
	byLane := func(a, b string) int { return strings.Compare(lane(a), lane(b)) }
	slices.SortStableFunc(want, byLane)
	slices.SortStableFunc(got, byLane)
	if !slices.Equal(got, want) {
		r.Errorf("the CRM was told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, wrong := range r.crm.wrong() {
		r.Errorf("the CRM refused a webhook: %s", wrong)
	}
}

func lane(text string) string {
	lane, _, _ := strings.Cut(text, " ")
	return lane
}

// eachText hands over the texts in the first column.
func (r *rig) eachText(query string, take func(string), args ...any) {
	r.Helper()
	rows, err := r.database.open(r).Query(query, args...)
	if err != nil {
		r.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			r.Fatal(err)
		}
		take(text)
	}
	if err := rows.Err(); err != nil {
		r.Fatal(err)
	}
}
