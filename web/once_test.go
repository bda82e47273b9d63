package web_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestARequestUnderItsKeyIsAnsweredAsBeforeForADay(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	move := ask{method: "POST", path: "/leads/" + lead + "/stage", body: `{"funnel": "Sales", "stage": "Sale"}`, key: "move-1"}
	first := o.send(move)
	first.is(200)
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer is marked as a repeated one")
	}
	o.do("PATCH", "/leads/"+lead, `{"name": "Ana Lima"}`)
	o.do("POST", "/leads/"+lead+"/stage", `{"funnel": "Sales", "stage": "Scheduling"}`)
	o.now = o.now.Add(24*time.Hour - time.Second)
	again := o.send(move)
	again.is(200)
	if again.raw != first.raw || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Content-Type") != "application/json" {
		t.Errorf("first %s, then %v %s", first.raw, again.header, again.raw)
	}
	o.now = o.now.Add(time.Second)
	later := o.send(move)
	later.is(200)
	later.has("name", `"Ana Lima"`)
}

func TestAnotherRequestUnderAKeyIsRefused(t *testing.T) {
	o := newOffice(t)
	create := ask{method: "POST", path: "/leads", body: `{"phone": "` + ana + `"}`, key: "k"}
	o.send(create).is(201)
	for name, a := range map[string]ask{
		"another body": {path: "/leads", body: `{"phone": "` + bia + `"}`},
		"another path": {path: "/payments", body: create.body},
		"another type": {path: "/leads", body: create.body, kind: "application/problem+json"},
	} {
		a.method, a.key = "POST", "k"
		if got := o.send(a); got.status != 422 || got.at("field") != `"Idempotency-Key"` || !strings.Contains(got.at("detail"), "another request") {
			t.Errorf("%s answered %d %s", name, got.status, got.raw)
		}
	}
	o.send(ask{method: "POST", path: "/leads", body: `{"phone": "` + bia + `"}`, key: "k", token: "writes too"}).is(201)
	o.now = o.now.Add(24 * time.Hour)
	o.send(ask{method: "POST", path: "/leads", body: `{"phone": "+5511911114444"}`, key: "k"}).is(201)
}

func TestWhatWasRefusedMayBeTriedAgainUnderItsKey(t *testing.T) {
	o := newOffice(t)
	o.send(ask{method: "POST", path: "/leads", body: `{"phone": "12"}`, key: "k"}).is(422)
	o.send(ask{method: "POST", path: "/leads", body: `{"phone": "` + ana + `"}`, key: "k"}).is(201)
}

func TestWhatComesAtOnceUnderAKeyIsDecidedOnce(t *testing.T) {
	o := newOffice(t)
	lead := o.write(ana, "Ana", hello)
	var all sync.WaitGroup
	answers := make([]answer, 16)
	for i := range answers {
		all.Go(func() {
			answers[i] = o.send(ask{method: "POST", path: "/opportunities", body: `{"lead_id": "` + lead + `", "type": "Course"}`, key: "k"})
		})
	}
	all.Wait()
	replayed := 0
	for _, a := range answers {
		if a.status != 201 || a.raw != answers[0].raw {
			t.Errorf("answered %d %s and %s", a.status, a.raw, answers[0].raw)
		}
		if a.header.Get("Idempotent-Replayed") == "true" {
			replayed++
		}
	}
	if n := len(strings.Fields(o.get("/opportunities").each("id"))); n != 1 || replayed != len(answers)-1 {
		t.Errorf("%d opportunities, %d repeated answers", n, replayed)
	}
}

func TestAnAnswerAboutWhoWasErasedIsNotToldAgain(t *testing.T) {
	o := newOffice(t)
	create := ask{method: "POST", path: "/leads", body: `{"phone": "` + ana + `", "name": "Ana"}`, key: "k"}
	id := o.send(create).text("id")
	o.do("DELETE", "/leads/"+id, "")
	got := o.send(create)
	if got.status != 404 || strings.Contains(got.raw, "11911112222") {
		t.Errorf("answered %d %s", got.status, got.raw)
	}
	if n := len(strings.Fields(o.get("/leads").each("id"))); n != 1 {
		t.Errorf("there are %d leads", n)
	}
}

func TestAKeyOf255CharactersIsTaken(t *testing.T) {
	o := newOffice(t)
	for i, key := range []string{strings.Repeat("k", 255), "!~", "a/b"} {
		o.send(ask{method: "POST", path: "/leads", body: fmt.Sprintf(`{"phone": "+551191111000%d"}`, i), key: key}).is(201)
	}
}
