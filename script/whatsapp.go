package script

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/store"
)

// A sending is a message that the daemon itself has sent.
type sending struct {
	chat.Outgoing
	number string
	id     string     // WhatsApp's
	to     chat.Phone // of the recipient, also of one whom only the script knows
	menu   *autoresponse.Menu
}

// A connector sends for a number what the daemon sends on WhatsApp. While the number is offline it is shut.
type connector struct {
	player *player
	number string
	send   func(context.Context, delivery.Delivery) error
}

// Open implements delivery.Gate.
func (c connector) Open() bool { return !c.player.offline[c.number] }

// Send implements delivery.Sender.
func (c connector) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	if err := c.send(ctx, d); err != nil {
		c.player.broken = err
		return delivery.Result{Verdict: delivery.Never, Detail: "the script could not take it"}
	}
	return delivery.Result{Verdict: delivery.Done}
}

// A gated sender sends only while a number is online.
type gated struct {
	delivery.Sender
	player *player
	number string
}

// Open implements delivery.Gate.
func (g gated) Open() bool { return !g.player.offline[g.number] }

// unsent takes the webhooks of a configuration off: nothing of a script leaves the process.
type unsent struct{}

func (unsent) Send(context.Context, delivery.Delivery) delivery.Result {
	return delivery.Result{Verdict: delivery.Done}
}

// connect makes the senders of everything that the daemon sends.
func (p *player) connect() map[string]delivery.Sender {
	senders := map[string]delivery.Sender{bot.TimerDestination: p.bot.Timers(p.clock)}
	for _, d := range p.config.Destinations {
		senders[d.Name] = unsent{}
	}
	if p.config.Meta != nil {
		senders[bot.MetaDestination] = tellsMeta{p}
	}
	for _, n := range p.config.Numbers {
		senders[bot.NumberTimerDestination(n.Name)] = gated{Sender: p.bot.Timers(p.clock), player: p, number: n.Name}
		senders[bot.LateDestination(n.Name)] = gated{Sender: p.bot.Late(p.clock), player: p, number: n.Name}
		senders[bot.SendDestination(n.Name)] = connector{player: p, number: n.Name,
			send: func(ctx context.Context, d delivery.Delivery) error { return p.sends(ctx, n.Name, d) }}
		senders[bot.LabelDestination(n.Name)] = connector{player: p, number: n.Name,
			send: func(_ context.Context, d delivery.Delivery) error { return p.labels(n.Name, d) }}
	}
	return senders
}

// openDestinations are those that can be sent to now.
func (p *player) openDestinations() []string {
	var open []string
	for _, name := range slices.Sorted(maps.Keys(p.senders)) {
		if gate, ok := p.senders[name].(delivery.Gate); !ok || gate.Open() {
			open = append(open, name)
		}
	}
	return open
}

// sends takes a message from the daemon for somebody who chats with a number.
func (p *player) sends(ctx context.Context, number string, d delivery.Delivery) error {
	s := sending{number: number, id: chat.MessageID(d.Key)}
	if err := json.Unmarshal(d.Body, &s.Outgoing); err != nil {
		return fmt.Errorf("read what number %q sends: %w", number, err)
	}
	if !s.Until.IsZero() && !p.now.Before(s.Until) {
		return nil
	}
	s.to = p.whom(s.Phone, s.LID)
	var err error
	if s.menu, err = p.menuOf(ctx, s); err != nil {
		return err
	}
	p.sent = append(p.sent, s)
	return nil
}

// menuOf is the menu that a message holds; nil when it holds none. A menu that goes out as text can't be told by its form:
// it is the one to which the chat waits for an answer.
func (p *player) menuOf(ctx context.Context, s sending) (*autoresponse.Menu, error) {
	lead, err := p.lead(ctx, phone{written: string(s.to), phone: s.to})
	if err != nil || !lead.Known() {
		return nil, err
	}
	chats, err := p.store.Chats(ctx, store.ChatFilter{LeadID: lead.ID, Number: s.number, Open: true}, everything)
	if err != nil {
		return nil, err
	}
	for _, c := range chats {
		if menu := c.Dialogue.Menu; menu != nil && (s.Menu != nil || menu.Text() == s.Text) {
			return menu, nil
		}
	}
	return nil, nil
}

// whom is the phone of somebody whom WhatsApp may address by LID; "" when the script does not know them.
func (p *player) whom(phone chat.Phone, lid chat.LID) chat.Phone {
	if phone != "" || lid == "" {
		return phone
	}
	for _, w := range p.people {
		if w.lid == lid {
			return w.phone
		}
	}
	return ""
}

