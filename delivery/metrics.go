package delivery

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	attempts    *prometheus.CounterVec
	settled     *prometheus.CounterVec
	took        *prometheus.HistogramVec
	latency     *prometheus.HistogramVec
	inFlight    *prometheus.GaugeVec
	queueErrors prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_delivery_attempts_total",
			Help: "Attempts to deliver, by destination and what the answer meant: done, again, reject, never, disable or unsent.",
		}, []string{"destination", "verdict"}),
		settled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadgate_deliveries_total",
			Help: "Deliveries that came to their end, by destination and outcome: delivered or dead.",
		}, []string{"destination", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "leadgate_delivery_attempt_duration_seconds",
			Help:    "How long attempts to deliver took, by destination.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30},
		}, []string{"destination"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "leadgate_delivery_latency_seconds",
			Help:    "From when a delivery was due for the first time until it was delivered, by destination.",
			Buckets: []float64{.005, .025, .1, .25, .5, 1, 5, 15, 60, 300, 1800, 7200, 43200, 259200},
		}, []string{"destination"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadgate_delivery_attempts_in_flight",
			Help: "Attempts to deliver that are under way, by destination.",
		}, []string{"destination"}),
		queueErrors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadgate_delivery_queue_errors_total",
			Help: "Times that the store failed to claim or settle deliveries.",
		}),
	}
	reg.MustRegister(m.attempts, m.settled, m.took, m.latency, m.inFlight, m.queueErrors)
	return m
}

// count records an attempt that ended at a time.
func (m *metrics) count(d Delivery, r Result, at time.Time) {
	m.attempts.WithLabelValues(d.Destination, string(r.Verdict)).Inc()
	m.took.WithLabelValues(d.Destination).Observe(r.Took.Seconds())
	state := Next(d, r, at).State
	if state == Pending {
		return
	}
	m.settled.WithLabelValues(d.Destination, string(state)).Inc()
	if state == Delivered {
		due := d.CreatedAt
		if d.NotBefore.After(due) {
			due = d.NotBefore
		}
		m.latency.WithLabelValues(d.Destination).Observe(max(0, at.Sub(due).Seconds()))
	}
}
