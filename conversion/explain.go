package conversion

import (
	"fmt"
	"slices"
	"strings"

	"leadgate/chat"
)

// An Explanation says what a message would do, and of every trigger of its direction whether it acts and why not.
type Explanation struct {
	Decision Decision
	Triggers []TriggerExplanation // in the order of the configuration, those for other numbers included
}

// A TriggerExplanation says what became of one trigger.
type TriggerExplanation struct {
	Path    string // of its table in the configuration: "funnel[0].stage[1].trigger[0]"
	Funnel  string
	Stage   string
	Source  string // "" for triggers of later stages
	Phrase  string
	Match   string   // "exact" or "loose"
	Numbers []string // empty: every number

	Found     bool
	Character int // where the phrase begins in the text, in characters as people count them, from 1; 0: not found
	Length    int // how many characters of the text it covers

	Acted  bool   // it is the reason for a transition or a return
	Reason Reason // why it did not act; "" when it did
	Detail string // the same in words, without a full stop
	Near   *NearMiss
}

// Reason says why a trigger did not act.
type Reason string

// The reasons.
const (
	NotFound      Reason = "not_found"
	OtherNumber   Reason = "other_number"   // it is not for the message's number
	MatchedBefore Reason = "matched_before" // an earlier text of the message matched it
	Outranked     Reason = "outranked"      // another phrase of the funnel won
	NotInFunnel   Reason = "not_in_funnel"  // the lead is not in the funnel
	BeforeEntry   Reason = "before_entry"   // it was written before the lead entered the funnel
	StandsThere   Reason = "stands_there"   // the lead stands at that stage already
)

// Explain returns what Decide would do with the message and why. It searches near misses with effort that is bounded, but
// takes far longer than Decide: it answers people.
func (p *Policy) Explain(m chat.Message, s State) Explanation {
	hits := p.hits(m.Direction, m.Text)
	decision, verdicts := p.decide(m, s, slices.Clone(hits))
	x := explainer{policy: p, message: m, state: s, hits: make(map[*trigger]hit, len(hits)), decision: decision}
	for _, h := range hits {
		x.hits[h.trigger] = h
	}
	x.verdicts = make(map[int]verdict, len(verdicts))
	for _, v := range verdicts {
		x.verdicts[v.winner.funnel] = v
	}
	x.near = newNearSearch(p, m.Text)
	e := Explanation{Decision: decision}
	for _, t := range p.triggers {
		if t.direction() == m.Direction {
			e.Triggers = append(e.Triggers, x.explain(t))
		}
	}
	return e
}

// explainer is what explaining each trigger needs to know of the whole.
type explainer struct {
	policy   *Policy
	message  chat.Message
	state    State
	hits     map[*trigger]hit
	verdicts map[int]verdict // by funnel
	decision Decision
	near     *nearSearch
}

func (x *explainer) explain(t *trigger) TriggerExplanation {
	f := x.policy.funnels[t.funnel]
	e := TriggerExplanation{
		Path: t.path, Funnel: f.Name, Stage: f.Stages[t.stage], Source: t.Source,
		Phrase: t.Phrase, Match: t.Match, Numbers: slices.Clone(t.Numbers),
	}
	h, found := x.hits[t]
	if found {
		e.Found = true
		e.Character = characterAt(x.message.Text, h.at)
		e.Length = countCharacters(x.message.Text[h.at:h.end])
	}
	v := x.verdicts[t.funnel]
	switch {
	case !t.on(x.message.Number):
		e.Reason, e.Detail = OtherNumber, "it is only for "+strings.Join(t.Numbers, ", ")
	case !found:
		e.Reason, e.Near = NotFound, x.near.of(t)
		e.Detail = e.Near.describe()
	case slices.Contains(x.state.Matched, x.policy.match(t)):
		e.Reason, e.Detail = MatchedBefore, "the message matched it before it was edited"
	case v.winner != t:
		e.Reason, e.Detail = Outranked, x.outranked(h, x.hits[v.winner])
	case v.reason != "":
		e.Reason, e.Detail = v.reason, describe(v.reason, f.Name, f.Stages[t.stage])
	default:
		e.Acted, e.Detail = true, x.acted(t)
	}
	return e
}

// acted says what a trigger that acted did.
func (x *explainer) acted(t *trigger) string {
	name := x.policy.funnels[t.funnel].Name
	for _, change := range x.decision.Transitions {
		switch {
		case change.Funnel != name:
		case change.From == "":
			return fmt.Sprintf("registers the lead in %q with source %q", change.To, t.Source)
		default:
			return fmt.Sprintf("moves the lead from %q to %q", change.From, change.To)
		}
	}
	return fmt.Sprintf("the lead is in the funnel and came again; the last source becomes %q", t.Source)
}

// outranked says why a phrase lost against the one that won.
func (x *explainer) outranked(lost, won hit) string {
	switch {
	case won.trigger.length > lost.trigger.length:
		return fmt.Sprintf("%q is longer", won.trigger.Phrase)
	case won.at < lost.at:
		return fmt.Sprintf("%q begins further left", won.trigger.Phrase)
	}
	return fmt.Sprintf("%q comes first in the file", won.trigger.Phrase)
}

func describe(reason Reason, funnel, stage string) string {
	switch reason {
	case NotInFunnel:
		return fmt.Sprintf("the lead is not in funnel %q", funnel)
	case BeforeEntry:
		return fmt.Sprintf("it was written before the lead entered funnel %q", funnel)
	case StandsThere:
		return fmt.Sprintf("the lead stands at %q already", stage)
	}
	return string(reason)
}
