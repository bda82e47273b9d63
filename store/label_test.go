package store

import (
	"reflect"
	"testing"
	"time"

	"leadgate/chat"
)

func TestTheLabelsOfANumberAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		ctx := t.Context()
		for _, l := range []chat.PhoneLabel{{ID: "2", Name: "Sale", Colour: 3}, {ID: "1", Name: "Lead Entry"}, {ID: "2", Name: "Sold", Deleted: true}} {
			if err := s.SetLabel(ctx, "front-desk", l); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.SetLabel(ctx, "back-office", chat.PhoneLabel{ID: "1", Name: "VIP", Colour: -1}); err != nil {
			t.Fatal(err)
		}
		want := []chat.PhoneLabel{{ID: "1", Name: "Lead Entry"}, {ID: "2", Name: "Sold", Deleted: true}}
		if got, err := s.Labels(ctx, "front-desk"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
		if got, err := s.Labels(ctx, "third"); err != nil || len(got) != 0 {
			t.Errorf("of another number: %+v, %v", got, err)
		}
	})
}

func TestTheLabelsOfAChatAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		const jid = "5511911112222@s.whatsapp.net"
		for _, c := range []struct {
			number, jid, label string
			on                 bool
		}{
			{"front-desk", jid, "1", true}, {"front-desk", jid, "2", true}, {"front-desk", jid, "2", true},
			{"front-desk", "101@lid", "3", true}, {"back-office", jid, "4", true},
			{"front-desk", jid, "1", false}, {"front-desk", jid, "9", false},
		} {
			if err := s.SetLabelled(t.Context(), c.number, c.jid, c.label, c.on); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Labelled(t.Context(), "front-desk", jid); err != nil || !reflect.DeepEqual(got, []string{"2"}) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func TestTheLimitsOfNumbersAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		if got, err := s.Limits(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("at first: %v, %v", got, err)
		}
		want := map[string]chat.Limits{"front-desk": {TextUntil: noon}, "back-office": {RepliesUntil: noon.Add(time.Hour)}}
		if err := s.SetLimits(t.Context(), "front-desk", chat.Limits{RepliesUntil: noon}); err != nil {
			t.Fatal(err)
		}
		for number, l := range want {
			if err := s.SetLimits(t.Context(), number, l); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		s = p.open(Options{})
		if got, err := s.Limits(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
}
