package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"leadgate/fault"
)

// A reading fills Go values from what the decoder returned, and notes every key that is unknown and every value that
// has the wrong type, instead of stopping at the first.
type reading struct {
	faults fault.List
	broken brokenSet // what is missing there was reported already
}

// into takes a value over into target, which a `toml` struct tag names by path.
func (r *reading) into(target reflect.Value, value any, path string) {
	switch target.Kind() {
	case reflect.String:
		if s, ok := value.(string); ok {
			target.SetString(s)
			return
		}
	case reflect.Bool:
		if b, ok := value.(bool); ok {
			target.SetBool(b)
			return
		}
	case reflect.Int:
		if n, ok := value.(int64); ok && !target.OverflowInt(n) {
			target.SetInt(n)
			return
		}
	case reflect.Float64:
		switch n := value.(type) {
		case float64:
			target.SetFloat(n)
			return
		case int64:
			target.SetFloat(float64(n))
			return
		}
	case reflect.Pointer:
		// What is there counts as there even when it has the wrong type.
		target.Set(reflect.New(target.Type().Elem()))
		r.into(target.Elem(), value, path)
		return
	case reflect.Slice:
		if items, ok := list(value); ok {
			r.slice(target, items, path)
			return
		}
	case reflect.Map:
		if table, ok := value.(map[string]any); ok {
			r.stringMap(target, table, path)
			return
		}
	case reflect.Struct:
		if table, ok := value.(map[string]any); ok {
			r.table(target, table, path)
			return
		}
	default:
		panic("config: no rule to read a " + target.Kind().String()) // a mistake in a schema, which every test meets
	}
	r.wrongType(target.Type(), value, path)
}

func (r *reading) slice(target reflect.Value, items []any, path string) {
	target.Set(reflect.MakeSlice(target.Type(), len(items), len(items)))
	for i, item := range items {
		r.into(target.Index(i), item, fault.Index(path, i))
	}
}

func (r *reading) stringMap(target reflect.Value, table map[string]any, path string) {
	target.Set(reflect.MakeMapWithSize(target.Type(), len(table)))
	for key, part := range table {
		value := reflect.New(target.Type().Elem()).Elem()
		r.into(value, part, join(path, key))
		target.SetMapIndex(reflect.ValueOf(key), value)
	}
}

func (r *reading) table(target reflect.Value, table map[string]any, path string) {
	fields := make(map[string]int)
	for i := range target.NumField() {
		if tag := target.Type().Field(i).Tag.Get("toml"); tag != "" {
			fields[tag] = i
		}
	}
	for key, part := range table {
		if i, ok := fields[key]; ok {
			r.into(target.Field(i), part, join(path, key))
			continue
		}
		r.unknown(key, fields, table, path)
	}
}

// unknown reports a key that a table doesn't have, with the one that was probably meant.
func (r *reading) unknown(key string, fields map[string]int, table map[string]any, path string) {
	at, where := join(path, key), "at the top level"
	if path != "" {
		where = "in [" + plain(path) + "]"
	}
	known := make([]string, 0, len(fields))
	for name := range fields {
		known = append(known, name)
	}
	slices.Sort(known)
	hint := "remove it"
	if meant := fault.Nearest(key, known); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
		if _, set := table[meant]; !set {
			r.broken[join(path, meant)] = true
		}
	} else if path != "" && topLevel(key) {
		hint = "it belongs at the top of the file, before the first [table]"
	}
	r.faults.Add(at, fmt.Sprintf("unknown key %q %s", shorten(key), where), hint)
}

func (r *reading) wrongType(wanted reflect.Type, value any, path string) {
	key := path[strings.LastIndex(path, ".")+1:]
	kind, hint := "text", fmt.Sprintf(`put it in double quotes: %s = "…"`, key)
	switch wanted.Kind() {
	case reflect.Bool:
		kind, hint = "true or false", "without quotes"
	case reflect.Int:
		kind, hint = "a whole number", "digits alone, without quotes"
	case reflect.Float64:
		kind, hint = "a number", "digits, without quotes; a point before the decimals"
	case reflect.Slice:
		kind, hint = "a list", fmt.Sprintf(`put it in brackets: %s = ["…"]`, key)
		if wanted.Elem().Kind() == reflect.Struct {
			kind, hint = "a list of tables", fmt.Sprintf("begin each with [[%s]]", plain(path))
		}
	case reflect.Struct, reflect.Map:
		kind, hint = "a table", fmt.Sprintf("begin it with [%s]", plain(path))
	}
	named := fmt.Sprintf("%q", key)
	if list, item, ok := itemOf(key); ok {
		named, hint = fmt.Sprintf("item %d of %q", item+1, list), ""
		if wanted.Kind() == reflect.String {
			hint = "put it in double quotes"
		}
	}
	r.broken[path] = true
	r.faults.Add(path, fmt.Sprintf("%s must be %s, not %s", named, kind, typeWords(value, wanted)), hint)
}

// itemOf takes the last part of a path apart that names an item of a list, as "ignore[1]" does.
func itemOf(part string) (list string, item int, ok bool) {
	s := steps(part)
	if len(s) != 2 || s[1].isKey {
		return "", 0, false
	}
	return s[0].key, s[1].item, true
}

// typeWords names the type of a value as an administrator would, so that it differs from the wanted one.
func typeWords(value any, wanted reflect.Type) string {
	switch value := value.(type) {
	case string:
		return "text"
	case bool:
		return fmt.Sprint(value)
	case float64:
		if wanted.Kind() == reflect.Int {
			return "a number with a decimal point"
		}
		return "a number"
	case int64:
		if wanted.Kind() == reflect.Int {
			return "one as large as this"
		}
		return "a number"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	default:
		return "a date or time"
	}
}

// list is a TOML list of whatever kind.
func list(value any) ([]any, bool) {
	switch value := value.(type) {
	case []any:
		return value, true
	case []map[string]any:
		items := make([]any, len(value))
		for i := range value {
			items[i] = value[i]
		}
		return items, true
	}
	return nil, false
}

// plain is a path without the positions of tables: funnel.stage.trigger.
func plain(path string) string {
	var keys []string
	for _, s := range steps(path) {
		if s.isKey {
			keys = append(keys, s.key)
		}
	}
	return strings.Join(keys, ".")
}

// topLevel reports whether a key stands outside of all tables.
func topLevel(key string) bool {
	return key == "timezone" || key == "language" || key == "country" || key == "holidays"
}

// longestWord is how much of a word of the file is shown, in characters.
const longestWord = 60

// shorten cuts a word of the file that is too long to be shown.
func shorten(word string) string {
	runes := []rune(word)
	if len(runes) <= longestWord {
		return word
	}
	return string(runes[:longestWord]) + "…"
}
