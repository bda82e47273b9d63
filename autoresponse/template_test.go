package autoresponse

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leadgate/chat"
	"leadgate/opportunity"
)

func TestPlaceholdersAreFilledIn(t *testing.T) {
	ana := Values{
		Lead:        chat.Lead{Name: "Ana", Source: "Instagram", Fields: map[string]string{"curso": "IA", "full name": "Ana Maria"}},
		Opportunity: opportunity.Opportunity{Type: "Course", Value: "AI", Owner: "maria", Stage: "Entry"},
		Agent:       "joao", Number: "front-desk",
	}
	named := func(name string) Values { return Values{Lead: chat.Lead{Name: name}} }
	for _, c := range []struct {
		name           string
		text           string
		values         Values
		message, label string
	}{
		{"no placeholder", "Hi!", ana, "Hi!", "Hi!"},
		{
			"every placeholder",
			"{lead.name} {lead.source} {lead.fields.curso} {lead.fields.full name} {opportunity.type} {opportunity.value} {opportunity.owner} {opportunity.stage} {agent.name} {number.name}",
			ana, "Ana Instagram IA Ana Maria Course AI maria Entry joao front-desk", "Ana Instagram IA Ana Maria Course AI maria Entry joao front-desk",
		},
		{"a missing value goes with the blank before it", "Hi {lead.name}, what?", Values{}, "Hi, what?", "Hi —, what?"},
		{"two missing values in a row", "Hi {lead.name} {lead.source}!", Values{}, "Hi!", "Hi — —!"},
		{"a missing value at the beginning goes with the comma behind it", "{lead.name}, welcome", Values{}, "welcome", "—, welcome"},
		{"a missing value at the beginning of a line", "Welcome\n{lead.name}: hi", Values{}, "Welcome\nhi", "Welcome —: hi"},
		{"a missing value keeps the line end before it", "Welcome\n\n{lead.fields.x}what?", Values{}, "Welcome\n\nwhat?", "Welcome —what?"},
		{"nothing but a missing value", "{agent.name}", Values{}, "", "—"},
		{"a value that looks like a placeholder", "Hi {lead.name}", named("{agent.name}"), "Hi {agent.name}", "Hi {agent.name}"},
		{"a value of several lines", "Hi {lead.name}!", named(" Ana\n Maria "), "Hi Ana Maria!", "Hi Ana Maria!"},
		{"a value of white space is missing", "Hi {lead.name}!", named(" \n"), "Hi!", "Hi —!"},
		{"white space around the text", "\n Hi \n", ana, "Hi", "Hi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, faults := parseTemplate(c.text)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			if got := parsed.message(c.values); got != c.message {
				t.Errorf("as a message it is %q, want %q", got, c.message)
			}
			if got := parsed.label(c.values); got != c.label {
				t.Errorf("as a label it is %q, want %q", got, c.label)
			}
		})
	}
}

func TestValuesAreNeverLookedAtForPlaceholders(t *testing.T) {
	texts := rapid.SampledFrom([]string{"{lead.name}", "{agent.name}", "{", "}", "Ana", "é", ""})
	rapid.Check(t, func(t *rapid.T) {
		name, agent := strings.Join(rapid.SliceOfN(texts, 1, 4).Draw(t, "name"), ""), texts.Draw(t, "agent")
		parsed, _ := parseTemplate("<{lead.name}|{agent.name}>")
		want := "<" + name + "|" + agent + ">"
		if got := parsed.message(Values{Lead: chat.Lead{Name: name}, Agent: agent}); got != want {
			t.Fatalf("the text is %q, want %q", got, want)
		}
	})
}

func FuzzParseTemplate(f *testing.F) {
	for _, seed := range []string{"Hi {lead.name}, what?", "{lead.fields.é}", "{{lead.name}}", "}{", "{", "\xff{lead.name}\xff", "a{}b"} {
		f.Add(seed, "Ana")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		parsed, faults := parseTemplate(text)
		if len(faults) == 0 && parsed.source() != text {
			t.Errorf("%q is read as %q", text, parsed.source())
		}
		for _, fault := range faults {
			if fault.Problem == "" || fault.Hint == "" {
				t.Errorf("%q has the fault %+v", text, fault)
			}
		}
		parsed.message(Values{Lead: chat.Lead{Name: name}})
		if label := parsed.label(Values{Lead: chat.Lead{Name: name}}); label != oneLine(label) {
			t.Errorf("the label %q is not one line", label)
		}
	})
}
