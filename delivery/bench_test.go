package delivery_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"leadgate/delivery"
)

// BenchmarkDrain delivers 50,000 events of 5,000 leads from SQLite, every commit on the disk, to a receiver in the same
// process.
func BenchmarkDrain(b *testing.B) {
	const deliveries, leads, each = 50_000, 5_000, 10
	var arrived atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	events := numbered(leads, each)
	for round := range b.N {
		b.StopTimer()
		s := openStore(b, filepath.Join(b.TempDir(), fmt.Sprintf("%d.db", round)))
		commit(b, s, "input/1", time.Now(), crm, events...)
		carrier := delivery.New(s, delivery.Options{})
		carrier.SetSenders(map[string]delivery.Sender{crm: newSender(b, crm, server.URL)})
		arrived.Store(0)
		b.StartTimer()
		stop := run(b, carrier)
		eventually(b, "all have arrived", func() bool { return arrived.Load() == deliveries })
		stop()
		b.StopTimer()
		if at, err := s.NextAt(b.Context(), time.Now(), []string{crm}); err != nil || !at.IsZero() {
			b.Fatalf("something is left at %s: %v", at, err)
		}
	}
	b.ReportMetric(float64(deliveries*b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
