package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// same reports where the tree of places has another shape than what the decoder returned; "" when they agree.
func same(text string, n *node, value any, path string) string {
	if n == nil {
		return path + " has no place"
	}
	if n.at < 0 || n.at > len(text) {
		return path + " lies outside of the file"
	}
	switch value := value.(type) {
	case map[string]any:
		if len(n.keys) != len(value) {
			return fmt.Sprintf("%s has %d keys, the places %d", path, len(value), len(n.keys))
		}
		for key, part := range value {
			if fault := same(text, n.keys[key], part, join(path, key)); fault != "" {
				return fault
			}
		}
	case []map[string]any:
		items := make([]any, len(value))
		for i := range value {
			items[i] = value[i]
		}
		return same(text, n, items, path)
	case []any:
		if len(n.items) != len(value) {
			return fmt.Sprintf("%s has %d items, the places %d", path, len(value), len(n.items))
		}
		for i, part := range value {
			if fault := same(text, n.items[i], part, fmt.Sprintf("%s[%d]", path, i)); fault != "" {
				return fault
			}
		}
	}
	return ""
}

func FuzzPlaces(f *testing.F) {
	for _, seed := range []string{
		"a = 1\nb.c = \"x\"\n[t]\nk = 'v'\n[[l]]\nn = 1\n[[l]]\n  [[l.m]]\n  x = true\n[l.o]\ny = 1979-05-27 07:32:00\n",
		"a = [1, [2, 3], {b = 1, c.d = [ # comment ]\n 4,\n]}]\n",
		"s = \"\"\"\n[not] a = \"table\" \\\"\"\" x\n\"\"\"\"\"\nt = '''it's'''''\nu = 1",
		"\"quoted \\u00e9 key\".'b\\c' = \"a \\\" # b\"\r\n[ 'x' . \"\" ]\r\n",
		"d = [1979-05-27 07:32:00, 07:32:00, 1979-05-27]\ni = {}\ne = []\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := locate(text)
		if p.tooDeep >= 0 {
			return
		}
		var value map[string]any
		if err := decodeInto(text, &value); err != nil {
			return
		}
		if fault := same(text, p.root, value, ""); fault != "" {
			t.Errorf("%s\n%s", fault, text)
		}
	})
}

func decodeInto(text string, value any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	_, err = toml.Decode(text, value)
	return err
}

func TestEveryValueIsFoundOnItsLine(t *testing.T) {
	const text = `timezone = "UTC"
[[number]]
name = "a"
ignore = [
  "+1",
  "+2", # the second
]
[[number]]
name = "b"
pace = { per_minute = 30,
  burst = 5 }
[[funnel]]
  [[funnel.stage]]
  [[funnel.stage]]
    [[funnel.stage.trigger]]
    phrase = """
two
lines"""
    source = "S"
[destination.headers]
"X Y" = "z"
`
	p := locate(text)
	for path, want := range map[string]int{
		"timezone": 1, "number": 2, "number[0]": 2, "number[0].ignore": 4, "number[0].ignore[1]": 6,
		"number[1]": 8, "number[1].pace.burst": 11, "funnel[0].stage[1]": 14,
		"funnel[0].stage[1].trigger[0].phrase": 16, "funnel[0].stage[1].trigger[0].source": 19,
		"funnel[0].stage[1].trigger[0].missing": 15, "funnel[0].stage[7].name": 13, "funnel[0].name": 12,
		`destination.headers."X Y"`: 21, "": 1, "nowhere": 1,
	} {
		if got := p.line(path); got != want {
			t.Errorf("%s is found on line %d, stands on line %d", path, got, want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	for _, text := range []string{
		"a = " + strings.Repeat("[", 1<<20),
		"a = " + strings.Repeat("{a=", 1<<20),
		strings.Repeat("a.", 1<<20) + "a = 1",
		"[" + strings.Repeat("a.", 1<<20) + "a]",
	} {
		if p := locate(text); p.tooDeep < 0 {
			t.Errorf("%.20q… is not called too deep", text)
		}
	}
}
