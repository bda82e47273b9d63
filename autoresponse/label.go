package autoresponse

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// noLimit is the limit of a label that may be as long as it likes.
const noLimit = math.MaxInt

// split cuts a text after at most so many code points, which is how WhatsApp is taken to count: people see fewer
// characters, or as many. It never cuts within what people see as one character, unless that alone is longer, and cuts at
// a blank when one is in the last third. The rest is "" when the whole text fits.
func split(text string, limit int) (head, rest string) {
	if utf8.RuneCountInString(text) <= limit {
		return text, ""
	}
	end, runes := 0, 0
	for end < len(text) {
		size := characterSize(text[end:])
		runes += utf8.RuneCountInString(text[end:][:size])
		if runes > limit {
			break
		}
		end += size
	}
	if end == 0 {
		end = len(string([]rune(text)[:limit]))
	}
	if blank := strings.LastIndex(text[:end+1], " "); blank >= 0 && 3*blank >= 2*end {
		end = blank
	}
	return strings.TrimSpace(text[:end]), strings.TrimSpace(text[end:])
}

// shorten cuts a text as split does and marks that something is missing.
func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	head, _ := split(text, limit-1)
	return head + "…"
}

const zeroWidthJoiner = 0x200D

// characterSize is how many bytes the first character of a text has, as people see it: a letter with its marks, a
// syllable, an emoji with its modifiers and joined parts, a flag. It follows the extended grapheme clusters of UAX 29 as
// far as labels need them; where it differs, its characters are longer.
func characterSize(text string) int {
	previous, size := utf8.DecodeRuneInString(text)
	flag := regionalIndicator(previous)
	for size < len(text) {
		r, width := utf8.DecodeRuneInString(text[size:])
		switch {
		case goesOn(r), previous == zeroWidthJoiner:
		case flag && regionalIndicator(r):
			flag = false
		default:
			return size
		}
		previous, size = r, size+width
	}
	return size
}

// goesOn reports whether a rune belongs to the character before it: a mark, a skin tone, an invisible one, a vowel or
// final of a Hangul syllable.
func goesOn(r rune) bool {
	return unicode.In(r, unicode.M, unicode.Cf, unicode.Variation_Selector, unicode.Other_Grapheme_Extend) ||
		0x1F3FB <= r && r <= 0x1F3FF || 0x1160 <= r && r <= 0x11FF || 0xD7B0 <= r && r <= 0xD7FB
}

func regionalIndicator(r rune) bool { return 0x1F1E6 <= r && r <= 0x1F1FF }

// compared is a label, or a text that may be one, as they are compared: without regard to case, compatibility forms (the
// full-width digits of some keyboards), invisible characters, repeated white space, and punctuation at the end.
func compared(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text)
	text = oneLine(norm.NFKC.String(cases.Fold().String(text)))
	if bare := strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsPunct(r) || r == ' ' }); bare != "" {
		return bare
	}
	return text
}

// distinct returns the labels shortened to a limit, those that come out equal numbered: "AI (1)", "AI (2)".
func distinct(whole []string, limit int) []string {
	labels := make([]string, len(whole))
	count := make(map[string]int)
	for i, label := range whole {
		labels[i] = shorten(label, limit)
		count[compared(labels[i])]++
	}
	used, next := make(map[string]bool), make(map[string]int)
	for i, label := range labels {
		key := compared(label)
		for count[key] > 1 {
			next[key]++
			suffix := fmt.Sprintf(" (%d)", next[key])
			labels[i] = shorten(whole[i], limit-len(suffix)) + suffix
			if numbered := compared(labels[i]); count[numbered] == 0 && !used[numbered] {
				used[numbered] = true
				break
			}
		}
	}
	return labels
}
