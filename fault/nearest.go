package fault

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// longestSlip is the length beyond which no word is compared, in characters: nobody mistypes a text that long.
const longestSlip = 60

// Nearest returns the known word that was probably meant by another: the one that the fewest slips of the finger make of
// it, case aside, and the first of equals. It is "" when all are too far off for a slip.
func Nearest(word string, known []string) string {
	length := utf8.RuneCountInString(word)
	if length > longestSlip {
		return ""
	}
	best, fewest := "", max(1, (length+1)/3)+1
	for _, k := range known {
		if n := slips(strings.ToLower(word), strings.ToLower(k)); n < fewest {
			best, fewest = k, n
		}
	}
	return best
}

// slips counts the letters to put in, leave out or change, and the neighbors to swap, that make b of a.
func slips(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			changed := rows[i-1][j-1]
			if from[i-1] != to[j-1] {
				changed++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, changed)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}

// Suggest is the hint for a name that is not among the known ones: the nearest of them, or all, as far as a line has room.
// Kind is what they are, as in "rule".
func Suggest(name, kind string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return fmt.Sprintf("there is no %s", kind)
	}
	const shown = 8
	if more := len(known) - shown; more > 0 {
		return fmt.Sprintf("known: %q and %d more", known[:shown], more)
	}
	return fmt.Sprintf("known: %q", known)
}
