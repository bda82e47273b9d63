package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"rsc.io/qr"

	"leadgate/conversion"
)

type linksCommand struct {
	configFile
	QR string `placeholder:"DIR" help:"Also write the QR code of every link into this directory, as PNG."`
}

// Run lists the links that open a chat with a source's phrase already written.
func (c *linksCommand) Run(p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	links := cfg.Conversion.Links(cfg.Numbers)
	if len(links) == 0 {
		return fmt.Errorf("no funnel has a source trigger, so there is no link; add a [[funnel.stage.trigger]] to an entry stage")
	}
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tNUMBER\tLINK")
	for _, l := range links {
		fmt.Fprintf(table, "%s\t%s\t%s\n", l.Source, l.Number, l.URL)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the links: %w", err)
	}
	if c.QR == "" {
		return nil
	}
	return writeQRCodes(p, c.QR, links)
}

// writeQRCodes writes one file for each link, named after its source and number; a second link of the same names gets a
// number behind it.
func writeQRCodes(p *process, dir string, links []conversion.Link) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory for QR codes: %w", err)
	}
	taken := map[string]bool{}
	for _, l := range links {
		code, err := qr.Encode(l.URL, qr.M)
		if err != nil {
			return fmt.Errorf("source %q: its link of %d characters is too long for a QR code; shorten the phrase", l.Source, len(l.URL))
		}
		first := fileName(l.Source) + "-" + fileName(l.Number)
		name := first
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", first, n)
		}
		taken[name] = true
		file := filepath.Join(dir, name+".png")
		if err := os.WriteFile(file, code.PNG(), 0o644); err != nil {
			return fmt.Errorf("write a QR code: %w", err)
		}
		fmt.Fprintln(p.stdout, file)
	}
	return nil
}

// longestFileName keeps the name of a file, made of two, under the 255 bytes that file systems take.
const longestFileName = 30

// fileName is a name in small letters, with everything but letters and digits as a dash.
func fileName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, name)
	return string([]rune(plain)[:min(longestFileName, utf8.RuneCountInString(plain))])
}
