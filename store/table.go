package store

import (
	"encoding/json"
	"strconv"
)

// A table is how many rows go into one statement on both databases: a JSON object, each row a key and a list of values,
// which the statement takes apart with json_each. The zero value has no rows.
type table struct {
	buf []byte
	n   int // rows
}

// row begins a row; the values that follow belong to it.
func (t *table) row(key string) *table {
	if t.n == 0 {
		t.buf = append(t.buf, '{')
	} else {
		t.buf = append(t.buf, `],`...)
	}
	t.n++
	t.buf = append(quoted(t.buf, key), `:[`...)
	return t
}

// id begins a row whose key is a number.
func (t *table) id(key int64) *table { return t.row(strconv.FormatInt(key, 10)) }

func (t *table) number(n int64) *table {
	t.buf = strconv.AppendInt(t.next(), n, 10)
	return t
}

func (t *table) text(text string) *table {
	t.buf = quoted(t.next(), text)
	return t
}

// next makes room for a value.
func (t *table) next() []byte {
	if t.buf[len(t.buf)-1] == '[' {
		return t.buf
	}
	return append(t.buf, ',')
}

// json is the table as the argument of a statement.
func (t *table) json() string {
	if t.n == 0 {
		return `{}`
	}
	return string(t.buf) + `]}`
}

// quoted appends a JSON string. The plain ones, nearly all, cost nothing.
func quoted(buf []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			encoded, err := json.Marshal(clean(text))
			if err != nil {
				panic("store: a string can't fail to encode: " + err.Error())
			}
			return append(buf, encoded...)
		}
	}
	return append(append(append(buf, '"'), text...), '"')
}

// keys is names as the argument of a statement, each the key of a row without values.
func keys(names []string) string {
	var t table
	for _, name := range names {
		t.row(name)
	}
	return t.json()
}
