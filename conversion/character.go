package conversion

import (
	"unicode"
	"unicode/utf8"
)

// ignored reports whether a rune is an invisible formatting character: Unicode's Default_Ignorable_Code_Point, by its
// derivation in DerivedCoreProperties.txt (soft hyphen, zero-width space and joiners, direction marks, variation
// selectors, tags and the like).
func ignored(r rune) bool {
	if r < 0xAD {
		return false
	}
	if unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return true
	}
	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) &&
		(r < 0xFFF9 || r > 0xFFFB) && (r < 0x13430 || r > 0x1345F)
}

// noBreakSpace reports whether a rune is a space that only forbids a line to break.
func noBreakSpace(r rune) bool { return r == 0xA0 || r == 0x2007 || r == 0x202F }

// accent reports whether a mark is one that loose matching ignores: what is written above, below or through a letter,
// and the points of Hebrew and Arabic. Marks of other scripts that spell a vowel, or make another letter as the voicing
// of kana does, have a class of their own script or none, and count.
func accent(r rune, class uint8) bool {
	return unicode.Is(unicode.Mn, r) && (class >= 200 || 10 <= class && class <= 36)
}

// mark reports whether a rune is written onto the character before it.
func mark(r rune) bool { return unicode.In(r, unicode.M, unicode.Other_Grapheme_Extend) }

// plain is what a keyboard writes for a typographic quote or dash, and the space for any white space; other runes come
// back as they are.
func plain(r rune) rune {
	switch r {
	case '‘', '’', '‚', '‛', '′', '‵', '`', '´', 'ʹ', 'ʻ', 'ʼ', 'ʽ', '‹', '›':
		return '\''
	case '“', '”', '„', '‟', '″', '‶', '«', '»', '〝', '〞', '〟':
		return '"'
	case '‐', '‑', '‒', '–', '—', '―', '−', '⸺', '⸻':
		return '-'
	}
	if unicode.IsSpace(r) || unicode.Is(unicode.White_Space, r) {
		return ' '
	}
	return r
}

// goesOn reports whether b, written after a, belongs to the same syllable of Hangul (UAX 29, GB6 to GB8).
func goesOn(a, b rune) bool {
	if b < 0x1100 {
		return false
	}
	_, last := hangul(a)
	first, _ := hangul(b)
	switch last {
	case leading:
		return first == leading || first == vowel
	case vowel:
		return first == vowel || first == trailing
	case trailing:
		return first == trailing
	}
	return false
}

// The parts of a Hangul syllable.
const (
	leading = 1 + iota
	vowel
	trailing
)

// hangul says with which part of a syllable a rune begins and ends; 0: it is not of Hangul.
func hangul(r rune) (first, last int) {
	switch {
	case r < 0x1100:
		return 0, 0
	case firstSyllable <= r && r <= lastSyllable && (r-firstSyllable)%28 == 0:
		return leading, vowel
	case firstSyllable <= r && r <= lastSyllable:
		return leading, trailing
	case r <= 0x115F, 0xA960 <= r && r <= 0xA97C:
		return leading, leading
	case r <= 0x11A7, 0xD7B0 <= r && r <= 0xD7C6:
		return vowel, vowel
	case r <= 0x11FF, 0xD7CB <= r && r <= 0xD7FB:
		return trailing, trailing
	}
	return 0, 0
}

// The precomposed syllables of Hangul.
const (
	firstSyllable = 0xAC00
	lastSyllable  = 0xD7A3
)

// syllableParts decomposes a precomposed syllable of Hangul (The Unicode Standard, 3.12).
func syllableParts(r rune) []rune {
	const vowels, trailings = 21, 28
	index := r - firstSyllable
	parts := []rune{0x1100 + index/(vowels*trailings), 0x1161 + index/trailings%vowels, 0x11A7 + index%trailings}
	if parts[2] == 0x11A7 {
		return parts[:2] // no final
	}
	return parts
}

// firstCharacter returns what a person sees as the first character of a text, "" of an empty one: a letter with its marks,
// a syllable, an emoji with its modifiers and joined parts, a flag. It follows the extended grapheme clusters of UAX 29 as
// far as messages need them.
func firstCharacter(text string) string {
	previous, end := utf8.DecodeRuneInString(text)
	if end == 0 {
		return ""
	}
	flag := regionalIndicator(previous)
	for end < len(text) {
		r, width := utf8.DecodeRuneInString(text[end:])
		switch {
		case mark(r), ignored(r), emojiModifier(r), goesOn(previous, r):
		case previous == '\r' && r == '\n':
		case previous == zeroWidthJoiner && pictograph(r):
		case flag && regionalIndicator(r):
			flag = false
		default:
			return text[:end]
		}
		previous, end = r, end+width
	}
	return text
}

// countCharacters is how many characters a person sees in a text.
func countCharacters(text string) int {
	count := 0
	for text != "" {
		text = text[len(firstCharacter(text)):]
		count++
	}
	return count
}

// characterAt is the position, counted from 1, of the character to which a byte of the text belongs; for its end it is one
// more than the text has.
func characterAt(text string, at int) int {
	position := 1
	for text != "" {
		first := firstCharacter(text)
		if at < len(first) {
			break
		}
		text, at, position = text[len(first):], at-len(first), position+1
	}
	return position
}
