package bot

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// What came of a message, as the label outcome says it.
const (
	outcomeRegistered = "registered" // somebody became a lead
	outcomeMoved      = "moved"      // a lead changed stage
	outcomeReturned   = "returned"   // a lead came again
	outcomeUpdated    = "updated"    // something was learnt of a lead
	outcomeNothing    = "nothing"    // it means nothing to the funnels
	outcomeRepeated   = "repeated"   // it was committed before
	outcomeFailed     = "failed"     // it was not committed
)

type metrics struct {
	decisions   *prometheus.CounterVec
	matches     *prometheus.CounterVec
	transitions *prometheus.CounterVec
	leads       *prometheus.CounterVec
	events      *prometheus.CounterVec
	menus       *prometheus.CounterVec
	answers     *prometheus.CounterVec
	assignments *prometheus.CounterVec
	unclicked   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_message_decisions_total", Help: "Messages decided, by number, direction and what they meant.",
		}, []string{"number", "direction", "outcome"}),
		matches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_trigger_matches_total", Help: "Messages in which a trigger was found that acted, by number and funnel.",
		}, []string{"number", "funnel"}),
		transitions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_transitions_total", Help: "Changes of stage, by funnel, stage entered and kind of cause.",
		}, []string{"funnel", "stage", "cause"}),
		leads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_leads_total", Help: "Leads registered, by number.",
		}, []string{"number"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_events_total", Help: "Events recorded, by type.",
		}, []string{"type"}),
		menus: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_menus_sent_total", Help: "Menus sent, reminders among them, by number and menu.",
		}, []string{"number", "menu"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_menus_answered_total", Help: "Menus answered, by number, menu and form of the answer.",
		}, []string{"number", "menu", "answer"}),
		assignments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_assignments_total", Help: "Chats given to an agent, by rule, target and step of the rule.",
		}, []string{"rule", "target", "step"}),
		unclicked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadgate_meta_skipped_total", Help: "Conversions of which Meta is not told, because no click on an ad brought the lead.",
		}),
	}
	reg.MustRegister(m.decisions, m.matches, m.transitions, m.leads, m.events, m.menus, m.answers, m.assignments, m.unclicked)
	return m
}

// count records what came of an input. Decided is false when the input's key was there already.
func (m *metrics) count(in Input, d Decision, decided bool, err error) {
	if in.Message != nil {
		m.decisions.WithLabelValues(in.Message.Number, string(in.Message.Direction), outcome(d, decided, err)).Inc()
	}
	if err != nil {
		return
	}
	m.countChats(d)
	for _, match := range d.Matched {
		m.matches.WithLabelValues(in.writtenOn(), match.Funnel).Inc()
	}
	for _, t := range d.Transitions {
		m.transitions.WithLabelValues(t.Funnel, t.To, string(t.Cause.Kind)).Inc()
	}
	for _, e := range d.Events {
		m.events.WithLabelValues(string(e.Type)).Inc()
		if e.Type == LeadCreated {
			m.leads.WithLabelValues(e.Number).Inc()
		}
	}
}

// writtenOn is the number on which the input's text was written; "" when it holds none.
func (in Input) writtenOn() string {
	switch {
	case in.Message != nil:
		return in.Message.Number
	case in.Say != nil:
		return in.Say.Number
	}
	return ""
}

// countChats records what a decision did with menus and agents.
func (m *metrics) countChats(d Decision) {
	for _, c := range d.menus {
		if c.form == "" {
			m.menus.WithLabelValues(c.number, string(c.menu)).Inc()
			continue
		}
		m.answers.WithLabelValues(c.number, string(c.menu), string(c.form)).Inc()
	}
	m.unclicked.Add(float64(d.unclicked))
	for _, a := range d.Assignments {
		m.assignments.WithLabelValues(a.Place.Rule, a.Place.Target, strconv.Itoa(a.Place.Step)).Inc()
	}
}

func outcome(d Decision, decided bool, err error) string {
	switch {
	case err != nil:
		return outcomeFailed
	case !decided:
		return outcomeRepeated
	case has(d, LeadCreated):
		return outcomeRegistered
	case len(d.Transitions) > 0:
		return outcomeMoved
	case has(d, LeadReturned):
		return outcomeReturned
	case !d.Empty():
		return outcomeUpdated
	}
	return outcomeNothing
}

func has(d Decision, t EventType) bool {
	for _, e := range d.Events {
		if e.Type == t {
			return true
		}
	}
	return false
}
