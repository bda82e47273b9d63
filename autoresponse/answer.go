package autoresponse

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"leadgate/chat"
)

// A reading is what a message says to a menu.
type reading struct {
	kind   readingKind
	option int             // position of the chosen one
	page   int             // that was turned to
	form   chat.AnswerForm // in which the option was chosen
}

type readingKind int

const (
	readsNothing  readingKind = iota // no option is meant
	readsOption                      // an option is chosen
	readsPage                        // another page is to be shown
	readsRepeated                    // an answer that was given already is given again, changed or taken back
	readsOld                         // a menu of another time is answered
)

// read says what a message says to the menu, when the menus with the answered keys were answered before it.
func (m Menu) read(msg chat.Message, answered []string) reading {
	a := msg.Answer
	switch {
	case a == nil || msg.EditID != "" || a.Form == chat.AnswerText && a.Option == "":
		return m.readText(msg.Text)
	case a.Form == chat.AnswerPoll:
		return m.readVotes(a.Votes, answered)
	case a.Option != "":
		return m.readRow(*a, answered)
	}
	return m.readTap(msg.Text, a.Form)
}

// readRow reads the tap on a row by its id.
func (m Menu) readRow(a chat.Answer, answered []string) reading {
	if page, ok := number(strings.CutPrefix(a.Option, m.pagePrefix())); ok && page < m.pages() {
		return reading{kind: readsPage, page: page}
	}
	if i, ok := number(strings.CutPrefix(a.Option, m.optionPrefix())); ok && i < len(m.Options) {
		return reading{kind: readsOption, option: i, form: a.Form}
	}
	if ofAnswered(a.Option, answered) {
		return reading{kind: readsRepeated}
	}
	return reading{kind: readsOld}
}

// ofAnswered reports whether a row is one of a menu that was answered.
func ofAnswered(row string, answered []string) bool {
	return slices.ContainsFunc(answered, func(key string) bool { return strings.HasPrefix(row, Menu{Key: key}.optionPrefix()) })
}

// readTap reads the tap on a row of which the phone told the label alone.
func (m Menu) readTap(label string, form chat.AnswerForm) reading {
	if i := m.labelled(label); i >= 0 {
		return reading{kind: readsOption, option: i, form: form}
	}
	if m.turns(label) {
		return reading{kind: readsPage, page: m.Page + 1}
	}
	return reading{kind: readsOld}
}

// readVotes reads what is chosen in a poll now. A vote does not say which poll it is in: one that chooses nothing of this
// menu is in the poll that was answered last, or else in one of another time. Of several the first option counts.
func (m Menu) readVotes(votes, answered []string) reading {
	if len(votes) == 0 {
		return reading{kind: readsRepeated}
	}
	if m.shownAs() == chat.DisplayPoll {
		for i, label := range m.shownLabels() {
			if slices.Contains(votes, voteOf(label)) {
				return reading{kind: readsOption, option: i, form: chat.AnswerPoll}
			}
		}
	}
	if len(answered) > 0 {
		return reading{kind: readsRepeated}
	}
	return reading{kind: readsOld}
}

// voteOf is how a vote names a label.
func voteOf(label string) string {
	sum := sha256.Sum256([]byte(label))
	return hex.EncodeToString(sum[:])
}

// readText reads a typed answer: a label, or the option's number. A label is tried first: where both make sense, as with
// the label "3", people mean what they read.
func (m Menu) readText(text string) reading {
	i := m.labelled(text)
	if i < 0 {
		i = m.numbered(text)
	}
	if i >= 0 {
		return reading{kind: readsOption, option: i, form: chat.AnswerText}
	}
	if m.turns(text) {
		return reading{kind: readsPage, page: m.Page + 1}
	}
	return reading{}
}

// labelled is the position of the option that a text names by its label, whole or as the phone shows it, or by its whole
// line of a menu in text; -1 when it names none, or several.
func (m Menu) labelled(text string) int {
	said := compared(text)
	if said == "" {
		return -1
	}
	for i, o := range m.Options {
		if said == compared(o.Label) || said == compared(strconv.Itoa(i+1)+". "+o.Label) {
			return i
		}
	}
	found := -1
	for i, label := range m.shownLabels() {
		if said != compared(label) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// numbered is the position of the option that a text names by its number, counted from 1: "2", "2.", "2)", "#2", "２", "2️⃣";
// -1 when it names none.
func (m Menu) numbered(text string) int {
	const keycap = "\u20e3"
	digits := strings.TrimLeft(strings.TrimSuffix(compared(text), keycap), "#( ")
	if n, ok := number(digits, true); ok && 1 <= n && n <= len(m.Options) {
		return n - 1
	}
	return -1
}

// number reads digits, and nothing else, unless there are none to read.
func number(digits string, there bool) (n int, ok bool) {
	if !there || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// turns reports whether a text is the label of the row that leads to the next page, and there is one.
func (m Menu) turns(text string) bool {
	if m.shownAs() != chat.DisplayList {
		return false
	}
	_, _, last := m.page()
	said := compared(text)
	return !last && (said == compared(m.More) || said == compared(shorten(m.More, maxRowLabel)))
}
