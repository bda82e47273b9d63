package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// outputFormat is the flag that says how a command prints what it found or did.
type outputFormat struct {
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"As table, json or csv; ${default} by default."`
}

// A listing is what a command prints, in every format.
type listing struct {
	header []string
	rows   [][]string
	items  any    // as JSON has it
	none   string // what the table says when there are no rows
	counts bool   // the columns are numbers but the first: the table puts them under each other
}

// print writes a listing in the format that was asked for.
func (o outputFormat) print(w io.Writer, l listing) error {
	var err error
	switch o.Format {
	case "json":
		err = printJSON(w, l.items)
	case "csv":
		err = printCSV(w, l.header, l.rows)
	default:
		err = l.table(w)
	}
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// printDone writes what a command has done: a sentence on a terminal, one row or one object elsewhere.
func (o outputFormat) printDone(w io.Writer, sentence string, header, row []string, object any) error {
	if o.Format == "table" {
		_, err := fmt.Fprintln(w, visible(sentence))
		return err
	}
	return o.print(w, listing{header: header, rows: [][]string{row}, items: object})
}

// page is a list as the API gives one, whole.
func page(items any) any { return map[string]any{"items": items, "next_cursor": nil} }

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

func printCSV(w io.Writer, header []string, rows [][]string) error {
	out := csv.NewWriter(w)
	_ = out.Write(header) // Flush and Error say whether it worked
	for _, row := range rows {
		_ = out.Write(cells(row))
	}
	out.Flush()
	return out.Error()
}

// cells are the values of a row as they are safe in a spreadsheet: a lead chooses their own name, and a cell that begins a
// formula would be one. A phone and a number stay what they are.
func cells(row []string) []string {
	safe := make([]string, len(row))
	for i, text := range row {
		safe[i] = text
		if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) && strings.Trim(text[1:], "0123456789.") != "" {
			safe[i] = "'" + text
		}
	}
	return safe
}

func (l listing) table(w io.Writer) error {
	if len(l.rows) == 0 && l.none != "" {
		_, err := fmt.Fprintln(w, l.none)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range l.aligned() {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// aligned are the header and the rows as the table shows them.
func (l listing) aligned() [][]string {
	rows := [][]string{strings.Split(strings.ToUpper(strings.Join(l.header, "\t")), "\t")}
	for _, row := range l.rows {
		rows = append(rows, mapped(row, visible))
	}
	for i := 1; l.counts && i < len(l.header); i++ {
		width := 0
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[i]))
		}
		for _, row := range rows {
			if row[i] != "" {
				row[i] = strings.Repeat(" ", width-utf8.RuneCountInString(row[i])) + row[i]
			}
		}
	}
	return rows
}

// visible is a text that a terminal shows as it is: what people write can't move the cursor, color or reorder anything.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
