package web_test

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"leadgate/delivery"
	"leadgate/web"
)

// exampleOffice is an office in which the document's examples make sense, and what the document's names stand for there.
func exampleOffice(t *testing.T) (*office, map[string]string, func(path string) string) {
	t.Helper()
	o := told(withForms(newOffice(t)))
	o.forms[0].Origins = nil
	o.logout = func(context.Context, string) error { return nil }
	o.numbers = []web.Number{{Name: "front-desk", State: "connected"}}
	lead, other := o.write(ana, "Ana", hello), o.write(bia, "Bia", hello)
	o.settle(delivery.Result{Verdict: delivery.Never})
	opportunity := o.do("POST", "/opportunities", `{"lead_id": "`+lead+`", "type": "Course"}`).text("id")
	ids := map[string]string{"lead_1": lead, "lead_2": other}
	things := map[string]string{
		"leads": lead, "opportunities": opportunity, "chats": o.get("/chats").text("items.0.id"),
		"deliveries": o.get("/deliveries?status=dead").text("items.0.id"), "agents": "maria", "numbers": "front-desk", "forms": "landing",
	}
	return o, ids, func(path string) string {
		thing := things[strings.Split(path, "/")[1]]
		transition := o.get("/leads/" + lead).text("transitions.0.id")
		return strings.NewReplacer("{id}", thing, "{name}", thing, "{transition}", transition, "{key}", "pk_landing").Replace(path)
	}
}

func TestTheDocumentsExamplesAreTaken(t *testing.T) {
	c := newContract(t)
	paths, _ := c.at("paths")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		operations, _ := c.at("paths", path)
		for _, method := range slices.Sorted(maps.Keys(operations)) {
			t.Run(method+" "+path, func(t *testing.T) {
				o, ids, fill := exampleOffice(t)
				a := ask{method: strings.ToUpper(method), path: fill(path)}
				if strings.HasPrefix(path, "/numbers/{name}/pair") {
					t.Skip("the office pairs no number") // which web_test.go tests
				}
				operation, _ := c.at("paths", path, method)
				if body, ok := operation["requestBody"].(map[string]any); ok {
					a.body = o.example(body, ids)
				}
				a.path += c.exampleQuery(operation, ids)
				if got := o.send(a); got.status >= 300 {
					t.Errorf("%s %s %s answered %d %s", a.method, a.path, a.body, got.status, got.raw)
				}
			})
		}
	}
}

// exampleQuery is a query with the example of everything that can be asked for.
func (c *contract) exampleQuery(operation map[string]any, ids map[string]string) string {
	query := url.Values{}
	parameters, _ := operation["parameters"].([]any)
	for _, p := range parameters {
		parameter := p.(map[string]any)
		if ref, is := parameter["$ref"].(string); is {
			parameter, _ = c.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
		if parameter["in"] != "query" || parameter["example"] == nil {
			continue
		}
		value := strings.Trim(jsonOf(parameter["example"]), `"`)
		if id := ids[value]; id != "" {
			value = id
		}
		query.Set(parameter["name"].(string), value)
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}
