package script

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadgate/chat"
	"leadgate/routing"
	"leadgate/store"
)

// everything is more than a script's lead ever has.
const everything = 10_000

// chats are those of a lead, in the order in which they were opened.
func (p *player) chats(ctx context.Context, leadID string) ([]store.Chat, error) {
	all, err := p.store.Chats(ctx, store.ChatFilter{LeadID: leadID}, everything)
	slices.SortStableFunc(all, func(a, b store.Chat) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return all, err
}

// expectChat is "expect waiting PHONE", "expect menu-open PHONE" or "expect closed PHONE".
type expectChat struct {
	who    phone
	status chat.Status
}

func (*expectChat) expects() {}

func parseExpectChat(status chat.Status) func(*line) (action, error) {
	return func(l *line) (action, error) {
		who, err := l.phone()
		return &expectChat{who: who, status: status}, err
	}
}

func (e *expectChat) check(c *checker) { e.who.check(c) }

func (e *expectChat) play(ctx context.Context, p *player) error {
	return p.expectChat(ctx, e.who, e.String(), func(chats []store.Chat) bool {
		if e.status == chat.ChatClosed {
			return len(chats) > 0 && !slices.ContainsFunc(chats, func(c store.Chat) bool { return c.Open() })
		}
		return slices.ContainsFunc(chats, func(c store.Chat) bool { return c.Status == e.status })
	})
}

// String is the expectation in words.
func (e *expectChat) String() string {
	switch e.status {
	case chat.ChatWaiting:
		return fmt.Sprintf("a chat with %s that waits for an agent", e.who.written)
	case chat.ChatMenu:
		return fmt.Sprintf("a chat with %s that waits for the answer to a menu", e.who.written)
	default:
		return fmt.Sprintf("a chat with %s that is closed", e.who.written)
	}
}

// expectChat holds a lead's chats against an expectation.
func (p *player) expectChat(ctx context.Context, who phone, expected string, holds func([]store.Chat) bool) error {
	lead, err := p.lead(ctx, who)
	if err != nil {
		return err
	}
	if lead.Known() {
		chats, err := p.chats(ctx, lead.ID)
		if err != nil || holds(chats) {
			return err
		}
	}
	happened, err := p.describeChats(ctx, who)
	if err != nil {
		return err
	}
	return &Failure{Expected: expected, Happened: happened}
}

// describeChats says how the chats with somebody stand.
func (p *player) describeChats(ctx context.Context, who phone) (string, error) {
	lead, err := p.lead(ctx, who)
	if err != nil {
		return "", err
	}
	if !lead.Known() {
		return "there is no such lead", nil
	}
	chats, err := p.chats(ctx, lead.ID)
	if err != nil {
		return "", err
	}
	if len(chats) == 0 {
		return fmt.Sprintf("lead %s has no chat", who.written), nil
	}
	parts := make([]string, len(chats))
	for i, c := range chats {
		parts[i] = p.describeChat(c)
	}
	return strings.Join(parts, "; "), nil
}

// describeChat says how a chat stands, who has it, and why nobody else.
func (p *player) describeChat(c store.Chat) string {
	text := fmt.Sprintf("the chat with %s ", c.Number)
	switch c.Status {
	case chat.ChatMenu:
		text += "waits for the answer to a menu"
		if menu := c.Dialogue.Menu; menu != nil {
			text = fmt.Sprintf("%s (%s: %s)", text, menu.Kind, optionLabels(menu.Options))
		}
		return text
	case chat.ChatWaiting:
		text += "waits for an agent" + byRule(c.Place)
	case chat.ChatAssigned:
		text += fmt.Sprintf("is assigned to %s%s", c.Agent, byRule(c.Place))
		if c.Place.Target != "" {
			text += fmt.Sprintf(", step %d, target %q", c.Place.Step, c.Place.Target)
		}
	case chat.ChatTaken:
		return text + "was taken by the business, which wrote into it"
	default:
		return text + "was closed at " + c.ClosedAt.In(p.now.Location()).Format(secondForm)
	}
	var others []string
	for _, asked := range c.Place.Asked {
		others = append(others, fmt.Sprintf("%s lost it at %s", asked.Agent, asked.At.In(p.now.Location()).Format(secondForm)))
	}
	for _, passed := range c.Place.Passed {
		others = append(others, passed.String())
	}
	if len(others) == 0 {
		return text
	}
	return text + " (" + strings.Join(others, "; ") + ")"
}

func byRule(place routing.Place) string {
	if place.Rule == "" {
		return ""
	}
	return fmt.Sprintf(" by rule %q", place.Rule)
}

// expectAssigned is `expect assigned PHONE agent NAME [rule "R"] [step N] [target "T"]`.
type expectAssigned struct {
	who    phone
	agent  string
	rule   string // "": any
	step   int    // -1: any
	target string // "": any
}

func (*expectAssigned) expects() {}

func parseExpectAssigned(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	e := &expectAssigned{who: who, step: -1}
	for err == nil && l.left() {
		switch w := l.next(); w.text {
		case "agent":
			e.agent, err = l.value("the name of an agent")
		case "rule":
			e.rule, err = l.value("the name of a rule")
		case "target":
			e.target, err = l.value("a target, like group:sales,")
		case "step":
			e.step, err = l.count("step")
		default:
			err = unknown("property", w.text, []string{"agent", "rule", "step", "target"})
		}
	}
	if err == nil && e.agent == "" {
		err = fmt.Errorf(`"agent" and a name are missing after %s`, who.written)
	}
	return e, err
}

// count takes a whole number that is not negative.
func (l *line) count(what string) (int, error) {
	w := l.next()
	n, err := strconv.Atoi(w.text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no %s: a whole number is wanted", w.text, what)
	}
	return n, nil
}

func (e *expectAssigned) check(c *checker) {
	e.who.check(c)
	c.agent(e.agent)
	if e.rule != "" {
		c.rule(e.rule)
	}
	if e.target != "" {
		c.target(e.target)
	}
}

func (e *expectAssigned) play(ctx context.Context, p *player) error {
	return p.expectChat(ctx, e.who, e.String(), func(chats []store.Chat) bool { return slices.ContainsFunc(chats, e.fits) })
}

func (e *expectAssigned) fits(c store.Chat) bool {
	return c.Status == chat.ChatAssigned && c.Agent == e.agent && (e.rule == "" || c.Place.Rule == e.rule) &&
		(e.step < 0 || c.Place.Step == e.step) && (e.target == "" || c.Place.Target == e.target)
}

// String is the expectation in words.
func (e *expectAssigned) String() string {
	text := fmt.Sprintf("a chat with %s that is assigned to %s", e.who.written, e.agent)
	if e.rule != "" {
		text += fmt.Sprintf(" by rule %q", e.rule)
	}
	if e.step >= 0 {
		text += fmt.Sprintf(", step %d", e.step)
	}
	if e.target != "" {
		text += fmt.Sprintf(", target %q", e.target)
	}
	return text
}

// expectLabel is `expect label PHONE "ST"` or `expect no label PHONE "ST"`.
type expectLabel struct {
	who   phone
	label string
	none  bool // no chat must carry it
}

func (*expectLabel) expects() {}

func parseExpectLabel(none bool) func(*line) (action, error) {
	return func(l *line) (action, error) {
		who, err := l.phone()
		if err != nil {
			return nil, err
		}
		e := &expectLabel{who: who, none: none}
		e.label, err = l.value("the name of a stage")
		return e, err
	}
}

func (e *expectLabel) check(c *checker) {
	e.who.check(c)
	c.label(e.label)
}

func (e *expectLabel) play(_ context.Context, p *player) error {
	carried := false
	var labels []string
	for _, n := range p.config.Numbers {
		for _, label := range p.labelled[labelled{n.Name, e.who.phone}] {
			carried = carried || label == e.label
			labels = append(labels, fmt.Sprintf("%q with %s", label, n.Name))
		}
	}
	if carried != e.none {
		return nil
	}
	happened := "no chat with them carries a label"
	if len(labels) > 0 {
		happened = "their chats carry " + strings.Join(labels, ", ")
	}
	return &Failure{Expected: e.String(), Happened: happened}
}

// String is the expectation in words.
func (e *expectLabel) String() string {
	if e.none {
		return fmt.Sprintf("no chat with %s that carries the label %q", e.who.written, e.label)
	}
	return fmt.Sprintf("a chat with %s that carries the label %q", e.who.written, e.label)
}
