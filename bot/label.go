package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	at := change.At
	if at.After(in.At) {
		at = in.At // the phone's clock is ahead
	}
	b := newBuilder(p, in, s, at, change.Number)
	funnel, stage := b.stageOf(change.Label)
	if funnel == "" {
		return Decision{}
	}
	stands := b.standing(funnel)
	if stands.At.After(at) {
		return Decision{} // the lead has moved since
	}
	cause := chat.Cause{Kind: chat.CauseManual, By: phoneLabel}
	switch {
	case change.On && stands.To != stage:
		b.moveTo(funnel, stage, cause)
	case !change.On && stands.To == stage && stands.From != "":
		b.moveTo(funnel, stands.From, cause)
	case !change.On && stands.To == stage && stands.ID != "":
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
	funnel, _ := b.findStage(func(name string) bool { return name == stage })
	return funnel
}

// stageOf is the stage that a label of the phone means, and its funnel: the one of exactly that name, else one that differs
// in capitals and white space around it alone. People name labels by hand.
func (b *builder) stageOf(label string) (funnel, stage string) {
	if funnel, stage = b.findStage(func(name string) bool { return name == label }); funnel != "" {
		return funnel, stage
	}
	label = strings.TrimSpace(label)
	return b.findStage(func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), label) })
}

// findStage finds a stage by its name: in a funnel that the lead is in, else in the first that has one.
func (b *builder) findStage(is func(name string) bool) (funnel, stage string) {
	for _, f := range b.policy.Conversion.Funnels() {
		i := slices.IndexFunc(f.Stages, is)
		if i < 0 {
			continue
		}
		if b.standing(f.Name).ID != "" {
			return f.Name, f.Stages[i]
		}
		if funnel == "" {
			funnel, stage = f.Name, f.Stages[i]
		}
	}
	return funnel, stage
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
