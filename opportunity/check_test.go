package opportunity

import (
	"strings"
	"testing"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	with := func(change func(*TypeConfig)) Config {
		config := school()
		change(&config.Types[0])
		return config
	}
	for _, c := range []struct {
		name   string
		config Config
		want   []string // the faults in one line each; "warning " before one that only warns
	}{
		{"nothing", Config{}, nil},
		{"a type without a name", with(func(t *TypeConfig) { t.Name = " " }), []string{`opportunity_type[0].name: the opportunity type has no name`}},
		{
			"two types of one name", with(func(t *TypeConfig) { t.Name = "Education Loan" }),
			[]string{`opportunity_type[1].name: opportunity type "Education Loan" is there twice, first as opportunity_type[0]; give each a name of its own`},
		},
		{
			"a number that is not configured", with(func(t *TypeConfig) { t.Numbers = []string{"clinic", "frontdesk"} }),
			[]string{`opportunity_type[0].numbers[1]: number "frontdesk" is not configured; did you mean "front-desk"?`},
		},
		{
			"a number that is there twice, and an empty one", with(func(t *TypeConfig) { t.Numbers = []string{"clinic", "clinic", ""} }),
			[]string{
				`opportunity_type[0].numbers[1]: number "clinic" is there twice; remove one of the two`,
				`opportunity_type[0].numbers[2]: the number is empty`,
			},
		},
		{
			"a rule that is not configured", with(func(t *TypeConfig) { t.Rule = "postgrad" }),
			[]string{`opportunity_type[0].rule: rule "postgrad" is not configured; known: ["postgraduate" "loans"]`},
		},
		{
			"values without a field", with(func(t *TypeConfig) { t.Field = "" }),
			[]string{`opportunity_type[0].values: opportunity type "Postgraduate Course" has values, but no field that they are of; name the field: field = "Course"`},
		},
		{
			"a field without values", with(func(t *TypeConfig) { t.Values = nil }),
			[]string{`warning opportunity_type[0].field: field "Course" has no values: menus offer the opportunity type itself; list what is offered under values, or remove the field`},
		},
		{
			"an empty value, and one that is there twice", with(func(t *TypeConfig) { t.Values = []string{"AI", "\t", "AI"} }),
			[]string{
				`opportunity_type[0].values[1]: the value is empty`,
				`opportunity_type[0].values[2]: value "AI" is there twice; remove one of the two`,
			},
		},
		{
			"an empty stage, and one that is there twice", with(func(t *TypeConfig) { t.Stages = []string{"New", "", "New"} }),
			[]string{
				`opportunity_type[0].stages[1]: the stage is empty`,
				`opportunity_type[0].stages[2]: stage "New" is there twice; remove one of the two`,
			},
		},
		{
			"no board at all", Config{Types: []TypeConfig{{Name: "Car"}}},
			[]string{`opportunity_type[0]: opportunity type "Car" has no stages, and there is no funnel whose stages it could have; list its stages: stages = ["New", "Won"]`},
		},
		{
			"many rules, none of which was meant",
			Config{Stages: []string{"New"}, Rules: strings.Split("abcdefghij", ""), Types: []TypeConfig{{Name: "Car", Rule: "rental"}}},
			[]string{`opportunity_type[0].rule: rule "rental" is not configured; known: ["a" "b" "c" "d" "e" "f" "g" "h"] and 2 more`},
		},
		{
			"a rule where there is none", Config{Stages: []string{"New"}, Types: []TypeConfig{{Name: "Car", Rule: "rental"}}},
			[]string{`opportunity_type[0].rule: rule "rental" is not configured; there is no rule`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, faults := New(c.config)
			var got []string
			for _, f := range faults {
				line := f.Error()
				if f.Warning {
					line = "warning " + line
				}
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("the faults are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if (p == nil) != (faults.Err() != nil) {
				t.Errorf("the policy is %v with %v", p, faults)
			}
		})
	}
}
