package autoresponse

import (
	"cmp"
	"slices"

	"leadgate/chat"
	"leadgate/opportunity"
)

// Hear decides what a lead's message means for the dialogue. The same message and situation always come to the same
// decision. A message with no chat begins one, and is never an answer itself. A menu that was sent is worked to its end
// even when the configuration has no such menu any more.
func (p *Policy) Hear(m chat.Message, s Situation) Decision {
	r, responds := p.responses[m.Number]
	h := hearing{policy: p, response: r, message: m, Situation: s}
	switch {
	case m.Direction != chat.Inbound:
	case s.Chat.Status == "" && responds:
		return h.begin()
	case s.Chat.Status == chat.ChatMenu && s.Dialogue.Menu != nil:
		return h.answer(*s.Dialogue.Menu)
	case s.Chat.Open() && h.repeats():
		return Decision{Dialogue: s.Dialogue, Ignored: true}
	}
	return Decision{Dialogue: s.Dialogue}
}

// A hearing is one message in its situation.
type hearing struct {
	policy   *Policy
	response response
	message  chat.Message
	Situation
}

// begin decides about the message that begins a chat.
func (h hearing) begin() Decision {
	switch {
	case h.response.first == nil:
		return h.routed(h.withoutMenu())
	case h.Fresh:
		return h.ask(h.firstMenu())
	}
	return h.routed(h.otherRoute())
}

// withoutMenu is where a chat goes of which nothing is asked.
func (h hearing) withoutMenu() Route {
	open := h.Opportunities
	switch {
	case len(open) == 0 && h.response.defaultType != "" && h.response.create:
		want := opportunity.Choice{Type: h.response.defaultType}
		return Route{Rule: h.ruleOf(want.Type), Create: &want}
	case len(open) == 1:
		return Route{Rule: h.ruleOf(open[0].Type), Opportunity: open[0].ID}
	}
	return Route{Rule: h.response.defaultRule}
}

// answer decides about a message that a menu waits for.
func (h hearing) answer(menu Menu) Decision {
	switch r := menu.read(h.message, h.Dialogue.Answered); r.kind {
	case readsOption:
		d := h.chosen(menu, menu.Options[r.option])
		d.Answered = &Answered{Menu: menu.Kind, Option: menu.Options[r.option], Form: r.form}
		return d
	case readsPage:
		return h.show(menu, r.page, SendPage)
	case readsOld:
		return h.show(menu, 0, SendMenu)
	case readsRepeated:
		return Decision{Dialogue: h.Dialogue, Ignored: true}
	}
	return h.unusable(menu)
}

// chosen decides what follows from an answer.
func (h hearing) chosen(menu Menu, o Option) Decision {
	selected := h.Dialogue.Selected
	if o.Kind == OptionChoice {
		selected = opportunity.Choice{Type: o.Type, Value: o.Value}
	}
	next := h.with(Dialogue{Selected: selected, Answered: append(slices.Clone(h.Dialogue.Answered), menu.Key)})
	switch o.Kind {
	case OptionChoice:
		return next.selected()
	case OptionExisting:
		i := slices.IndexFunc(h.Opportunities, func(open opportunity.Opportunity) bool { return open.ID == o.Opportunity })
		if i >= 0 {
			return next.routed(Route{Rule: h.ruleOf(h.Opportunities[i].Type), Opportunity: o.Opportunity})
		}
		return next.routed(next.newRoute())
	case OptionNew:
		return next.routed(next.newRoute())
	}
	return next.routed(next.otherRoute())
}

// with is the same message with the dialogue further on.
func (h hearing) with(d Dialogue) hearing {
	s := h.Situation
	s.Dialogue = d
	return hearing{policy: h.policy, response: h.response, message: h.message, Situation: s}
}

