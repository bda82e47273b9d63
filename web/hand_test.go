package web_test

import (
	"strings"
	"testing"
	"time"

	"leadgate/routing"
)

func TestLeadsAreFound(t *testing.T) {
	o := newOffice(t)
	o.write(ana, "Ana", hello)
	o.write(bia, "Bia", "I read your blog")
	o.write("+14155552671", "Joe", "I read your blog")
	o.do("POST", "/leads/"+o.get("/leads?q=ana").text("items.0.id")+"/stage", `{"funnel": "Sales", "stage": "Sale"}`)
	for path, want := range map[string]string{
		"/leads":                                    "Joe Bia Ana",
		"/leads?phone=%2B5511911112222":             "Ana",
		"/leads?phone=+5511911112222":               "Ana", // a plus sign that nobody escaped is a space
		"/leads?phone=+14155552671":                 "Joe",
		"/leads?phone=11911112222":                  "Ana", // as dialed in the country
		"/leads?phone=%2B551111112222":              "",
		"/leads?source=My%20Blog":                   "Joe Bia",
		"/leads?funnel=Sales":                       "Joe Bia Ana",
		"/leads?funnel=Sales&stage=Sale":            "Ana",
		"/leads?funnel=Sales&stage=Sale&q=bia":      "",
		"/leads?q=BI":                               "Bia",
		"/leads?q=&source=":                         "Joe Bia Ana",
		"/leads?source=Instagram&limit=1":           "Ana",
		"/leads?source=Instagram&phone=11911113333": "",
	} {
		if got := o.get(path).each("name"); got != want {
			t.Errorf("%s finds %q, want %q", path, got, want)
		}
	}
	o.get("/leads?q=ana").has("items.0.phone", `"`+ana+`"`, "items.0.stages", `{"Sales":"Sale"}`, "items.0.ad", "null")
}

func TestALeadIsShownWithAllThatIsKnown(t *testing.T) {
	o := newOffice(t)
	o.away("maria")
	lead := o.write(ana, "Ana", hello)
	o.do("POST", "/leads/"+lead+"/stage", `{"funnel": "Sales", "stage": "Sale"}`)
	sold := o.get("/leads/" + lead).text("transitions.1.id")
	o.do("DELETE", "/leads/"+lead+"/transitions/"+sold, "")
	o.do("POST", "/opportunities", `{"lead_id": "`+lead+`", "type": "Course", "value": "AI"}`)
	o.get("/leads/"+lead).has(
		"name", `"Ana"`, "stages.Sales", `"Lead Entry"`, "created_at", `"2026-11-23T10:00:00.000Z"`,
		"transitions.0.from", "null", "transitions.0.to", `"Lead Entry"`, "transitions.0.phrase", `"I came from Instagram"`,
		"transitions.0.cause", `{"by":"Instagram","kind":"inbound_phrase"}`, "transitions.0.message_id", `"M1"`,
		"transitions.0.deleted_at", "null",
		"transitions.1.cause", `{"by":"crm","kind":"api"}`, "transitions.1.deleted_at", `"2026-11-23T10:00:00.000Z"`,
		"opportunities.0.value", `"AI"`, "opportunities.0.stage", `"Lead Entry"`, "opportunities.0.lead_id", `"`+lead+`"`,
		"chats.0.status", `"assigned"`, "chats.0.agent", `"joao"`, "chats.0.rule", `"courses"`, "chats.0.closed_at", "null",
		"chats.0.assignments.0.agent", `"joao"`, "chats.0.assignments.0.step", "1", "chats.0.assignments.0.target", `"group:teachers"`,
		"chats.0.assignments.0.passed", `["owner: the opportunity has none","group teachers: maria away"]`,
		"events.0.type", `"lead.created"`,
	)
}

func TestALeadIsChangedByHand(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	path := "/leads/" + lead
	o.do("PATCH", path, `{"name": "Ana Lima", "fields": {"course": "AI", "city": "Recife"}}`).
		has("id", `"`+lead+`"`, "name", `"Ana Lima"`, "fields", `{"city":"Recife","course":"AI"}`)
	o.do("PATCH", path, `{"fields": {"city": null, "course": "Data Science"}}`).has("name", `"Ana Lima"`, "fields", `{"course":"Data Science"}`)
	o.write(ana, "A.", "hello again")
	o.get(path).has("name", `"Ana Lima"`)
	o.do("PATCH", path, `{"name": null}`).has("name", "null", "fields", `{"course":"Data Science"}`)

	o.do("POST", path+"/stage", `{"funnel": "Sales", "stage": "Sale"}`).has("stages.Sales", `"Sale"`)
	sold := o.get(path).text("transitions.1.id")
	o.do("DELETE", path+"/transitions/"+sold, "").has("stages.Sales", `"Lead Entry"`)
	o.send(ask{method: "DELETE", path: path + "/transitions/" + sold}).is(404)
}

