// Package script plays conversation scripts: text files in which an administrator writes what leads, agents and the
// business do and what has to come of it. A script runs against a configuration through the same bot, store and API as the
// daemon, on a virtual clock, without network: the package stands in for WhatsApp, takes what the daemon sends there, and
// sends no webhook. It decides nothing about messages. The command leadgate test and the tests of the project call it.
package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
)

// A Script is a file whose every line could be read. It is played once at a time.
type Script struct {
	Name       string // of the file, for messages
	statements []statement
}

// A statement is one line that does or expects something.
type statement struct {
	line int
	text string // as written, without white space around it
	act  action
}

// An action is what a statement does. Whether names in it are in the configuration is checked before anything is played.
type action interface {
	// check notes what is wrong with the action in a configuration, and keeps what it looked up there.
	check(c *checker)
	// play does it. A *Failure is an expectation that does not hold; any other error ends the script as well.
	play(ctx context.Context, p *player) error
}

// longestLine is the limit of a line, in bytes: more than WhatsApp takes in one message, in any script.
const longestLine = 1 << 20

// Parse reads a script. The error is *Faults, with every line that could not be read.
func Parse(name string, r io.Reader) (*Script, error) {
	s := &Script{Name: name}
	faults := Faults{Script: name}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, longestLine)
	line := 0
	for scanner.Scan() {
		line++
		text := scanner.Text()
		if line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		act, err := parseLine(text)
		switch {
		case err != nil:
			faults.add(line, err)
		case act != nil:
			s.statements = append(s.statements, statement{line: line, text: strings.TrimSpace(text), act: act})
		}
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		faults.add(line+1, fmt.Errorf("the line is longer than %d bytes", longestLine))
	case err != nil:
		return nil, fmt.Errorf("read script %q: %w", name, err)
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// parseLine reads one line; nil when it holds nothing but a comment.
func parseLine(text string) (action, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("this is not UTF-8 text")
	}
	l, err := split(text)
	if err != nil || l.empty() {
		return nil, err
	}
	verb := l.next()
	act, err := actions().parse(verb, l)
	if err != nil {
		return nil, err
	}
	if l.left() {
		return nil, fmt.Errorf("%q is too much here", l.next().text)
	}
	if l.hasText && !l.textUsed {
		return nil, fmt.Errorf("%q takes no text after a colon", verb.text)
	}
	return act, nil
}

// Faults are the lines of a script that can't be played, in order.
type Faults struct {
	Script string
	Faults []Fault
}

// A Fault is what is wrong with one line.
type Fault struct {
	Line    int
	Problem string
}

func (f *Faults) add(line int, problem error) {
	f.Faults = append(f.Faults, Fault{Line: line, Problem: problem.Error()})
}

func (f *Faults) err() error {
	if len(f.Faults) == 0 {
		return nil
	}
	return f
}

// Error is one line for each fault, in the form that editors and terminals jump to.
func (f *Faults) Error() string {
	lines := make([]string, len(f.Faults))
	for i, fault := range f.Faults {
		lines[i] = fmt.Sprintf("%s:%d: error: %s", f.Script, fault.Line, fault.Problem)
	}
	return strings.Join(lines, "\n")
}

// A Failure is an expectation that does not hold.
type Failure struct {
	Script    string
	Line      int
	Statement string // as written
	Expected  string
	Happened  string
}

// Error is where it is, what was expected and what happened, a line each.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s:%d: %s\n    expected: %s\n    happened: %s", f.Script, f.Line, f.Statement, f.Expected, f.Happened)
}

// A checker holds the names of a script against a configuration, statement by statement.
type checker struct {
	config *config.Config
	policy *bot.Policy           // that of config
	err    error                 // the first fault of the statement at hand
	writes map[chat.Phone]string // the number that each lead or agent wrote to last
}

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// check returns the lines whose names the configuration does not have.
func (s *Script) check(cfg *config.Config) error {
	faults := Faults{Script: s.Name}
	c := &checker{config: cfg, policy: cfg.Policy(), writes: make(map[chat.Phone]string)}
	for _, st := range s.statements {
		c.err = nil
		st.act.check(c)
		if c.err != nil {
			faults.add(st.line, c.err)
		}
	}
	return faults.err()
}
