package config

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The decoder does not say where in the file a value stands. These types do: a tree of the same shape as what the
// decoder returns, with offsets for values. It is read leniently, so that a file which the decoder refuses still has
// places; on what the decoder accepts the two agree, which FuzzPlaces tests.

// A node is where one value stands, and where its parts do.
type node struct {
	at    int              // offset of its key; of an array's item, of the item itself
	keys  map[string]*node // parts of a table
	items []*node          // parts of an array
}

// child is the part of a table under a key, which is added at an offset when it is not there.
func (n *node) child(key string, at int) *node {
	if c := n.keys[key]; c != nil {
		return c
	}
	if n.keys == nil {
		n.keys = make(map[string]*node)
	}
	c := &node{at: at}
	n.keys[key] = c
	return c
}

// last is the table that keys below n go to: the newest when n is an array of tables.
func (n *node) last() *node {
	if len(n.items) > 0 {
		return n.items[len(n.items)-1]
	}
	return n
}

// part is where one step of a path leads; nil when it leads nowhere.
func (n *node) part(s step) *node {
	switch {
	case s.isKey:
		return n.keys[s.key]
	case s.item < len(n.items):
		return n.items[s.item]
	}
	return nil
}

// A statement is one "key = value" or one table header, with all its lines.
type statement struct {
	start, end int
	path       string // of the key that it sets, or of the table that it begins
	header     bool
	complete   bool // strings, arrays and inline tables in it are closed
}

// Places knows where the values of one file stand.
type places struct {
	text       string
	lines      []int // offset of each line's first byte
	root       *node
	statements []statement // in order
	tooDeep    int         // offset at which values are nested beyond maxDepth; -1 when they are not
}

// locate reads the places of a file.
func locate(text string) *places {
	p := &places{text: text, lines: []int{0}, root: &node{}, tooDeep: -1}
	for i := range len(text) {
		if text[i] == '\n' && i+1 < len(text) {
			p.lines = append(p.lines, i+1)
		}
	}
	(&scanner{text: text, places: p, here: p.root}).document()
	return p
}

// position is the line and column of an offset, both counted from 1; columns count characters.
func (p *places) position(offset int) (line, column int) {
	offset = min(max(offset, 0), len(p.text))
	line = p.lineOf(offset)
	return line, utf8.RuneCountInString(p.text[p.lines[line-1]:offset]) + 1
}

func (p *places) lineOf(offset int) int { return sort.SearchInts(p.lines, offset+1) }

// line is where the value at a path stands; where there is none, the nearest table above it.
func (p *places) line(path string) int {
	n := p.root
	for _, step := range steps(path) {
		next := n.part(step)
		if next == nil {
			break
		}
		n = next
	}
	return p.lineOf(n.at)
}

// find is the place of the value at a path; nil when there is none.
func (p *places) find(path string) *node {
	n := p.root
	for _, step := range steps(path) {
		if n = n.part(step); n == nil {
			return nil
		}
	}
	return n
}

// knows reports whether there is something at a path, or at least the table whose key it names.
func (p *places) knows(path string) bool {
	return p.find(path) != nil || !strings.HasSuffix(path, "]") && p.find(parent(path)) != nil
}

// statement is the one that covers an offset, or the last before it; nil when there is none.
func (p *places) statement(offset int) *statement {
	i := sort.Search(len(p.statements), func(i int) bool { return p.statements[i].start > offset })
	if i == 0 {
		return nil
	}
	return &p.statements[i-1]
}

// A step is one part of a path: a key, or the position of an item.
type step struct {
	key   string
	isKey bool
	item  int
}

// steps takes a path like funnel[0].stage[1].name apart. A key of other characters than bare keys have stands in quotes.
func steps(path string) []step {
	var all []step
	for path != "" {
		switch path[0] {
		case '.':
			path = path[1:]
		case '[':
			digits, rest, _ := strings.Cut(path[1:], "]")
			item, err := strconv.Atoi(digits)
			if err != nil || item < 0 {
				item = math.MaxInt // which no list has
			}
			all, path = append(all, step{item: item}), rest
		case '"':
			end := 1
			for end < len(path) && path[end] != '"' {
				if path[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(path))
			key, _ := strconv.Unquote(path[:end])
			all, path = append(all, step{key: key, isKey: true}), path[end:]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			all, path = append(all, step{key: path[:end], isKey: true}), path[end:]
		}
	}
	return all
}
