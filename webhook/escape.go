package webhook

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// functions are what templates may call, and the escapers that they are given.
func (c *compiler) functions() template.FuncMap {
	return template.FuncMap{
		"_at":     at,
		"_json":   escapeJSON,
		"_xml":    escapeXML,
		"_path":   escapePath,
		"_query":  func(v any) string { return strings.ReplaceAll(url.QueryEscape(text(v)), "+", "%20") },
		"_header": escapeHeader,
		"_text":   text,
		"raw":     text,
		"json":    toJSON,
		"index":   index,
		"digits":  digits,
		"dashed":  dashed,
		"lower":   func(v any) string { return strings.ToLower(text(v)) },
		"upper":   func(v any) string { return strings.ToUpper(text(v)) },
		"default": func(other, v any) any {
			if text(v) == "" {
				return other
			}
			return v
		},
		"date":  date,
		"env":   func(name string) string { return c.env[name] },
		"stage": func(v any) string { return c.stages[text(v)] },
	}
}

// text is a value as people write it; nothing is "".
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any, map[string]string, shape, open, []any:
		document, err := toJSON(v)
		if err != nil {
			return ""
		}
		return document
	}
	return fmt.Sprint(value)
}

// toJSON is a value as a JSON document.
func toJSON(value any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// escapeJSON is a value as it stands between the quotes of a JSON string.
func escapeJSON(value any) (string, error) {
	quoted, err := toJSON(text(value))
	if err != nil {
		return "", err
	}
	return quoted[1 : len(quoted)-1], nil
}

func escapeXML(value any) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(text(value)))
	return b.String(), err
}

// escapePath is a value as one part of a path. A part of dots alone would lead elsewhere.
func escapePath(value any) (string, error) {
	part := text(value)
	if part == "." || part == ".." {
		return "", errors.New("a part of a path can't be dots alone")
	}
	return url.PathEscape(part), nil
}

func escapeHeader(value any) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text(value))
}

func digits(value any) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text(value))
}

// dashed is a phone with a dash between its country's code and the rest, "+55-11987650001"; as it is when no country has
// its code.
func dashed(value any) string {
	phone := text(value)
	number, err := phonenumbers.Parse(phone, "")
	if err != nil {
		return phone
	}
	code := fmt.Sprintf("+%d", number.GetCountryCode())
	return code + "-" + strings.TrimPrefix(phone, code)
}

// date is a time of an event in Go's layout, in UTC; nothing stays nothing.
func date(layout string, value any) (string, error) {
	if text(value) == "" {
		return "", nil
	}
	t, err := time.Parse(time.RFC3339, text(value))
	if err != nil {
		return "", errors.New("date takes a time of an event")
	}
	return t.UTC().Format(layout), nil
}

// wellFormed says why a body is not a document of its format; "" when it is.
func wellFormed(body []byte, in place) string {
	if in == inXML {
		return wellFormedXML(body)
	}
	if in != inJSON || json.Valid(body) {
		return ""
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(any)); errors.As(err, &syntax) {
		line := 1 + bytes.Count(body[:min(int(syntax.Offset), len(body))], []byte("\n"))
		return fmt.Sprintf("what it prints is not JSON in line %d", line)
	}
	return "what it prints is not JSON"
}

func wellFormedXML(body []byte) string {
	decoder, elements := xml.NewDecoder(bytes.NewReader(body)), 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && elements > 0 {
			return ""
		}
		if err != nil {
			line, _ := decoder.InputPos()
			return fmt.Sprintf("what it prints is not XML in line %d", line)
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
}
