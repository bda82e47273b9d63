package opportunity

import (
	"strings"
	"testing"
)

func TestAPaymentSaysWhereItsOpportunityStands(t *testing.T) {
	p, faults := New(Config{Types: []TypeConfig{
		{Name: "Course", Stages: []string{"Entry", "Sale"}, Payments: map[string]string{"succeeded": "Sale"}},
		{Name: "Loan", Stages: []string{"Entry", "Sale"}},
	}})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kind, status, stage string
		follows             bool
	}{
		{"Course", "succeeded", "Sale", true}, {"Course", "failed", "Entry", true}, {"Course", "new", "Entry", true},
		{"Loan", "succeeded", "", false}, {"Gift", "succeeded", "", false},
	} {
		if stage, follows := p.PaidStage(test.kind, test.status); stage != test.stage || follows != test.follows {
			t.Errorf("a %s that is %s stands at %q, %t; want %q, %t", test.kind, test.status, stage, follows, test.stage, test.follows)
		}
	}
}

func TestPaymentsNameStagesOfTheBoard(t *testing.T) {
	_, faults := New(Config{Types: []TypeConfig{
		{Name: "Course", Stages: []string{"Entry", "Sale"}, Payments: map[string]string{"succeede": "Sale", "failed": "Lost"}},
	}})
	for _, want := range []string{
		`opportunity_type[0].payments.succeede: no payment has the status "succeede"; did you mean "succeeded"?`,
		`opportunity_type[0].payments.failed: opportunity type "Course" has no stage "Lost"`,
	} {
		if !strings.Contains(faults.Error(), want) {
			t.Errorf("%v, want %q", faults, want)
		}
	}
}
