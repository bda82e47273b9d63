package conversion

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
)

// message is 200 characters as a lead writes them, with one phrase in it.
const message = "Olá! I came from Instagram and wanted to know more about the product. Vocês têm horário amanhã à tarde? " +
	"My name is Ana, I live in São Paulo and would like to book an appointment. Thank you, see you!!!"

// phrases draws different phrases of the words of messages, so that a message begins many of them; the first is in message.
func phrases(n int) []TriggerConfig {
	words := strings.Fields(strings.ToLower(message) + " from the blog campaign summer page ad offer course quero saber mais sobre o anúncio")
	random := rand.New(rand.NewPCG(1, 2))
	triggers := []TriggerConfig{{Phrase: "I came from Instagram", Source: "Instagram"}}
	for i := 1; i < n; i++ {
		var phrase strings.Builder
		for range 3 + random.IntN(4) {
			phrase.WriteString(words[random.IntN(len(words))] + " ")
		}
		fmt.Fprintf(&phrase, "%d", i)
		triggers = append(triggers, TriggerConfig{Phrase: phrase.String(), Source: fmt.Sprintf("Source %d", i)})
	}
	return triggers
}

func salesPolicy(b *testing.B, entry []TriggerConfig) *Policy {
	b.Helper()
	p, faults := New(Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{
		{Name: "Lead Entry", Triggers: entry},
		{Name: "Scheduling", Triggers: []TriggerConfig{{Phrase: "Thank you for scheduling with us"}}},
	}}}})
	if p == nil {
		b.Fatal(faults)
	}
	return p
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		p := salesPolicy(b, phrases(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if hits := p.hits(chat.Inbound, message); len(hits) != 1 {
					b.Fatalf("%d phrases found, want 1", len(hits))
				}
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	p := salesPolicy(b, phrases(1_000))
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	known := State{Lead: chat.Lead{ID: "1", Source: "Instagram"}}
	for i := range 20 {
		known.Transitions = append(known.Transitions, Transition{Funnel: "Sales", To: "Scheduling", At: at.Add(time.Duration(i) * time.Minute)})
	}
	for _, c := range []struct {
		name string
		m    chat.Message
		s    State
	}{
		{"entry", chat.Message{Direction: chat.Inbound, Text: message, SentAt: at}, State{}},
		{"return", chat.Message{Direction: chat.Inbound, Text: message, SentAt: at.Add(time.Hour)}, known},
		{"small talk", chat.Message{Direction: chat.Inbound, Text: strings.Replace(message, "Instagram", "somewhere", 1), SentAt: at}, known},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(c.m, c.s)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		triggers := phrases(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				salesPolicy(b, triggers)
			}
		})
	}
}
