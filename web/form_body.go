package web

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what a form may hold.
const (
	maxForm       = 64 << 10 // bytes
	maxFormFields = 100
)

// formValues are the texts of a form by its own names, without white space around them. What it holds several of under one
// name are one text, with commas between.
func formValues(r *http.Request) (map[string]string, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxForm))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem{Status: http.StatusRequestEntityTooLarge, Detail: "the form is longer than 64 KiB"}
	case err != nil:
		return nil, problem{Status: http.StatusBadRequest, Detail: "the form did not arrive whole"}
	}
	contentType := r.Header.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(contentType)
	var given map[string][]string
	switch {
	case isJSON(contentType):
		given, err = jsonForm(raw)
	case kind == "application/x-www-form-urlencoded":
		given, err = encodedForm(raw)
	default:
		return nil, problem{
			Status: http.StatusUnsupportedMediaType,
			Detail: "the form must be sent as application/json or as application/x-www-form-urlencoded",
		}
	}
	if err != nil {
		return nil, err
	}
	return joined(given)
}

func encodedForm(raw []byte) (map[string][]string, error) {
	given, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, problem{Status: http.StatusBadRequest, Detail: "the form can't be read: write % as %25 and ; as %3B"}
	}
	return given, nil
}

func jsonForm(raw []byte) (map[string][]string, error) {
	var object map[string]json.RawMessage
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(raw, &object); {
	case errors.As(err, &syntax), len(raw) == 0:
		return nil, problem{Status: http.StatusBadRequest, Detail: "the form is not JSON"}
	case err != nil || object == nil:
		return nil, problem{Status: http.StatusUnprocessableEntity, Detail: "the form must be a JSON object"}
	}
	given := map[string][]string{}
	for name, value := range object {
		texts, ok := plain(value)
		if !ok {
			return nil, wrong(shortened(name), "must be a text, or a list of texts")
		}
		given[name] = texts
	}
	return given, nil
}

// plain are the texts of a value: a text, a number, true or false, a list of these, or null, which holds none.
func plain(raw json.RawMessage) (all []string, ok bool) {
	var list []json.RawMessage
	if raw[0] != '[' {
		list = append(list, raw)
	} else if err := json.Unmarshal(raw, &list); err != nil {
		return nil, false
	}
	for _, each := range list {
		var text string
		switch {
		case each[0] == '{' || each[0] == '[':
			return nil, false
		case string(each) == "null":
			continue
		case each[0] != '"':
			text = string(each)
		case json.Unmarshal(each, &text) != nil:
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}

func joined(given map[string][]string) (map[string]string, error) {
	if len(given) > maxFormFields {
		return nil, problem{Status: http.StatusUnprocessableEntity, Detail: "the form has more than 100 fields"}
	}
	values := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		var texts []string
		for _, text := range given[name] {
			if text = strings.TrimSpace(text); text != "" {
				texts = append(texts, text)
			}
		}
		value := strings.Join(texts, ", ")
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return nil, wrong(shortened(strings.ToValidUTF8(name, "?")), "is no UTF-8 text")
		}
		if err := checkText(shortened(name), value); err != nil {
			return nil, err
		}
		if name != "" { // which would be the name of a field that the form does not have
			values[name] = value
		}
	}
	return values, nil
}
