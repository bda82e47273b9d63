package script

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A pathValue is a part of a document, and what it has to be.
type pathValue struct {
	path     string
	steps    []string
	value    any
	template template // what value is made of when it is looked at; nil: it is as it is
}

// parsePathValues takes "[PATH VALUE]…" to the end of the line.
func parsePathValues(l *line) ([]pathValue, error) {
	var values []pathValue
	for l.left() {
		v, err := parsePathValue(l)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

func parsePathValue(l *line) (pathValue, error) {
	w := l.next()
	v := pathValue{path: w.text, steps: pathSteps(w.text)}
	if w.kind != bareWord || len(v.steps) == 0 {
		return v, fmt.Errorf("%q is no path, like data.lead.source", w.text)
	}
	switch value := l.next(); {
	case value.kind == quotedText:
		v.value = value.text
	case value.text == "" || value.kind == comma:
		return v, fmt.Errorf("a value is missing after %q", w.text)
	case value.kind == jsonValue:
		var err error
		v.template, err = parseTemplate(value.text, true)
		return v, err
	default:
		if json.Unmarshal([]byte(value.text), &v.value) != nil {
			v.value = value.text
		}
	}
	return v, nil
}

func checkValues(c *checker, values []pathValue) {
	for _, v := range values {
		v.template.check(c)
	}
}

// resolve returns the values with what their templates stand for now.
func (p *player) resolve(ctx context.Context, values []pathValue) ([]pathValue, error) {
	resolved := slices.Clone(values)
	for i, v := range resolved {
		if v.template == nil {
			continue
		}
		text, err := p.expand(ctx, v.template)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &resolved[i].value); err != nil {
			return nil, fmt.Errorf("read the value of %s: %w", v.path, err)
		}
	}
	return resolved, nil
}

// fit reports whether a document has all the values.
func fit(document any, values []pathValue) bool {
	for _, v := range values {
		if got, there := part(document, v.steps); !there || !reflect.DeepEqual(got, v.value) {
			return false
		}
	}
	return true
}

// inWords is the values as an expectation names them, after whatever has them.
func inWords(values []pathValue) string {
	var text strings.Builder
	for _, v := range values {
		fmt.Fprintf(&text, ", %s %s", v.path, written(v.value))
	}
	return text.String()
}

// found is what a document has where the values are expected, in words.
func found(document any, values []pathValue) string {
	var text strings.Builder
	for _, v := range values {
		if got, there := part(document, v.steps); there {
			fmt.Fprintf(&text, ", %s %s", v.path, written(got))
		} else {
			text.WriteString(", no " + v.path)
		}
	}
	return text.String()
}

// pathSteps takes data.lead.stages."Lead Entry" apart; nil when it is no path.
func pathSteps(path string) []string {
	var steps []string
	for {
		var step string
		if quoted, err := strconv.QuotedPrefix(path); err == nil && strings.HasPrefix(path, `"`) {
			if step, err = strconv.Unquote(quoted); err != nil {
				return nil
			}
			path = path[len(quoted):]
		} else {
			end := strings.IndexByte(path, '.')
			if end < 0 {
				end = len(path)
			}
			step, path = path[:end], path[end:]
		}
		if step == "" {
			return nil
		}
		steps = append(steps, step)
		if path == "" {
			return steps
		}
		if path[0] != '.' {
			return nil
		}
		path = path[1:]
	}
}

// part is what stands at a path of a document.
func part(document any, steps []string) (value any, there bool) {
	for _, step := range steps {
		switch of := document.(type) {
		case map[string]any:
			if document, there = of[step]; !there {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(of) {
				return nil, false
			}
			document = of[i]
		default:
			return nil, false
		}
	}
	return document, true
}

// written is a value as JSON has it.
func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
