package autoresponse

import (
	"maps"
	"strings"
	"testing"
	"time"

	"leadgate/opportunity"
)

// types are what the tests' numbers offer: two courses on the front desk, loans everywhere.
func types(t testing.TB) *opportunity.Policy {
	t.Helper()
	p, faults := opportunity.New(opportunity.Config{
		Numbers: []string{"front-desk", "clinic"}, Rules: ruleNames(), Stages: []string{"Entry", "Sale"},
		Types: []opportunity.TypeConfig{
			{Name: "Postgraduate Course", Numbers: []string{"front-desk"}, Field: "Course", Values: []string{"AI", "Data Science"}, Rule: "postgraduate"},
			{Name: "Education Loan"},
		},
	})
	if p == nil {
		t.Fatal(faults)
	}
	return p
}

func ruleNames() []string { return []string{"postgraduate", "everything", "others"} }

// frontDesk is a number that asks both questions.
func frontDesk() ResponseConfig {
	return ResponseConfig{
		Number: "front-desk", CreateOpportunity: true, DefaultRule: "everything",
		First: &FirstConfig{
			Message: "Hi {lead.name}, what would you like to talk about?", Other: &OtherConfig{Label: "Other queries", Rule: "others"},
		},
		Second: &SecondConfig{
			Message: "Which one do you mean?", Label: "{opportunity.value} with {opportunity.owner}", New: &NewConfig{},
		},
	}
}

