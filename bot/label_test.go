package bot

import (
	"testing"
	"time"

	"leadgate/chat"
)

func TestALabelIsReadAsPeopleWriteIt(t *testing.T) {
	p := newPolicy(t)
	p.Numbers[0].Labels = true
	entered := mustDecide(t, p, inbound("1", fromInstagram, ten), State{})
	for label, want := range map[string]string{
		"Scheduling": "Scheduling", " scheduling": "Scheduling", "SALE": "Sale", "Sales": "", "Lead Entry": "", "": "",
	} {
		change := &chat.LabelChange{Number: "front-desk", Person: ana, Label: label, On: true, At: ten.Add(time.Minute)}
		d := mustDecide(t, p, Input{Key: "label/" + label, At: ten.Add(time.Minute), Label: change}, after(State{}, entered))
		got := ""
		if len(d.Transitions) > 0 {
			got = d.Transitions[0].To
		}
		if got != want || len(d.Transitions) > 1 {
			t.Errorf("the label %q moves the lead to %q, want %q", label, got, want)
		}
	}
}
