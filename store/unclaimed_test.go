package store

import (
	"testing"
	"time"

	"leadgate/bot"
	"leadgate/chat"
)

func TestWhatTheBusinessWroteToSomebodyIsKnownUntilTheyAreALead(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		who := chat.Person{Phone: "+1", LID: "2"}
		for i, to := range []chat.Person{{Phone: "+1"}, {LID: "2"}, who, {Phone: "+3"}} {
			in := message(string(rune('A'+i)), to)
			m := *in.Message
			m.Direction, m.Text, m.SentAt = chat.Outbound, "", noon.Add(-time.Duration(i)*time.Minute)
			in.Message = &m
			update(t, s, in, bot.Decision{Unclaimed: &m})
		}
		message := message("M1", who)
		late := bot.Input{Key: "late/M1", At: noon, Late: message.Message}
		for name, in := range map[string]bot.Input{"a message": message, "a late message": late} {
			found, _ := state(t, s, in)
			if len(found.Unclaimed) != 3 || found.Unclaimed[0].ID != "C" || found.Unclaimed[2].ID != "A" {
				t.Errorf("%s: %+v", name, found.Unclaimed)
			}
		}
		lead := chat.Lead{ID: "lead_a", Phone: who.Phone, LID: who.LID, CreatedAt: noon}
		update(t, s, message, bot.Decision{Lead: &lead})
		if n := count(t, s, "SELECT COUNT(*) FROM unclaimed"); n != 1 {
			t.Errorf("%d are kept, want that to somebody else", n)
		}
	})
}
