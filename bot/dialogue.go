package bot

import (
	"encoding/json"
	"fmt"
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/opportunity"
)

// maxSaid bounds what is kept of a lead's last words for whoever gets the chat, in characters.
const maxSaid = 1000

// hearLater has a lead's message answered when its number has caught up with what happened while it was away.
func (b *builder) hearLater(m chat.Message) {
	body, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("message: %v", err)) // strings and times: JSON has a form for each of them
	}
	b.effect(LateDestination(m.Number), b.lead.ID, "late/"+b.in.Key, body)
	b.rememberWritten(m.Number)
}

// hear decides what a lead's message means for their chat with the number.
func (b *builder) hear(m chat.Message) {
	c, open := b.openChat(m.Number)
	switch {
	case open && m.SentAt.Before(c.OpenedAt.Truncate(time.Second)):
		return // it was written before this chat
	case !open && m.EditID != "":
		return // to mend one's words is not to begin again
	case !open:
		c = Chat{Chat: chat.Chat{ID: newID("chat", b.in.Key), Number: m.Number, LeadID: b.lead.ID, OpenedAt: m.SentAt}}
	}
	wroteAt := latest(b.rememberWritten(m.Number), c.WroteAt)
	answered := wroteAt.After(m.SentAt)
	c.ActiveAt, c.SaidAt = latest(c.ActiveAt, m.SentAt), latest(c.SaidAt, m.SentAt)
	if !open && answered {
		// The business has written since: somebody has the conversation already.
		c.ActiveAt, c.WroteAt = latest(c.ActiveAt, wroteAt), wroteAt
		b.begin(takenOver(c))
		return
	}
	d := b.policy.Responses.Hear(m, autoresponse.Situation{
		Lead: b.lead, Chat: c.Chat, Dialogue: c.Dialogue, Opportunities: b.openOpportunities(),
		Fresh: !answered && b.in.At.Sub(m.SentAt) < freshFor, Now: b.in.At,
	})
	c.Dialogue = d.Dialogue
	if d.Answered == nil && !d.Ignored && m.Text != "" && (!open || unanswered(c)) {
		c.Said = cut(m.Text, maxSaid)
	}
	b.follow(c, d, m)
}

// follow carries out what the auto-responses decided.
func (b *builder) follow(c Chat, d autoresponse.Decision, m chat.Message) {
	begins := c.Status == ""
	if begins || d.Send != autoresponse.SendNothing {
		c.Status = chat.ChatMenu
	}
	if begins {
		b.begin(c)
	}
	if a := d.Answered; a != nil {
		b.event(MenuAnswered, "", menuAnsweredData{
			Number: optional(b.number), Chat: ViewChat(c.Chat), Lead: b.leadView(), Menu: string(a.Menu),
			Option: viewOption(a.Option), Answer: string(a.Form),
		})
		b.note(counted{menu: a.Menu, form: a.Form, number: c.Number})
	}
	b.changeChat(c)
	if d.Send != autoresponse.SendNothing {
		b.sendMenu(c, d.Send, m.SentAt)
	}
	if d.Route != nil {
		b.routeAnswer(c, *d.Route)
	}
}

// sendMenu has the chat's menu sent. It is no use once the message that it answers has grown old.
func (b *builder) sendMenu(c Chat, sending autoresponse.Sending, since time.Time) {
	menu := *c.Dialogue.Menu
	b.say(c, "menu/"+b.in.Key, chat.Outgoing{Text: menu.Text(), Menu: menu.Sheet(), Until: since.Add(freshFor)})
	if sending == autoresponse.SendPage {
		return
	}
	b.event(MenuSent, "", menuSentData{
		Number: optional(b.number), Chat: ViewChat(c.Chat), Lead: b.leadView(), Menu: string(menu.Kind),
		Options: viewOptions(menu.Options),
	})
	b.note(counted{menu: menu.Kind, number: c.Number})
}

// say sends an automatic message to the lead of a chat, who has written first.
func (b *builder) say(c Chat, key string, o chat.Outgoing) {
	o.Phone, o.LID, o.Reply = b.lead.Phone, b.lead.LID, true
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("outgoing message: %v", err)) // strings and times: JSON has a form for each of them
	}
	b.effect(SendDestination(c.Number), b.lead.ID, key, body)
}

