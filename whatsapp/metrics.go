package whatsapp

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/chat"
)

// outcome says what became of a message. It is a label of a metric.
type outcome string

// The outcomes of a message.
const (
	outcomeHandled       outcome = "handled"       // committed
	outcomeIgnored       outcome = "ignored"       // it does not count; leadgate_messages_ignored_total says why
	outcomeFailed        outcome = "failed"        // not committed this time; it comes again
	outcomeSetAside      outcome = "set_aside"     // given up, and kept for a person to look at
	outcomeMissing       outcome = "missing"       // announced without content; the phone is asked for it
	outcomeUndecryptable outcome = "undecryptable" // could not be decrypted; the sender and the phone are asked for it
	outcomeRecovered     outcome = "recovered"     // came after all, after it was missing or undecryptable
)

// metrics are what an operator watches of the numbers.
type metrics struct {
	messages  *prometheus.CounterVec
	ignored   *prometheus.CounterVec
	missing   *prometheus.GaugeVec
	handling  *prometheus.HistogramVec
	connected *prometheus.GaugeVec
	limits    *prometheus.GaugeVec
	changes   *prometheus.CounterVec
	sends     *prometheus.CounterVec
	sending   *prometheus.GaugeVec
	sendTime  *prometheus.HistogramVec
	labels    labelMetrics
}

// newMetrics registers the metrics; without a registry they are kept for nobody.
func newMetrics(registry prometheus.Registerer) *metrics {
	if registry == nil {
		registry = prometheus.NewRegistry()
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append([]string{"number"}, labels...))
		registry.MustRegister(g)
		return g
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"number"})
		registry.MustRegister(h)
		return h
	}
	return &metrics{
		messages:  counter("leadgate_messages_total", "Messages by what became of them.", "number", "direction", "outcome"),
		ignored:   counter("leadgate_messages_ignored_total", "Messages that do not count, by the reason.", "number", "reason"),
		missing:   gauge("leadgate_messages_missing", "Messages that WhatsApp announced and nobody has handed over yet."),
		handling:  histogram("leadgate_message_handling_seconds", "Time from a message's arrival to its commit.", prometheus.ExponentialBuckets(.0005, 2, 16)),
		connected: gauge("leadgate_number_connected", "1 while the number is logged into WhatsApp, else 0."),
		limits:    gauge("leadgate_number_limited", "1 while WhatsApp limits the number, else 0: menus go out as text, or replies only.", "limit"),
		changes:   counter("leadgate_number_state_changes_total", "How often a number came into a state.", "number", "state"),
		sends:     counter("leadgate_sends_total", "Attempts to send a message, by their verdict.", "number", "verdict"),
		sending:   gauge("leadgate_send_queue", "Messages that wait for their turn and for WhatsApp to take them: one at a time is under way."),
		sendTime:  histogram("leadgate_send_seconds", "Time from a message's turn to WhatsApp's acknowledgement.", prometheus.ExponentialBuckets(.005, 2, 14)),
		labels:    newLabelMetrics(counter),
	}
}

func (m *metrics) message(number string, direction chat.Direction, o outcome) {
	m.messages.WithLabelValues(number, string(direction), string(o)).Inc()
}

func (m *metrics) ignore(number string, direction chat.Direction, why ignored) {
	m.message(number, direction, outcomeIgnored)
	m.ignored.WithLabelValues(number, string(why)).Inc()
}

func (m *metrics) handled(number string, took time.Duration) {
	m.handling.WithLabelValues(number).Observe(took.Seconds())
}

func (m *metrics) state(number string, s State) {
	m.changes.WithLabelValues(number, string(s)).Inc()
	connected := 0.0
	if s == Connected {
		connected = 1
	}
	m.connected.WithLabelValues(number).Set(connected)
}

func (m *metrics) limited(number string, kind limitKind, holds bool) {
	value := 0.0
	if holds {
		value = 1
	}
	m.limits.WithLabelValues(number, string(kind)).Set(value)
}

// begin makes the series of a number exist before anything happens, so that an alert can see them.
func (m *metrics) begin(number string) {
	m.connected.WithLabelValues(number).Set(0)
	m.missing.WithLabelValues(number).Set(0)
	m.sending.WithLabelValues(number).Set(0)
	m.limited(number, limitText, false)
	m.limited(number, limitReplies, false)
}

// forget removes the gauges of a number that is no longer there. Counters stay: what happened, happened.
func (m *metrics) forget(number string) {
	m.connected.DeleteLabelValues(number)
	m.missing.DeleteLabelValues(number)
	m.sending.DeleteLabelValues(number)
	m.limits.DeletePartialMatch(prometheus.Labels{"number": number})
}
