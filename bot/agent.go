package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"leadgate/chat"
	"leadgate/fault"
	"leadgate/routing"
)

// agent finds the agent who is at the other end of a message.
func (p *Policy) agent(m chat.Message, s State) (routing.Agent, bool) {
	if agent, is := p.Routing.AgentByPhone(m.Person.Phone); is || m.Person.Phone != "" {
		return agent, is
	}
	return p.Routing.AgentByPhone(s.Lead.Phone)
}

// A command is what an agent wrote to the number.
type command struct {
	name     string // "/away"
	argument string // "" for none
}

func commands() []string { return []string{"/away", "/back", "/mine", "/done", "/pass", "/help"} }

// parseCommand reads a command; ok is false for what is none. The word of a command counts without its slash as well, but
// not at the beginning of a sentence, as in "back in five minutes".
func parseCommand(text string) (c command, ok bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	c = command{name: strings.ToLower(text[:end]), argument: strings.TrimSpace(text[end:])}
	if strings.HasPrefix(c.name, "/") {
		return c, true
	}
	c.name = "/" + c.name
	takesArgument := c.name == "/away" || c.name == "/done" || c.name == "/pass"
	return c, slices.Contains(commands(), c.name) && (takesArgument || c.argument == "")
}

// decideAgent decides what an agent wrote to a number, which is a command or nothing. What is written to an agent is nothing.
func decideAgent(p *Policy, in Input, s State, agent routing.Agent) Decision {
	m := *in.Message
	if m.Direction != chat.Inbound || m.EditID != "" {
		return Decision{}
	}
	b := newBuilder(p, in, s, in.At, m.Number)
	b.need([]string{agent.Name}, nil)
	state := b.agents[agent.Name]
	if !slices.Contains(state.Numbers, m.Number) {
		state.Numbers = append(slices.Clone(state.Numbers), m.Number)
		b.keepAgent(agent.Name, state)
	}
	b.lead = chat.Lead{} // what is said to the agent is about no lead, unless the command names one
	if c, ok := parseCommand(m.Text); ok {
		if answer := b.obey(agent, c); answer != "" {
			b.sayTo(agent.Phone, agent.Name, m.Number, "reply/"+in.Key, answer)
		}
	}
	return b.done()
}

// obey does what an agent asks for, and returns what they are told.
func (b *builder) obey(agent routing.Agent, c command) string {
	w := words(b.policy.Language)
	cause := chat.Cause{Kind: chat.CauseAgent, By: agent.Name}
	switch c.name {
	case "/help":
		return w.help
	case "/away":
		return b.obeyAway(agent, c, cause)
	case "/back":
		b.available(agent.Name, cause)
		return w.back
	case "/mine":
		return b.listChats(agent)
	case "/done", "/pass":
		return b.obeyChat(agent, c, cause)
	}
	answer := fmt.Sprintf(w.noSuchCommand, c.name)
	if meant := fault.Nearest(c.name, commands()); meant != "" {
		answer += " " + fmt.Sprintf(w.didYouMean, meant)
	}
	return answer + "\n\n" + w.help
}

func (b *builder) obeyAway(agent routing.Agent, c command, cause chat.Cause) string {
	w := words(b.policy.Language)
	since := b.in.Message.SentAt
	until := b.policy.Routing.DayEnds(agent.Name, since)
	if c.argument != "" {
		within, err := chat.ParseDuration(strings.ToLower(strings.Join(strings.Fields(c.argument), "")))
		if err != nil || within <= 0 {
			return fmt.Sprintf(w.badDuration, cut(c.argument, 40))
		}
		until = since.Add(within)
	}
	if !until.After(b.in.At) {
		return "" // it came so late that they are back already
	}
	b.away(agent.Name, until, cause)
	return fmt.Sprintf(w.away, b.policy.clock(until, b.in.At))
}

// listChats lists an agent's open chats.
func (b *builder) listChats(agent routing.Agent) string {
	w := words(b.policy.Language)
	if b.state.Loaded.HeldBy != agent.Name {
		b.needs.HeldBy = agent.Name
		return ""
	}
	if len(b.state.Held) == 0 {
		return w.noChats
	}
	lines := []string{w.yourChats}
	for _, h := range b.state.Held {
		line := "• " + inPerson(h.LeadName, h.Phone, b.policy.Language)
		if wants := inWords(h.Choice); wants != "" {
			line += " – " + wants
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// obeyChat closes or passes on the chat with a phone.
func (b *builder) obeyChat(agent routing.Agent, c command, cause chat.Cause) string {
	w := words(b.policy.Language)
	if c.argument == "" {
		return fmt.Sprintf(w.whichPhone, c.name)
	}
	phone, err := chat.ParsePhone(c.argument, b.policy.Country)
	if err != nil {
		return fmt.Sprintf(w.badPhone, cut(c.argument, 40), c.name)
	}
	if b.state.Loaded.Phone != phone {
		b.needs.Phone = phone
		return ""
	}
	b.lead = b.state.Lead
	of, open := b.chatOf(agent)
	if !open {
		return fmt.Sprintf(w.noOpenChat, phone)
	}
	who := b.leadInWords()
	if why := b.notTheirs(agent, of, c.name); why != nil {
		return fmt.Sprintf(w.not, who, why)
	}
	b.number = of.Number
	if c.name == "/done" {
		b.closeChat(of, cause)
		return fmt.Sprintf(w.done, who)
	}
	b.lose(of, cause)
	if after, _ := b.chatByID(of.ID); after.Status == chat.ChatAssigned {
		return fmt.Sprintf(w.passed, who, after.Agent)
	}
	return fmt.Sprintf(w.passedNobody, who)
}

// chatOf is the lead's open chat that an agent means: one that they have before others, and among these the one with the
// number that they wrote to.
func (b *builder) chatOf(agent routing.Agent) (c Chat, open bool) {
	best := 0
	for _, each := range b.chats {
		if !each.Open() {
			continue
		}
		fits := 1
		if each.Agent == agent.Name {
			fits += 2
		}
		if each.Number == b.in.Message.Number {
			fits++
		}
		if fits > best {
			best, c = fits, each
		}
	}
	return c, best > 0
}

// notTheirs is why an agent can't close or pass on a chat; nil when they can. An admin can close any, and pass on any that
// somebody has; what nobody has anybody can close.
func (b *builder) notTheirs(agent routing.Agent, c Chat, command string) error {
	w := words(b.policy.Language)
	switch c.Status {
	case chat.ChatAssigned:
		if c.Agent == agent.Name || agent.Admin {
			return nil
		}
		return fmt.Errorf(w.assignedTo, c.Agent)
	case chat.ChatWaiting:
		if command == "/pass" {
			return errors.New(w.waiting)
		}
	case chat.ChatMenu:
		if command == "/pass" {
			return errors.New(w.menu)
		}
	case chat.ChatTaken:
		if command == "/pass" {
			return errors.New(w.taken)
		}
	}
	return nil
}
