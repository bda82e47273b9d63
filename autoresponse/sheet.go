package autoresponse

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"leadgate/chat"
)

// What WhatsApp's phones and server take, in characters and rows (Meta, "Interactive messages"; polls as the app has them).
const (
	maxButtons     = 3
	maxRows        = 10
	minPoll        = 2
	maxPoll        = 12
	maxButtonLabel = 20
	maxRowLabel    = 24
	maxDescription = 72
	maxTitle       = 24
	maxHeader      = 60
	maxFooter      = 60
	maxBody        = 1024
	maxPollLabel   = 100
	maxPollBody    = 255
)

// Sheet is the menu's page as a phone shows it; nil when it is shown as text: because it is configured so, or because what
// it was configured as can't hold it (a poll of fewer than two or more than twelve options, a message that is too long).
// A poll has one text: header, message and footer are its body.
func (m Menu) Sheet() *chat.Sheet {
	switch m.shownAs() {
	case chat.DisplayPoll:
		return &chat.Sheet{Display: chat.DisplayPoll, Body: m.pollBody(), Rows: m.rows(0, len(m.Options))}
	case chat.DisplayButtons:
		return &chat.Sheet{
			Display: chat.DisplayButtons, Header: shorten(m.Header, maxHeader), Body: m.Message,
			Footer: shorten(m.Footer, maxFooter), Rows: m.rows(0, len(m.Options)),
		}
	case chat.DisplayList:
		from, to, last := m.page()
		rows := m.rows(from, to)
		if !last {
			rows = append(rows, chat.Row{ID: m.pagePrefix() + strconv.Itoa(m.Page+1), Label: shorten(m.More, maxRowLabel)})
		}
		return &chat.Sheet{
			Display: chat.DisplayList, Header: shorten(m.Header, maxHeader), Body: m.Message, Footer: shorten(m.Footer, maxFooter),
			Button: shorten(m.Button, maxButtonLabel), Title: shorten(m.Title, maxTitle), Rows: rows,
		}
	}
	return nil
}

// shownAs is the display that can hold the menu.
func (m Menu) shownAs() chat.Display {
	n := len(m.Options)
	switch m.Display {
	case chat.DisplayPoll:
		if minPoll <= n && n <= maxPoll && fits(m.pollBody(), maxPollBody) {
			return chat.DisplayPoll
		}
	case chat.DisplayList, chat.DisplayButtons:
		if n == 0 || !fits(m.Message, maxBody) {
			return chat.DisplayText
		}
		if m.Display == chat.DisplayButtons && n <= maxButtons {
			return chat.DisplayButtons
		}
		return chat.DisplayList
	}
	return chat.DisplayText
}

func fits(body string, limit int) bool { return body != "" && utf8.RuneCountInString(body) <= limit }

func (m Menu) pollBody() string {
	var parts []string
	for _, part := range []string{m.Header, m.Message, m.Footer} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n")
}

// page is the range of options on the page that is shown, and whether it is the last page.
func (m Menu) page() (from, to int, last bool) {
	from, to = m.Page*(maxRows-1), len(m.Options)
	if to-from <= maxRows {
		return from, to, true
	}
	return from, from + maxRows - 1, false
}

// pages is how many pages a list has: a row of each but the last leads to the next.
func (m Menu) pages() int {
	return 1 + (max(len(m.Options)-maxRows, 0)+maxRows-2)/(maxRows-1)
}

// rows are options as the phone shows them.
func (m Menu) rows(from, to int) []chat.Row {
	labels := m.shownLabels()
	rows := make([]chat.Row, 0, to-from+1)
	for i := from; i < to; i++ {
		row := chat.Row{ID: m.optionPrefix() + strconv.Itoa(i), Label: labels[i]}
		if m.shownAs() == chat.DisplayList {
			_, rest := split(m.Options[i].Label, maxRowLabel)
			row.Description = shorten(rest, maxDescription)
		}
		rows = append(rows, row)
	}
	return rows
}

// shownLabels are the labels of all options as the phone shows them.
func (m Menu) shownLabels() []string {
	labels := make([]string, len(m.Options))
	for i, o := range m.Options {
		labels[i] = o.Label
	}
	switch m.shownAs() {
	case chat.DisplayPoll:
		return distinct(labels, maxPollLabel)
	case chat.DisplayButtons:
		return distinct(labels, maxButtonLabel)
	case chat.DisplayList:
		for i, label := range labels {
			labels[i], _ = split(label, maxRowLabel)
		}
	}
	return labels
}

// optionPrefix begins the id of an option's row; the option's position follows.
func (m Menu) optionPrefix() string { return m.Key + "." }

// pagePrefix begins the id of a row that leads to another page; the page follows.
func (m Menu) pagePrefix() string { return m.Key + ".more." }

// Text is the whole menu as numbered text: header, message, a line for each option, footer.
func (m Menu) Text() string {
	var b strings.Builder
	if m.Header != "" {
		b.WriteString("*" + m.Header + "*\n")
	}
	if m.Message != "" {
		b.WriteString(m.Message + "\n\n")
	}
	for i, o := range m.Options {
		fmt.Fprintf(&b, "%d. %s\n", i+1, o.Label)
	}
	if m.Footer != "" {
		b.WriteString("\n_" + m.Footer + "_")
	}
	return strings.TrimSpace(b.String())
}
