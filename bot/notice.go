package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leadgate/chat"
	"leadgate/opportunity"
)

// tellAgent tells an agent of the chat that they have got.
func (b *builder) tellAgent(c Chat) {
	agent, is := b.policy.Routing.Agent(c.Agent)
	if !is || agent.Phone == "" {
		return
	}
	w := words(b.policy.Language)
	lines := []string{fmt.Sprintf(w.newChat, b.leadInWords())}
	if wants := inWords(b.choice(c)); wants != "" {
		lines = append(lines, fmt.Sprintf(w.wants, wants))
	}
	if b.lead.Source != "" {
		lines = append(lines, fmt.Sprintf(w.source, b.lead.Source))
	}
	if c.Said != "" {
		lines = append(lines, fmt.Sprintf(w.said, c.Said))
	}
	if b.lead.Phone != "" {
		lines = append(lines, "https://wa.me/"+b.lead.Phone.Digits())
	} else {
		lines = append(lines, w.noPhone)
	}
	b.need([]string{c.Agent}, nil)
	b.sayTo(agent.Phone, c.Agent, c.Number, fmt.Sprintf("notice/%s/%d", c.ID, c.Place.Nth), strings.Join(lines, "\n"))
}

// sayTo sends a message to an agent. Until they have written to the number it is a first message to somebody, which WhatsApp
// may not allow for a while. It has a lane of its own, so that what they are answered then does not wait for it.
func (b *builder) sayTo(phone chat.Phone, agent, number, key, text string) {
	wrote := slices.Contains(b.agents[agent].Numbers, number)
	lane := AgentLane(agent)
	if !wrote {
		lane += "/first"
	}
	body, err := json.Marshal(chat.Outgoing{Phone: phone, Text: text, Reply: wrote})
	if err != nil {
		panic(fmt.Sprintf("outgoing message: %v", err)) // strings: JSON has a form for each of them
	}
	b.effect(SendDestination(number), lane, key, body)
}

// leadInWords is who the lead is.
func (b *builder) leadInWords() string { return inPerson(b.lead.Name, b.lead.Phone, b.policy.Language) }

// inPerson is a person by name and phone, as far as they are known.
func inPerson(name string, phone chat.Phone, language string) string {
	switch {
	case name == "" && phone == "":
		return words(language).unknown
	case name == "":
		return string(phone)
	case phone == "":
		return name
	}
	return name + " (" + string(phone) + ")"
}

// inWords is what somebody wants; "" when that is not known.
func inWords(c opportunity.Choice) string {
	if c.Value == "" {
		return c.Type
	}
	return c.Type + ", " + c.Value
}
