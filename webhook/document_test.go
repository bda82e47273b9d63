package webhook

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"

	"leadgate/bot"
)

func TestEveryTypeOfEventHasASample(t *testing.T) {
	for _, eventType := range bot.EventTypes() {
		for _, full := range []bool{true, false} {
			event := sample(string(eventType), "Sale", full)
			if event == nil || lookup(event, "type") != string(eventType) {
				t.Errorf("%s: %v", eventType, event)
			}
		}
	}
	if sample("laed.created", "", true) != nil {
		t.Error("an unknown type has a sample")
	}
}

func TestTheObjectsOfTheSamplesAreThoseOfTheEvents(t *testing.T) {
	for name, object := range map[string]struct {
		sample string
		view   any
	}{
		"lead": {sampleLead, bot.LeadView{}}, "opportunity": {sampleOpportunity, bot.OpportunityView{}}, "chat": {sampleChat, bot.ChatView{}},
		"option": {sampleOption, bot.OptionView{}}, "agent": {sampleAgent, bot.AgentView{}},
		"payment": {samplePayment, bot.PaymentView{Amount: "1"}}, "feedback": {sampleFeedback, bot.FeedbackView{}},
	} {
		written, err := json.Marshal(object.view)
		if err != nil {
			t.Fatal(err)
		}
		var has, want map[string]any
		if err := json.Unmarshal([]byte(object.sample), &has); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &want); err != nil {
			t.Fatal(err)
		}
		if got, want := slices.Sorted(maps.Keys(has)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", name, got, want)
		}
	}
}

func TestEveryPresetIsUnderstoodWhole(t *testing.T) {
	for _, name := range Presets() {
		data, err := presetFiles.ReadFile("preset/" + name + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		var p presetFile
		meta, err := toml.Decode(string(data), &p)
		if err != nil || len(meta.Undecoded()) > 0 {
			t.Errorf("%s: %v, unknown: %v", name, err, meta.Undecoded())
		}
		if p.About == "" || len(p.Parameters) == 0 || len(p.Steps) == 0 || p.Rate == 0 && name != "generic" {
			t.Errorf("%s: %+v", name, p)
		}
		for parameter := range p.Defaults {
			if p.Parameters[parameter] == "" {
				t.Errorf("%s: %s has a default and no meaning", name, parameter)
			}
		}
	}
}
