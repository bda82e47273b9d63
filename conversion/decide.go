package conversion

import (
	"slices"

	"leadgate/chat"
)

// verdict is what became of the phrase that won in a funnel: it acted, or why it did not.
type verdict struct {
	winner *trigger
	reason Reason
}

// Decide returns what a message changes: where the person came from, and the transitions that follow, at most one in
// each funnel, at the message's own time. It expects a person who may be a lead (whom the number does not ignore, and who
// is no agent), and State.Matched for an edit. The same message and state always come to the same decision.
func (p *Policy) Decide(m chat.Message, s State) Decision {
	d, _ := p.decide(m, s, p.hits(m.Direction, m.Text))
	return d
}

// decide takes the ranked hits of the message's direction, which it may change, and says of each funnel in which a phrase
// won what became of it.
func (p *Policy) decide(m chat.Message, s State, hits []hit) (Decision, []verdict) {
	hits = slices.DeleteFunc(hits, func(h hit) bool {
		return !h.trigger.on(m.Number) || slices.Contains(s.Matched, p.match(h.trigger))
	})
	var d Decision
	for _, h := range hits {
		if match := p.match(h.trigger); !slices.Contains(d.Matched, match) {
			d.Matched = append(d.Matched, match)
		}
	}
	switch m.Direction {
	case chat.Inbound:
		return p.arrive(m, s, hits, d)
	case chat.Outbound:
		return p.follow(m, s, hits, d)
	}
	return Decision{}, nil
}

// match is the record by which an edit knows that the message matched a trigger before.
func (p *Policy) match(t *trigger) Match {
	return Match{Funnel: p.funnels[t.funnel].Name, Phrase: t.Phrase}
}

// winner returns the trigger that wins in a funnel, nil when none of the ranked hits is of it.
func winner(hits []hit, funnel int) *trigger {
	for _, h := range hits {
		if h.trigger.funnel == funnel {
			return h.trigger
		}
	}
	return nil
}

// arrive decides a message of the lead: a phrase of an entry stage, an ad, or any message where everybody is registered.
func (p *Policy) arrive(m chat.Message, s State, hits []hit, d Decision) (Decision, []verdict) {
	clicked := m.Ad != nil && (s.Lead.Ad == nil || !s.Lead.Ad.Same(*m.Ad))
	touch := p.touch(m, hits, clicked)
	brought := touch.Kind != KindUntracked
	var verdicts []verdict
	for i, f := range p.funnels {
		won := winner(hits, i)
		cause := chat.Cause{By: touch.Source}
		phrase := ""
		switch {
		case won != nil:
			cause, phrase = chat.Cause{Kind: chat.CauseInboundPhrase, By: won.Source}, won.Phrase
			verdicts = append(verdicts, verdict{winner: won})
		case i == 0 && touch.Kind == KindAd:
			cause.Kind = chat.CauseAd
		case f.untracked:
			cause.Kind = chat.CauseUntracked
		case i == 0 && clicked:
			// A phrase of another funnel names the source: the ad leads nobody into this one, but who is in it came again.
		default:
			continue
		}
		switch {
		case Standing(s.Transitions, f.Name) != "":
			// Also when a later message registered them first: nobody enters a funnel twice.
			d.Returned = d.Returned || won != nil || i == 0 && clicked
		case cause.Kind != "":
			d.Transitions = append(d.Transitions, p.transition(m, i, 0, "", cause, phrase))
			brought = brought || s.Lead.Source == ""
		}
	}
	if brought {
		d.Touch = &touch
	}
	return d, verdicts
}

// touch is what brings the person with this message, if it brings them at all: a phrase names the source, the best of all
// funnels; without one an ad does; without either it is a link or nothing known.
func (p *Policy) touch(m chat.Message, hits []hit, clicked bool) Touch {
	var ad *chat.Ad
	if clicked {
		ad = m.Ad
	}
	switch {
	case len(hits) > 0:
		best := hits[0].trigger
		return Touch{Source: best.Source, Kind: KindPhrase, Phrase: best.Phrase, Ad: ad}
	case clicked && len(p.funnels) > 0:
		return Touch{Source: p.funnels[0].adSource, Kind: KindAd, Ad: ad}
	case m.FromLink:
		return Touch{Source: SourceLink, Kind: KindUntracked}
	}
	return Touch{Source: SourceUntracked, Kind: KindUntracked}
}

// follow decides a message of the business: the phrase that wins in a funnel moves the person to its stage, also
// backwards, if they were in that funnel when it was written.
func (p *Policy) follow(m chat.Message, s State, hits []hit, d Decision) (Decision, []verdict) {
	var verdicts []verdict
	for i, f := range p.funnels {
		won := winner(hits, i)
		if won == nil {
			continue
		}
		v := verdict{winner: won}
		switch from := standingAt(s.Transitions, f.Name, m.SentAt); {
		case from == "" && Standing(s.Transitions, f.Name) == "":
			v.reason = NotInFunnel
		case from == "":
			v.reason = BeforeEntry
		case from == f.Stages[won.stage]:
			v.reason = StandsThere
		default:
			cause := chat.Cause{Kind: chat.CauseOutboundPhrase, By: m.Number}
			d.Transitions = append(d.Transitions, p.transition(m, i, won.stage, from, cause, won.Phrase))
		}
		verdicts = append(verdicts, v)
	}
	return d, verdicts
}

func (p *Policy) transition(m chat.Message, funnel, stage int, from string, cause chat.Cause, phrase string) Transition {
	f := p.funnels[funnel]
	return Transition{
		Funnel: f.Name, From: from, To: f.Stages[stage], Cause: cause, Phrase: phrase,
		MessageID: m.ID, Number: m.Number, At: m.SentAt,
	}
}
