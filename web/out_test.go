package web_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/web"
)

// told lets the office tell a CRM of everything.
func told(o *office) *office {
	policy := *o.bot.Policy()
	policy.Subscriptions = []bot.Subscription{{Destination: "crm"}}
	o.bot.SetPolicy(&policy)
	return o
}

// settle has the oldest delivery to the CRM end.
func (o *office) settle(r delivery.Result) {
	o.t.Helper()
	claimed, err := o.store.Turn(o.t.Context(), o.now, nil, []string{"crm"}, 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		o.t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	ended := []delivery.Settled{{Delivery: claimed[0], Result: r}}
	if _, err := o.store.Turn(o.t.Context(), o.now, ended, nil, 0, time.Minute); err != nil {
		o.t.Fatal(err)
	}
}

func TestDeliveriesAreListedAndSentAgain(t *testing.T) {
	o := told(newOffice(t))
	lead := o.write(ana, "Ana", hello)
	o.settle(delivery.Result{Verdict: delivery.Never, Status: 422, Detail: "the CRM wants no such lead"})
	o.settle(delivery.Result{Verdict: delivery.Done, Status: 204})
	dead := o.get("/deliveries?destination=crm&status=dead")
	dead.has("items.1", "absent", "items.0.event", `"lead.created"`, "items.0.lead_id", `"`+lead+`"`, "items.0.status", `"dead"`,
		"items.0.attempts", "1", "items.0.last_status", "422", "items.0.last_detail", `"the CRM wants no such lead"`,
		"items.0.created_at", `"2026-11-23T10:00:00.000Z"`, "items.0.settled_at", `"2026-11-23T10:00:00.000Z"`)
	event := o.get("/events?type=lead.created")
	dead.has("items.0.event_id", event.at("items.0.id"))
	o.get("/deliveries?status=delivered").has("items.0.event", `"conversion.stage_changed"`, "items.0.last_status", "204", "items.1", "absent")
	o.get("/deliveries?destination=crm&status=pending").has("items.0.last_status", "null", "items.0.settled_at", "null", "items.0.last_detail", "null")

	again := o.send(ask{method: "POST", path: "/deliveries/" + dead.text("items.0.id") + "/retry"})
	again.is(202)
	again.has("id", dead.at("items.0.id"), "status", `"pending"`, "attempts", "0")
	if o.woken != 1 {
		t.Errorf("who sends was told %d times", o.woken)
	}
	o.send(ask{method: "POST", path: "/deliveries/" + o.get("/deliveries?status=delivered").text("items.0.id") + "/retry"}).is(409)
	for _, id := range []string{"0", "-1", "x", "9999", "99999999999999999999"} {
		o.send(ask{method: "POST", path: "/deliveries/" + id + "/retry"}).is(404)
	}
}

func TestDeliveriesAreFoundByTimeAndLead(t *testing.T) {
	o := told(newOffice(t))
	first := o.write(ana, "Ana", hello)
	o.now = o.now.Add(24 * time.Hour)
	second := o.write(bia, "Bia", hello)
	of := map[string]string{first: "Ana", second: "Bia"}
	for query, want := range map[string]string{
		"lead=" + first: "Ana", "since=2026-11-24": "Bia", "until=2026-11-24": "Ana", "since=2026-11-23T10:00:01Z": "Bia",
		"since=2026-11-23T10:00&until=2026-11-23T10:01": "Ana", "lead=" + first + "&since=2026-11-24": "", "destination=erp": "",
	} {
		found := map[string]bool{}
		for _, lead := range strings.Fields(o.get("/deliveries?limit=200&" + query).each("lead_id")) {
			found[of[lead]] = true
		}
		if len(found) > 1 || found[want] != (want != "") {
			t.Errorf("%s finds %v, want %q", query, found, want)
		}
	}
}

func TestReportsTellWhatWasReached(t *testing.T) {
	o := newOffice(t)
	first := o.write(ana, "Ana", hello)
	o.write(bia, "Bia", "I read your blog")
	o.now = o.now.Add(8 * 24 * time.Hour)
	o.write("+5511911114444", "Caio", hello)
	o.do("POST", "/leads/"+first+"/stage", `{"funnel": "Sales", "stage": "Sale"}`)
	o.do("POST", "/payments", `{"external_id": "p", "phone": "`+ana+`", "status": "succeeded", "amount": "150.00", "currency": "BRL"}`)

	o.get("/reports/funnel").has("funnel", `"Sales"`,
		"stages.0", `{"leads":3,"rate_from_entry":1,"rate_from_previous":null,"stage":"Lead Entry"}`,
		"stages.1", `{"leads":0,"rate_from_entry":0,"rate_from_previous":0,"stage":"Scheduling"}`,
		"stages.2", `{"leads":1,"rate_from_entry":0.3333,"rate_from_previous":null,"stage":"Sale"}`)
	o.get("/reports/funnel?source=Instagram&funnel=Sales").has("stages.0.leads", "2", "stages.2.rate_from_entry", "0.5")
	o.get("/reports/funnel?since=2026-12-01&number=front-desk").has("stages.0.leads", "1")
	o.get("/reports/funnel?until=2026-11-23T10:00:00Z").has("stages.0.leads", "0", "stages.0.rate_from_entry", "null")

	o.get("/reports/cohort").has("funnel", `"Sales"`, "by", `"week"`,
		"cohorts.0.start", `"2026-11-23"`, "cohorts.0.leads", "2", "cohorts.0.stages.2", `{"leads":1,"rate":0.5,"stage":"Sale"}`,
		"cohorts.1.start", `"2026-11-30"`, "cohorts.1.leads", "1", "cohorts.2", "absent")
	o.get("/reports/cohort?by=month").has("cohorts.0.start", `"2026-11-01"`, "cohorts.1.start", `"2026-12-01"`)

	o.get("/reports/sources").has("items.0.source", `"Instagram"`, "items.0.leads", "2", "items.0.won", "0",
		"items.0.stages.2", `{"leads":1,"stage":"Sale"}`, "items.0.paid", `[{"amount":150,"currency":"BRL"}]`,
		"items.1.source", `"My Blog"`, "items.1.paid", "[]", "next_cursor", "null")
	o.get("/reports/agents").has("items.0.agent", `"joao"`, "items.0.answered", "0", "items.0.answer_seconds", "null")
	o.get("/reports/integrations").has("items.0", `{"count":1,"direction":"in","name":"crm","what":"payment"}`)
}

func TestAReportOfWhatIsUnknownSaysSo(t *testing.T) {
	o := newOffice(t)
	for path, c := range map[string][2]string{
		"/reports/funnel?funnel=Sails":                       {"funnel", `did you mean`},
		"/reports/sources?number=front-dest":                 {"number", `did you mean`},
		"/reports/cohort?by=day":                             {"by", "week, month"},
		"/reports/agents?by=week":                            {"by", "is not known"},
		"/reports/integrations?since=yesterday":              {"since", "a day as in"},
		"/reports/funnel?since=2026-11-24&until=2026-11-24":  {"until", "after since"},
		"/reports/funnel?limit=5":                            {"limit", "is not known"},
		"/deliveries?status=ded":                             {"status", "did you mean"},
		"/deliveries?until=2026-13-01":                       {"until", "a day as in"},
		"/reports/sources?source=%ff":                        {"source", "UTF-8"},
		"/reports/sources?source=Instagram&source=My%20Blog": {"source", "twice"},
	} {
		got := o.send(ask{method: "GET", path: path})
		if got.status != 422 || got.at("field") != fmt.Sprintf("%q", c[0]) || !strings.Contains(got.at("detail"), c[1]) {
			t.Errorf("%s answered %d %s", path, got.status, got.raw)
		}
	}
	policy := *o.bot.Policy()
	policy.Conversion, _ = conversion.New(conversion.Config{})
	o.bot.SetPolicy(&policy)
	o.send(ask{method: "GET", path: "/reports/funnel"}).is(409)
	o.send(ask{method: "GET", path: "/reports/cohort"}).is(409)
	o.get("/reports/sources").has("items", "[]")
}

func TestLinksAreListed(t *testing.T) {
	newOffice(t).get("/links").has("items.2", "absent", "items.0.source", `"Instagram"`, "items.0.phrase", `"I came from Instagram"`,
		"items.0.number", `"front-desk"`, "items.0.url", `"https://wa.me/5511987650001?text=I%20came%20from%20Instagram"`)
}

func TestANumberIsLoggedOut(t *testing.T) {
	o := newOffice(t)
	o.numbers = []web.Number{{Name: "front-desk", State: "logged out"}}
	o.logout = func(_ context.Context, number string) error {
		switch number {
		case "front-desk":
			return nil
		case "sales":
			return fmt.Errorf("sales is not linked: %w", web.ErrConflict)
		case "broken":
			return errors.New("the disk is on fire")
		}
		return web.ErrNotFound
	}
	for name, want := range map[string]int{"front-desk": 202, "sales": 409, "broken": 500, "nobody": 404} {
		got := o.send(ask{method: "POST", path: "/numbers/" + name + "/logout"})
		if got.status != want || strings.Contains(got.raw, "on fire") {
			t.Errorf("%s answered %d %s, want %d", name, got.status, got.raw, want)
		}
	}
}
