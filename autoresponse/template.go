package autoresponse

import (
	"fmt"
	"slices"
	"strings"

	"leadgate/fault"
)

// A template is a text with placeholders, taken apart.
type template []part

// A part is a piece of text, or a placeholder.
type part struct {
	text        string
	placeholder string // without its braces; "" of a piece of text
}

const fieldPrefix = "lead.fields."

// placeholders are those that stand for one thing each; besides them there is fieldPrefix and the name of a field.
func placeholders() []string {
	return []string{
		"lead.name", "lead.source", "opportunity.type", "opportunity.value", "opportunity.owner", "opportunity.stage",
		"agent.name", "number.name",
	}
}

// literal is the template of a text in which braces are braces.
func literal(text string) template { return template{{text: text}} }

// parseTemplate takes a text apart. It returns what is wrong with its braces and placeholders, without paths.
func parseTemplate(text string) (template, fault.List) {
	var t template
	var faults fault.List
	for rest := text; rest != ""; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			return append(t, part{text: rest}), faults
		}
		length := strings.IndexAny(rest[open+1:], "{}")
		if rest[open] == '}' || length < 0 || rest[open+1+length] == '{' {
			faults.Add("", fmt.Sprintf("the brace at character %d of %q is alone", len([]rune(text[:len(text)-len(rest)+open]))+1, text),
				"braces stand around placeholders, as in {lead.name}, and nowhere else")
			return t, faults
		}
		name := rest[open+1:][:length]
		if !known(name) {
			faults.Add("", fmt.Sprintf("placeholder {%s} is not known", name), suggestPlaceholder(name))
		}
		if open > 0 {
			t = append(t, part{text: rest[:open]})
		}
		t = append(t, part{placeholder: name})
		rest = rest[open+1+length+1:]
	}
	return t, faults
}

func known(placeholder string) bool {
	field, isField := strings.CutPrefix(placeholder, fieldPrefix)
	return isField && strings.TrimSpace(field) != "" || slices.Contains(placeholders(), placeholder)
}

func suggestPlaceholder(name string) string {
	all := append(placeholders(), fieldPrefix+"X")
	if near := fault.Nearest(name, all); near != "" {
		return fmt.Sprintf("did you mean {%s}?", near)
	}
	return fmt.Sprintf("known: {%s}", strings.Join(all, "} {"))
}

// blanks separate words within a line.
const blanks = " \t\u00a0"

// message fills a text in. A placeholder without a value goes, and with it the blanks before it; at the beginning of a line
// also the blanks and commas behind it. Values are not looked at for placeholders.
func (t template) message(v Values) string {
	var out string
	bare := false // what has been written of the line is nothing but placeholders without a value
	for _, p := range t {
		text := p.text
		if p.placeholder != "" {
			text = v.of(p.placeholder)
		} else if bare {
			text = strings.TrimLeft(text, blanks+",;:")
		}
		if text == "" {
			out = strings.TrimRight(out, blanks)
			bare = out == "" || strings.HasSuffix(out, "\n")
			continue
		}
		out += text
		bare = false
	}
	return strings.TrimSpace(out)
}

// line fills a text in as message does, and makes one line of it.
func (t template) line(v Values) string { return oneLine(t.message(v)) }

// missing is what a label shows in place of a value that there is not: a gap would make labels equal that are none.
const missing = "—"

// label fills the label of an option in.
func (t template) label(v Values) string {
	var out strings.Builder
	for _, p := range t {
		text := p.text
		if p.placeholder != "" {
			text = v.of(p.placeholder)
			if text == "" {
				text = missing
			}
		}
		out.WriteString(text)
	}
	return oneLine(out.String())
}

// of is what a placeholder stands for, in one line; "" when there is no value.
func (v Values) of(placeholder string) string {
	return oneLine(v.raw(placeholder))
}

func (v Values) raw(placeholder string) string {
	switch placeholder {
	case "lead.name":
		return v.Lead.Name
	case "lead.source":
		return v.Lead.Source
	case "opportunity.type":
		return v.Opportunity.Type
	case "opportunity.value":
		return v.Opportunity.Value
	case "opportunity.owner":
		return v.Opportunity.Owner
	case "opportunity.stage":
		return v.Opportunity.Stage
	case "agent.name":
		return v.Agent
	case "number.name":
		return v.Number
	}
	return v.Lead.Fields[strings.TrimPrefix(placeholder, fieldPrefix)]
}

// oneLine is a text with each stretch of white space, line ends included, as one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
