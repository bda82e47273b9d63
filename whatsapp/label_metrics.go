package whatsapp

import "github.com/prometheus/client_golang/prometheus"

// labelOutcome says what became of a change of labels that WhatsApp told. It is a label of a metric.
type labelOutcome string

// The outcomes of a change of labels.
const (
	labelTold    labelOutcome = "told"    // put on or taken off by hand, and committed
	labelKnown   labelOutcome = "known"   // says what the book says already
	labelOwn     labelOutcome = "own"     // the daemon's own change
	labelSynced  labelOutcome = "synced"  // how the phone stood when it was asked for everything
	labelEdited  labelOutcome = "edited"  // a label was made, renamed or deleted
	labelForeign labelOutcome = "foreign" // not of a person's chat, or of a label that is not known
	labelFailed  labelOutcome = "failed"  // not committed this time; it is tried again
	labelDropped labelOutcome = "dropped" // given up
)

// labelMetrics are what an operator watches of labels.
type labelMetrics struct {
	heard *prometheus.CounterVec
	sent  *prometheus.CounterVec
}

func newLabelMetrics(counter func(name, help string, labels ...string) *prometheus.CounterVec) labelMetrics {
	return labelMetrics{
		heard: counter("leadgate_label_changes_total", "Changes of labels that WhatsApp told, by what became of them.", "number", "outcome"),
		sent:  counter("leadgate_labellings_total", "Attempts to label a chat, by their verdict.", "number", "verdict"),
	}
}

func (l *labels) count(o labelOutcome) { l.metrics.heard.WithLabelValues(l.number, string(o)).Inc() }
