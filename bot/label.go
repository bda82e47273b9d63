package bot

import (
	"encoding/json"
	"fmt"
	"slices"

	"leadgate/chat"
	"leadgate/conversion"
)

// phoneLabel is who a move by a label is by.
const phoneLabel = "phone label"

// decideLabel decides what a label means that somebody put on a chat, or took off it, by hand: the label of a stage puts the
// lead there; taking off the one of the stage where the lead stands puts them where they were before, and out of the
// funnel when they were nowhere. A person who is no lead is left alone.
func decideLabel(p *Policy, in Input, s State) Decision {
	change := in.Label
	if !s.Lead.Known() || p.ignores(change.Number, s.Lead.Phone) || !p.labels(change.Number) {
		return Decision{}
	}
	b := newBuilder(p, in, s, in.At, change.Number)
	funnel := b.funnelOf(change.Label)
	if funnel == "" {
		return Decision{}
	}
	stands := b.standing(funnel)
	if stands.At.After(change.At) {
		return Decision{} // the lead has moved since
	}
	cause := chat.Cause{Kind: chat.CauseManual, By: phoneLabel}
	switch {
	case change.On && stands.To != change.Label:
		b.moveTo(funnel, change.Label, cause)
	case !change.On && stands.To == change.Label && stands.From != "":
		b.moveTo(funnel, stands.From, cause)
	case !change.On && stands.To == change.Label && stands.ID != "":
		b.takeBack(stands)
	}
	return b.done()
}

func (b *builder) moveTo(funnel, stage string, cause chat.Cause) {
	c, err := b.policy.Conversion.Move(funnel, stage, cause, b.at, conversion.State{Lead: b.lead, Transitions: b.transitions})
	if err != nil {
		return // where the lead was before is no longer configured: they stay
	}
	for i := range c.Transitions {
		c.Transitions[i].Number = b.number
	}
	b.transit(c.Transitions, b.in.Key)
}

// funnelOf is the funnel that has a stage of that name: one that the lead is in, else the first; "" when none has.
func (b *builder) funnelOf(stage string) string {
	first := ""
	for _, f := range b.policy.Conversion.Funnels() {
		if !slices.Contains(f.Stages, stage) {
			continue
		}
		if b.standing(f.Name).ID != "" {
			return f.Name
		}
		if first == "" {
			first = f.Name
		}
	}
	return first
}

// labels reports whether chats with the number are labelled.
func (p *Policy) labels(number string) bool {
	return slices.ContainsFunc(p.Numbers, func(n chat.Number) bool { return n.Name == number && n.Labels })
}

// labelStage labels the lead's chats by where they stand in a funnel. What made them stand there tells it from others.
func (b *builder) labelStage(funnel, why string) {
	for _, number := range b.lead.Numbers {
		if b.policy.labels(number) {
			b.label(number, funnel, why)
		}
	}
}

// labelOn labels the chat with a number that the lead writes to for the first time.
func (b *builder) labelOn(number string) {
	if !b.policy.labels(number) {
		return
	}
	for _, f := range b.policy.Conversion.Funnels() {
		if t := b.standing(f.Name); t.ID != "" {
			b.label(number, f.Name, t.ID)
		}
	}
}

func (b *builder) label(number, funnel, why string) {
	at := stages(b.transitions)
	l := chat.Labelling{Phone: b.lead.Phone, LID: b.lead.LID, Label: at[funnel], Others: []string{}}
	for _, f := range b.policy.Conversion.Funnels() {
		if f.Name != funnel {
			continue
		}
		for _, stage := range f.Stages {
			if stage != l.Label && !carries(at, stage) {
				l.Others = append(l.Others, stage)
			}
		}
	}
	body, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("label: %v", err)) // strings: JSON has a form for each of them
	}
	b.effect(LabelDestination(number), b.lead.ID, "label/"+number+"/"+why, body)
}

// carries reports whether the lead stands in a stage of that name in any funnel.
func carries(at map[string]string, stage string) bool {
	for _, other := range at {
		if other == stage {
			return true
		}
	}
	return false
}
