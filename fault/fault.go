// Package fault describes what is wrong with a configuration: where, what, and what to do about it. The packages
// that check their part of the configuration return faults; package config adds the file and line and shows them
// all at once. It decides nothing and imports nothing of leadgate.
package fault

import (
	"fmt"
	"strings"
)

// A Fault is one thing that is wrong, or doubtful, in a configuration.
type Fault struct {
	// Path names the faulty value as the configuration spells it, tables by their position:
	// "funnel[0].stage[1].trigger[0].phrase". Empty when the fault is of the configuration as a whole.
	Path string
	// Problem says what is wrong, with the offending value quoted.
	Problem string
	// Hint says what to do about it. Empty when the problem says it already.
	Hint string
	// Warning marks what is allowed but probably not meant. The configuration works all the same.
	Warning bool
}

// Error is the fault in one line.
func (f Fault) Error() string {
	var b strings.Builder
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Problem)
	if f.Hint != "" {
		b.WriteString("; " + f.Hint)
	}
	return b.String()
}

// List is every fault that was found, in the order of the configuration. It is an error as a whole; the zero value
// holds none.
type List []Fault

// Add appends an error at path.
func (l *List) Add(path, problem, hint string) {
	*l = append(*l, Fault{Path: path, Problem: problem, Hint: hint})
}

// Warn appends a warning at path.
func (l *List) Warn(path, problem, hint string) {
	*l = append(*l, Fault{Path: path, Problem: problem, Hint: hint, Warning: true})
}

// Errors returns the faults that are not warnings.
func (l List) Errors() List { return l.only(false) }

// Warnings returns the faults that are only warnings.
func (l List) Warnings() List { return l.only(true) }

func (l List) only(warning bool) List {
	var kept List
	for _, f := range l {
		if f.Warning == warning {
			kept = append(kept, f)
		}
	}
	return kept
}

// Err returns the list as an error, or nil when it holds nothing but warnings.
func (l List) Err() error {
	if len(l.Errors()) == 0 {
		return nil
	}
	return l
}

// Error is every fault, one a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Index is the path of element i of the array of tables at path: Index("funnel", 0) is "funnel[0]".
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Join appends a key to a path; the path may be empty.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
