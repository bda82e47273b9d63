package webhook

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// eventXML is an event's JSON document as XML, with the same tree and order: objects and values are elements of the same
// names, lists repeat <item>, null is empty and has nil="true". A name that XML can't spell, which only the fields of a
// lead and the names of funnels may have, is <entry name="…">.
func eventXML(document []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := element(&b, decoder, "event"); err != nil {
		return nil, fmt.Errorf("write the event as XML: %w", err)
	}
	return b.Bytes(), nil
}

// element writes the next value of the document.
func element(b *bytes.Buffer, decoder *json.Decoder, name string) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	tag, attribute := name, ""
	if !elementName(name) {
		tag, attribute = "entry", ` name="`+escapedXML(name)+`"`
	}
	if token == nil {
		fmt.Fprintf(b, `<%s%s nil="true"></%s>`, tag, attribute, tag)
		return nil
	}
	fmt.Fprintf(b, "<%s%s>", tag, attribute)
	delimiter, inside := token.(json.Delim)
	if !inside {
		b.WriteString(escapedXML(fmt.Sprint(token)))
	}
	for inside && decoder.More() {
		key := "item"
		if delimiter == '{' {
			named, err := decoder.Token()
			if err != nil {
				return err
			}
			key = fmt.Sprint(named)
		}
		if err := element(b, decoder, key); err != nil {
			return err
		}
	}
	if inside {
		if _, err := decoder.Token(); err != nil {
			return err
		}
	}
	fmt.Fprintf(b, "</%s>", tag)
	return nil
}

func escapedXML(value string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // a Builder takes everything
	return b.String()
}

// elementName reports whether a name can be an element's: XML 1.0, section 2.3, as far as letters and digits go.
func elementName(name string) bool {
	for i, r := range name {
		switch {
		case unicode.IsLetter(r) && r < 0x2000, r == '_':
		case i > 0 && (r >= '0' && r <= '9' || r == '-' || r == '.'):
		default:
			return false
		}
	}
	return name != "" && !strings.HasPrefix(strings.ToLower(name), "xml")
}

// answerXML is an XML answer as a tree like that of JSON: elements are keys, those that repeat are lists, text is text.
// Attributes are left out.
func answerXML(body []byte) (any, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	root := map[string]any{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			if root[start.Name.Local], err = content(decoder, 0); err != nil {
				return nil, fmt.Errorf("read the answer: %w", err)
			}
		}
	}
}

// deepest bounds how far elements of an answer may stand inside each other.
const deepest = 100

// content is what an element holds whose start was read.
func content(decoder *xml.Decoder, depth int) (any, error) {
	if depth > deepest {
		return nil, errors.New("elements stand too deep inside each other")
	}
	var written strings.Builder
	var parts map[string]any
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.CharData:
			written.Write(t)
		case xml.EndElement:
			if parts != nil {
				return parts, nil
			}
			return strings.TrimSpace(written.String()), nil
		case xml.StartElement:
			part, err := content(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			if parts == nil {
				parts = map[string]any{}
			}
			add(parts, t.Name.Local, part)
		}
	}
}

func add(parts map[string]any, name string, part any) {
	switch before := parts[name].(type) {
	case nil:
		parts[name] = part
	case []any:
		parts[name] = append(before, part)
	default:
		parts[name] = []any{before, part}
	}
}
