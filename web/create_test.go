package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leadgate/store"
)

func TestALeadIsCreatedAndFoundAgain(t *testing.T) {
	o := newOffice(t)
	got := o.send(ask{method: "POST", path: "/leads", body: `{
		"phone": "(11) 91111-2222", "email": " Ana@Example.com", "name": "Ana", "source": "Fair", "fields": {"city": "Recife", "course": null},
		"opportunity": {"type": "Course", "value": "AI", "name": "AI for Ana"}
	}`})
	got.is(201)
	got.has("phone", `"`+ana+`"`, "name", `"Ana"`, "source", `"Fair"`, "fields", `{"city":"Recife","email":"ana@example.com"}`,
		"stages", `{"Sales":"Lead Entry"}`, "opportunity.title", `"AI for Ana"`, "opportunity.value", `"AI"`, "opportunity.stage", `"Lead Entry"`)
	id, opportunity := got.text("id"), got.text("opportunity.id")

	again := o.send(ask{method: "POST", path: "/leads", body: `{
		"phone": "+55 11 1111-2222", "name": "Somebody else", "source": "Blog", "fields": {"city": "Olinda"}, "opportunity": {"type": "Course", "value": "AI"}
	}`})
	again.is(201) // a landline: somebody else
	again = o.send(ask{method: "POST", path: "/leads", body: `{
		"phone": "` + ana + `", "name": "Somebody else", "source": "Blog", "fields": {"city": "Olinda"}, "opportunity": {"type": "Course", "value": "AI"}
	}`})
	again.is(200)
	again.has("id", `"`+id+`"`, "name", `"Ana"`, "source", `"Fair"`, "last_source", `"Blog"`, "fields.city", `"Olinda"`,
		"opportunity.id", `"`+opportunity+`"`)
	o.get("/leads/"+id).has("transitions.0.cause", `{"by":"crm","kind":"api"}`, "transitions.1", "absent", "opportunities.1", "absent")
}

func TestALeadIsFoundByEmail(t *testing.T) {
	o := newOffice(t)
	first := o.send(ask{method: "POST", path: "/leads", body: `{"email": "ana@example.com", "name": "Ana"}`})
	first.is(201)
	first.has("phone", "null", "source", "null", "opportunity", "null", "fields.email", `"ana@example.com"`)
	for _, body := range []string{
		`{"email": "ANA@example.com"}`, `{"fields": {"email": "ana@example.com"}}`, `{"phone": "11911112222", "email": "ana@example.com"}`,
		`{"phone": "` + ana + `"}`,
	} {
		again := o.send(ask{method: "POST", path: "/leads", body: body})
		again.is(200)
		again.has("id", `"`+first.text("id")+`"`)
	}
	other := o.send(ask{method: "POST", path: "/leads", body: `{"phone": "` + bia + `", "email": "ana@example.com"}`})
	other.is(201)
}

func TestALeadWhoIsSentAgainUnderTheKeyIsTheNewOneStill(t *testing.T) {
	o := newOffice(t)
	create := ask{method: "POST", path: "/leads", body: `{"phone": "` + ana + `"}`, key: "lead-1"}
	first, again := o.send(create), o.send(create)
	first.is(201)
	again.is(201)
	if first.raw != again.raw {
		t.Errorf("answered %s and %s", first.raw, again.raw)
	}
}

func TestAMessageIsSentAsTheBusiness(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	say := ask{method: "POST", path: "/messages", key: "m-1", body: `{"number": "front-desk", "phone": "11 91111-2222", "text": "Thank you for scheduling with us!"}`}
	got := o.send(say)
	got.is(202)
	got.has("number", `"front-desk"`, "phone", `"`+ana+`"`)
	if !strings.HasPrefix(got.text("id"), "3EB0") {
		t.Errorf("the message's id is %s", got.text("id"))
	}
	o.send(say).has("id", `"`+got.text("id")+`"`)
	o.get("/leads/"+lead).has("stages.Sales", `"Scheduling"`, "transitions.1.cause.kind", `"outbound_phrase"`, "transitions.1.message_id", `"`+got.text("id")+`"`)
	sent, _, err := o.store.Deliveries(t.Context(), store.DeliveryFilter{Destination: "whatsapp:front-desk"}, 0, 10)
	said := 0
	for _, d := range sent {
		if strings.HasPrefix(d.Key, "say/") {
			said++
		}
	}
	if err != nil || said != 1 {
		t.Errorf("%d messages are on their way, %v", said, err)
	}
}

