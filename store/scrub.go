package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// erasedWord stands where a name or an address was.
const erasedWord = "…"

// scrub rewrites an event's body so that it does not tell who the lead is: the lead in it has no name, phone, ad or fields,
// and what was filled in elsewhere is taken out. All else stays as it was, in the same order.
func (who identity) scrub(body []byte) ([]byte, error) {
	var event struct {
		Data struct {
			Lead struct{ Name, Phone string }
		}
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	s := scrubber{names: []string{who.name, event.Data.Lead.Name}, addresses: slices.Clone(who.addresses)}
	for _, digits := range append(who.digits, strings.TrimPrefix(event.Data.Lead.Phone, "+")) {
		s.addresses = append(s.addresses, "+"+digits, digits)
	}
	var out bytes.Buffer
	err := rewrite(&out, bytes.TrimSpace(body), func(key string, value json.RawMessage) error {
		if key != "data" {
			out.Write(value)
			return nil
		}
		return rewrite(&out, value, func(key string, value json.RawMessage) error {
			if key == "lead" {
				return s.lead(&out, value)
			}
			return s.value(&out, key, value)
		})
	})
	return out.Bytes(), err
}

// A scrubber takes words out of a JSON document.
type scrubber struct {
	names     []string // out of texts
	addresses []string // out of every string
}

// lead writes a lead without what identifies the person.
func (s scrubber) lead(out *bytes.Buffer, raw json.RawMessage) error {
	return rewrite(out, raw, func(key string, value json.RawMessage) error {
		switch key {
		case "name", "phone", "ad":
			out.WriteString("null")
			return nil
		case "fields":
			out.WriteString("{}")
			return nil
		}
		return s.value(out, key, value)
	})
}

// value writes a value that stands under a key, or in a list that does.
func (s scrubber) value(out *bytes.Buffer, key string, raw json.RawMessage) error {
	switch raw[0] {
	case '{':
		return rewrite(out, raw, func(key string, value json.RawMessage) error { return s.value(out, key, value) })
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return fmt.Errorf("decode %q: %w", key, err)
		}
		out.WriteByte('[')
		for i, item := range list {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := s.value(out, key, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return fmt.Errorf("decode %q: %w", key, err)
		}
		if clean := s.text(key, text); clean != text {
			out.Write(quoted(nil, clean))
			return nil
		}
	}
	out.Write(raw)
	return nil
}

// text is a string without the addresses; and without the names where people write: elsewhere the same word is one of the
// configuration, such as an agent's name.
func (s scrubber) text(key, text string) string {
	for _, address := range s.addresses {
		text = without(text, address)
	}
	switch key {
	case "label", "title", "text", "message", "reason", "description":
		for _, name := range s.names {
			text = without(text, name)
		}
	}
	return text
}

// rewrite writes an object whose values write writes. What is no object is written as it is.
func rewrite(out *bytes.Buffer, raw json.RawMessage, write func(key string, value json.RawMessage) error) error {
	if raw[0] != '{' {
		out.Write(raw)
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	out.WriteByte('{')
	for n := 0; in.More(); n++ {
		token, err := in.Token()
		if err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		key, _ := token.(string) // an object's keys are strings
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return fmt.Errorf("decode %q: %w", key, err)
		}
		if n > 0 {
			out.WriteByte(',')
		}
		out.Write(quoted(nil, key))
		out.WriteByte(':')
		if err := write(key, value); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// without is a text in which a word does not stand by itself any more.
func without(text, word string) string {
	if word == "" {
		return text
	}
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(word)
	var kept strings.Builder
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			kept.WriteString(text[at:])
			return kept.String()
		}
		start, end := at+i, at+i+len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:start])
		after, _ := utf8.DecodeRuneInString(text[end:])
		kept.WriteString(text[at:start])
		if isWord(before) && isWord(first) || isWord(last) && isWord(after) {
			kept.WriteString(word) // a part of another one
		} else {
			kept.WriteString(erasedWord)
		}
		at = end
	}
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
