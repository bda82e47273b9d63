package conversion

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A letter is one step of a folded text: a rune, its canonical combining class, and whether it goes on with the character
// of the letter before it (a combining mark, a vowel or final of a Hangul syllable, the second s of ß).
type letter uint32

const (
	letterRune      = 1<<21 - 1
	letterClassAt   = 21
	letterContinues = 1 << 31
)

func newLetter(r rune, class uint8, continues bool) letter {
	l := letter(r) | letter(class)<<letterClassAt
	if continues {
		l |= letterContinues
	}
	return l
}

func (l letter) rune() rune      { return rune(l & letterRune) }
func (l letter) class() uint8    { return uint8(l >> letterClassAt) }
func (l letter) continues() bool { return l&letterContinues != 0 }

// folded is a text as phrases are compared with it.
type folded struct {
	letters []letter
	at      []int32 // byte of the text where each letter's rune begins, and at the end the text's length
}

// begins reports whether a character begins at letter i, or the text ends there: the places where a match may begin and end.
func (f folded) begins(i int) bool { return i == len(f.letters) || !f.letters[i].continues() }

// rune is the rune of letter i, -1 behind the last.
func (f folded) rune(i int) rune {
	if i >= len(f.letters) {
		return -1
	}
	return f.letters[i].rune()
}

// A folder rewrites texts so that those which count as equal become the same letters.
//
// Exact: Unicode's full case folding and canonical equivalence (The Unicode Standard, 3.13, D145: NFD, fold, NFD), without
// invisible formatting characters, a no-break space as a space. Loose: compatibility decomposition instead of canonical,
// without accents, any white space as one space, typographic quotes and dashes as the plain ones.
//
// The work is done rune by rune from a table, because the libraries take twenty times longer than a message may take;
// only the order of marks within a character needs more than one rune.
type folder struct {
	loose     bool
	ascii     [utf8.RuneSelf]letter
	pages     [tabled >> 8]*[256]foldEntry // nil: every rune of the page stands for itself
	sequences [][]letter                   // what foldEntry refers to
}

// tabled is how many runes the table covers: the planes beyond hold few letters that fold.
const tabled = 0x10000

// The blocks of emoji beyond the table: texts are full of them, and they stand for themselves.
const (
	firstEmojiBlock = 0x1F300
	lastEmojiBlock  = 0x1FAFF
)

// foldEntry says what a rune becomes: 0 the rune itself, otherwise 1 + the index of a sequence of letters.
type foldEntry uint16

// newFolder fills the table.
func newFolder(loose bool) *folder {
	f := &folder{loose: loose}
	caser := cases.Fold()
	for r := range rune(tabled) {
		if r < utf8.RuneSelf {
			f.ascii[r] = f.expand(r, caser)[0]
		} else if !f.standsForItself(r) {
			f.keep(r, f.expand(r, caser))
		}
	}
	return f
}

// standsForItself reports what folding surely leaves alone. It may say no of more: those get an entry that they don't need.
func (f *folder) standsForItself(r rune) bool {
	switch {
	case 0x3400 <= r && r < 0xA000, firstSyllable <= r && r <= lastSyllable, 0xD800 <= r && r < 0xF900:
		return true // Han; Hangul syllables, which fold takes apart itself; surrogates and private use
	case r == 'ŉ', r == 'և', r == 'ẚ', 'ﬀ' <= r && r <= 'ﬗ':
		return false // full folding writes these as several letters, simple folding does not know them
	}
	form := norm.NFD
	if f.loose {
		form = norm.NFKD
	}
	return form.PropertiesString(string(r)).Decomposition() == nil && unicode.SimpleFold(r) == r && !ignored(r) &&
		!mark(r) && !noBreakSpace(r) && (!f.loose || plain(r) == r)
}

// keep files what a rune becomes.
func (f *folder) keep(r rune, sequence []letter) {
	page := f.pages[r>>8]
	if page == nil {
		page = new([256]foldEntry)
		f.pages[r>>8] = page
	}
	f.sequences = append(f.sequences, sequence)
	page[r&0xFF] = foldEntry(len(f.sequences))
}

