package delivery_test

import (
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"leadgate/delivery"
)

func TestMetricsAreNamedAsPrometheusWantsThem(t *testing.T) {
	h := newHouse(t, crm)
	reg := prometheus.NewPedanticRegistry()
	h.carrier = delivery.New(h.store, delivery.Options{Metrics: reg})
	h.carrier.SetSenders(h.senders())
	h.commit(crm, "ana/1", "ana/2")
	h.receivers[crm].answers(500)
	h.step(0)
	h.receivers[crm].answers(200)
	h.settle()
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) != 0 {
		t.Errorf("%v %v", problems, err)
	}
	want, err := os.Open("testdata/metrics.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.GatherAndCompare(reg, want, "leadgate_delivery_attempts_total", "leadgate_deliveries_total",
		"leadgate_delivery_attempts_in_flight", "leadgate_delivery_queue_errors_total"); err != nil {
		t.Error(err)
	}
}
