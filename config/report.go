package config

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"leadgate/fault"
)

// shownAtMost bounds what Write prints: a file of garbage has a fault on every line.
const shownAtMost = 100

// longestProblem is how much of a problem is shown, in characters: it may quote a phrase of a megabyte.
const longestProblem = 400

// A Finding is one fault of a configuration file, and where it stands.
type Finding struct {
	fault.Fault
	Line   int // counted from 1; 0 when the file could not be read
	Column int // in characters, counted from 1; 0 when the line says enough
}

// A Report is everything that was found in one file, in the order of the file.
type Report struct {
	File     string // as it was named to Load
	Findings []Finding
}

// Errors counts the findings that make the configuration unusable.
func (r Report) Errors() int {
	n := 0
	for _, f := range r.Findings {
		if !f.Warning {
			n++
		}
	}
	return n
}

// Err is nil when the configuration can be used, warnings or not. Otherwise it names the first error in one line, and
// how to see the others.
func (r Report) Err() error {
	first := slices.IndexFunc(r.Findings, func(f Finding) bool { return !f.Warning })
	if first < 0 {
		return nil
	}
	more := ""
	if n := r.Errors() - 1; n > 0 {
		more = fmt.Sprintf("; and %s, which leadgate check -c %s shows", count(n, "other error"), r.File)
	}
	return fmt.Errorf("%s%s", r.text(r.Findings[first]), more)
}

// Write prints each finding on a line of its own in the form that editors and terminals jump to, and a summary.
func (r Report) Write(w io.Writer) {
	for _, f := range r.Findings[:min(len(r.Findings), shownAtMost)] {
		fmt.Fprintln(w, r.text(f))
	}
	fmt.Fprintln(w, r.summary())
}

// text is a finding in one line: leadgate.toml:12: error: what is wrong (what to do).
func (r Report) text(f Finding) string {
	at := r.File
	if f.Line > 0 {
		at += fmt.Sprintf(":%d", f.Line)
	}
	if f.Column > 0 {
		at += fmt.Sprintf(":%d", f.Column)
	}
	kind := "error"
	if f.Warning {
		kind = "warning"
	}
	hint := ""
	if f.Hint != "" {
		hint = " (" + f.Hint + ")"
	}
	problem := f.Problem
	if runes := []rune(problem); len(runes) > longestProblem {
		problem = string(runes[:longestProblem]) + "…"
	}
	return fmt.Sprintf("%s: %s: %s%s", at, kind, problem, hint)
}

func (r Report) summary() string {
	errors := r.Errors()
	warnings := len(r.Findings) - errors
	shown := ""
	if len(r.Findings) > shownAtMost {
		shown = fmt.Sprintf("; the first %d are shown", shownAtMost)
	}
	if errors+warnings == 0 {
		return r.File + ": no problems found"
	}
	return fmt.Sprintf("%s: %s, %s%s", r.File, count(errors, "error"), count(warnings, "warning"), shown)
}

// sort puts the findings into the order of the file, and drops what is said twice.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Problem, b.Problem))
	})
	r.Findings = slices.Compact(r.Findings)
}

// count is a number with its noun.
func count(n int, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	default:
		return fmt.Sprintf("%d %ss", n, noun)
	}
}
