package opportunity

import (
	"errors"
	"slices"
	"testing"
	"time"

	"leadgate/fault"
)

// school is a configuration of two types: one with values on one number, one without on every number.
func school() Config {
	return Config{
		Numbers: []string{"front-desk", "clinic"},
		Rules:   []string{"postgraduate", "loans"},
		Stages:  []string{"Lead Entry", "Scheduling", "Sale"},
		Types: []TypeConfig{
			{Name: "Postgraduate Course", Numbers: []string{"front-desk"}, Field: "Course", Values: []string{"AI", "Data Science"}, Rule: "postgraduate"},
			{Name: "Education Loan", Stages: []string{"New", "Scheduling", "Granted"}},
		},
	}
}

func schoolPolicy(t interface{ Fatal(...any) }) *Policy {
	p, faults := New(school())
	if p == nil || len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func minute(n int) time.Time { return time.Date(2026, 11, 23, 10, n, 0, 0, time.UTC) }

func TestANumberOffersTheTypesAndValuesThatAreMappedToIt(t *testing.T) {
	p := schoolPolicy(t)
	ai, science, loan := Choice{"Postgraduate Course", "AI"}, Choice{"Postgraduate Course", "Data Science"}, Choice{Type: "Education Loan"}
	for number, want := range map[string][]Choice{"front-desk": {ai, science, loan}, "clinic": {loan}, "unknown": nil} {
		if got := p.Choices(number); !slices.Equal(got, want) {
			t.Errorf("%s offers %v, want %v", number, got, want)
		}
	}
}

func TestATypeIsFoundWithItsDefaultsFilledIn(t *testing.T) {
	p := schoolPolicy(t)
	loan, found := p.Type("Education Loan")
	if !found || !slices.Equal(loan.Numbers, []string{"front-desk", "clinic"}) {
		t.Errorf("a type without numbers is offered on %v, want every number", loan.Numbers)
	}
	course, found := p.Type("Postgraduate Course")
	if !found || !slices.Equal(course.Stages, []string{"Lead Entry", "Scheduling", "Sale"}) {
		t.Errorf("a type without stages has the board %v, want the first funnel's", course.Stages)
	}
	if _, found := p.Type("postgraduate course"); found {
		t.Error("a name in another case is found, want it to be another name")
	}
}

func TestWhatAPolicyHandsOutDoesNotChangeIt(t *testing.T) {
	config := school()
	p, _ := New(config)
	config.Stages[0], config.Types[0].Values[0] = "Changed", "Changed"
	p.Types()[0].Stages[0] = "Changed"
	course, _ := p.Type("Postgraduate Course")
	course.Values[0] = "Changed"
	course, _ = p.Type("Postgraduate Course")
	if course.Stages[0] != "Lead Entry" || course.Values[0] != "AI" || p.Choices("front-desk")[0].Value != "AI" {
		t.Errorf("the policy has become %+v", course)
	}
}

func TestANewOpportunityStandsAtTheFirstStageOfItsBoard(t *testing.T) {
	p := schoolPolicy(t)
	for _, c := range []struct {
		name string
		want Choice
		o    Opportunity
	}{
		{
			"one with a value", Choice{"Postgraduate Course", "AI"},
			Opportunity{Type: "Postgraduate Course", Field: "Course", Value: "AI", Stage: "Lead Entry"},
		},
		{
			"a value that no menu offers", Choice{"Postgraduate Course", "Law"},
			Opportunity{Type: "Postgraduate Course", Field: "Course", Value: "Law", Stage: "Lead Entry"},
		},
		{
			"no value where there could be one", Choice{Type: "Postgraduate Course"},
			Opportunity{Type: "Postgraduate Course", Field: "Course", Stage: "Lead Entry"},
		},
		{"a board of its own", Choice{Type: "Education Loan"}, Opportunity{Type: "Education Loan", Stage: "New"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Status, c.o.CreatedAt, c.o.ActiveAt = Open, minute(1), minute(1)
			if got, err := p.New(c.want, minute(1)); err != nil || got != c.o {
				t.Errorf("New is %+v (%v), want %+v", got, err, c.o)
			}
			if c.o.Choice() != c.want {
				t.Errorf("its choice is %+v, want %+v", c.o.Choice(), c.want)
			}
		})
	}
}

func TestANewOpportunityIsRefusedWithWhatToDo(t *testing.T) {
	p := schoolPolicy(t)
	for _, c := range []struct {
		name string
		want Choice
		path string
		text string
	}{
		{
			"a type that was misspelt", Choice{Type: "Postgraduate Curse"}, "type",
			`type: opportunity type "Postgraduate Curse" is not configured; did you mean "Postgraduate Course"?`,
		},
		{
			"a type far from any", Choice{Type: "Car"}, "type",
			`type: opportunity type "Car" is not configured; known: ["Postgraduate Course" "Education Loan"]`,
		},
		{
			"a value of a type without a field", Choice{"Education Loan", "AI"}, "value",
			`value: opportunity type "Education Loan" has no field for the value "AI"; leave the value out, or give the type a field`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := p.New(c.want, minute(1))
			var f fault.Fault
			if !errors.As(err, &f) || f.Path != c.path || err.Error() != c.text {
				t.Errorf("New fails with %v, want %s", err, c.text)
			}
		})
	}
}
