// Command benchtable reads the output of `go test -bench` and prints it as one Markdown table, each benchmark beside
// what the project aims at. It decides nothing about the build: a missed aim is shown, only a failed run is an error.
// `make bench` calls it.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := tabulate(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
		os.Exit(1)
	}
}

// A result is one benchmark's line: its name without the number of processors, and its values by unit.
type result struct {
	pkg    string
	name   string
	units  []string // in the order of the line
	values map[string]float64
}

// tabulate copies what it reads to progress, so that a long run can be watched, and writes the table at the end.
func tabulate(in io.Reader, out, progress io.Writer) error {
	var results []result
	var machine []string
	var pkg string
	var failed bool
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		fmt.Fprintln(progress, line)
		key, value, _ := strings.Cut(line, ": ")
		switch {
		case key == "pkg":
			pkg = value
		case (key == "goos" || key == "goarch" || key == "cpu") && len(machine) < 3:
			machine = append(machine, value)
		case strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL"):
			failed = true
		case strings.HasPrefix(line, "Benchmark"):
			if r, ok := parse(pkg, line); ok {
				results = append(results, r)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the benchmarks: %w", err)
	}
	if failed {
		return errors.New("a benchmark failed: see above")
	}
	if len(results) == 0 {
		return errors.New("no benchmark in the input: pipe `go test -bench` into this")
	}
	return write(out, machine, results)
}

// parse reads a line such as "BenchmarkMatch/10-2  5000  210 ns/op  0 B/op". A line that is only a name, as go
// test prints before a benchmark that writes something itself, is none.
func parse(pkg, line string) (result, bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 {
		return result{}, false
	}
	name := strings.TrimPrefix(fields[0], "Benchmark")
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if _, err := strconv.Atoi(name[i+1:]); err == nil {
			name = name[:i]
		}
	}
	r := result{pkg: strings.TrimPrefix(pkg, "leadgate/"), name: name, values: map[string]float64{}}
	for i := 2; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return result{}, false
		}
		r.units = append(r.units, fields[i+1])
		r.values[fields[i+1]] = value
	}
	return r, true
}

func write(out io.Writer, machine []string, results []result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s\n\n", strings.Join(machine, ", "))
	b.WriteString("| package | benchmark | time | rates and sizes | allocations | aim | reached |\n|---|---|--:|--:|--:|---|---|\n")
	for _, r := range results {
		words, reached := judge(r, results)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n",
			r.pkg, r.name, duration(r.values["ns/op"]), r.rates(), r.allocations(), words, reached)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// rates are the values that the benchmark reported of its own accord.
func (r result) rates() string {
	var shown []string
	for _, unit := range r.units {
		if unit != "ns/op" && unit != "B/op" && unit != "allocs/op" {
			shown = append(shown, number(r.values[unit])+" "+unit)
		}
	}
	return strings.Join(shown, ", ")
}

func (r result) allocations() string {
	if _, ok := r.values["allocs/op"]; !ok {
		return ""
	}
	return fmt.Sprintf("%s (%s B)", number(r.values["allocs/op"]), number(r.values["B/op"]))
}

func duration(nanoseconds float64) string {
	switch {
	case nanoseconds >= 1e9:
		return fmt.Sprintf("%.2f s", nanoseconds/1e9)
	case nanoseconds >= 1e6:
		return fmt.Sprintf("%.2f ms", nanoseconds/1e6)
	case nanoseconds >= 1e3:
		return fmt.Sprintf("%.2f µs", nanoseconds/1e3)
	default:
		return fmt.Sprintf("%.0f ns", nanoseconds)
	}
}

func number(value float64) string {
	if value >= 100 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return strconv.FormatFloat(value, 'g', 3, 64)
}