func TestALeadIsMergedIntoAnother(t *testing.T) {
	o := newOffice(t)
	one, other := o.write(ana, "Ana", hello), o.write(bia, "Bia", "I read your blog")
	o.do("PATCH", "/leads/"+one, `{"fields": {"course": "AI"}}`)
	o.do("POST", "/leads/"+one+"/merge", `{"into": "`+other+`"}`).has("id", `"`+other+`"`, "phone", `"`+bia+`"`, "fields.course", `"AI"`)
	o.get("/leads/"+one).has("id", `"`+other+`"`)
	o.get("/leads?phone=%2B5511911112222").has("items.0.id", `"`+other+`"`)
	if got := o.get("/events?type=lead.merged"); got.at("items.0.data.merged_id") != `"`+one+`"` {
		t.Errorf("the merge was told as %s", got.raw)
	}
}

func TestALeadIsErased(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	o.do("DELETE", "/leads/"+lead, "").has("id", `"`+lead+`"`, "name", "null", "phone", "null", "source", `"Instagram"`)
	got := o.get("/leads/" + lead)
	got.has("stages.Sales", `"Lead Entry"`, "chats.0.status", `"closed"`)
	if strings.Contains(got.raw, "11911112222") || strings.Contains(got.raw, "Ana") {
		t.Errorf("who was erased is still told of: %s", got.raw)
	}
	o.get("/leads?phone=%2B5511911112222").has("items", "[]")
}

