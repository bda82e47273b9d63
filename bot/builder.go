package bot

import (
	"maps"
	"slices"
	"sort"
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
	"leadgate/routing"
)

// A builder collects what an input changes. What it holds is always as it stands after what was collected so far, so that
// every event shows its objects whole, as they are after that event. What a step can't know yet goes into needs, and the
// builder goes on: the decision is thrown away, and made anew with all that is needed.
type builder struct {
	policy        *Policy
	in            Input
	state         State
	at            time.Time // when what happens happened
	number        string
	lead          chat.Lead
	transitions   []conversion.Transition
	opportunities []opportunity.Opportunity // all of the lead's
	chats         []Chat                    // the lead's open ones, and those that this input closed
	agents        map[string]routing.AgentState
	lines         map[string][]string
	needs         Needs
	effects       []delivery.Delivery
	told          []telling
	decision      Decision
}

// A telling is an event whose document is not written yet: that is done once, when nothing is missing any more.
type telling struct {
	kind          EventType
	discriminator string
	at            time.Time
	lead          chat.Lead
	number        string
	data          any
}

// A counted is something that happened to a menu, for the metrics.
type counted struct {
	number string
	menu   autoresponse.MenuKind
	form   chat.AnswerForm // of an answer; "" for a menu that was sent
}

func newBuilder(p *Policy, in Input, s State, at time.Time, number string) *builder {
	lead := s.Lead
	lead.Fields = maps.Clone(s.Lead.Fields)
	lead.Numbers = slices.Clone(s.Lead.Numbers)
	b := &builder{
		policy: p, in: in, state: s, at: at, number: number, lead: lead,
		transitions: slices.Clone(s.Transitions), opportunities: slices.Clone(s.Opportunities), chats: slices.Clone(s.Chats),
		agents: maps.Clone(s.Team.Agents), lines: s.Team.Lines,
	}
	if b.agents == nil {
		b.agents = map[string]routing.AgentState{}
	}
	return b
}

// identify takes over what the message says of the person: a phone or LID that was not known, a second lead who turns
// out to be them, the profile name, a number that they write to for the first time.
func (b *builder) identify(m chat.Message) {
	known := b.lead.Known()
	if b.state.Twin.Known() {
		b.absorb(b.state.Twin)
	}
	updated := false
	if m.Person.Phone != "" && b.lead.Phone != m.Person.Phone && !b.state.Aliased {
		b.lead.Phone, updated = m.Person.Phone, true
	}
	changed := updated
	if m.Person.LID != "" && b.lead.LID != m.Person.LID {
		b.lead.LID, changed = m.Person.LID, true
	}
	metNumber := false
	if m.Direction == chat.Inbound {
		if name := m.Person.Name; name != "" && !b.lead.NameSet && name != b.lead.Name {
			b.lead.Name, updated = name, true
		}
		if !slices.Contains(b.lead.Numbers, m.Number) {
			b.lead.Numbers, metNumber = append(b.lead.Numbers, m.Number), true
		}
	}
	if !known {
		return
	}
	if updated {
		b.event(LeadUpdated, "", leadData{Number: optional(b.number), Lead: b.leadView()})
	}
	if updated || changed || metNumber {
		b.decision.Lead = &b.lead
	}
	if metNumber {
		b.labelOn(m.Number)
	}
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
		data := createdData{Number: optional(b.number), Lead: b.leadView()}
		if len(c.Transitions) > 0 {
			data.Cause = &c.Transitions[0].Cause
		}
		b.event(LeadCreated, "", data)
	}
}

// meet makes a lead of somebody who is only in a chat.
func (b *builder) meet(m chat.Message) {
	source := conversion.SourceUntracked
	if m.FromLink {
		source = conversion.SourceLink
	}
	b.lead.ID = newID("lead", b.in.Key)
	b.lead.CreatedAt, b.lead.TouchedAt = b.at, b.at
	b.lead.Source, b.lead.LastSource = source, source
	b.decision.Lead = &b.lead
	cause := chat.Cause{Kind: chat.CauseMenu, By: m.Number}
	b.event(LeadCreated, "", createdData{Number: optional(b.number), Lead: b.leadView(), Cause: &cause})
}

// transit records transitions, in the order in which they were decided, under the key of what caused them.
func (b *builder) transit(transitions []conversion.Transition, cause string) {
	for _, t := range transitions {
		t.ID = newID("tr", t.Funnel, cause)
		b.decision.Transitions = append(b.decision.Transitions, t)
		b.transitions = append(b.transitions, t)
		sort.SliceStable(b.transitions, func(i, j int) bool { return b.transitions[i].At.Before(b.transitions[j].At) })
		b.event(StageChanged, t.Funnel+"/"+cause, stageData{
			Number: optional(t.Number), Lead: b.leadView(), Funnel: t.Funnel, From: optional(t.From), To: t.To,
			Cause: t.Cause, Phrase: optional(t.Phrase), MessageID: optional(t.MessageID), TransitionID: t.ID,
		})
		b.advance(t)
		b.tellMeta(t)
		b.labelStage(t.Funnel, t.ID)
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

func (b *builder) leadView() LeadView { return ViewLead(b.lead, b.transitions) }

func (b *builder) event(t EventType, discriminator string, data any) {
	b.told = append(b.told, telling{t, discriminator, b.at, b.lead, b.number, data})
}

// effect adds a delivery that is no event's. Its key names what it is; the input tells it apart from others of the kind.
func (b *builder) effect(destination, lane, key string, body []byte) {
	b.effects = append(b.effects, delivery.Delivery{
		Destination: destination, Lane: lane, Key: key, Body: body, About: b.lead.ID, CreatedAt: b.in.At,
	})
}

// need notes what of the team has to be known.
func (b *builder) need(agents, lines []string) {
	b.needs.Agents = append(b.needs.Agents, missing(agents, b.state.Loaded.Agents)...)
	b.needs.Lines = append(b.needs.Lines, missing(lines, b.state.Loaded.Lines)...)
}

// missing returns what of the wanted names is not among the loaded ones.
func missing(wanted, loaded []string) []string {
	var more []string
	for _, name := range wanted {
		if !slices.Contains(loaded, name) && !slices.Contains(loaded, "*") {
			more = append(more, name)
		}
	}
	return more
}

func (b *builder) done() Decision {
	if !b.needs.None() {
		return Decision{Needs: b.needs}
	}
	for _, t := range b.told {
		e := newEvent(b.in, t.kind, t.discriminator, t.at, t.lead.ID, t.number, t.data)
		e.Facts.Source, e.Facts.Fields = t.lead.Source, t.lead.Fields
		b.decision.Events = append(b.decision.Events, e)
	}
	b.decision.Deliveries = append(b.policy.deliveries(b.in, b.decision.Events), b.effects...)
	return b.decision
}

func (b *builder) note(c counted) { b.decision.menus = append(b.decision.menus, c) }
