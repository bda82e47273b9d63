package config

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"leadgate/fault"
)

// maxDepth bounds how deep tables and arrays may be nested, and how many parts a dotted key may have. The keys of
// leadgate need four; the decoder recurses, so a file of nothing but brackets must not reach it.
const maxDepth = 32

// A scanner reads the places of a TOML file. It knows just enough of TOML to tell where values begin and end.
type scanner struct {
	text   string
	at     int
	depth  int
	places *places
	here   *node  // the table that keys go to
	path   string // of here
	open   bool   // something in the current statement was not closed
}

func (s *scanner) document() {
	for s.places.tooDeep < 0 {
		s.blank()
		if s.at >= len(s.text) {
			return
		}
		st := statement{start: s.at, header: s.text[s.at] == '['}
		s.open = false
		if st.header {
			s.header()
			st.path = s.path
		} else {
			st.path = s.keyValue(s.here, s.path)
		}
		s.restOfLine()
		st.end, st.complete = s.at, !s.open
		s.places.statements = append(s.places.statements, st)
	}
}

// header reads [table] or [[array of tables]] and makes it the table that keys go to.
func (s *scanner) header() {
	start := s.at
	array := strings.HasPrefix(s.text[s.at:], "[[")
	s.at++
	if array {
		s.at++
	}
	keys, _ := s.dotted()
	n, path := s.places.root, ""
	for i, key := range keys {
		path = join(path, key)
		n = n.child(key, start)
		if array && i == len(keys)-1 {
			n.items = append(n.items, &node{at: start})
		}
		if len(n.items) > 0 {
			path = fault.Index(path, len(n.items)-1)
		}
		n = n.last()
	}
	s.here, s.path = n, path
}

// keyValue reads one "key = value" of a table, and returns the path of the key.
func (s *scanner) keyValue(table *node, path string) string {
	keys, starts := s.dotted()
	for i, key := range keys {
		table = table.last().child(key, starts[i])
		path = join(path, key)
	}
	s.space()
	if s.peek() == '=' && len(keys) > 0 {
		s.at++
		s.space()
		s.value(table)
	}
	return path
}

// dotted reads a key, or several joined by dots, with the offset of each.
func (s *scanner) dotted() (keys []string, starts []int) {
	for {
		s.space()
		start := s.at
		var key string
		switch s.peek() {
		case '"', '\'':
			s.line(s.text[s.at])
			key = unquoteKey(s.text[start:s.at])
		default:
			for s.at < len(s.text) && bare(s.text[s.at]) {
				s.at++
			}
			key = s.text[start:s.at]
		}
		if s.at == start {
			return keys, starts
		}
		if len(keys) == maxDepth {
			s.places.tooDeep = start
			return keys, starts
		}
		keys, starts = append(keys, key), append(starts, start)
		s.space()
		if s.peek() != '.' {
			return keys, starts
		}
		s.at++
	}
}

// value reads a value whose place is n.
func (s *scanner) value(n *node) {
	rest := s.text[s.at:]
	switch {
	case rest == "":
	case strings.HasPrefix(rest, `"""`), strings.HasPrefix(rest, `'''`):
		s.multiline(rest[0])
	case rest[0] == '"', rest[0] == '\'':
		s.line(rest[0])
	case rest[0] == '[', rest[0] == '{':
		if s.depth == maxDepth {
			s.places.tooDeep = s.at
		}
		if s.places.tooDeep >= 0 {
			return
		}
		s.depth++
		s.parts(n, rest[0] == '{')
		s.depth--
	default:
		s.word()
	}
}

// parts reads what stands between the brackets of an array or the braces of an inline table.
func (s *scanner) parts(n *node, table bool) {
	end := byte(']')
	if table {
		end = '}'
	}
	s.at++
	for s.places.tooDeep < 0 {
		s.blank()
		start := s.at
		switch s.peek() {
		case 0:
			if s.at >= len(s.text) {
				s.open = true
				return
			}
			s.at++
		case end:
			s.at++
			return
		case ',':
			s.at++
		default:
			if table {
				s.keyValue(n, "")
			} else {
				item := &node{at: start}
				n.items = append(n.items, item)
				s.value(item)
			}
			if s.at == start {
				s.at++ // nothing that TOML knows: step over it
			}
		}
	}
}

// line reads a string that ends on its line.
func (s *scanner) line(quote byte) {
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return
		case c == '\n':
			return
		case c == '\\' && quote == '"' && s.at+1 < len(s.text) && s.text[s.at+1] != '\n':
			s.at++
		}
	}
}

// multiline reads a string in three quotes. Up to two more quotes before the closing three belong to the string.
func (s *scanner) multiline(quote byte) {
	closing := strings.Repeat(string(quote), 3)
	for s.at += 3; s.at < len(s.text); s.at++ {
		if s.text[s.at] == '\\' && quote == '"' {
			s.at++
			continue
		}
		if strings.HasPrefix(s.text[s.at:], closing) {
			s.at += 3
			for extra := 0; extra < 2 && s.peek() == quote; extra++ {
				s.at++
			}
			return
		}
	}
	s.at = len(s.text)
	s.open = true
}

// word reads a number, a date or a boolean: everything up to what can't be part of one.
func (s *scanner) word() {
	start := s.at
	for s.at < len(s.text) && !strings.ContainsRune(" \t\r\n,]}#", rune(s.text[s.at])) {
		s.at++
	}
	// A blank may stand between a date and its time.
	rest := s.text[s.at:]
	if s.at-start == len("2006-01-02") && len(rest) > 2 && rest[0] == ' ' && digit(rest[1]) && digit(rest[2]) {
		s.at++
		s.word()
	}
}

// blank skips white space, line ends and comments.
func (s *scanner) blank() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		case '#':
			s.restOfLine()
		default:
			return
		}
	}
}

// space skips white space within a line.
func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t') {
		s.at++
	}
}

func (s *scanner) restOfLine() {
	if i := strings.IndexByte(s.text[s.at:], '\n'); i >= 0 {
		s.at += i
		return
	}
	s.at = len(s.text)
}

// peek is the next byte; 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func bare(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || digit(c) || c == '_' || c == '-'
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// join is fault.Join for any key: one that is not bare is quoted, so that the path can be taken apart again.
func join(path, key string) string {
	for i := range len(key) {
		if !bare(key[i]) {
			return fault.Join(path, strconv.Quote(key))
		}
	}
	if key == "" {
		key = `""`
	}
	return fault.Join(path, key)
}

// unquoteKey reads a quoted key; what is not one is returned as it stands.
func unquoteKey(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return strings.Trim(quoted, quoted[:1])
	}
	var decoded struct{ K string }
	if _, err := toml.Decode("k = "+quoted, &decoded); err != nil {
		return quoted
	}
	return decoded.K
}