func TestAPaymentIsKeptOnceAsItStandsNow(t *testing.T) {
	o := newOffice(t)
	pay := func(at, status, rest string) answer {
		return o.send(ask{method: "POST", path: "/payments", body: `{
			"external_id": "pay-1", "at": "2026-11-23T` + at + `Z", "phone": "` + ana + `", "status": "` + status + `", "amount": ` + rest + `}`})
	}
	first := pay("09:00:00", "new", `"150.00", "currency": "BRL", "opportunity_type": "Visit", "source": "Shop"`)
	first.is(201)
	first.has("external_id", `"pay-1"`, "status", `"new"`, "amount", "150", "currency", `"BRL"`, "at", `"2026-11-23T09:00:00.000Z"`)
	if !strings.Contains(first.raw, `"amount":150.00`) {
		t.Errorf("the amount is not shown with its cents: %s", first.raw)
	}
	later := pay("09:30:00", "succeeded", `149.9, "currency": "BRL"`)
	later.is(200)
	later.has("id", first.at("id"), "status", `"succeeded"`, "amount", "149.9", "opportunity_id", first.at("opportunity_id"))
	pay("09:10:00", "failed", `150, "currency": "BRL"`).has("status", `"succeeded"`)
	o.get("/leads/"+first.text("lead_id")).has("phone", `"`+ana+`"`, "source", `"Shop"`, "opportunities.0.type", `"Visit"`, "opportunities.1", "absent")
	if n := len(strings.Fields(o.get("/events?type=payment.recorded").each("id"))); n != 2 {
		t.Errorf("%d payments were told of, want 2", n)
	}
	now := o.send(ask{method: "POST", path: "/payments", body: `{"external_id": "pay-2", "phone": "` + bia + `", "status": "new", "amount": 1000, "currency": "JPY"}`})
	now.is(201)
	now.has("at", `"2026-11-23T10:00:00.000Z"`, "amount", "1000")
	o.get("/leads/"+now.text("lead_id")).has("source", `"Payment"`)
}

func TestFeedbackIsKeptOnce(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	policy := *o.bot.Policy()
	policy.FeedbackStage = "Sale"
	o.bot.SetPolicy(&policy)
	report := ask{method: "POST", path: "/feedback", body: `{
		"external_id": "fb-1", "phone": "11911112222", "kind": "conversion", "reason": "enrolled", "value": 1500.5, "currency": "BRL"}`}
	first := o.send(report)
	first.is(201)
	first.has("lead_id", `"`+lead+`"`, "kind", `"conversion"`, "reason", `"enrolled"`, "value", "1500.5", "at", `"2026-11-23T10:00:00.000Z"`)
	o.get("/leads/"+lead).has("stages.Sales", `"Sale"`)
	o.now = o.now.Add(time.Hour)
	again := o.send(report)
	again.is(200)
	if again.raw != first.raw {
		t.Errorf("first %s, then %s", first.raw, again.raw)
	}
	o.send(ask{method: "POST", path: "/feedback", body: `{"external_id": "fb-2", "lead_id": "` + lead + `", "kind": "return"}`}).
		has("reason", "null", "value", "null", "currency", "null", "kind", `"return"`)
}

