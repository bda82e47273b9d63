package store

import (
	"fmt"
	"strconv"
	"strings"
)

// A where is the conditions of a reading statement whose filter is chosen by a person, with their arguments.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition that ends where the argument stands, such as "seq > ".
func (w *where) and(condition string, arg any) {
	w.conditions = append(w.conditions, condition+w.arg(arg))
}

// arg adds an argument and returns its name.
func (w *where) arg(arg any) string {
	w.args = append(w.args, arg)
	return "$" + strconv.Itoa(len(w.args))
}

// text is the clause, "" without conditions.
func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return fmt.Sprintf(" WHERE %s", strings.Join(w.conditions, " AND "))
}

// andText is and, unless the argument is "": the filter leaves that column open.
func (w *where) andText(condition, arg string) {
	if arg != "" {
		w.and(condition, arg)
	}
}
