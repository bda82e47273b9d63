package script

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// A word is one part of a line: a bare word, a text in double quotes, or a JSON value in brackets or braces.
type word struct {
	text string // without the quotes
	kind kind
}

type kind int

const (
	bareWord kind = iota
	quotedText
	jsonValue
	comma
)

// A line is a statement taken apart. Words are taken from the front.
type line struct {
	words    []word
	text     string // what follows ": ", as it stands
	hasText  bool
	textUsed bool
}

// split takes a line apart.
func split(rest string) (*line, error) {
	l := &line{}
	for {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" || rest[0] == '#' {
			return l, nil
		}
		w, size, err := firstWord(rest)
		if err != nil {
			return nil, err
		}
		rest = rest[size:]
		ends := ""
		if w.kind == bareWord {
			trimmed := strings.TrimRight(w.text, ":,")
			w.text, ends = trimmed, w.text[len(trimmed):]
		} else if rest != "" && (rest[0] == ':' || rest[0] == ',') {
			ends, rest = rest[:1], rest[1:]
		}
		if w.text != "" || w.kind != bareWord {
			l.words = append(l.words, w)
		}
		switch ends {
		case "":
		case ",":
			l.words = append(l.words, word{text: ",", kind: comma})
		case ":":
			l.text, l.hasText = strings.TrimSuffix(strings.TrimPrefix(rest, " "), "\r"), true
			return l, nil
		default:
			return nil, fmt.Errorf("%q can't stand here", ends)
		}
		if rest != "" && !unicode.IsSpace(rune(rest[0])) && w.kind != bareWord && ends == "" {
			return nil, fmt.Errorf("a blank is missing after %s", strconv.Quote(w.text))
		}
	}
}

// firstWord reads the word that the text begins with, and its size in bytes.
func firstWord(text string) (w word, size int, err error) {
	switch text[0] {
	case '"':
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return w, 0, errors.New(`a double quote is not closed; \" stands for one inside of a text`)
		}
		unquoted, err := strconv.Unquote(quoted)
		if err != nil {
			return w, 0, fmt.Errorf("%s is no text in double quotes", quoted)
		}
		return word{text: unquoted, kind: quotedText}, len(quoted), nil
	case '{', '[':
		size, err := jsonSize(text)
		if err != nil {
			return w, 0, err
		}
		return word{text: text[:size], kind: jsonValue}, size, nil
	}
	for size < len(text) {
		if text[size] == '"' {
			// A part of a path may be in quotes: data.lead.stages."Lead Entry".
			quoted, err := strconv.QuotedPrefix(text[size:])
			if err != nil {
				return w, 0, errors.New("a double quote is not closed")
			}
			size += len(quoted)
			continue
		}
		if n := referenceSize(text[size:]); n > 0 {
			size += n
			continue
		}
		if strings.IndexFunc(text[size:], unicode.IsSpace) == 0 {
			break
		}
		size++
	}
	return word{text: text[:size]}, size, nil
}

func (l *line) empty() bool { return len(l.words) == 0 && !l.hasText }

// left reports whether there are words left.
func (l *line) left() bool { return len(l.words) > 0 }

// peek is the next word; the zero word when none is left.
func (l *line) peek() word {
	if len(l.words) == 0 {
		return word{}
	}
	return l.words[0]
}

// next takes the next word; the zero word when none is left.
func (l *line) next() word {
	w := l.peek()
	if len(l.words) > 0 {
		l.words = l.words[1:]
	}
	return w
}

// accept takes the next word if it is this bare one.
func (l *line) accept(bare string) bool {
	if w := l.peek(); w.kind != bareWord || w.text != bare {
		return false
	}
	l.next()
	return true
}

// value takes a name or a text; what names it in the error when it is missing.
func (l *line) value(what string) (string, error) {
	w := l.next()
	if w.kind == comma || w.kind == jsonValue || w.kind == bareWord && w.text == "" {
		return "", fmt.Errorf("%s is missing", what)
	}
	return w.text, nil
}

// phone takes a phone, which is read when the configuration says for which country.
func (l *line) phone() (phone, error) {
	if !l.peek().isPhone() {
		if !l.left() {
			return phone{}, errors.New(`a phone is missing, like "+5511911112222"`)
		}
		return phone{}, fmt.Errorf("a phone is wanted where %q stands", l.peek().text)
	}
	return phone{written: l.next().text}, nil
}

// isPhone reports whether the word can only be meant for a phone.
func (w word) isPhone() bool {
	if w.text == "" || w.kind == comma || w.kind == jsonValue {
		return false
	}
	c := w.text[0]
	return c == '+' || c == '(' || c >= '0' && c <= '9'
}

// message takes the text after the colon.
func (l *line) message() (string, error) {
	if !l.hasText {
		return "", errors.New(`a text is missing: end the line with ": " and what is written`)
	}
	l.textUsed = true
	return l.text, nil
}
