package conversion

import (
	"cmp"
	"slices"
)

// A matcher finds the phrases of one direction that are compared in one way, exact or loose.
type matcher struct {
	folder    *folder
	automaton *automaton
	phrases   []phrase // by pattern; phrase 0 is none
}

// phrase is what the automaton finds, and the triggers that wait for it, in the order of the file.
type phrase struct {
	triggers []*trigger
}

// A hit is a trigger whose phrase is in a text.
type hit struct {
	trigger *trigger
	at, end int // bytes of the text where the phrase begins, and where the character after it does
}

// outranks orders hits: the longest phrase first, then the leftmost, then the first in the file.
func (h hit) outranks(other hit) int {
	return cmp.Or(
		cmp.Compare(other.trigger.length, h.trigger.length),
		cmp.Compare(h.at, other.at),
		cmp.Compare(h.trigger.order, other.trigger.order),
	)
}

// newMatcher builds the matcher of triggers that are all compared as folder folds, and whose phrases fold to something.
func newMatcher(folder *folder, triggers []*trigger) *matcher {
	m := &matcher{folder: folder, phrases: make([]phrase, 1, len(triggers)+1)}
	byKey := make(map[string]int, len(triggers))
	var patterns [][]rune
	for _, t := range triggers {
		runes := folder.key(t.Phrase)
		key := string(runes)
		i, known := byKey[key]
		if !known {
			i = len(m.phrases)
			byKey[key] = i
			patterns = append(patterns, runes)
			m.phrases = append(m.phrases, phrase{})
		}
		m.phrases[i].triggers = append(m.phrases[i].triggers, t)
	}
	m.automaton = newAutomaton(patterns)
	return m
}

// key is a phrase as it is compared: two phrases are the same when their keys are equal.
func (f *folder) key(text string) []rune {
	letters := f.fold(text, nil, nil).letters
	runes := make([]rune, len(letters))
	for i, l := range letters {
		runes[i] = l.rune()
	}
	return runes
}

// keyLength is how many characters a key has: what "the longest phrase" compares. Marks and the later parts of Hangul
// syllables don't count, so that the length does not depend on how the phrase was written.
func keyLength(key []rune) int {
	length := 0
	previous := rune(-1)
	for _, r := range key {
		if !mark(r) && !goesOn(previous, r) {
			length++
		}
		previous = r
	}
	return length
}

// occurrence is a pattern and the letters between which it was found first.
type occurrence struct {
	pattern    int32
	begin, end int32
}

// hits appends every trigger whose phrase is in the text, each once, at the leftmost place where it begins and ends with
// a character.
func (m *matcher) hits(text string, hits []hit) []hit {
	if m == nil {
		return hits
	}
	var letters [256]letter
	var at [len(letters) + 1]int32
	f := m.folder.fold(text, letters[:0], at[:0])
	var buffer [16]occurrence
	for _, o := range m.occurrences(f, buffer[:0]) {
		for _, t := range m.phrases[o.pattern].triggers {
			hits = append(hits, hit{trigger: t, at: int(f.at[o.begin]), end: int(f.at[o.end])})
		}
	}
	return hits
}

// occurrences appends the leftmost occurrence of each pattern. The work is linear in the text for any set of patterns
// that nest only so deep: a place where everything is known already is left at once.
func (m *matcher) occurrences(f folded, list []occurrence) []occurrence {
	var seen index
	m.automaton.find(f.letters, func(first int32, end int) {
		if !f.begins(end) {
			return
		}
		all := true
		for p := first; p != 0; p = m.automaton.patterns[p].next {
			state := seen.get(p)
			if state == knownWithSuffixes {
				break
			}
			begin := end - int(m.automaton.patterns[p].length)
			switch {
			case state == known:
			case f.begins(begin):
				list = append(list, occurrence{pattern: p, begin: int32(begin), end: int32(end)})
				seen.set(p, known)
			default:
				all = false
			}
		}
		if all {
			seen.set(first, knownWithSuffixes)
		}
	})
	return list
}

// index remembers which patterns a search has found. The zero value remembers none.
type index struct {
	few  [8]struct{ pattern, state int32 }
	n    int
	many map[int32]int32
}

// What is known of a pattern in a search.
const (
	unknown           = iota
	known             // it was found
	knownWithSuffixes // it was found, and so was every pattern that ends wherever it does
)

func (x *index) get(pattern int32) int32 {
	for _, e := range x.few[:x.n] {
		if e.pattern == pattern {
			return e.state
		}
	}
	return x.many[pattern]
}

func (x *index) set(pattern, state int32) {
	for i := range x.few[:x.n] {
		if x.few[i].pattern == pattern {
			x.few[i].state = state
			return
		}
	}
	if x.n < len(x.few) {
		x.few[x.n].pattern, x.few[x.n].state = pattern, state
		x.n++
		return
	}
	if x.many == nil {
		x.many = make(map[int32]int32)
	}
	x.many[pattern] = state
}

// rank sorts hits, the one that wins first.
func rank(hits []hit) { slices.SortFunc(hits, hit.outranks) }
