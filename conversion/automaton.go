package conversion

import (
	"slices"
)

// An automaton finds every one of many patterns in one pass over a text, however many patterns there are (Aho and
// Corasick, 1975). Its states lie in a double array: from state s the step by code c leads to base[s]+c if that state says
// that it comes from s; otherwise the step is tried again from the longest proper suffix of s that is a state.
//
// It is written here because of what was measured, 200 characters against 100,000 phrases: this takes under 2 µs, folding
// included, and 40 MB. petar-dambovaliev/aho-corasick takes 8 µs without folding, and 150 MB; cloudflare/ahocorasick keeps
// a table of every byte in each state, 1 GB for 10,000 phrases already. Both search bytes, so that what they find would have
// to be checked for ending between a letter and its accent, and the next shorter phrase sought.
type automaton struct {
	codes    alphabet
	states   []state
	patterns []pattern // pattern 0 is none
}

// state is one prefix of a pattern; state 0 is the empty one.
type state struct {
	base   int32 // where the steps from here lead, less the code of the step
	from   int32 // the state that steps here; -1: the place is free
	suffix int32 // the longest proper suffix that is a state
	out    int32 // the longest pattern that ends here; 0: none
}

// pattern is a string of letters that is searched for.
type pattern struct {
	length int32 // in letters
	next   int32 // the next shorter pattern that ends wherever this one ends; 0: none
}

// alphabet numbers the runes that occur in patterns from 1; 0 is every other rune.
type alphabet struct {
	ascii [128]int32
	pages [0x110000 >> 8]*[256]int32
	size  int32
}

func (a *alphabet) code(r rune) int32 {
	if r < 128 {
		return a.ascii[r]
	}
	if page := a.pages[r>>8]; page != nil {
		return page[r&0xFF]
	}
	return 0
}

// add numbers a rune that has no number yet.
func (a *alphabet) add(r rune) {
	if a.code(r) != 0 {
		return
	}
	a.size++
	if r < 128 {
		a.ascii[r] = a.size
		return
	}
	if a.pages[r>>8] == nil {
		a.pages[r>>8] = new([256]int32)
	}
	a.pages[r>>8][r&0xFF] = a.size
}

// newAutomaton builds the automaton of patterns, none of which is empty and no two of which are equal. The pattern at
// index i is pattern i+1 in what the automaton finds.
func newAutomaton(patterns [][]rune) *automaton {
	a := &automaton{patterns: make([]pattern, 1, len(patterns)+1)}
	keys := make([]patternKey, len(patterns))
	for i, runes := range patterns {
		codes := make([]int32, len(runes))
		for j, r := range runes {
			a.codes.add(r)
			codes[j] = a.codes.code(r)
		}
		keys[i] = patternKey{codes: codes, pattern: int32(i + 1)}
		a.patterns = append(a.patterns, pattern{length: int32(len(runes))})
	}
	slices.SortFunc(keys, func(x, y patternKey) int { return slices.Compare(x.codes, y.codes) })
	b := automatonBuilder{automaton: a, keys: keys}
	b.build()
	return a
}

// patternKey is a pattern in codes.
type patternKey struct {
	codes   []int32
	pattern int32
}

// prefix is a state whose steps are not placed yet, with the sorted keys that begin with it.
type prefix struct {
	state, low, high, depth int32
}

type automatonBuilder struct {
	*automaton
	keys   []patternKey
	free   []link // the free places of the double array, as a list
	queue  []prefix
	starts []edge // scratch: the steps from the prefix at hand
}

type link struct{ before, after int32 }

// edge is a step by a code, and the first key that takes it.
type edge struct{ code, low int32 }

// build places the states breadth first, so that every state's suffixes are complete when its own are sought.
func (b *automatonBuilder) build() {
	b.grow(1)
	b.take(0, 0)
	b.queue = append(b.queue, prefix{high: int32(len(b.keys))})
	for i := 0; i < len(b.queue); i++ {
		b.place(b.queue[i])
	}
	// A step may be tried by any code from any state: room for all of them spares the search a test.
	b.grow(int32(len(b.states)) + b.codes.size + 1)
}

