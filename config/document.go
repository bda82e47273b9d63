package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"leadgate/fault"
)

// maxSize bounds the file: a hundred thousand phrases fit many times.
const maxSize = 16 << 20

// maxSyntaxErrors bounds how often a file is read again after a statement with a syntax error was left out.
const maxSyntaxErrors = 10

// A document is a TOML file taken apart.
type document struct {
	places *places
	values map[string]any // nil when the syntax leaves nothing to check
	syntax []Finding      // errors of the syntax
	broken brokenSet      // keys whose statements were left out
}

// parse reads a file. A key whose value has a syntax error is left out, so that the rest can be checked all the same;
// an error that leaves it open what belongs to which table ends the reading.
func parse(data []byte) *document {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d := &document{places: locate(""), broken: make(brokenSet)}
	switch {
	case len(data) > maxSize:
		d.refuse(0, fmt.Sprintf("the file is larger than %d MB", maxSize>>20), "is this the configuration?")
		return d
	case !utf8.Valid(data):
		d.places = locate(string(data))
		d.refuse(invalidAt(data), "the file is not UTF-8 text", "save it with the encoding UTF-8")
		return d
	}
	text := string(data)
	d.places = locate(text)
	if at := d.places.tooDeep; at >= 0 {
		d.refuse(at, "tables or lists are nested too deeply", "")
		return d
	}
	for range maxSyntaxErrors {
		values, err := decode(text)
		if err == nil {
			d.values = values
			return d
		}
		var ok bool
		if text, ok = d.leaveOut(text, err); !ok {
			return d
		}
	}
	return d
}

// decode is toml.Decode; a panic of the decoder is an error of the file.
func decode(text string) (values map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("read TOML: %v", r)
		}
	}()
	_, err = toml.Decode(text, &values)
	return values, err
}

// leaveOut reports a syntax error and returns the text without the statement that it is in. It is false when the rest
// can't be understood without that statement.
func (d *document) leaveOut(text string, err error) (string, bool) {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		d.refuse(0, "the file is not TOML", "")
		return "", false
	}
	st := d.places.statement(parse.Position.Start)
	problem, hint := explainSyntax(parse.Message, st)
	at := parse.Position.Start
	if st != nil && !st.header && !st.complete {
		at = st.start // the decoder gives up somewhere below
	}
	d.refuse(at, problem, hint)
	if st == nil || st.header || !st.complete || strings.TrimSpace(text[st.start:st.end]) == "" {
		return "", false
	}
	d.broken[st.path] = true
	blank := strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, text[st.start:st.end])
	// Offsets stay what they are: a character of several bytes becomes as many blanks.
	blank += strings.Repeat(" ", st.end-st.start-len(blank))
	return text[:st.start] + blank + text[st.end:], true
}

func (d *document) refuse(offset int, problem, hint string) {
	line, column := d.places.position(offset)
	d.syntax = append(d.syntax, Finding{
		Fault: fault.Fault{Problem: problem, Hint: hint}, Line: line, Column: column,
	})
}

var (
	definedTwice = regexp.MustCompile(`^Key '(.*)' has already been defined`)
	otherKind    = regexp.MustCompile(`^Key '(.*)' was already created`)
	quotedWord   = regexp.MustCompile(`(?s)"(\\.|[^"\\]){2,}"|'[^']{2,}'`)
)

// explainSyntax says what the decoder means, without the words of the file that it quotes: one may be a secret.
func explainSyntax(message string, st *statement) (problem, hint string) {
	const rule = `a line is key = value; text goes in double quotes`
	if m := definedTwice.FindStringSubmatch(message); m != nil {
		if st != nil && st.header {
			return fmt.Sprintf("table [%s] is there twice", m[1]), "keep one; what may come several times is a [[table]]"
		}
		return fmt.Sprintf("key %q is set twice", m[1]), "keep one of the two"
	}
	if m := otherKind.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%q is both one table and a list of tables", m[1]), fmt.Sprintf("write [[%s]] each time", m[1])
	}
	key := ""
	if st != nil && !st.header {
		key = st.path[strings.LastIndex(st.path, ".")+1:]
	}
	if key != "" && !st.complete {
		return fmt.Sprintf("the value of %q is not closed", key), "a closing bracket, brace or triple quote is missing"
	}
	if key != "" && strings.Contains(message, "expected value but found") {
		return fmt.Sprintf("the value of %q is not TOML", key), fmt.Sprintf(`text goes in double quotes: %s = "…"`, key)
	}
	if key != "" && strings.Contains(message, "is out of range for") {
		return fmt.Sprintf("the value of %q is too large a number", key), ""
	}
	message = quotedWord.ReplaceAllString(message, "…")
	return "not TOML: " + strings.ToLower(message[:1]) + message[1:], rule
}

// invalidAt is the offset of the first byte that is not UTF-8.
func invalidAt(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	return at
}
