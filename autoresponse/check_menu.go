package autoresponse

import (
	"fmt"
	"slices"
	"strings"

	"leadgate/chat"
	"leadgate/fault"
	"leadgate/opportunity"
)

// faceConfig is what the tables of both menus have in common.
type faceConfig struct{ display, listHeader, header, message, footer, more string }

func (c *checker) newFace(path string, config faceConfig) face {
	display := c.oneOf(fault.Join(path, "display"), "display", config.display,
		string(chat.DisplayText), string(chat.DisplayList), string(chat.DisplayButtons), string(chat.DisplayPoll))
	return face{
		display: chat.Display(display),
		title:   c.text(fault.Join(path, "list_header"), config.listHeader),
		header:  c.text(fault.Join(path, "header"), config.header),
		message: c.message(path, config.message),
		footer:  c.text(fault.Join(path, "footer"), config.footer),
		more:    c.textOr(fault.Join(path, "more"), config.more, c.words.more),
		button:  c.words.button,
	}
}

func (c *checker) newFirst(path, number string, config FirstConfig) *firstMenu {
	m := &firstMenu{face: c.newFace(path, faceConfig{
		display: config.Display, listHeader: config.ListHeader, header: config.Header, message: config.Message,
		footer: config.Footer, more: config.More,
	})}
	for i, o := range config.Options {
		m.options = append(m.options, c.newOffer(fault.Index(fault.Join(path, "options"), i), number, o))
	}
	if len(config.Options) == 0 {
		for _, choice := range c.policy.opportunities.Choices(number) {
			m.options = append(m.options, offer{Choice: choice, label: literal(nameOf(choice))})
		}
	}
	if config.Other != nil {
		other := fault.Join(path, "other")
		m.other = c.textOr(fault.Join(other, "label"), config.Other.Label, c.words.other)
		m.otherRule = c.rule(fault.Join(other, "rule"), config.Other.Rule)
	}
	c.checkCount(path, number, m)
	c.checkLabels(path, m, len(config.Options) > 0)
	return m
}

// nameOf is what a choice is called when no label says otherwise.
func nameOf(choice opportunity.Choice) string {
	if choice.Value != "" {
		return choice.Value
	}
	return choice.Type
}

func (c *checker) newOffer(path, number string, config OptionConfig) offer {
	o := offer{Choice: opportunity.Choice{Type: config.Type, Value: config.Value}}
	if config.Type == "" {
		c.faults.Add(fault.Join(path, "type"), "the option has no type", "name the opportunity type that it is for")
	} else if t, offered := c.checkType(fault.Join(path, "type"), number, config.Type); offered && config.Value != "" {
		at := fault.Join(path, "value")
		switch {
		case t.Field == "":
			c.faults.Add(at, fmt.Sprintf("opportunity type %q has no field for the value %q", t.Name, config.Value), "remove the value")
		case !slices.Contains(t.Values, config.Value):
			c.faults.Add(at, fmt.Sprintf("opportunity type %q does not list the value %q", t.Name, config.Value),
				fault.Suggest(config.Value, "value", t.Values))
		}
	}
	o.label = c.textOr(fault.Join(path, "label"), config.Label, nameOf(o.Choice))
	return o
}

// checkCount notes a menu that has nothing to choose, or more or less than its display holds.
func (c *checker) checkCount(path, number string, m *firstMenu) {
	n := len(m.options)
	if m.other != nil {
		n++
	}
	display := fault.Join(path, "display")
	switch {
	case n == 0 && c.config.Opportunities != nil:
		c.faults.Add(path, fmt.Sprintf("there is nothing to choose: no opportunity type is offered on number %q", number),
			"add an [[opportunity_type]] for it, or an option \"other\"")
	case m.display == chat.DisplayButtons && n > maxButtons:
		c.faults.Warn(display, fmt.Sprintf("buttons hold %d options and there are %d: the menu is shown as a list", maxButtons, n), `write display = "list"`)
	case m.display == chat.DisplayPoll && n > maxPoll:
		c.faults.Warn(display, fmt.Sprintf("a poll holds %d options and there are %d: the menu is shown as text", maxPoll, n), `"list" holds any number`)
	case m.display == chat.DisplayPoll && n < minPoll && n > 0:
		c.faults.Warn(display, fmt.Sprintf("a poll needs %d options and there is %d: the menu is shown as text", minPoll, n), `"buttons" and "list" take one`)
	}
}

// checkLabels notes labels that come out equal: errors among options that somebody wrote, else a warning, since the labels
// are numbered then.
func (c *checker) checkLabels(path string, m *firstMenu, written bool) {
	paths := make(map[string]string)
	check := func(at string, label template, written bool) {
		text := label.source()
		earlier, taken := paths[compared(text)]
		switch {
		case taken && written:
			c.faults.Add(at, fmt.Sprintf("label %q is that of %s too", text, earlier), "give each option a label of its own")
		case taken:
			c.faults.Warn(at, fmt.Sprintf("two options are labelled %q: they are numbered", text), "give each a label of its own under options")
		default:
			paths[compared(text)] = at
		}
	}
	for i, o := range m.options {
		at := path
		if written {
			at = fault.Join(fault.Index(fault.Join(path, "options"), i), "label")
		}
		check(at, o.label, written)
	}
	if m.other != nil {
		check(fault.Join(fault.Join(path, "other"), "label"), m.other, true)
	}
}

// source is the template as somebody wrote it.
func (t template) source() string {
	var b strings.Builder
	for _, p := range t {
		if p.placeholder != "" {
			b.WriteString("{" + p.placeholder + "}")
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func (c *checker) newSecond(path string, config SecondConfig) *secondMenu {
	m := &secondMenu{face: c.newFace(path, faceConfig{
		display: config.Display, listHeader: config.ListHeader, header: config.Header, message: config.Message,
		footer: config.Footer, more: config.More,
	})}
	if strings.TrimSpace(config.Label) != "" {
		m.label = c.text(fault.Join(path, "label"), config.Label)
	}
	m.scope = scope(c.oneOf(fault.Join(path, "scope"), "scope", config.Scope, string(scopeSelected), string(scopeType), string(scopeAll)))
	if config.New != nil {
		m.fresh = c.textOr(fault.Join(fault.Join(path, "new"), "label"), config.New.Label, c.words.fresh)
	}
	return m
}
