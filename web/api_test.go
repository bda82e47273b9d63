package web_test

import (
	"fmt"
	"strings"
	"testing"

	"leadgate/bot"
)

// paths is every path by hand of leads, opportunities, chats and agents, with a body that is right but for what it names.
var paths = []ask{
	{method: "GET", path: "/leads"},
	{method: "POST", path: "/leads", body: `{"phone": "+5511911112222"}`},
	{method: "GET", path: "/leads/lead_1"},
	{method: "PATCH", path: "/leads/lead_1", body: `{"name": "Ana"}`},
	{method: "DELETE", path: "/leads/lead_1"},
	{method: "POST", path: "/leads/lead_1/merge", body: `{"into": "lead_2"}`},
	{method: "POST", path: "/leads/lead_1/stage", body: `{"funnel": "Sales", "stage": "Sale"}`},
	{method: "DELETE", path: "/leads/lead_1/transitions/tr_1"},
	{method: "GET", path: "/opportunities"},
	{method: "POST", path: "/opportunities", body: `{"lead_id": "lead_1", "type": "Course"}`},
	{method: "PATCH", path: "/opportunities/opp_1", body: `{"status": "won"}`},
	{method: "GET", path: "/chats"},
	{method: "POST", path: "/chats/chat_1/assign", body: `{"agent": "maria"}`},
	{method: "POST", path: "/chats/chat_1/pass"},
	{method: "POST", path: "/chats/chat_1/close"},
	{method: "GET", path: "/agents"},
	{method: "PATCH", path: "/agents/pedro", body: `{"available": false}`},
	{method: "POST", path: "/messages", body: `{"number": "front-desk", "phone": "+5511911112222", "text": "Hello"}`},
	{method: "POST", path: "/payments", body: `{"external_id": "p", "phone": "+5511911112222", "status": "new", "amount": 1, "currency": "BRL"}`},
	{method: "POST", path: "/feedback", body: `{"external_id": "f", "phone": "+5511911112222", "kind": "return"}`},
	{method: "GET", path: "/events"},
	{method: "GET", path: "/deliveries"},
	{method: "POST", path: "/deliveries/dlv_1/retry"},
	{method: "GET", path: "/reports/funnel"},
	{method: "GET", path: "/reports/cohort"},
	{method: "GET", path: "/reports/sources"},
	{method: "GET", path: "/reports/agents"},
	{method: "GET", path: "/reports/integrations"},
	{method: "GET", path: "/links"},
	{method: "GET", path: "/numbers"},
	{method: "POST", path: "/numbers/desk_1/pair"},
	{method: "POST", path: "/numbers/desk_1/logout"},
	{method: "POST", path: "/reload"},
}

func TestEveryPathNeedsATokenOfItsScope(t *testing.T) {
	o := newOffice(t)
	for _, p := range paths {
		p.token = "none"
		if got := o.send(p); got.status != 401 || got.at("title") != `"Unauthorized"` {
			t.Errorf("%s %s without a token answered %d %s", p.method, p.path, got.status, got.raw)
		}
		p.token = "reads"
		got := o.send(p)
		if changes := p.method != "GET"; changes != (got.status == 403) {
			t.Errorf("%s %s with a reading token answered %d %s", p.method, p.path, got.status, got.raw)
		}
	}
}

func TestAPathThatNamesNothingSaysSo(t *testing.T) {
	o := newOffice(t)
	for _, p := range paths {
		if !strings.Contains(p.path, "_1") && !strings.Contains(p.path, "pedro") {
			continue
		}
		got := o.send(p)
		if got.status != 404 || got.at("detail") == "absent" || got.at("field") != "absent" ||
			got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s answered %d %s", p.method, p.path, got.status, got.raw)
		}
		p.path = strings.NewReplacer("_1", "_%FF%00", "pedro", "%FF%00").Replace(p.path)
		if got := o.send(p); got.status != 404 || !strings.Contains(got.at("detail"), "no UTF-8") {
			t.Errorf("%s %s answered %d %s", p.method, p.path, got.status, got.raw)
		}
	}
}

