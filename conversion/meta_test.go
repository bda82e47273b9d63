package conversion

import (
	"strings"
	"testing"

	"leadgate/chat"
)

func withMeta(meta *MetaConfig) Config {
	return Config{Funnels: []FunnelConfig{{Name: "Sales", UntrackedLeads: true, Stages: []StageConfig{{Name: "Lead Entry"}, {Name: "Sale", Meta: meta}}}}}
}

func TestMetaIsToldOfTheStagesThatSaySo(t *testing.T) {
	p, faults := New(withMeta(&MetaConfig{Event: "Purchase", Value: 150, Currency: "BRL"}))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	due := p.Meta("Sales", "Sale")
	if due == nil || due.Event != "Purchase" || due.Value == nil || *due.Value != (chat.Money{Minor: 15000, Currency: "BRL"}) || !p.TellsMeta() {
		t.Errorf("Meta is told %+v of a sale", due)
	}
	if due := p.Meta("Sales", "Lead Entry"); due != nil {
		t.Errorf("Meta is told %+v of an entry", due)
	}
	p, _ = New(withMeta(&MetaConfig{Event: "QualifiedLead"}))
	if due := p.Meta("Sales", "Sale"); due == nil || due.Value != nil {
		t.Errorf("Meta is told %+v of a qualified lead", due)
	}
	if p, _ = New(withMeta(nil)); p.TellsMeta() {
		t.Error("Meta is told of something where nothing says so")
	}
}

func TestWhatMetaDoesNotTakeIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		meta MetaConfig
		want string
	}{
		"another name":         {MetaConfig{Event: "Lead"}, `funnel[0].stage[1].meta.event: Meta takes no event "Lead"`},
		"a slip of the finger": {MetaConfig{Event: "Purchse", Value: 1, Currency: "BRL"}, `did you mean "Purchase"?`},
		"no name":              {MetaConfig{}, `Meta takes no event ""`},
		"a sale for nothing":   {MetaConfig{Event: "Purchase"}, "a Purchase needs its value and currency"},
		"no currency":          {MetaConfig{Event: "Purchase", Value: 1}, "a value and its currency go together"},
		"no value":             {MetaConfig{Event: "QualifiedLead", Currency: "BRL"}, "a value and its currency go together"},
		"less than nothing":    {MetaConfig{Event: "QualifiedLead", Value: -1, Currency: "BRL"}, "a value below zero"},
		"parts of a centavo":   {MetaConfig{Event: "Purchase", Value: 1.005, Currency: "BRL"}, "more decimals than BRL has"},
		"no such currency":     {MetaConfig{Event: "Purchase", Value: 1, Currency: "R$"}, `currency "R$" is not known`},
	} {
		p, faults := New(withMeta(&test.meta))
		if p != nil || !strings.Contains(faults.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, faults, test.want)
		}
	}
}
