package main

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks a text between words into lines of at most width characters; a word that is longer stands alone. A width
// below 1 breaks nothing.
func wrap(text string, width int) []string {
	if width < 1 {
		return []string{text}
	}
	var lines []string
	line, length := "", 0
	for _, word := range strings.Split(text, " ") {
		n := utf8.RuneCountInString(word)
		if line != "" && length+1+n > width {
			lines = append(lines, line)
			line, length = word, n
			continue
		}
		if line != "" {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}
