package simulator

import (
	"fmt"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types/events"
)

// BenchmarkAMessageFromALeadToWhatsmeow is the ceiling for the daemon: people write, whatsmeow decrypts and acknowledges.
func BenchmarkAMessageFromALeadToWhatsmeow(b *testing.B) {
	s := newServer(b, Options{})
	a := newAccount(b, s)
	m := pairedMeow(b, s, a)
	people := make([]*Person, 50)
	for i := range people {
		people[i] = newPerson(b, s, PersonOptions{Phone: fmt.Sprintf("+55119000%05d", i)})
		send(b, people[i], a, "hello")
		await[*events.Message](m, nil)
	}
	b.ResetTimer()
	for i := range b.N {
		send(b, people[i%len(people)], a, "I came from Instagram")
		if i >= 1000 {
			await[*events.Message](m, nil)
		}
	}
	for range min(b.N, 1000) {
		await[*events.Message](m, nil)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkAMessageIntoTheQueue is the simulator's own share: encryption as a person, and the queue.
func BenchmarkAMessageIntoTheQueue(b *testing.B) {
	s := newServer(b, Options{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	a := newAccount(b, s)
	m := pairedMeow(b, s, a)
	m.Disconnect()
	eventually(b, "it is gone", func() bool { return !a.Connected() })
	ana := newPerson(b, s, PersonOptions{})
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		send(b, ana, a, "I came from Instagram")
	}
}
