package autoresponse

import (
	"leadgate/chat"
	"leadgate/opportunity"
)

// firstMenu is the menu that asks the lead what they want.
func (h hearing) firstMenu() Menu {
	first := h.response.first
	values := Values{Lead: h.Lead, Number: h.message.Number}
	var options []Option
	for _, o := range first.options {
		values.Opportunity = opportunity.Opportunity{Type: o.Type, Value: o.Value}
		options = append(options, Option{Label: o.label.label(values), Kind: OptionChoice, Type: o.Type, Value: o.Value})
	}
	values.Opportunity = opportunity.Opportunity{}
	if first.other != nil {
		options = append(options, Option{Label: first.other.label(values), Kind: OptionOther})
	}
	return first.menu(h.Chat, First, options, values)
}

// secondMenu is the menu that asks the lead which of their opportunities they mean.
func (h hearing) secondMenu(open []opportunity.Opportunity) Menu {
	second := h.response.second
	values := Values{Lead: h.Lead, Number: h.message.Number}
	var options []Option
	for _, o := range open {
		values.Opportunity = o
		label := second.label.label(values)
		if label == "" {
			label = oneLine(nameOf(o.Choice()))
		}
		options = append(options, Option{Label: label, Kind: OptionExisting, Type: o.Type, Value: o.Value, Opportunity: o.ID})
	}
	selected := h.Dialogue.Selected
	values.Opportunity = opportunity.Opportunity{Type: selected.Type, Value: selected.Value}
	if second.fresh != nil {
		options = append(options, Option{Label: second.fresh.label(values), Kind: OptionNew, Type: selected.Type, Value: selected.Value})
	}
	return second.menu(h.Chat, Second, options, values)
}

// menu fills in what stands around the options, and numbers labels that come out equal.
func (f face) menu(c chat.Chat, kind MenuKind, options []Option, v Values) Menu {
	labels := make([]string, len(options))
	for i, o := range options {
		labels[i] = o.Label
	}
	for i, label := range distinct(labels, noLimit) {
		options[i].Label = label
	}
	return Menu{
		Key: c.ID + "." + string(kind), Kind: kind, Display: f.display, Header: f.header.line(v), Message: f.message.message(v),
		Footer: f.footer.line(v), Title: f.title.line(v), Button: f.button, More: f.more.label(v), Options: options,
	}
}
