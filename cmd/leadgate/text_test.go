package main

import (
	"slices"
	"testing"
)

func TestTextIsBrokenBetweenWordsAndNeverWithinOne(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		lines []string
	}{
		{"", 10, []string{""}},
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 12, []string{"one two", "three"}},
		{"água é água", 6, []string{"água é", "água"}},
		{"a verylongword b", 4, []string{"a", "verylongword", "b"}},
		{"one two", 0, []string{"one two"}},
		{"one two", -3, []string{"one two"}},
	} {
		if got := wrap(c.text, c.width); !slices.Equal(got, c.lines) {
			t.Errorf("%q in %d: %q, want %q", c.text, c.width, got, c.lines)
		}
	}
}