// place finds room for the steps from a prefix and completes the states that they lead to.
func (b *automatonBuilder) place(p prefix) {
	b.starts = b.starts[:0]
	for i := p.low; i < p.high; i++ {
		codes := b.keys[i].codes
		if int(p.depth) == len(codes) {
			continue // the prefix itself; as the shortest it is the first of its keys
		}
		if code := codes[p.depth]; len(b.starts) == 0 || b.starts[len(b.starts)-1].code != code {
			b.starts = append(b.starts, edge{code: code, low: i})
		}
	}
	if len(b.starts) == 0 {
		return
	}
	base := b.room()
	b.states[p.state].base = base
	for i, step := range b.starts {
		to := base + step.code
		b.take(to, p.state)
		high := p.high
		if i+1 < len(b.starts) {
			high = b.starts[i+1].low
		}
		b.complete(to, p, step)
		b.queue = append(b.queue, prefix{state: to, low: step.low, high: high, depth: p.depth + 1})
	}
}

// complete sets what a state falls back to, and what ends in it.
func (b *automatonBuilder) complete(to int32, p prefix, step edge) {
	s := &b.states[to]
	if p.state != 0 {
		s.suffix = b.step(b.states[p.state].suffix, step.code)
	}
	s.out = b.states[s.suffix].out
	if key := b.keys[step.low]; len(key.codes) == int(p.depth)+1 {
		b.patterns[key.pattern].next = s.out
		s.out = key.pattern
	}
}

// step is where a code leads from a state.
func (a *automaton) step(s, code int32) int32 {
	for {
		to := a.states[s].base + code
		if int(to) < len(a.states) && a.states[to].from == s && to != 0 {
			return to
		}
		if s == 0 {
			return 0
		}
		s = a.states[s].suffix
	}
}

// tries is how many free places are tried before the array grows: in a full region each try costs more than a place does.
const tries = 48

// room returns a base from which every step at hand leads to a free place.
func (b *automatonBuilder) room() int32 {
	first := b.starts[0].code
	last := b.starts[len(b.starts)-1].code
	place := b.free[0].after
	for n := 0; n < tries && place != 0; n++ {
		if base := place - first; base >= 0 && b.fits(base) {
			return base
		}
		place = b.free[place].after
	}
	base := int32(len(b.states))
	b.grow(base + last + 1)
	return base
}

func (b *automatonBuilder) fits(base int32) bool {
	for _, step := range b.starts {
		if to := base + step.code; int(to) < len(b.states) && b.states[to].from != -1 {
			return false
		}
	}
	b.grow(base + b.starts[len(b.starts)-1].code + 1)
	return true
}

// grow appends free places until there are n. Place 0 is the head of the list of free places, and never free itself.
func (b *automatonBuilder) grow(n int32) {
	for i := int32(len(b.states)); i < n; i++ {
		b.states = append(b.states, state{from: -1})
		b.free = append(b.free, link{})
		if i > 0 {
			last := b.free[0].before
			b.free[last].after, b.free[i].before, b.free[0].before = i, last, i
		}
	}
}

// take marks a place as the state to which another steps.
func (b *automatonBuilder) take(place, from int32) {
	b.states[place] = state{from: from}
	if place == 0 {
		return
	}
	l := b.free[place]
	b.free[l.before].after, b.free[l.after].before = l.after, l.before
}

// find calls found for every letter after which patterns end, with the longest of them and the number of letters before
// that place.
func (a *automaton) find(letters []letter, found func(longest int32, end int)) {
	states := a.states
	s := int32(0)
	for i, l := range letters {
		code := a.codes.code(l.rune())
		if code == 0 {
			s = 0
			continue
		}
		for {
			if to := states[s].base + code; states[to].from == s {
				s = to
				break
			}
			if s == 0 {
				break
			}
			s = states[s].suffix
		}
		if longest := states[s].out; longest != 0 {
			found(longest, i+1)
		}
	}
}
