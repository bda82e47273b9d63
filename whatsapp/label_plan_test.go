package whatsapp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/types"
	"pgregory.net/rapid"

	"leadgate/chat"
)

func TestALabelIsFoundByItsName(t *testing.T) {
	lid := types.NewJID("1", types.HiddenUserServer)
	for name, c := range map[string]struct {
		known   []chat.PhoneLabel
		carried []string
		want    string // id, "" for none
	}{
		"no label":                     {want: ""},
		"exactly":                      {known: []chat.PhoneLabel{{ID: "1", Name: "sale"}, {ID: "2", Name: "Sale"}}, want: "2"},
		"as people spell it":           {known: []chat.PhoneLabel{{ID: "1", Name: " SALE "}}, want: "1"},
		"another name":                 {known: []chat.PhoneLabel{{ID: "1", Name: "Sales"}}, want: ""},
		"a deleted one":                {known: []chat.PhoneLabel{{ID: "1", Name: "Sale", Deleted: true}}, want: ""},
		"the oldest":                   {known: []chat.PhoneLabel{{ID: "10", Name: "Sale"}, {ID: "9", Name: "Sale"}}, want: "9"},
		"the one that the chat has":    {known: []chat.PhoneLabel{{ID: "1", Name: "Sale"}, {ID: "2", Name: "Sale"}}, carried: []string{"2"}, want: "2"},
		"exactly, not what it carries": {known: []chat.PhoneLabel{{ID: "1", Name: "sale"}, {ID: "2", Name: "Sale"}}, carried: []string{"1"}, want: "2"},
	} {
		found := findLabel(c.known, "Sale", []labelledChat{{lid, c.carried}})
		if got := fmt.Sprint(found); found == nil && c.want != "" || found != nil && found.ID != c.want {
			t.Errorf("%s: found %s, want %q", name, got, c.want)
		}
	}
}

func TestANewLabelTakesNoIdThatWasUsed(t *testing.T) {
	for want, known := range map[string][]chat.PhoneLabel{
		"1": nil,
		"6": {{ID: "5", Deleted: true}, {ID: "2"}},
		"3": {{ID: "2"}, {ID: "favorites"}, {ID: "-7"}, {ID: "99999999999999999999"}},
	} {
		got := newLabel(known, " Sale ")
		if got == nil || got.ID != want || got.Name != "Sale" || got.Colour < 0 || got.Colour >= labelColours {
			t.Errorf("%+v: got %+v, want id %q", known, got, want)
		}
	}
	if a, b := newLabel(nil, "a"), newLabel([]chat.PhoneLabel{{ID: "1"}}, "b"); a.Colour == b.Colour {
		t.Errorf("two labels in a row have colour %d", a.Colour)
	}
}

// A plan leads to the label and to none of the others, says nothing that is so already, and leaves other labels alone.
func TestAPlanLeadsToTheLabelAndNothingElse(t *testing.T) {
	names := []string{"Lead Entry", "Scheduling", "Sale", "mine"}
	rapid.Check(t, func(t *rapid.T) {
		var known []chat.PhoneLabel
		for i, name := range names {
			if rapid.Bool().Draw(t, "has "+name) {
				known = append(known, chat.PhoneLabel{ID: fmt.Sprint(i + 1), Name: name, Deleted: rapid.Bool().Draw(t, "deleted")})
			}
		}
		chats := []labelledChat{{jid: types.NewJID("1", types.HiddenUserServer)}, {jid: types.NewJID("55", types.DefaultUserServer)}}
		on := map[labelled]bool{}
		for i := range chats {
			for _, l := range known {
				if !l.Deleted && rapid.Bool().Draw(t, "carries") {
					chats[i].labels = append(chats[i].labels, l.ID)
					on[labelled{jid: chats[i].jid, labelID: l.ID}] = true
				}
			}
		}
		at := rapid.SampledFrom(append(names[:3:3], "")).Draw(t, "stage")
		want := chat.Labelling{Label: at, Others: slices.DeleteFunc(slices.Clone(names[:3]), func(name string) bool { return name == at })}
		unsure := rapid.Bool().Draw(t, "unsure")
		plan := planLabels(known, chats, want, unsure)
		if plan.make != nil {
			known = append(known, *plan.make)
		}
		for _, c := range plan.changes {
			key := labelled{jid: c.jid, labelID: c.labelID}
			if c.was != on[key] {
				t.Fatalf("%+v was %v", c, on[key])
			}
			if c.on == on[key] && !unsure {
				t.Fatalf("%+v is so already", c)
			}
			on[key] = c.on
		}
		for _, l := range known {
			carried := slices.ContainsFunc(chats, func(c labelledChat) bool { return on[labelled{jid: c.jid, labelID: l.ID}] })
			if !l.Deleted && l.Name != "mine" && carried != (strings.EqualFold(l.Name, at)) {
				t.Fatalf("stage %q, label %q is on: %v", at, l.Name, carried)
			}
		}
		if again := planLabels(known, carriedNow(chats, on), want, false); len(again.changes) > 0 || again.make != nil {
			t.Fatalf("a second plan changes %+v", again)
		}
		for _, c := range plan.changes {
			if i := slices.IndexFunc(known, func(l chat.PhoneLabel) bool { return l.ID == c.labelID }); known[i].Name == "mine" {
				t.Fatalf("somebody's own label is changed: %+v", c)
			}
		}
	})
}

// carriedNow is the chats with the labels that are on.
func carriedNow(chats []labelledChat, on map[labelled]bool) []labelledChat {
	now := make([]labelledChat, len(chats))
	for i, c := range chats {
		now[i].jid = c.jid
		for change, is := range on {
			if is && change.jid == c.jid {
				now[i].labels = append(now[i].labels, change.labelID)
			}
		}
	}
	return now
}
