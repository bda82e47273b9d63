package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzNoBodyIsTakenThatHoldsMoreThanIsWanted feeds bodies of any kind to the fields of every shape.
func FuzzNoBodyIsTakenThatHoldsMoreThanIsWanted(f *testing.F) {
	for _, seed := range []string{
		`{"must": "a", "is": true}`, `{"must": "", "is": null}`, `{"must": "a", "is": false, "may": null, "until": "2026-11-23T18:00:00Z"}`,
		`{"must": "a", "is": true, "name": null, "fields": {"course": null, "city": "Recife"}}`, `{"Must": "a"}`, `[]`, `null`, `{`, `"`,
		`{"must": "\u0000", "is": true}`, `{"must": "\ud800", "is": true}`, `{"must": "a", "must": 1}`, "{\"must\": \"\xff\", \"is\": true}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var must string
		var is bool
		var may *string
		var until *time.Time
		var name settable
		var values texts
		want := fields{"must": &must, "is": &is, "may": &may, "until": &until, "name": &name, "fields": &values}
		var p problem
		if err := fill(raw, want); err != nil {
			if !errors.As(err, &p) || p.Status != http.StatusBadRequest && p.Status != http.StatusUnprocessableEntity || p.Detail == "" {
				t.Fatalf("refused with %#v", err)
			}
			if p.Status == http.StatusBadRequest && json.Valid(raw) {
				t.Fatalf("valid JSON is refused as none: %s", p.Detail)
			}
			return
		}
		var given map[string]any
		if err := json.Unmarshal(raw, &given); err != nil {
			t.Fatalf("took what is not JSON: %v", err)
		}
		for field := range given {
			if want[field] == nil {
				t.Errorf("took the unknown field %q", field)
			}
		}
		if given["must"] != must || given["is"] != is || must == "" || !utf8.ValidString(must) || strings.ContainsRune(must, 0) {
			t.Errorf("took must %q and is %v of %v", must, is, given)
		}
		if null, ok := given["name"]; ok != name.given || null == nil && name.text != "" {
			t.Errorf("took the name %+v of %v", name, given)
		}
	})
}