func TestWhatOtherSystemsTellWronglyIsToldByField(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name, path, body string
		status           int
		field, says      string
	}{
		{"a lead without an address", "/leads", `{"name": "Ana"}`, 422, "phone", "one of them is needed"},
		{"a phone that is none", "/leads", `{"phone": "12"}`, 422, "phone", "can't be read"},
		{"an e-mail that is none", "/leads", `{"email": "ana"}`, 422, "email", "no e-mail address"},
		{"an e-mail among the fields that is none", "/leads", `{"fields": {"email": "ana"}}`, 422, "fields.email", "no e-mail address"},
		{"an unknown funnel", "/leads", `{"phone": "` + bia + `", "funnel": "Sails"}`, 422, "funnel", `did you mean`},
		{"an unknown type", "/leads", `{"phone": "` + bia + `", "opportunity": {"type": "Coarse"}}`, 422, "opportunity.type", `did you mean`},
		{"a value without a field", "/leads", `{"phone": "` + bia + `", "opportunity": {"type": "Visit", "value": "AI"}}`, 422, "opportunity.value", "no field"},
		{"an opportunity of no type", "/leads", `{"phone": "` + bia + `", "opportunity": {}}`, 422, "opportunity.type", "missing"},
		{"an opportunity with what is unknown", "/leads", `{"phone": "` + bia + `", "opportunity": {"tpye": "Course"}}`, 422, "opportunity.tpye", "did you mean type?"},
		{"an opportunity that is a text", "/leads", `{"phone": "` + bia + `", "opportunity": "Course"}`, 422, "opportunity", "an object"},
		{"an agent", "/leads", `{"phone": "+5511988880001"}`, 409, "phone", "never leads"},
		{"the business", "/leads", `{"phone": "+5511987650001"}`, 409, "phone", "own numbers"},
		{"an unknown number", "/messages", `{"number": "back-desk", "phone": "` + ana + `", "text": "Hi"}`, 422, "number", "not in the configuration"},
		{"nothing to say", "/messages", `{"number": "front-desk", "phone": "` + ana + `", "text": ""}`, 422, "text", "missing"},
		{"a message to nobody", "/messages", `{"number": "front-desk", "phone": "nobody", "text": "Hi"}`, 422, "phone", "can't be read"},
		{"a payment of nothing", "/payments", `{"status": "new", "amount": null, "currency": "BRL"}`, 422, "amount", "missing"},
		{"a payment of a word", "/payments", `{"status": "new", "amount": "much", "currency": "BRL"}`, 422, "amount", "as in 150.00"},
		{"a payment of too many decimals", "/payments", `{"status": "new", "amount": 1.234, "currency": "BRL"}`, 422, "amount", "more decimals"},
		{"a payment below zero", "/payments", `{"status": "new", "amount": -1, "currency": "BRL"}`, 422, "amount", "below zero"},
		{"a payment in no currency", "/payments", `{"status": "new", "amount": 1}`, 422, "currency", "missing"},
		{"a payment in an unknown currency", "/payments", `{"status": "new", "amount": 1, "currency": "XXZ"}`, 422, "currency", "ISO 4217"},
		{"a payment of no status", "/payments", `{"status": "paid", "amount": 1, "currency": "BRL"}`, 422, "status", "new, succeeded, failed"},
		{"a payment of tomorrow", "/payments", `{"status": "new", "at": "2026-11-24T10:00:01Z", "amount": 1, "currency": "BRL"}`, 422, "at", "future"},
		{"a payment for an unknown type", "/payments", `{"status": "new", "opportunity_type": "Vist", "amount": 1, "currency": "BRL"}`, 422, "opportunity_type", "did you mean"},
		{"a feedback about nobody", "/feedback", `{"kind": "return", "external_id": "f"}`, 422, "phone", "one of them is needed"},
		{"a feedback about two", "/feedback", `{"kind": "return", "external_id": "f", "phone": "` + ana + `", "lead_id": "` + lead + `"}`, 422, "phone", "one of them is enough"},
		{"a feedback about who is unknown", "/feedback", `{"kind": "return", "external_id": "f", "phone": "` + bia + `"}`, 422, "phone", "no such lead"},
		{"a feedback about no lead", "/feedback", `{"kind": "return", "external_id": "f", "lead_id": "lead_x"}`, 422, "lead_id", "no such lead"},
		{"a feedback of no kind", "/feedback", `{"kind": "sale", "external_id": "f", "phone": "` + ana + `"}`, 422, "kind", "conversion, return"},
		{"a feedback of a value in nothing", "/feedback", `{"kind": "return", "external_id": "f", "phone": "` + ana + `", "value": 1}`, 422, "currency", "missing"},
		{"a feedback with a long id", "/feedback", `{"kind": "return", "external_id": "` + long + `", "phone": "` + ana + `"}`, 422, "external_id", "255"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.path == "/payments" {
				c.body = `{"external_id": "p", "phone": "` + bia + `", ` + c.body[1:]
			}
			got := o.send(ask{method: "POST", path: c.path, body: c.body})
			if got.status != c.status || got.at("field") != fmt.Sprintf("%q", c.field) || !strings.Contains(got.at("detail"), c.says) {
				t.Errorf("answered %d %s, want %d of %s: %s", got.status, got.raw, c.status, c.field, c.says)
			}
		})
	}
	if n := len(strings.Fields(o.get("/leads").each("id"))); n != 1 {
		t.Errorf("there are %d leads: something that was refused has brought one", n)
	}
}