// routeAnswer creates the opportunity that a route asks for, and gives the chat to somebody.
func (b *builder) routeAnswer(c Chat, r autoresponse.Route) {
	c.Opportunity = r.Opportunity
	if r.Create != nil {
		o, err := b.policy.Opportunities.New(*r.Create, b.in.At)
		if err == nil { // else it is no longer configured; the chat is routed all the same
			c.Opportunity = b.createOpportunity(o, chat.Cause{Kind: chat.CauseMenu, By: c.Number}).ID
		}
	} else if o := b.opportunity(r.Opportunity); o.ID != "" {
		o.ActiveAt = latest(o.ActiveAt, b.in.At)
		b.keepOpportunity(o)
	}
	c.Place.Rule, c.Place.Asked = r.Rule, nil
	b.route(c, 0, chat.Cause{Kind: chat.CauseMenu, By: c.Number})
}

// begin opens a chat, and its session.
func (b *builder) begin(c Chat) {
	b.changeChat(c)
	b.sessionTimer(c, c.ActiveAt.Add(b.session(c)))
}

// wrote decides what a message of the business means for the lead's chat: from a menu or a wait a person has taken over,
// and nothing automatic goes out any more that was decided before.
func (b *builder) wrote(m chat.Message) {
	if b.policy.Responses.Responds(m.Number) {
		b.decision.WroteAt = latest(b.decision.WroteAt, m.SentAt)
	}
	c, open := b.openChat(m.Number)
	if !open || m.SentAt.Before(c.OpenedAt.Truncate(time.Second)) {
		return
	}
	c.ActiveAt, c.WroteAt = latest(c.ActiveAt, m.SentAt), latest(c.WroteAt, m.SentAt)
	c.Said = ""
	if c.Status == chat.ChatMenu || c.Status == chat.ChatWaiting {
		c = takenOver(c)
	}
	b.changeChat(c)
	b.withdraw(m.Number)
}

// takenOver is the chat with a person of the business in it: nothing automatic is said in it any more, whoever gets it later.
func takenOver(c Chat) Chat {
	c.Status = chat.ChatTaken
	c.Dialogue.Menu, c.Place.Since = nil, time.Time{}
	c.Told = []string{string(autoresponse.NoticeAssigned), string(autoresponse.NoticeWaiting), string(autoresponse.NoticeClosed)}
	return c
}

// withdraw takes back what was to be said to the lead from a number and has not been said.
func (b *builder) withdraw(number string) {
	b.decision.Withdrawn = append(b.decision.Withdrawn, Lane{SendDestination(number), b.lead.ID})
}

// rememberWritten is when the business wrote to the person last on the number. What is known of it from before they were a
// lead is kept with the lead.
func (b *builder) rememberWritten(number string) time.Time {
	at := b.state.WroteAt
	for _, m := range b.state.Unclaimed {
		if m.Number == number && m.SentAt.After(at) {
			at = m.SentAt
			b.decision.WroteAt = latest(b.decision.WroteAt, at)
		}
	}
	return at
}

// unanswered reports whether nobody of the business has written since the lead last had to be told of.
func unanswered(c Chat) bool {
	switch c.Status {
	case chat.ChatMenu, chat.ChatWaiting:
		return true
	case chat.ChatAssigned:
		return !accepted(c)
	}
	return false
}

// accepted reports whether the business has written since the chat was assigned.
func accepted(c Chat) bool {
	return !c.WroteAt.IsZero() && !c.WroteAt.Before(c.Place.Since.Truncate(time.Second))
}

// cut is the first n characters of a text.
func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}

// chatData is what every event of a chat tells.
func (b *builder) chatData(c Chat) chatData {
	data := chatData{Number: optional(c.Number), Chat: ViewChat(c.Chat), Lead: b.leadView()}
	if o := b.opportunity(c.Opportunity); o.ID != "" {
		view := ViewOpportunity(o)
		data.Opportunity = &view
	}
	return data
}

// choice is what a chat is about; zero when that is not known.
func (b *builder) choice(c Chat) opportunity.Choice {
	if o := b.opportunity(c.Opportunity); o.ID != "" {
		return o.Choice()
	}
	return c.Dialogue.Selected
}
