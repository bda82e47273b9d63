package web

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"leadgate/bot"
)

func TestTheDocumentHasEveryRouteAndNoOther(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas struct {
				Event struct {
					Properties struct {
						Type struct{ Enum []bot.EventType }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, r := range (&site{}).routes() {
		want = append(want, r.method+" "+r.path)
		operation, _ := doc.Paths[r.path][strings.ToLower(r.method)].(map[string]any)
		if _, public := operation["security"]; public != (r.scope == open) {
			t.Errorf("%s %s: whether it needs a token is not as the document says", r.method, r.path)
		}
	}
	for path, operations := range doc.Paths {
		for method := range maps.Keys(operations) {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the document has %s\nthe routes are %s", got, want)
	}
	if types := doc.Components.Schemas.Event.Properties.Type.Enum; !slices.Equal(types, bot.EventTypes()) {
		t.Errorf("the document has the events %s, there are %s", types, bot.EventTypes())
	}
}
