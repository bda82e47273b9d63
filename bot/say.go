package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
)

// sayLane is the lane of what the business says through the API to a lead, or to somebody who is none. It is not
// the lane of automatic messages: these end when the business writes.
func sayLane(to string) string { return "say/" + to }

// decideSay sends a message as the business. It means what it would mean if the business had written it on its phone.
func decideSay(p *Policy, in Input, s State) (Decision, error) {
	say := in.Say
	if !slices.ContainsFunc(p.Numbers, func(n chat.Number) bool { return n.Name == say.Number }) {
		return Decision{}, fmt.Errorf("number %q: %w", say.Number, ErrInvalid)
	}
	key := "say/" + in.Key
	m := chat.Message{
		Number: say.Number, ID: chat.MessageID(key), Person: chat.Person{Phone: say.Phone, LID: s.Lead.LID},
		Direction: chat.Outbound, Text: say.Text, SentAt: in.At.Truncate(time.Second),
	}
	b := newBuilder(p, in, s, in.At, say.Number)
	c := p.Conversion.Decide(m, conversion.State{Lead: s.Lead, Transitions: s.Transitions})
	b.decision.Matched = c.Matched
	if s.Lead.Known() {
		b.transit(c.Transitions, in.Key)
		b.wrote(m)
	} else {
		b.decision.Unclaimed = p.unclaimed(m, c.Matched)
	}
	body, err := json.Marshal(chat.Outgoing{
		Phone: say.Phone, LID: s.Lead.LID, Text: say.Text, Reply: slices.Contains(s.Lead.Numbers, say.Number),
	})
	if err != nil {
		panic(fmt.Sprintf("outgoing message: %v", err)) // strings: JSON has a form for each of them
	}
	b.effects = append(b.effects, delivery.Delivery{
		Destination: SendDestination(say.Number), Lane: sayLane(cmp.Or(s.Lead.ID, newID("to", string(say.Phone)))), Key: key, Body: body,
		About: s.Lead.ID, CreatedAt: in.At,
	})
	return b.done(), nil
}
