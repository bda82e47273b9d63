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
		`{"must": "a", "is": true, "paid": 1.50, "part": {"inner": "b"}}`, `{"must": "a", "is": true, "paid": "1e3", "part": null}`,
		`{"must": "a", "is": true, "paid": "", "part": {"outer": 1}}`,
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
		var paid amount
		var inner string
		part := object{want: fields{"inner": &inner}}
		want := fields{
			"must": &must, "is": &is, "may": &may, "until": &until, "name": &name, "fields": &values, "paid": &paid, "part": &part,
		}
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
		if part.given == (given["part"] == nil) || part.given && inner == "" {
			t.Errorf("took the part %v as %+v", given["part"], part)
		}
		if null, ok := given["name"]; ok != name.given || null == nil && name.text != "" {
			t.Errorf("took the name %+v of %v", name, given)
		}
	})
}

// FuzzNoFormIsTakenThatHoldsMoreThanItMay feeds forms of any kind to what reads them.
func FuzzNoFormIsTakenThatHoldsMoreThanItMay(f *testing.F) {
	for _, seed := range []string{
		`{"phone": "11911112222", "course": ["AI", null, 1], "yes": true}`, `{"a": [ [1]]}`, `{"a": { }}`, `{"": 1}`, `[]`, `null`, ``, `{`,
		`phone=11911112222&course=AI&course=Data`, `a=%ff`, `a=%zz`, `a=%00`, `=1`, `;`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, read := range []func([]byte) (map[string][]string, error){jsonForm, encodedForm} {
			given, err := read(raw)
			var values map[string]string
			if err == nil {
				values, err = joined(given)
			}
			var p problem
			if err != nil && (!errors.As(err, &p) || p.Status < 400 || p.Status > 422 || p.Detail == "" || !utf8.ValidString(p.Field)) {
				t.Fatalf("refused with %#v", err)
			}
			if len(values) > maxFormFields {
				t.Errorf("took %d fields", len(values))
			}
			for name, value := range values {
				if name == "" || !utf8.ValidString(name+value) || strings.ContainsRune(value, 0) || utf8.RuneCountInString(value) > maxText {
					t.Errorf("took %q as %q", name, value)
				}
			}
		}
	})
}