func TestAMethodThatAPathDoesNotTakeIsToldThoseThatItTakes(t *testing.T) {
	o := newOffice(t)
	got := o.send(ask{method: "PUT", path: "/leads/lead_1"})
	if got.status != 405 || got.header.Get("Allow") != "DELETE, GET, PATCH" {
		t.Errorf("answered %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	o.send(ask{method: "PUT", path: "/leads/lead_1", token: "none"}).is(401)
	o.send(ask{method: "GET", path: "/leads/lead_1/stag"}).is(404)
}

func TestABodyThatIsWrongIsToldByField(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	opp := o.do("POST", "/opportunities", `{"lead_id": "`+lead+`", "type": "Course", "value": "AI"}`).text("id")
	chat := o.get("/chats").text("items.0.id")
	stage, merge, change := "/leads/"+lead+"/stage", "/leads/"+lead+"/merge", "/opportunities/"+opp
	long := strings.Repeat("a", 4001)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`"f%d": null`, i)
	}
	for _, c := range []struct {
		name   string
		ask    ask
		status int
		field  string
		says   string
	}{
		{"no JSON", ask{method: "POST", path: stage, body: `{"funnel": `}, 400, "", "not JSON"},
		{"something behind the object", ask{method: "POST", path: stage, body: `{} {}`}, 400, "", "not JSON"},
		{"nothing at all", ask{method: "POST", path: stage, kind: "application/json"}, 400, "", "empty"},
		{"nothing, and of no type", ask{method: "POST", path: stage}, 415, "", "application/json"},
		{"a form", ask{method: "POST", path: stage, body: "funnel=Sales", kind: "application/x-www-form-urlencoded"}, 415, "", "JSON"},
		{"a form where nothing is wanted", ask{method: "POST", path: "/reload", body: "now=1", kind: "text/plain"}, 415, "", "JSON"},
		{"too long", ask{method: "POST", path: stage, body: `{"funnel": "` + strings.Repeat("a", 1<<20) + `"}`}, 413, "", "1 MiB"},
		{"a list", ask{method: "POST", path: stage, body: `["Sales"]`}, 422, "", "object"},
		{"null", ask{method: "POST", path: stage, body: `null`}, 422, "", "object"},
		{"a number for a text", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": 2}`}, 422, "stage", "a text"},
		{"null for a text", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": null}`}, 422, "stage", "missing"},
		{"a text that is missing", ask{method: "POST", path: stage, body: `{"stage": "Sale"}`}, 422, "funnel", "missing"},
		{"an empty text", ask{method: "POST", path: stage, body: `{"funnel": "", "stage": "Sale"}`}, 422, "funnel", "missing"},
		{"a name that is misspelt", ask{method: "POST", path: stage, body: `{"funel": "Sales", "stage": "Sale"}`}, 422, "funel", "did you mean funnel?"},
		{"a name in another case", ask{method: "POST", path: stage, body: `{"Funnel": "Sales", "stage": "Sale"}`}, 422, "Funnel", "did you mean funnel?"},
		{"a name that is none", ask{method: "POST", path: stage, body: `{"colour": "red"}`}, 422, "colour", "known: funnel, stage"},
		{"a long name that is none", ask{method: "POST", path: stage, body: `{"` + long + `": 1}`}, 422, long[:60] + "…", "known"},
		{"a name where none is wanted", ask{method: "POST", path: "/chats/" + chat + "/close", body: `{"agent": "maria"}`}, 422, "agent", "nothing is wanted"},
		{"an unknown funnel", ask{method: "POST", path: stage, body: `{"funnel": "Sails", "stage": "Sale"}`}, 422, "funnel", `did you mean \"Sales\"?`},
		{"an unknown stage", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": "Sael"}`}, 422, "stage", `did you mean \"Sale\"?`},
		{"a NUL", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": "Sale\u0000"}`}, 422, "stage", "NUL"},
		{"a text that is too long", ask{method: "PATCH", path: "/leads/" + lead, body: `{"name": "` + long + `"}`}, 422, "name", "4000"},
		{"nothing to change of a lead", ask{method: "PATCH", path: "/leads/" + lead, body: `{}`}, 422, "name", "nothing"},
		{"fields that are no object", ask{method: "PATCH", path: "/leads/" + lead, body: `{"fields": "AI"}`}, 422, "fields", "an object of texts"},
		{"a field that is no text", ask{method: "PATCH", path: "/leads/" + lead, body: `{"fields": {"course": 1}}`}, 422, "fields", "an object of texts"},
		{"a field without a name", ask{method: "PATCH", path: "/leads/" + lead, body: `{"fields": {"": "AI"}}`}, 422, "fields", "without a name"},
		{"too many fields", ask{method: "PATCH", path: "/leads/" + lead, body: `{"fields": {` + strings.Join(many, ",") + `}}`}, 422, "fields", "more than 100"},
		{"a field that is too long", ask{method: "PATCH", path: "/leads/" + lead, body: `{"fields": {"course": "` + long + `"}}`}, 422, "fields.course", "4000"},
		{"a lead into nobody", ask{method: "POST", path: merge, body: `{"into": "lead_x"}`}, 422, "into", "no such lead"},
		{"a lead into themselves", ask{method: "POST", path: merge, body: `{"into": "` + lead + `"}`}, 422, "into", "itself"},
		{"an opportunity of nobody", ask{method: "POST", path: "/opportunities", body: `{"lead_id": "lead_x", "type": "Course"}`}, 422, "lead_id", "no such lead"},
		{"an opportunity of no type", ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `"}`}, 422, "type", "missing"},
		{"an unknown type", ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Coarse"}`}, 422, "type", `did you mean \"Course\"?`},
		{"a value without a field", ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Visit", "value": "AI"}`}, 422, "value", "no field"},
		{"an unknown owner of a new one", ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Course", "owner": "pedro"}`}, 422, "owner", "no such agent"},
		{"nothing to change of an opportunity", ask{method: "PATCH", path: change, body: `{}`}, 422, "stage", "nothing"},
		{"a stage that the board does not have", ask{method: "PATCH", path: change, body: `{"stage": "Sael"}`}, 422, "stage", `did you mean \"Sale\"?`},
		{"no stage", ask{method: "PATCH", path: change, body: `{"stage": null}`}, 422, "stage", "no stage"},
		{"an unknown status", ask{method: "PATCH", path: change, body: `{"status": "wonn"}`}, 422, "status", `did you mean \"won\"?`},
		{"an unknown owner", ask{method: "PATCH", path: change, body: `{"owner": "pedro"}`}, 422, "owner", "no such agent"},
		{"an unknown agent for a chat", ask{method: "POST", path: "/chats/" + chat + "/assign", body: `{"agent": "pedro"}`}, 422, "agent", "no such agent"},
		{"no availability", ask{method: "PATCH", path: "/agents/maria", body: `{}`}, 422, "available", "missing"},
		{"null for an availability", ask{method: "PATCH", path: "/agents/maria", body: `{"available": null}`}, 422, "available", "missing"},
		{"a text for an availability", ask{method: "PATCH", path: "/agents/maria", body: `{"available": "no"}`}, 422, "available", "true or false"},
		{"a time that is none", ask{method: "PATCH", path: "/agents/maria", body: `{"available": false, "until": "2h"}`}, 422, "until", "a time as in"},
		{"a time that is over", ask{method: "PATCH", path: "/agents/maria", body: `{"available": false, "until": "2026-11-23T10:00:00Z"}`}, 422, "until", "over"},
		{"a time for who is there", ask{method: "PATCH", path: "/agents/maria", body: `{"available": true, "until": "2026-11-23T12:00:00Z"}`}, 422, "until", "away"},
		{"a key with a space", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": "Sale"}`, key: "a b"}, 422, "Idempotency-Key", "printable"},
		{"a key that is too long", ask{method: "POST", path: stage, body: `{"funnel": "Sales", "stage": "Sale"}`, key: strings.Repeat("k", 256)}, 422, "Idempotency-Key", "255"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := o.send(c.ask)
			field := "absent"
			if c.field != "" {
				field = fmt.Sprintf("%q", c.field)
			}
			if got.status != c.status || got.at("field") != field || !strings.Contains(got.at("detail"), c.says) {
				t.Errorf("answered %d %s, want %d of %s: %s", got.status, got.raw, c.status, field, c.says)
			}
		})
	}
	if got := o.get("/leads/" + lead); got.at("stages.Sales") != `"Lead Entry"` || got.at("opportunities.0.owner") != "null" || got.at("fields") != "{}" {
		t.Errorf("something that was refused changed the lead: %s", got.raw)
	}
}

func TestAQueryThatIsWrongIsToldByName(t *testing.T) {
	o := newOffice(t)
	for _, c := range []struct {
		path   string
		status int
		field  string
		says   string
	}{
		{"/leads?limit=0", 422, "limit", "from 1 to 200"},
		{"/leads?limit=201", 422, "limit", "from 1 to 200"},
		{"/leads?limit=ten", 422, "limit", "from 1 to 200"},
		{"/leads?cursor=x", 422, "cursor", "none that this list has given"},
		{"/leads?cursor=-1", 422, "cursor", "none"},
		{"/leads?cursor=99999999999999999999", 422, "cursor", "none"},
		{"/leads?stauts=won", 422, "stauts", "known: phone, source, funnel, stage, q, cursor, limit"},
		{"/leads?sorce=Blog", 422, "sorce", "did you mean source?"},
		{"/leads?q=a&q=b", 422, "q", "twice"},
		{"/leads?q=%FF", 422, "q", "UTF-8"},
		{"/leads?q=%00", 422, "q", "UTF-8"},
		{"/leads?q=%zz", 400, "", "can't be read"},
		{"/leads?stage=Sale", 422, "funnel", "missing"},
		{"/leads?phone=12", 422, "phone", "can't be read"},
		{"/opportunities?status=lots", 422, "status", `did you mean \"lost\"?`},
		{"/chats?status=open", 422, "status", "menu, waiting, assigned, taken, closed"},
		{"/events?type=lead.creatd", 422, "type", `did you mean \"lead.created\"?`},
	} {
		got := o.send(ask{method: "GET", path: c.path, token: "reads"})
		field := "absent"
		if c.field != "" {
			field = fmt.Sprintf("%q", c.field)
		}
		if got.status != c.status || got.at("field") != field || !strings.Contains(got.at("detail"), c.says) {
			t.Errorf("%s answered %d %s, want %d of %s: %s", c.path, got.status, got.raw, c.status, field, c.says)
		}
	}
}

func TestListsAreReadPageByPage(t *testing.T) {
	o := newOffice(t)
	for i := range 5 {
		lead := o.write(fmt.Sprintf("+551191111000%d", i), "", hello)
		o.do("POST", "/opportunities", `{"lead_id": "`+lead+`", "type": "Visit"}`)
	}
	for _, path := range []string{"/leads", "/opportunities", "/chats", "/events", "/deliveries"} {
		whole := strings.Fields(o.get(path + "?limit=200").each("id"))
		if len(whole) < 5 {
			t.Fatalf("%s lists %v", path, whole)
		}
		var found []string
		for next, pages := path+"?limit=2", 0; next != ""; pages++ {
			if pages > len(whole) {
				t.Fatalf("%s does not end", path)
			}
			got := o.get(next)
			page := strings.Fields(got.each("id"))
			if len(page) > 2 || len(page) == 0 {
				t.Fatalf("%s has a page of %d", path, len(page))
			}
			found, next = append(found, page...), ""
			if got.at("next_cursor") != "null" {
				next = path + "?limit=2&cursor=" + got.text("next_cursor")
			}
		}
		if strings.Join(found, " ") != strings.Join(whole, " ") {
			t.Errorf("%s: the pages hold %v, the whole %v", path, found, whole)
		}
	}
	o.get("/leads?q=nobody").has("items", "[]", "next_cursor", "null")
}

func TestEventsAreListedAsTheyLeave(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	o.write(bia, "Bia", hello)
	got := o.get("/events?type=lead.created&lead=" + lead)
	got.has("items.1", "absent", "items.0.type", `"lead.created"`, "items.0.timestamp", `"2026-11-23T10:00:00.000Z"`,
		"items.0.data.lead.name", `"Ana"`)
	if types := o.get("/events?lead=" + lead).each("type"); !strings.HasPrefix(types, string(bot.LeadCreated)+" "+string(bot.StageChanged)) {
		t.Errorf("the events of a lead are %s", types)
	}
}

func TestAReloadSaysWhetherTheConfigurationIsInForce(t *testing.T) {
	o := newOffice(t)
	o.send(ask{method: "POST", path: "/reload"}).is(200)
	o.reload = fmt.Errorf("leadgate.toml:3: funnel has no name\nleadgate.toml:9: another")
	got := o.send(ask{method: "POST", path: "/reload"})
	got.is(422)
	if detail := got.text("detail"); !strings.HasSuffix(detail, "leadgate.toml:3: funnel has no name") {
		t.Errorf("says %q", detail)
	}
}

func TestNoLogHoldsAPhoneOrAText(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	if err := o.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []ask{
		{method: "GET", path: "/leads?phone=%2B5511911112222"},
		{method: "GET", path: "/leads?q=5511911112222"},
		{method: "PATCH", path: "/leads/" + lead, body: `{"name": "+5511911112222", "fields": {"phone": "+5511911112222"}}`},
		{method: "POST", path: "/opportunities", body: `{"lead_id": "+5511911112222", "type": "Course"}`},
		{method: "POST", path: "/leads", body: `{"phone": "+5511911112222"}`, key: "lead-11911112222"},
		{method: "POST", path: "/messages", body: `{"number": "front-desk", "phone": "+5511911112222", "text": "5511911112222"}`},
		{method: "POST", path: "/payments", body: `{"external_id": "5511911112222", "phone": "+5511911112222", "status": "new", "amount": 1, "currency": "BRL"}`},
		{method: "POST", path: "/feedback", body: `{"external_id": "5511911112222", "phone": "+5511911112222", "kind": "return"}`},
	} {
		got := o.send(a)
		if got.status != 500 || strings.Contains(got.raw, "sql") {
			t.Errorf("%s %s answered %d %s without a store", a.method, a.path, got.status, got.raw)
		}
	}
	log := o.log.String()
	if strings.Contains(log, "11911112222") || strings.Contains(log, "writes") {
		t.Errorf("the log holds a phone or a token:\n%s", log)
	}
	if !strings.Contains(log, `route="GET /api/v1/leads"`) {
		t.Errorf("the log does not say what failed:\n%s", log)
	}
}
