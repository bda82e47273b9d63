package autoresponse

import (
	"slices"
	"testing"

	"leadgate/opportunity"
)

func TestTheWordsThatNobodyConfiguredAreOfTheLanguage(t *testing.T) {
	config := frontDesk()
	config.First.Other = &OtherConfig{}
	for language, want := range map[string][]string{
		"en": {"Other queries", "Something new", "More", "Options"},
		"pt": {"Outros assuntos", "Algo novo", "Mais", "Opções"},
		"":   {"Other queries", "Something new", "More", "Options"},
	} {
		p, faults := New(Config{
			Responses: []ResponseConfig{config}, Numbers: []string{"front-desk"}, Rules: ruleNames(), Opportunities: types(t), Language: language,
		})
		if p == nil {
			t.Fatal(faults)
		}
		k := newTalk(t, config, has(1, ai, "maria"), has(2, ai, "joao"))
		k.policy = p
		first, second := k.says("hi").Dialogue.Menu, k.says("AI").Dialogue.Menu
		got := []string{first.Options[3].Label, second.Options[2].Label, first.More, second.Button}
		if !slices.Equal(got, want) {
			t.Errorf("in %q they are %q, want %q", language, got, want)
		}
	}
}

func TestMenusAreFilledInWithWhatIsKnownWhenTheyAreSent(t *testing.T) {
	k := newTalk(t, changed(frontDesk(), func(r *ResponseConfig) {
		r.First.Message, r.First.Header = "{number.name}: hi {lead.name} {opportunity.value}!", "{opportunity.type}"
		r.First.Options = []OptionConfig{{Type: ai.Type, Value: ai.Value, Label: "{opportunity.value} ({opportunity.type})"}}
		r.First.Other = nil
		r.Second.Message, r.Second.New.Label = "Which {opportunity.value} of {opportunity.type}{opportunity.owner}?", "More {opportunity.value}"
	}), has(1, ai, "maria"), has(2, ai, "joao"))
	first := k.says("hi").Dialogue.Menu
	if first.Message != "front-desk: hi Ana!" || first.Header != "" || first.Options[0].Label != "AI (Postgraduate Course)" {
		t.Errorf("the first menu is %+v", first)
	}
	second := k.says("1").Dialogue.Menu
	if second.Message != "Which AI of Postgraduate Course?" || second.Options[2].Label != "More AI" {
		t.Errorf("the second menu is %+v", second)
	}
}

func TestANoticeIsFilledInWhereItIsConfigured(t *testing.T) {
	p := responses(t, changed(frontDesk(), func(r *ResponseConfig) {
		r.Assigned = &WordsConfig{Message: "{agent.name} will answer you here about {opportunity.value}."}
	}))
	v := Values{Agent: "maria", Opportunity: opportunity.Opportunity{Value: "AI"}}
	for _, c := range []struct {
		number string
		notice Notice
		want   string
	}{
		{"front-desk", NoticeAssigned, "maria will answer you here about AI."},
		{"front-desk", NoticeWaiting, ""},
		{"clinic", NoticeAssigned, ""},
	} {
		if got := p.Words(c.number, c.notice, v); got != c.want {
			t.Errorf("%s says %q when %s, want %q", c.number, got, c.notice, c.want)
		}
	}
}
