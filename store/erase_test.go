package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
)

// told is the body of an event of a lead, with an option in whose label their name and phone were filled in.
func told(id string, l chat.Lead, label string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"type":"menu.sent","timestamp":"2026-11-23T12:00:00.000Z","data":{"number":"front-desk",`+
		`"lead":{"id":%q,"name":%q,"phone":%q,"source":"Instagram","ad":{"ctwa_clid":"click-of-hers"},"fields":{"city":"Porto Alegre"},"stages":{"Sales":"Entry"}},`+
		`"chat":{"agent":"Josefina"},"options":[{"label":%q,"kind":"option"}],"n":1.50}}`, id, l.ID, l.Name, string(l.Phone), label)
}

// josefina is a lead of whom everything is kept that can be: each word that tells who she is stands somewhere.
func josefina(t *testing.T, s *Store) (chat.Lead, []string) {
	t.Helper()
	l := chat.Lead{
		ID: "lead_j", Name: "Josefina", Phone: "+5511987654321", LID: "200300400500", CreatedAt: noon, Source: "Instagram",
		Fields: map[string]string{"city": "Porto Alegre", chat.FieldEmail: "josefina@example.com"}, FirstAd: &chat.Ad{ClickID: "click-of-hers"}, Ad: &chat.Ad{ClickID: "click-of-hers"},
	}
	twin := chat.Lead{ID: "lead_twin", Name: "Josefina", Phone: "+5511955554444", LID: "600700800900", CreatedAt: noon}
	known(t, s, twin, nil)
	c := opened("chat_1", l)
	c.Said, c.Told, c.Opportunity = "my secret wish", []string{"closed"}, "opp_1"
	c.Dialogue.Menu = &autoresponse.Menu{Key: "k", Message: "Hi Josefina"}
	o := wanted("opp_1", l, "Josefina") // an agent has the same name
	o.Title = "AI for Josefina"
	d := bot.Decision{
		Lead: &l, Chats: []bot.Chat{c}, Opportunities: []opportunity.Opportunity{o}, Transitions: []conversion.Transition{entered("j", "Entry", noon)},
	}
	for i, label := range []string{"Josefina, call 5511987654321", "+5511987654321 is Josefina's, not Josefinas, josefina@example.com"} {
		e := bot.Event{ID: fmt.Sprintf("evt_%d", i), Type: bot.MenuSent, At: noon, LeadID: l.ID, Number: "front-desk"}
		e.Body = told(e.ID, l, label)
		d.Events = append(d.Events, e)
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: "crm", Lane: l.ID, Key: e.ID})
	}
	for i, lane := range []string{l.ID, "agent/maria", "agent/joao", "agent/carla"} {
		body := fmt.Appendf(nil, "Josefina %s my secret wish", l.Phone)
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: desk, Lane: lane, Key: fmt.Sprint("hers ", i), Body: body, About: l.ID})
	}
	in := message("M1", person(l))
	in.Message.Text = "my secret wish"
	update(t, s, in, d)
	update(t, s, bot.Input{Key: "merge", At: noon}, bot.Decision{Lead: &l, Absorbed: twin.ID})
	for i, who := range []chat.Person{{Phone: l.Phone}, {LID: l.LID}, {Phone: twin.Phone}} {
		m := &chat.Message{ID: "U", Person: who, Direction: chat.Outbound, SentAt: noon, Text: "Dear Josefina"}
		update(t, s, bot.Input{Key: fmt.Sprint("unclaimed/", i), At: noon}, bot.Decision{Unclaimed: m})
	}
	for id, payload := range map[string]string{"M7": "551187654321@s.whatsapp.net my secret wish", "M8": "600700800900@lid my secret wish"} {
		if err := s.SetAside(t.Context(), "front-desk", id, "broken", noon, []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
	for _, jid := range []string{"5511987654321@s.whatsapp.net", "551187654321@s.whatsapp.net", "200300400500@lid", "5511955554444@s.whatsapp.net"} {
		if err := s.SetLabelled(t.Context(), "front-desk", jid, "1", true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Capture(t.Context(), "crm", l.ID, map[string]string{"contact": "contact-of-hers"}); err != nil {
		t.Fatal(err)
	}
	for key, body := range map[string]string{"by id": "lead_j, told once", "by phone": "551187654321, told twice", "by mail": "josefina@example.com"} {
		if err := s.KeepAnswer(t.Context(), KeptAnswer{Key: key, Status: 201, Body: []byte(body), At: noon}); err != nil {
			t.Fatal(err)
		}
	}
	return l, []string{
		"told once", "told twice", "contact-of-hers", "Josefina,", "Hi Josefina", "for Josefina", "Dear Josefina", `"name":"Josefina"`, "lead.name=Josefina", "987654321", "551187654321",
		"5511955554444", "200300400500", "600700800900", "my secret wish", "Porto Alegre", "click-of-hers",
		"josefina@example.com",
	}
}

// erased erases a lead, and tells of it.
func erased(t *testing.T, s *Store, l chat.Lead) {
	t.Helper()
	in := bot.Input{Key: "erase/" + l.ID, At: noon, Erase: &bot.EraseLead{LeadID: l.ID}}
	err := s.Update(t.Context(), in, func(st bot.State) bot.Decision {
		gone := chat.Lead{ID: l.ID, Source: l.Source, CreatedAt: l.CreatedAt, ErasedAt: in.At}
		d := bot.Decision{Lead: &gone, Erased: true}
		for _, c := range st.Chats {
			d.Chats = append(d.Chats, closed(c, in.At))
		}
		event(&d, "evt_erased", l.ID, "crm")
		d.Deliveries = append(d.Deliveries, delivery.Delivery{Destination: desk, Lane: "agent/maria", Key: "bye", Body: []byte("a lead is erased"), About: l.ID})
		return d
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rowsOfAll are all rows of all tables, as one text.
func rowsOfAll(t *testing.T, s *Store) string {
	t.Helper()
	var all strings.Builder
	for _, table := range strings.Fields(`lead alias input transition event destination lane delivery set_aside unclaimed
		opportunity chat assignment turn agent contact labelled payment feedback capture answer`) {
		writeRows(t, s, &all, table)
	}
	return all.String()
}

func writeRows(t *testing.T, s *Store, all io.Writer, table string) {
	t.Helper()
	rows, err := s.reads.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if text, ok := (*v.(*any)).([]byte); ok {
				fmt.Fprintf(all, "%s.%s=%s\n", table, columns[i], text)
			} else {
				fmt.Fprintf(all, "%s.%s=%v\n", table, columns[i], *v.(*any))
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestWhoIsErasedIsNowhereAnyMore(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{MessageText: true})
		var lead chat.Lead
		var words []string
		for i := range 200 { // others, whose pages hers share
			other := chat.Lead{ID: fmt.Sprintf("lead_%d", i), Name: "Maria", Phone: chat.Phone(fmt.Sprintf("+5511%09d", i)), CreatedAt: noon}
			d := bot.Decision{Lead: &other}
			event(&d, fmt.Sprintf("evt_of_%d", i), other.ID, "crm")
			update(t, s, message(fmt.Sprint("O", i), person(other)), d)
			if i == 100 {
				lead, words = josefina(t, s)
			}
		}
		kept := rowsOfAll(t, s)
		for _, word := range words {
			if !strings.Contains(kept, word) {
				t.Errorf("%q is not kept to begin with", word)
			}
		}
		erased(t, s, lead)
		kept = rowsOfAll(t, s)
		for _, word := range words {
			if i := strings.Index(kept, word); i >= 0 {
				t.Errorf("%q is kept: %s", word, kept[max(0, i-200):min(len(kept), i+100)])
			}
		}
		if s.dialect != sqlite {
			return
		}
		for _, suffix := range []string{"", "-wal"} {
			file, err := os.ReadFile(s.path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range words {
				if n := bytes.Count(file, []byte(word)); n > 0 {
					t.Errorf("%q is %d times in the file%s", word, n, suffix)
				}
			}
		}
	})
}

func TestWhatRemainsOfWhoIsErasedAreTheirCounts(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{MessageText: true})
		lead, _ := josefina(t, s)
		erased(t, s, lead)
		for _, id := range []string{lead.ID, "lead_twin"} {
			if got, err := s.LeadByID(t.Context(), id); err != nil || got.ID != lead.ID || !got.ErasedAt.Equal(noon) {
				t.Errorf("%s: %+v, %v", id, got, err)
			}
		}
		if found, _ := state(t, s, message("M9", chat.Person{Phone: lead.Phone, LID: lead.LID})); found.Lead.Known() || found.Unclaimed != nil {
			t.Errorf("whoever comes back is %+v", found)
		}
		if n := count(t, s, "SELECT COUNT(*) FROM transition WHERE lead = $1", lead.ID); n != 1 {
			t.Errorf("%d transitions", n)
		}
		if all, err := s.Chats(t.Context(), ChatFilter{LeadID: lead.ID}, 10); err != nil || len(all) != 1 || all[0].Opportunity != "opp_1" {
			t.Errorf("chats %+v, %v", all, err)
		}
		events, err := s.Events(t.Context(), EventFilter{LeadID: lead.ID}, 10)
		if err != nil || len(events) != 3 {
			t.Fatalf("events %+v, %v", events, err)
		}
		want := `{"id":"evt_0","type":"menu.sent","timestamp":"2026-11-23T12:00:00.000Z","data":{"number":"front-desk",` +
			`"lead":{"id":"lead_j","name":null,"phone":null,"source":"Instagram","ad":null,"fields":{},"stages":{"Sales":"Entry"}},` +
			`"chat":{"agent":"Josefina"},"options":[{"label":"…, call …","kind":"option"}],"n":1.50}}`
		if got := strings.ReplaceAll(string(events[0].Body), `\u2026`, "…"); got != want {
			t.Errorf("event %s, want %s", got, want)
		}
		if !json.Valid(events[1].Body) || !bytes.Contains(events[1].Body, []byte("not Josefinas")) {
			t.Errorf("event %s", events[1].Body)
		}
	})
}

func TestWhatTellsOfWhoIsErasedIsNotSentAndTheirEventsAre(t *testing.T) {
	onPost(t, func(t *testing.T, p post) {
		p.queue(desk, "agent/joao", "of another")
		josefinas, _ := josefina(t, p.Store)
		p.queue(desk, "agent/maria", "after")
		held := p.claim(noon, desk)
		p.want(held, "hers 0", "hers 1", "of another", "hers 3")
		for _, d := range held {
			if d.Key == "hers 3" {
				p.settle(noon, never, d)
			}
		}
		erased(t, p.Store, josefinas)
		after := p.claim(noon.Add(time.Second), desk)
		p.want(after, "after") // the lane is free; joao's is still under way
		p.settle(noon.Add(time.Second), done, after...)
		bye := p.claim(noon.Add(time.Second), desk)
		p.want(bye, "bye")
		if string(bye[0].Body) != "a lead is erased" {
			t.Errorf("what tells of the erasure is %q", bye[0].Body)
		}
		p.want(p.claim(noon.Add(time.Second), "crm"), "evt_0")
		if n, err := p.RetryDeliveries(t.Context(), DeliveryFilter{State: delivery.Dead}, noon); err != nil || n != 0 {
			t.Errorf("%d retried that have nothing to say, %v", n, err)
		}
		for _, d := range held {
			p.settle(noon, done, d)
		}
		p.want(p.claim(noon.Add(2*time.Second), desk))
	})
}

func TestNobodyIsCalledErasedWhoIsNot(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		lead := ana()
		known(t, s, lead, nil)
		in := bot.Input{Key: "erase", At: noon, Erase: &bot.EraseLead{LeadID: lead.ID}}
		for name, l := range map[string]chat.Lead{
			"a name":      {ID: lead.ID, ErasedAt: noon, Name: "Ana"},
			"a phone":     {ID: lead.ID, ErasedAt: noon, Phone: "+1"},
			"a LID":       {ID: lead.ID, ErasedAt: noon, LID: "1"},
			"a field":     {ID: lead.ID, ErasedAt: noon, Fields: map[string]string{"a": "b"}},
			"an ad":       {ID: lead.ID, ErasedAt: noon, Ad: &chat.Ad{}},
			"a first ad":  {ID: lead.ID, ErasedAt: noon, FirstAd: &chat.Ad{}},
			"no time":     {ID: lead.ID},
			"another one": {ID: "lead_x", ErasedAt: noon},
		} {
			err := s.Update(t.Context(), in, func(bot.State) bot.Decision { return bot.Decision{Lead: &l, Erased: true} })
			if !refused(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAWordIsTakenOutOnlyWhereItStandsByItself(t *testing.T) {
	for _, c := range []struct{ text, word, want string }{
		{"Hi Ana!", "Ana", "Hi …!"},
		{"Ana", "Ana", "…"},
		{"Anabel and Ana", "Ana", "Anabel and …"},
		{"Susana Ana Ana", "Ana", "Susana … …"},
		{"Élana", "ana", "Élana"},
		{"call +5511 now", "5511", "call +… now"},
		{"5511 55110 15511", "5511", "… 55110 15511"},
		{"Hi✨Ana✨", "✨Ana✨", "Hi…"},
		{"nothing", "", "nothing"},
	} {
		if got := without(c.text, c.word); got != c.want {
			t.Errorf("%q without %q: %q, want %q", c.text, c.word, got, c.want)
		}
	}
}
