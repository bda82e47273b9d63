package webhook

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A route leads to a value of an answer: keys and positions, such as result.0.id.
type route struct {
	written  string
	keys     []string
	optional bool // it ended in "?": the value may be missing
}

// parseRoute returns why there is none.
func parseRoute(written string) (r route, problem string) {
	bare, optional := strings.CutSuffix(written, "?")
	r = route{written: bare, keys: strings.Split(bare, "."), optional: optional}
	for _, key := range r.keys {
		if key == "" || strings.ContainsAny(key, " \t\n[]$") {
			return r, fmt.Sprintf("%q is not a path in an answer", written)
		}
	}
	return r, ""
}

// find is the value of an answer at the route; nil when there is none.
func (r route) find(answer any) any {
	for _, key := range r.keys {
		switch v := answer.(type) {
		case map[string]any:
			answer = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			answer = v[i]
		default:
			return nil
		}
	}
	return answer
}

// readAnswer is the tree of an answer's body; nil when it has none that can be read.
func readAnswer(contentType string, body []byte) any {
	if strings.Contains(contentType, "xml") {
		tree, err := answerXML(body)
		if err != nil {
			return nil
		}
		return tree
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var tree any
	if decoder.Decode(&tree) != nil {
		return nil
	}
	return tree
}

// plain is a value of an answer that can be kept: a text, number, true or false that is not empty.
func plain(value any) (string, bool) {
	switch value.(type) {
	case string, json.Number, bool:
		return fmt.Sprint(value), fmt.Sprint(value) != ""
	}
	return "", false
}
