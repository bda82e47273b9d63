package conversion

import (
	"fmt"

	"leadgate/fault"
)

// suggest is the hint for a name that is not among the known: the nearest of them, or all.
func suggest(name, kind string, known []string) string {
	if near := fault.Nearest(name, known); near != "" {
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