func TestAnOpportunityIsCreatedAndChanged(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	got := o.send(ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Course", "value": "AI", "owner": "joao"}`})
	got.is(201)
	got.has("type", `"Course"`, "field", `"Subject"`, "value", `"AI"`, "owner", `"joao"`, "stage", `"Lead Entry"`, "status", `"open"`,
		"lead_id", `"`+lead+`"`, "title", "null", "created_at", `"2026-11-23T10:00:00.000Z"`)
	path := "/opportunities/" + got.text("id")
	o.do("PATCH", path, `{"stage": "Sale"}`).has("stage", `"Sale"`, "owner", `"joao"`)
	o.do("PATCH", path, `{"owner": null}`).has("stage", `"Sale"`, "owner", "null")
	o.do("PATCH", path, `{"owner": "maria", "status": "won"}`).has("owner", `"maria"`, "status", `"won"`)
	o.do("POST", "/opportunities", `{"lead_id": "`+lead+`", "type": "Visit", "value": null}`).has("field", "null", "value", "null")
	for path, want := range map[string]string{
		"/opportunities":                   "Course Visit",
		"/opportunities?lead=" + lead:      "Course Visit",
		"/opportunities?lead=lead_x":       "",
		"/opportunities?type=Visit":        "Visit",
		"/opportunities?status=won":        "Course",
		"/opportunities?owner=maria":       "Course",
		"/opportunities?owner=joao":        "",
		"/opportunities?status=open&lead=": "Visit",
	} {
		if got := o.get(path).each("type"); got != want {
			t.Errorf("%s finds %q, want %q", path, got, want)
		}
	}
}

func TestAChatIsGivenPassedAndClosed(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	chat := o.get("/chats?status=assigned")
	chat.has("items.0.agent", `"maria"`, "items.0.lead_id", `"`+lead+`"`, "items.0.number", `"front-desk"`, "items.1", "absent")
	path := "/chats/" + chat.text("items.0.id")
	o.do("POST", path+"/assign", `{"agent": "carla"}`).has("agent", `"carla"`, "status", `"assigned"`)
	o.do("POST", path+"/assign", `{"agent": "maria"}`).has("agent", `"maria"`)
	o.do("POST", path+"/pass", "").has("agent", `"joao"`)
	o.do("POST", path+"/close", "{}").has("status", `"closed"`, "closed_at", `"2026-11-23T10:00:00.000Z"`)
	o.do("POST", path+"/close", "").has("status", `"closed"`)
	for _, verb := range []ask{{path: "/pass"}, {path: "/assign", body: `{"agent": "maria"}`}} {
		verb.method, verb.path = "POST", path+verb.path
		o.send(verb).is(409)
	}
	o.get("/chats?status=closed&lead="+lead).has("items.0.status", `"closed"`)
	o.get("/chats?status=waiting").has("items", "[]")
}

func TestAChatThatNobodyHasSaysWhyAndIsPassedByNobody(t *testing.T) {
	o := newOffice(t)
	o.away("maria", "joao")
	o.write(ana, "Ana", hello)
	got := o.get("/chats?status=waiting")
	got.has("items.0.agent", "null", "items.0.since", `"2026-11-23T10:00:00.000Z"`,
		"items.0.passed", `["owner: the opportunity has none","group teachers: maria away","group teachers: joao away","admin: carla outside hours"]`)
	o.send(ask{method: "POST", path: "/chats/" + got.text("items.0.id") + "/pass"}).is(409)
}

func TestAgentsAreShownWithWhatKeepsThemFromAChat(t *testing.T) {
	o := newOffice(t)
	o.write(ana, "Ana", hello)
	o.write(bia, "Bia", hello)
	o.do("PATCH", "/agents/joao", `{"available": false, "until": "2026-11-23T09:00:00-03:00"}`).
		has("name", `"joao"`, "available", "false", "reason", `"away"`, "away_until", `"2026-11-23T12:00:00.000Z"`)
	o.write("+5511911114444", "Caio", hello)
	got := o.get("/agents")
	if names := got.each("name"); names != "maria joao carla" {
		t.Errorf("listed %s", names)
	}
	got.has(
		"items.0.available", "false", "items.0.reason", `"at capacity"`, "items.0.open", "2", "items.0.capacity", "2",
		"items.0.away_until", "null", "items.0.groups", `["teachers"]`, "items.0.turns", `{"group:teachers":2}`, "items.0.admin", "false",
		"items.1.reason", `"away"`, "items.1.open", "1", "items.1.capacity", "null", "items.1.turns", `{"group:teachers":1}`,
		"items.2.reason", `"outside hours"`, "items.2.groups", "[]", "items.2.turns", `{"admin":1}`, "items.2.admin", "true",
	)
	o.do("PATCH", "/agents/joao", `{"available": true}`).has("available", "true", "reason", "null", "away_until", "null")
	o.do("PATCH", "/agents/joao", `{"available": false}`).has("available", "false", "away_until", `"2026-11-24T00:00:00.000Z"`)
	o.now = o.now.Add(24 * time.Hour)
	o.get("/agents").has("items.1.available", "true", "items.1.away_until", "null")
}

func TestAReloadedTeamIsShownAsItIsNow(t *testing.T) {
	o := newOffice(t)
	o.write(ana, "Ana", hello)
	o.get("/agents").has("items.0.turns", `{"group:teachers":2}`)
	policy := *newPolicy(t)
	team, faults := routing.New(routing.Config{
		Agents: []routing.AgentConfig{{Name: "joao", Phone: "+5511988880002"}, {Name: "carla", Phone: "+5511988880003"}},
		Groups: []routing.GroupConfig{{Name: "teachers", Members: []string{"carla", "joao"}}},
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	policy.Routing = team
	o.bot.SetPolicy(&policy)
	got := o.get("/agents")
	got.has("items.0.turns", `{"group:teachers":1}`, "items.1.turns", `{"group:teachers":2}`)
	if names := got.each("name"); names != "joao carla" {
		t.Errorf("listed %s", names)
	}
	o.send(ask{method: "PATCH", path: "/agents/maria", body: `{"available": true}`}).is(404)
}

func TestARequestThatIsSentAgainUnderItsKeyTakesEffectOnce(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	create := ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Course"}`, key: "order-1"}
	first, again := o.send(create), o.send(create)
	again.is(201)
	if first.text("id") != again.text("id") {
		t.Errorf("the same request created %s and %s", first.text("id"), again.text("id"))
	}
	create.token = "writes too"
	if other := o.send(create); other.text("id") == first.text("id") {
		t.Error("another token's key was taken for the same")
	}
	create.key = ""
	o.send(create)
	o.send(create)
	if n := len(strings.Fields(o.get("/opportunities").each("id"))); n != 4 {
		t.Errorf("%d opportunities were created, want 4", n)
	}
	move := func(stage, key string) {
		o.send(ask{method: "POST", path: "/leads/" + lead + "/stage", body: `{"funnel": "Sales", "stage": "` + stage + `"}`, key: key}).is(200)
	}
	move("Sale", "move-1")
	move("Scheduling", "move-2")
	move("Sale", "move-1")
	o.get("/leads/"+lead).has("stages.Sales", `"Scheduling"`, "transitions.3", "absent")
}