// sentTo is what has been sent to somebody but for the first so many messages; to anybody when to is "".
func (p *player) sentTo(to chat.Phone, before int) []sending {
	var sent []sending
	for _, s := range p.sent[before:] {
		if to == "" || s.to == to {
			sent = append(sent, s)
		}
	}
	return sent
}

// A choice is something that can be chosen, as it is shown and in full.
type choice struct{ shown, whole, id string }

func (c choice) is(label string) bool { return label == c.shown || label == c.whole }

// choices are what a menu offers as the phone shows it, in order.
func (s sending) choices() []choice {
	var all []choice
	switch {
	case s.Menu != nil:
		for _, row := range s.Menu.Rows {
			all = append(all, choice{shown: row.Label, whole: s.whole(row), id: row.ID})
		}
	case s.menu != nil:
		for _, o := range s.menu.Options {
			all = append(all, choice{shown: o.Label, whole: o.Label})
		}
	}
	return all
}

// whole is the label of which a row may show but the beginning. A row's id ends with the place of its option.
func (s sending) whole(row chat.Row) string {
	if s.menu == nil {
		return row.Label
	}
	place, _ := strings.CutPrefix(row.ID, s.menu.Key+".")
	i, err := strconv.Atoi(place)
	if err != nil || i < 0 || i >= len(s.menu.Options) {
		return row.Label
	}
	return s.menu.Options[i].Label
}

// shown is everything that the phone shows of a message.
func (s sending) shown() string {
	if s.Menu == nil {
		return s.Text
	}
	lines := []string{s.Menu.Header, s.Menu.Body, s.Menu.Footer, s.Menu.Button, s.Menu.Title}
	for _, row := range s.Menu.Rows {
		lines = append(lines, row.Label, row.Description, s.whole(row))
	}
	return strings.Join(lines, "\n")
}

// kind says which menu it is; "" when it is none that anybody waits for.
func (s sending) kind() autoresponse.MenuKind {
	if s.menu == nil {
		return ""
	}
	return s.menu.Kind
}

// display is how a message is shown.
func (s sending) display() chat.Display {
	if s.Menu == nil {
		return chat.DisplayText
	}
	return s.Menu.Display
}

// describe is the message in words.
func (s sending) describe() string {
	if !s.isMenu() {
		return fmt.Sprintf("%q", s.Text)
	}
	which := "a menu"
	if s.menu != nil {
		which = fmt.Sprintf("the %s menu", s.menu.Kind)
	}
	return fmt.Sprintf("%s as %s, %q, with options %s", which, s.display(), s.question(), listed(s.choices()))
}

// question is what a menu asks.
func (s sending) question() string {
	if s.Menu != nil {
		return s.Menu.Body
	}
	return s.menu.Message
}

// listed is what can be chosen, as a script names it.
func listed(choices []choice) string {
	labels := make([]string, len(choices))
	for i, c := range choices {
		labels[i] = fmt.Sprintf("%q", c.whole)
	}
	return strings.Join(labels, ", ")
}

// describeSent is what has been sent since the last action, with the recipients.
func (p *player) describeSent() string {
	if sent := p.sentTo("", p.sentBefore); len(sent) > 0 {
		return p.describeSendings(sent)
	}
	return "nothing was sent since the last action"
}

func (p *player) describeSendings(sent []sending) string {
	parts := make([]string, len(sent))
	for i, s := range sent {
		parts[i] = fmt.Sprintf("to %s: %s", p.called(s), s.describe())
	}
	return "sent " + strings.Join(parts, "; ")
}

// called is a recipient as a script names them: the agent, else the phone.
func (p *player) called(s sending) string {
	if a, is := p.policy.Routing.AgentByPhone(s.to); is {
		return a.Name
	}
	if s.to == "" {
		return "LID " + string(s.LID)
	}
	return string(s.to)
}

// A labelled chat is one of a number with somebody.
type labelled struct {
	number string
	who    chat.Phone
}

// labels changes the labels of a chat as the daemon asks for.
func (p *player) labels(number string, d delivery.Delivery) error {
	var l chat.Labelling
	if err := json.Unmarshal(d.Body, &l); err != nil {
		return fmt.Errorf("read how number %q labels a chat: %w", number, err)
	}
	on := p.labelled[labelled{number, p.whom(l.Phone, l.LID)}]
	on = slices.DeleteFunc(on, func(label string) bool { return slices.Contains(l.Others, label) || label == l.Label })
	if l.Label != "" {
		on = append(on, l.Label)
	}
	p.labelled[labelled{number, p.whom(l.Phone, l.LID)}] = on
	return nil
}

// clock is the virtual time, for those who ask for it.
func (p *player) clock() time.Time { return p.now.UTC() }