// expand is what a rune becomes on its own. The class of a letter is that of the mark before folding, since marks are
// put in order first (U+0345 sorts as the mark that it is and becomes a letter).
func (f *folder) expand(r rune, caser cases.Caser) []letter {
	if ignored(r) {
		return nil
	}
	form := norm.NFD
	if f.loose {
		form = norm.NFKD
		r = plain(r)
	} else if noBreakSpace(r) {
		r = ' '
	}
	var sequence []letter
	for _, d := range form.String(string(r)) {
		class := norm.NFD.PropertiesString(string(d)).CCC()
		if f.loose && accent(d, class) {
			continue
		}
		for _, c := range form.String(caseless(d, caser)) {
			if f.loose {
				if accent(c, norm.NFD.PropertiesString(string(c)).CCC()) {
					continue
				}
				c = plain(c)
			}
			continues := len(sequence) > 0 || mark(d)
			sequence = append(sequence, newLetter(c, class, continues))
		}
	}
	return sequence
}

// caseless is the full case folding of a rune. Cherokee folds to its capitals (CaseFolding.txt), which the library does
// to its small letters only, and to its capitals the reverse.
func caseless(r rune, caser cases.Caser) string {
	if unicode.Is(unicode.Cherokee, r) {
		return string(unicode.ToUpper(r))
	}
	return caser.String(string(r))
}

// fold appends the letters of a text to buffers, which may be nil; invalid bytes count as U+FFFD each.
func (f *folder) fold(text string, letters []letter, at []int32) folded {
	for i := 0; i < len(text); {
		if b := text[i]; b < utf8.RuneSelf {
			l := f.ascii[b]
			if l != ' ' || !f.loose || len(letters) == 0 || letters[len(letters)-1] != ' ' {
				letters, at = append(letters, l), append(at, int32(i))
			}
			i++
			continue
		}
		r, width := utf8.DecodeRuneInString(text[i:])
		if firstSyllable <= r && r <= lastSyllable {
			for _, part := range syllableParts(r) {
				letters, at = f.insert(letters, at, newLetter(part, 0, false), int32(i))
			}
		} else if sequence, itself := f.lookUp(r); itself {
			letters, at = f.insert(letters, at, newLetter(r, 0, false), int32(i))
		} else {
			for _, l := range sequence {
				letters, at = f.insert(letters, at, l, int32(i))
			}
		}
		i += width
	}
	return folded{letters: letters, at: append(at, int32(len(text)))}
}

// lookUp is expand by the table; itself is true, and the sequence missing, for what stands for itself.
func (f *folder) lookUp(r rune) (sequence []letter, itself bool) {
	if r >= tabled {
		if firstEmojiBlock <= r && r <= lastEmojiBlock {
			return nil, true
		}
		return f.expand(r, cases.Fold()), false
	}
	page := f.pages[r>>8]
	if page == nil || page[r&0xFF] == 0 {
		return nil, true
	}
	return f.sequences[page[r&0xFF]-1], false
}

// mostMarks is how many marks of one character are put in order: what Unicode's Stream-Safe Text Format allows (UAX 15).
// More are a prank, and sorting them would take time that grows with their square.
const mostMarks = 30

// insert appends a letter; a mark goes before those marks of its character that follow it in canonical order.
func (f *folder) insert(letters []letter, at []int32, l letter, byteAt int32) ([]letter, []int32) {
	last := len(letters) - 1
	if last >= 0 && f.loose && l == ' ' && letters[last] == ' ' {
		return letters, at
	}
	if last >= 0 && goesOn(letters[last].rune(), l.rune()) {
		l |= letterContinues
	}
	letters, at = append(letters, l), append(at, byteAt)
	if class := l.class(); class != 0 {
		for i := last; i >= max(0, last-mostMarks) && letters[i].class() > class; i-- {
			letters[i], letters[i+1] = letters[i+1], letters[i]
			at[i], at[i+1] = at[i+1], at[i]
		}
	}
	return letters, at
}
