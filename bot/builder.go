package bot

import (
	"maps"
	"slices"
	"sort"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
)

// A builder collects what an input changes. Its lead and transitions are always as they stand after what was collected
// so far, so that every event shows the lead whole, as it is after that event.
type builder struct {
	policy      *Policy
	in          Input
	state       State
	at          time.Time // when what happens happened
	number      string
	lead        chat.Lead
	transitions []conversion.Transition
	decision    Decision
}

func newBuilder(p *Policy, in Input, s State, at time.Time, number string) *builder {
	lead := s.Lead
	lead.Fields = maps.Clone(s.Lead.Fields)
	lead.Numbers = slices.Clone(s.Lead.Numbers)
	return &builder{policy: p, in: in, state: s, at: at, number: number, lead: lead, transitions: slices.Clone(s.Transitions)}
}

// identify takes over what the message says of the person: a phone or LID that was not known, a second lead who turns
// out to be them, the profile name, a number that they write to for the first time.
func (b *builder) identify(m chat.Message) {
	known := b.lead.Known()
	if b.state.Twin.Known() {
		b.absorb(b.state.Twin)
	}
	updated := false
	if m.Person.Phone != "" && b.lead.Phone != m.Person.Phone {
		b.lead.Phone, updated = m.Person.Phone, true
	}
	changed := updated
	if m.Person.LID != "" && b.lead.LID != m.Person.LID {
		b.lead.LID, changed = m.Person.LID, true
	}
	if m.Direction == chat.Inbound {
		if name := m.Person.Name; name != "" && !b.lead.NameSet && name != b.lead.Name {
			b.lead.Name, updated = name, true
		}
		if !slices.Contains(b.lead.Numbers, m.Number) {
			b.lead.Numbers, changed = append(b.lead.Numbers, m.Number), true
		}
	}
	if !known {
		return
	}
	if updated {
		b.event(LeadUpdated, "", updatedData{Number: optional(b.number), Lead: b.leadObject()})
	}
	if updated || changed {
		b.decision.Lead = &b.lead
	}
}

// absorb makes the twin part of the lead: nothing of either is lost. The store moves what belonged to the twin.
func (b *builder) absorb(twin chat.Lead) {
	l := &b.lead
	if l.Phone == "" {
		l.Phone = twin.Phone
	}
	if l.LID == "" {
		l.LID = twin.LID
	}
	if l.Name == "" || twin.NameSet && !l.NameSet {
		l.Name, l.NameSet = twin.Name, twin.NameSet
	}
	if l.Source == "" || twin.Source != "" && twin.CreatedAt.Before(l.CreatedAt) {
		l.Source, l.FirstAd = twin.Source, twin.FirstAd
	}
	if l.LastSource == "" || twin.LastSource != "" && twin.TouchedAt.After(l.TouchedAt) {
		l.LastSource, l.TouchedAt = twin.LastSource, twin.TouchedAt
		if twin.Ad != nil {
			l.Ad = twin.Ad
		}
	}
	if l.Ad == nil {
		l.Ad = twin.Ad
	}
	if twin.CreatedAt.Before(l.CreatedAt) {
		l.CreatedAt = twin.CreatedAt
	}
	for name, value := range twin.Fields {
		if _, own := l.Fields[name]; !own {
			if l.Fields == nil {
				l.Fields = map[string]string{}
			}
			l.Fields[name] = value
		}
	}
	for _, n := range twin.Numbers {
		if !slices.Contains(l.Numbers, n) {
			l.Numbers = append(l.Numbers, n)
		}
	}
	b.decision.Lead, b.decision.Absorbed = l, twin.ID
	b.event(LeadMerged, "", mergedData{Number: optional(b.number), Lead: b.leadObject(), MergedID: twin.ID})
}

// touch records what brought the person, this time or for the first time. Who is new becomes a lead.
func (b *builder) touch(c conversion.Decision) {
	if c.Touch == nil {
		return
	}
	t := *c.Touch
	created := !b.lead.Known()
	if created {
		b.lead.ID = newID("lead", b.in.Key)
	}
	earliest := created || b.at.Before(b.lead.CreatedAt) // whatever the order of arrival
	if earliest || b.lead.Source == "" {
		b.lead.Source, b.lead.FirstAd = t.Source, t.Ad
	}
	if earliest {
		b.lead.CreatedAt = b.at
	}
	if !b.at.Before(b.lead.TouchedAt) {
		b.lead.LastSource, b.lead.TouchedAt = t.Source, b.at
		if t.Ad != nil {
			b.lead.Ad = t.Ad
		}
	}
	b.decision.Lead = &b.lead
	if created {
		data := createdData{Number: optional(b.number), Lead: b.leadObject()}
		if len(c.Transitions) > 0 {
			data.Cause = &c.Transitions[0].Cause
		}
		b.event(LeadCreated, "", data)
	}
}

// transit records transitions, in the order in which they were decided, under the key of what caused them.
func (b *builder) transit(transitions []conversion.Transition, cause string) {
	for _, t := range transitions {
		t.ID = newID("tr", t.Funnel, cause)
		b.decision.Transitions = append(b.decision.Transitions, t)
		b.transitions = append(b.transitions, t)
		sort.SliceStable(b.transitions, func(i, j int) bool { return b.transitions[i].At.Before(b.transitions[j].At) })
		b.event(StageChanged, t.Funnel+"/"+cause, stageData{
			Number: optional(t.Number), Lead: b.leadObject(), Funnel: t.Funnel, From: optional(t.From), To: t.To,
			Cause: t.Cause, Phrase: optional(t.Phrase), MessageID: optional(t.MessageID), TransitionID: t.ID,
		})
	}
}

// claim lets what the business wrote before the person was known as a lead move them, where they were in the funnel by then.
func (b *builder) claim(written []chat.Message) {
	at, number := b.at, b.number
	for _, m := range written {
		c := b.policy.Conversion.Decide(m, conversion.State{Lead: b.lead, Transitions: b.transitions})
		b.at, b.number = m.SentAt, m.Number
		b.transit(c.Transitions, m.Key())
	}
	b.at, b.number = at, number
}

func (b *builder) leadObject() leadObject { return newLeadObject(b.lead, b.transitions) }

func (b *builder) event(t EventType, discriminator string, data any) {
	b.decision.Events = append(b.decision.Events, newEvent(b.in, t, discriminator, b.at, b.lead.ID, b.number, data))
}

func (b *builder) done() Decision {
	b.decision.Deliveries = b.policy.deliveries(b.in, b.decision.Events)
	return b.decision
}