// selected decides what follows from the selection of a type and value.
func (h hearing) selected() Decision {
	same := h.counting(scopeSelected)
	if second := h.response.second; second != nil && h.Fresh {
		counting := h.counting(second.scope)
		if len(counting) > 1 || len(counting) > len(same) {
			return h.ask(h.secondMenu(counting))
		}
	}
	if len(same) == 0 {
		return h.routed(h.newRoute())
	}
	return h.routed(Route{Rule: h.ruleOf(same[0].Type), Opportunity: same[0].ID})
}

// counting are the opportunities within a scope, the latest activity first.
func (h hearing) counting(s scope) []opportunity.Opportunity {
	selected := h.Dialogue.Selected
	var counting []opportunity.Opportunity
	for _, o := range h.Opportunities {
		if s == scopeAll || o.Type == selected.Type && (s == scopeType || o.Value == selected.Value) {
			counting = append(counting, o)
		}
	}
	slices.SortFunc(counting, func(a, b opportunity.Opportunity) int {
		return cmp.Or(b.ActiveAt.Compare(a.ActiveAt), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return counting
}

// newRoute is where a chat about something new goes: what was selected.
func (h hearing) newRoute() Route {
	selected := h.Dialogue.Selected
	r := Route{Rule: h.ruleOf(selected.Type)}
	if h.response.create {
		r.Create = &selected
	}
	return r
}

// otherRoute is where a chat goes whose lead wants something else, or does not say what.
func (h hearing) otherRoute() Route {
	if first := h.response.first; first != nil && first.other != nil && first.otherRule != "" {
		return Route{Rule: first.otherRule}
	}
	return Route{Rule: h.response.defaultRule}
}

// ruleOf is the rule by which chats about a type are routed.
func (h hearing) ruleOf(name string) string {
	if t, found := h.policy.opportunities.Type(name); found && t.Rule != "" {
		return t.Rule
	}
	return h.response.defaultRule
}

// unusable decides about a message that is no answer: the menu is sent again, or the chat routed without one. What the lead
// wrote before they can have seen the menu, or writes anew in an old message, is no attempt to answer.
func (h hearing) unusable(menu Menu) Decision {
	switch {
	case h.message.EditID != "" || h.early():
		return Decision{Dialogue: h.Dialogue}
	case h.Fresh && h.Dialogue.Reminders < h.response.reminders:
		d := h.ask(menu)
		d.Dialogue.Menu.Page = 0
		d.Dialogue.Reminders = h.Dialogue.Reminders + 1
		return d
	}
	return h.routed(h.otherRoute())
}

// early reports whether the message was written before the menu was sent. WhatsApp's times are whole seconds.
func (h hearing) early() bool {
	return h.message.SentAt.Unix() < h.Dialogue.AskedAt.Unix()
}

// show sends a page of the menu that waits to whoever has tapped on it, or on an old one. What they tapped on before they
// can have seen it, and what came too late, changes nothing.
func (h hearing) show(menu Menu, page int, send Sending) Decision {
	d := Decision{Dialogue: h.Dialogue, Ignored: true}
	if h.Fresh && !h.early() {
		menu.Page = page
		d.Dialogue.Menu, d.Dialogue.AskedAt, d.Send = &menu, h.Now, send
	}
	return d
}

// ask sends a menu and waits for its answer.
func (h hearing) ask(menu Menu) Decision {
	d := h.Dialogue
	d.Menu, d.Reminders, d.AskedAt = &menu, 0, h.Now
	return Decision{Dialogue: d, Send: SendMenu}
}

// routed ends the menus of the chat.
func (h hearing) routed(r Route) Decision {
	return Decision{Dialogue: Dialogue{Selected: h.Dialogue.Selected, Answered: h.Dialogue.Answered}, Route: &r}
}

// repeats reports whether a message with which no menu has to do is another answer to one that was answered: what is chosen
// in a poll is told anew whenever it changes.
func (h hearing) repeats() bool {
	a := h.message.Answer
	return a != nil && h.message.EditID == "" && (a.Form == chat.AnswerPoll || ofAnswered(a.Option, h.Dialogue.Answered))
}