// responses is the policy of the given responses; it may warn.
func responses(t testing.TB, configs ...ResponseConfig) *Policy {
	t.Helper()
	p, faults := New(Config{Responses: configs, Numbers: []string{"front-desk", "clinic"}, Rules: ruleNames(), Opportunities: types(t)})
	if p == nil {
		t.Fatal(faults)
	}
	return p
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	options := func(all ...OptionConfig) func(*ResponseConfig) {
		return func(r *ResponseConfig) { r.First.Options = all }
	}
	course := func(value, label string) OptionConfig { return OptionConfig{"Postgraduate Course", value, label} }
	withoutMenus := func(r *ResponseConfig) { r.First, r.Second = nil, nil }
	for _, c := range []struct {
		name   string
		change func(*ResponseConfig)
		want   []string // each the beginning of a fault; "warning " before one that only warns
	}{
		{"nothing", func(*ResponseConfig) {}, nil},
		{"no number", func(r *ResponseConfig) { r.Number, r.First.Options = "", []OptionConfig{{Type: "Education Loan"}} }, []string{
			`autoresponse[0].number: the auto-response has no number`,
			`autoresponse[0].first.options[0].type: opportunity type "Education Loan" is not offered on number ""`,
		}},
		{"an unknown number", func(r *ResponseConfig) { r.Number = "frontdesk" }, []string{`autoresponse[0].number: number "frontdesk" is not configured; did you mean "front-desk"?`}},
		{"an unknown audience", func(r *ResponseConfig) { r.Audience = "lead" }, []string{`autoresponse[0].audience: audience "lead" is not known; did you mean "leads"?`}},
		{"an unknown default type", func(r *ResponseConfig) { withoutMenus(r); r.DefaultType = "Education Lone" }, []string{
			`autoresponse[0].default_type: opportunity type "Education Lone" is not configured; did you mean "Education Loan"?`,
		}},
		{"a default type of another number", func(r *ResponseConfig) {
			withoutMenus(r)
			r.Number, r.DefaultType = "clinic", "Postgraduate Course"
		}, []string{
			`autoresponse[0].default_type: opportunity type "Postgraduate Course" is not offered on number "clinic"; add the number to the type's numbers: ["front-desk"]`,
		}},
		{"creating without a menu or a default type", withoutMenus, []string{
			`autoresponse[0].create_opportunity: nothing says which opportunity is created; name a default_type, or ask with a first response`,
		}},
		{"a default type beside a menu, which some day goes", func(r *ResponseConfig) { r.DefaultType = "Education Loan" }, nil},
		{"a default type where nothing is created", func(r *ResponseConfig) {
			withoutMenus(r)
			r.CreateOpportunity, r.DefaultType = false, "Education Loan"
		}, []string{`warning autoresponse[0].default_type: default_type has no effect without create_opportunity`}},
		{"an unknown default rule", func(r *ResponseConfig) { r.DefaultRule = "evrything" }, []string{
			`autoresponse[0].default_rule: rule "evrything" is not configured; did you mean "everything"?`,
		}},
		{"no default rule", func(r *ResponseConfig) { r.DefaultRule = "" }, []string{`warning autoresponse[0]: number "front-desk" has no default_rule`}},
		{"a session that is no duration", func(r *ResponseConfig) { r.Session = "a day" }, []string{
			`autoresponse[0].session: session "a day" is no duration; a duration is a number and s, m, h or d`,
		}},
		{"a session without length", func(r *ResponseConfig) { r.Session = "0" }, []string{`autoresponse[0].session: session "0" closes chats at once`}},
		{"negative reminders", func(r *ResponseConfig) { r.Reminders = new(-1) }, []string{`autoresponse[0].reminders: reminders is -1; 0 sends the menu once`}},
		{"an unknown display", func(r *ResponseConfig) { r.First.Display, r.Second.Display = "button", "pool" }, []string{
			`autoresponse[0].first.display: display "button" is not known; did you mean "buttons"?`,
			`autoresponse[0].second.display: display "pool" is not known; did you mean "poll"?`,
		}},
		{"an empty message", func(r *ResponseConfig) { r.First.Message, r.Second.Message, r.Waiting = "", " ", &WordsConfig{} }, []string{
			`autoresponse[0].first.message: the message is empty; write what the lead reads`,
			`autoresponse[0].second.message: the message is empty`,
			`autoresponse[0].waiting.message: the message is empty`,
		}},
		{"an unknown placeholder in every text", func(r *ResponseConfig) {
			unknown := "{lead.nam}"
			*r.First = FirstConfig{
				ListHeader: unknown, Header: unknown, Message: unknown, Footer: unknown, More: unknown,
				Options: []OptionConfig{course("AI", "1"+unknown)}, Other: &OtherConfig{Label: unknown},
			}
			*r.Second = SecondConfig{
				ListHeader: unknown, Header: unknown, Message: unknown, Footer: unknown, Label: unknown, More: unknown, New: &NewConfig{Label: unknown},
			}
			r.Assigned, r.Waiting, r.Closed = &WordsConfig{unknown}, &WordsConfig{unknown}, &WordsConfig{unknown}
		}, func() (want []string) {
			for _, key := range []string{
				"first.list_header", "first.header", "first.message", "first.footer", "first.more", "first.options[0].label", "first.other.label",
				"second.list_header", "second.header", "second.message", "second.footer", "second.more", "second.label", "second.new.label",
				"assigned.message", "waiting.message", "closed.message",
			} {
				want = append(want, "autoresponse[0]."+key+`: placeholder {lead.nam} is not known; did you mean {lead.name}?`)
			}
			return want
		}()},
		{"a placeholder far from any", func(r *ResponseConfig) { r.First.Footer = "{}" }, []string{
			`autoresponse[0].first.footer: placeholder {} is not known; known: {lead.name} {lead.source}`,
		}},
		{"a field without a name", func(r *ResponseConfig) { r.First.Footer = "{lead.fields.}" }, []string{
			`autoresponse[0].first.footer: placeholder {lead.fields.} is not known; did you mean {lead.fields.X}?`,
		}},
		{"a brace that is not closed", func(r *ResponseConfig) { r.First.Footer = "olá {lead.name" }, []string{
			`autoresponse[0].first.footer: the brace at character 5 of "olá {lead.name" is alone; braces stand around placeholders`,
		}},
		{"a brace that is not opened", func(r *ResponseConfig) { r.First.Footer = "{lead.name}}" }, []string{`autoresponse[0].first.footer: the brace at character 12`}},
		{"a brace within braces", func(r *ResponseConfig) { r.First.Footer = "{{lead.name}}" }, []string{`autoresponse[0].first.footer: the brace at character 1`}},
		{"an option without a type", options(OptionConfig{Value: "AI"}), []string{`autoresponse[0].first.options[0].type: the option has no type`}},
		{"an option of an unknown type", options(OptionConfig{Type: "Car"}), []string{
			`autoresponse[0].first.options[0].type: opportunity type "Car" is not configured; known: ["Postgraduate Course" "Education Loan"]`,
		}},
		{"an option of a value that its type does not list", options(course("", ""), course("Data-Science", "")), []string{
			`autoresponse[0].first.options[1].value: opportunity type "Postgraduate Course" does not list the value "Data-Science"; did you mean "Data Science"?`,
		}},
		{"a value of a type without a field", options(OptionConfig{Type: "Education Loan", Value: "AI"}), []string{
			`autoresponse[0].first.options[0].value: opportunity type "Education Loan" has no field for the value "AI"; remove the value`,
		}},
		{"equal labels", options(course("AI", "Courses"), course("Data Science", " COURSES.")), []string{
			`autoresponse[0].first.options[1].label: label " COURSES." is that of autoresponse[0].first.options[0].label too; give each option a label of its own`,
		}},
		{"the label of an option for something else", func(r *ResponseConfig) { r.First.Other.Label = "ai" }, []string{
			`autoresponse[0].first.other.label: label "ai" is that of autoresponse[0].first too`,
		}},
		{"an unknown rule of the option for something else", func(r *ResponseConfig) { r.First.Other.Rule = "other" }, []string{
			`autoresponse[0].first.other.rule: rule "other" is not configured; did you mean "others"?`,
		}},
		{"more options than buttons hold", func(r *ResponseConfig) { r.First.Display = "buttons" }, []string{
			`warning autoresponse[0].first.display: buttons hold 3 options and there are 4: the menu is shown as a list`,
		}},
		{"more options than a poll holds", func(r *ResponseConfig) {
			r.First.Display = "poll"
			for _, label := range strings.Split("abcdefghijkl", "") {
				r.First.Options = append(r.First.Options, course("AI", label))
			}
		}, []string{`warning autoresponse[0].first.display: a poll holds 12 options and there are 13: the menu is shown as text`}},
		{"fewer options than a poll needs", func(r *ResponseConfig) {
			r.First.Display, r.First.Other, r.First.Options = "poll", nil, []OptionConfig{course("AI", "")}
		}, []string{`warning autoresponse[0].first.display: a poll needs 2 options and there is 1: the menu is shown as text`}},
		{"a second response without a first", func(r *ResponseConfig) { r.First, r.DefaultType = nil, "Education Loan" }, []string{
			`autoresponse[0].second: there is a second response and no first: it would never be sent`,
		}},
		{"an unknown scope", func(r *ResponseConfig) { r.Second.Scope = "every" }, []string{
			`autoresponse[0].second.scope: scope "every" is not known; known: ["selected" "type" "all"]`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := frontDesk()
			c.change(&config)
			p, faults := New(Config{
				Responses: []ResponseConfig{config}, Numbers: []string{"front-desk", "clinic"}, Rules: ruleNames(), Opportunities: types(t),
			})
			var got []string
			for _, f := range faults {
				line := f.Error()
				if f.Warning {
					line = "warning " + line
				}
				got = append(got, line)
			}
			equal := len(got) == len(c.want)
			for i := range min(len(got), len(c.want)) {
				equal = equal && strings.HasPrefix(got[i], c.want[i])
			}
			if !equal {
				t.Errorf("the faults are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if (p == nil) != (faults.Err() != nil) {
				t.Errorf("the policy is %v with %v", p, faults)
			}
		})
	}
}

func TestNewRefusesTwoResponsesOfANumber(t *testing.T) {
	_, faults := New(Config{
		Responses: []ResponseConfig{frontDesk(), frontDesk()}, Numbers: []string{"front-desk"}, Rules: ruleNames(), Opportunities: types(t),
	})
	const want = `autoresponse[1].number: number "front-desk" has two auto-responses, the first as autoresponse[0]; make one of the two`
	if faults.Error() != want {
		t.Errorf("the faults are %v, want %s", faults, want)
	}
}

func TestNewRefusesAMenuWithNothingToChoose(t *testing.T) {
	config := frontDesk()
	config.First.Other = nil
	none, _ := opportunity.New(opportunity.Config{})
	_, faults := New(Config{Responses: []ResponseConfig{config}, Numbers: []string{"front-desk"}, Rules: ruleNames(), Opportunities: none})
	const want = `autoresponse[0].first: there is nothing to choose: no opportunity type is offered on number "front-desk"; add an [[opportunity_type]] for it, or an option "other"`
	if faults.Error() != want {
		t.Errorf("the faults are %v, want %s", faults, want)
	}
}

func TestNewWarnsOfTypesThatShareAValue(t *testing.T) {
	shared, faults := opportunity.New(opportunity.Config{
		Numbers: []string{"front-desk"}, Stages: []string{"Entry"},
		Types: []opportunity.TypeConfig{{Name: "Course", Field: "Course", Values: []string{"AI"}}, {Name: "Talk", Field: "About", Values: []string{"AI"}}},
	})
	if shared == nil {
		t.Fatal(faults)
	}
	p, faults := New(Config{Responses: []ResponseConfig{frontDesk()}, Numbers: []string{"front-desk"}, Rules: ruleNames(), Opportunities: shared})
	const want = `autoresponse[0].first: two options are labelled "AI": they are numbered; give each a label of its own under options`
	if p == nil || faults.Error() != want {
		t.Errorf("the faults are %v, want %s", faults, want)
	}
}

func TestNewTakesTypesOnTrustWhoseConfigurationHasErrors(t *testing.T) {
	config := frontDesk()
	config.First.Other, config.First.Options = nil, []OptionConfig{{Type: "Car", Value: "Red"}}
	p, faults := New(Config{Numbers: []string{"front-desk", "clinic", "shop"}, Rules: ruleNames(), Responses: []ResponseConfig{
		config,
		{Number: "clinic", CreateOpportunity: true, DefaultType: "Car", DefaultRule: "others"},
		{Number: "shop", First: &FirstConfig{Message: "What?"}, DefaultRule: "others"},
	}})
	if p == nil || len(faults) > 0 {
		t.Errorf("the faults are %v, want none", faults)
	}
}

func TestNewMissesNoDefaultRuleWhereThereAreNoRules(t *testing.T) {
	config := ResponseConfig{Number: "front-desk", First: &FirstConfig{Message: "What?"}}
	p, faults := New(Config{Responses: []ResponseConfig{config}, Numbers: []string{"front-desk"}, Opportunities: types(t)})
	if p == nil || len(faults) > 0 {
		t.Errorf("the faults are %v, want none", faults)
	}
}

func TestAPolicySaysWhomItAnswersAndForHowLong(t *testing.T) {
	leads := ResponseConfig{Number: "clinic", Audience: "leads", Session: "2d", DefaultRule: "everything"}
	p := responses(t, frontDesk(), leads)
	for _, c := range []struct {
		number             string
		responds, everyone bool
		session            time.Duration
	}{{"front-desk", true, true, 24 * time.Hour}, {"clinic", true, false, 48 * time.Hour}, {"unknown", false, false, 24 * time.Hour}} {
		if p.Responds(c.number) != c.responds || p.Everyone(c.number) != c.everyone || p.Session(c.number) != c.session {
			t.Errorf("%s: responds %v, everyone %v, session %v; want %+v", c.number, p.Responds(c.number), p.Everyone(c.number), p.Session(c.number), c)
		}
	}
	want := map[string]string{"everything": "autoresponse[0].default_rule", "others": "autoresponse[0].first.other.rule"}
	if got := p.Rules(); !maps.Equal(got, want) {
		t.Errorf("the rules are %v, want %v", got, want)
	}
}
