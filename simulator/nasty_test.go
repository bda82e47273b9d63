package simulator

import (
	"context"
	"fmt"
	"testing"

	"go.mau.fi/whatsmeow/types/events"
)

// TestNothingIsLostBetweenNastyServerAndClient lets several people talk while the server doubles, delays, damages and
// readdresses by its seed: each message must arrive, under its id, however often.
func TestNothingIsLostBetweenNastyServerAndClient(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := newServer(t, Options{Seed: seed, Nasty: true})
			shop := newAccount(t, s)
			m := pairedMeow(t, s, shop)
			wanted := map[string]string{}
			var people []*Person
			for i := range 6 {
				people = append(people, newPerson(t, s, PersonOptions{Phone: fmt.Sprintf("+55119%08d", i), ByPhone: i%2 == 0}))
			}
			for round := range 5 {
				for i, p := range people {
					words := fmt.Sprintf("person %d round %d", i, round)
					id, err := p.Send(shop, Message{Text: words})
					if err != nil {
						t.Fatal(err)
					}
					wanted[id] = words
				}
			}
			await(m, func(e *events.Message) bool {
				if words, ok := wanted[e.Info.ID]; ok && words != textOfEvent(e) {
					t.Errorf("%s arrived as %q, want %q", e.Info.ID, textOfEvent(e), words)
				}
				delete(wanted, e.Info.ID)
				return len(wanted) == 0
			})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for i, p := range people {
				words := fmt.Sprint("answer for ", i)
				if _, err := m.SendMessage(ctx, p.phone, text(words)); err != nil {
					t.Fatal(err)
				}
				if _, err := p.WaitReceived(ctx, func(r Received) bool { return r.Text == words }); err != nil {
					t.Error(err)
				}
			}
			eventually(t, "all is acknowledged", func() bool { return s.companions(shop)[0].waiting() == 0 })
		})
	}
}
