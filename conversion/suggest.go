package conversion

import (
	"fmt"
	"strings"
)

// suggest is the hint for a name that is not among the known: the nearest of them, or all.
func suggest(name, kind string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	const shown = 8
	if len(known) == 0 {
		return fmt.Sprintf("there is no %s", kind)
	}
	more := ""
	if len(known) > shown {
		more = fmt.Sprintf(" and %d more", len(known)-shown)
		known = known[:shown]
	}
	return fmt.Sprintf("known: %q%s", known, more)
}

// nearest returns the known name from which a name differs by the fewest slips, "" when all are too far off for a slip.
func nearest(name string, known []string) string {
	written := []rune(strings.ToLower(name))
	best, fewest := "", max(2, len(written)/3)+1
	for _, candidate := range known {
		if n := slips(written, []rune(strings.ToLower(candidate))); n < fewest {
			best, fewest = candidate, n
		}
	}
	return best
}

// slips is how many letters have to be put in, left out or changed to make b of a (Levenshtein's distance).
func slips(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
