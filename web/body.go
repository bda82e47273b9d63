package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"leadgate/fault"
)

// maxText bounds a text of a body, in characters: the texts end up in messages and on pages.
const maxText = 4000

// maxTexts bounds how many texts by name a body holds: all of a lead's are told with every event.
const maxTexts = 100

// fields are what the body of a request may hold: by name, where each value goes. A *string or *bool has to be given, and
// a text must not be empty; what goes elsewhere may be left out.
//
//	*string, *bool          what has to be given
//	**string, **time.Time   what may be left out, or null
//	*settable               a text that null takes away
//	*texts                  texts by name, of which null takes one away
//	*amount                 a number or its decimals as a text, which may be left out, or null
//	*object                 an object of fields of its own, which may be left out, or null
type fields map[string]any

// A settable is a text that a change sets, takes away, or leaves as it is.
type settable struct {
	given bool
	text  string // "" when it is taken away
}

func (s *settable) UnmarshalJSON(raw []byte) error {
	s.given = true
	return json.Unmarshal(raw, &s.text) // of null it makes nothing
}

// pointer is the text; nil when it stays as it is.
func (s settable) pointer() *string {
	if !s.given {
		return nil
	}
	return &s.text
}

// texts are texts by name; nil takes one away.
type texts = map[string]*string

// An amount is a decimal number as it was written, "150.00"; "" when there is none.
type amount string

func (a *amount) UnmarshalJSON(raw []byte) error {
	var n json.Number // which takes a text too, if it is a number
	err := json.Unmarshal(raw, &n)
	*a = amount(n)
	return err
}

// An object is a part of a body that has fields of its own.
type object struct {
	want  fields
	given bool
	raw   json.RawMessage
}

func (o *object) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	o.given, o.raw = true, slices.Clone(raw)
	var parts map[string]json.RawMessage
	return json.Unmarshal(raw, &parts)
}

// fill puts the object's values where they go. What is wrong is told by the object's name and the field's.
func (o *object) fill(name string) error {
	if !o.given {
		return nil
	}
	return below(name, fill(o.raw, o.want))
}

// below is the problem of a field of an object, as one of the body that holds the object.
func below(name string, err error) error {
	var p problem
	if !errors.As(err, &p) || p.Field == "" {
		return err
	}
	p.Field, p.Detail = name+"."+p.Field, name+"."+p.Detail
	return p
}

// body reads a body: an object of the fields and no others. One without required fields may be left out altogether. The
// error is a problem that names the field.
func body(r *http.Request, want fields) error {
	raw, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is longer than 1 MiB"}
	case err != nil:
		return problem{Status: http.StatusBadRequest, Detail: "the body did not arrive whole"}
	case len(raw) == 0 && len(want) == 0:
		return nil
	case !isJSON(r.Header.Get("Content-Type")):
		return problem{Status: http.StatusUnsupportedMediaType, Detail: "the body must be JSON: Content-Type: application/json"}
	case len(bytes.TrimSpace(raw)) == 0:
		return problem{Status: http.StatusBadRequest, Detail: "the body is empty; it must be a JSON object"}
	}
	return fill(raw, want)
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// fill puts the values of an object where they go.
func fill(raw []byte, want fields) error {
	var given map[string]json.RawMessage
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(raw, &given); {
	case errors.As(err, &syntax):
		return problem{Status: http.StatusBadRequest, Detail: "the body is not JSON: " + syntax.Error()}
	case err != nil || given == nil:
		return problem{Status: http.StatusUnprocessableEntity, Detail: "the body must be a JSON object"}
	}
	known := slices.Sorted(maps.Keys(want))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		to, ok := want[name]
		if !ok {
			return unknownField(name, known)
		}
		if err := json.Unmarshal(given[name], to); err != nil {
			return wrong(name, "must be %s", shape(to))
		}
	}
	for _, name := range known {
		if err := check(name, want[name], given[name] != nil && string(given[name]) != "null"); err != nil {
			return err
		}
	}
	return nil
}

// unknownField is the problem of a name that is none of those that are known.
func unknownField(name string, known []string) problem {
	name = shortened(name)
	if near := fault.Nearest(name, known); near != "" {
		return wrong(name, "is not known; did you mean %s?", near)
	}
	if len(known) == 0 {
		return wrong(name, "is not known; nothing is wanted here")
	}
	return wrong(name, "is not known; known: %s", strings.Join(known, ", "))
}

// shortened is a name that somebody made up, short enough to be told back.
func shortened(name string) string {
	const shown = 60
	if utf8.RuneCountInString(name) <= shown {
		return name
	}
	return string([]rune(name)[:shown]) + "…"
}

// shape says what a value must be, by where it goes.
func shape(to any) string {
	switch to.(type) {
	case *bool:
		return "true or false"
	case **time.Time:
		return `a time as in "2026-11-23T18:00:00Z"`
	case *texts:
		return "an object of texts"
	case *amount:
		return "an amount as in 150.00"
	case *object:
		return "an object"
	}
	return "a text"
}

// check refuses what is missing, and texts that can't be kept.
func check(name string, to any, given bool) error {
	switch v := to.(type) {
	case *string:
		if *v == "" {
			return wrong(name, "is missing")
		}
		return checkText(name, *v)
	case *bool:
		if !given {
			return wrong(name, "is missing")
		}
	case **string:
		if *v != nil {
			return checkText(name, **v)
		}
	case *settable:
		return checkText(name, v.text)
	case *texts:
		return checkTexts(name, *v)
	case *object:
		return v.fill(name)
	}
	return nil
}

func checkTexts(name string, all texts) error {
	if len(all) > maxTexts {
		return wrong(name, "holds more than %d texts", maxTexts)
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if key == "" {
			return wrong(name, "holds a text without a name")
		}
		if err := checkText(name, key); err != nil {
			return err
		}
		if text := all[key]; text != nil {
			if err := checkText(name+"."+key, *text); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkText(name, text string) error {
	switch {
	case utf8.RuneCountInString(text) > maxText:
		return wrong(name, "is longer than %d characters", maxText)
	case strings.ContainsRune(text, 0):
		return wrong(name, "holds a NUL character")
	}
	return nil
}
