package web

import "github.com/prometheus/client_golang/prometheus"

// metrics is what the site counts.
type metrics struct {
	forms *prometheus.CounterVec
}

// newMetrics registers the site's metrics; nil registers none.
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{forms: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "leadgate_form_requests_total",
		Help: "Public forms that somebody sent, by form and outcome (taken, trapped, wrong, limited, refused, failed).",
	}, []string{"form", "outcome"})}
	if reg != nil {
		reg.MustRegister(m.forms)
	}
	return m
}

// form counts what became of a form; the zero Form is one that does not exist.
func (m *metrics) form(f Form, outcome formOutcome) {
	m.forms.WithLabelValues(f.Name, string(outcome)).Inc()
}
