package opportunity

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAConversionMovesTheOpportunitiesThatStandBeforeItsStage(t *testing.T) {
	p := schoolPolicy(t)
	at := func(kind, stage string, status Status) Opportunity {
		return Opportunity{ID: "opp_1", Type: kind, Stage: stage, Status: status, Owner: "maria", CreatedAt: minute(0), ActiveAt: minute(5)}
	}
	for _, c := range []struct {
		name  string
		o     Opportunity
		stage string
		moves bool
	}{
		{"an earlier stage", at("Postgraduate Course", "Lead Entry", Open), "Sale", true},
		{"the stage itself", at("Postgraduate Course", "Sale", Open), "Sale", false},
		{"a later stage", at("Postgraduate Course", "Sale", Open), "Scheduling", false},
		{"a board of its own that has the stage", at("Education Loan", "New", Open), "Scheduling", true},
		{"a board without the stage", at("Education Loan", "New", Open), "Sale", false},
		{"a stage that is written otherwise", at("Postgraduate Course", "Lead Entry", Open), "sale", false},
		{"an opportunity that was won", at("Postgraduate Course", "Lead Entry", Won), "Sale", false},
		{"an opportunity that was lost", at("Postgraduate Course", "Lead Entry", Lost), "Sale", false},
		{"a stage that is no longer on the board", at("Postgraduate Course", "Gone", Open), "Lead Entry", true},
		{"a type that is no longer configured", at("Car", "Lead Entry", Open), "Sale", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []Opportunity
			if c.moves {
				o := c.o
				o.Stage, o.ActiveAt = c.stage, minute(9)
				want = append(want, o)
			}
			if got := p.Advance(c.stage, minute(9), []Opportunity{c.o}); !slices.Equal(got, want) {
				t.Errorf("Advance returns %+v, want %+v", got, want)
			}
		})
	}
}

func TestAConversionOfEarlierThanTheLastActivityLeavesItsTime(t *testing.T) {
	o := Opportunity{Type: "Education Loan", Stage: "New", Status: Open, ActiveAt: minute(5)}
	if got := schoolPolicy(t).Advance("Granted", minute(1), []Opportunity{o}); len(got) != 1 || !got[0].ActiveAt.Equal(minute(5)) {
		t.Errorf("Advance returns %+v, want it active at %v still", got, minute(5))
	}
}

func TestAPersonChangesWhatTheyNameAndNothingElse(t *testing.T) {
	p := schoolPolicy(t)
	o := Opportunity{ID: "opp_1", Type: "Education Loan", Stage: "Scheduling", Owner: "maria", Status: Open, ActiveAt: minute(5)}
	gone := o
	gone.Stage = "Gone"
	for _, c := range []struct {
		name   string
		o      Opportunity
		change Change
		want   func(*Opportunity)
	}{
		{"nothing", o, Change{}, nil},
		{"what it is already", o, Change{Stage: new("Scheduling"), Owner: new("maria"), Status: new(Open)}, nil},
		{"a stage that it has, and its board no longer", gone, Change{Stage: new("Gone")}, nil},
		{"a later stage", o, Change{Stage: new("Granted")}, func(o *Opportunity) { o.Stage = "Granted" }},
		{"an earlier stage", o, Change{Stage: new("New")}, func(o *Opportunity) { o.Stage = "New" }},
		{"another owner", o, Change{Owner: new("joao")}, func(o *Opportunity) { o.Owner = "joao" }},
		{"no owner", o, Change{Owner: new("")}, func(o *Opportunity) { o.Owner = "" }},
		{"won", o, Change{Status: new(Won)}, func(o *Opportunity) { o.Status = Won }},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.o
			if c.want != nil {
				c.want(&want)
				want.ActiveAt = minute(9)
			}
			if got, err := p.Set(c.o, c.change, minute(9)); err != nil || got != want {
				t.Errorf("Set returns %+v (%v), want %+v", got, err, want)
			}
		})
	}
}

func TestAChangeThatCanNotBeIsRefusedWithWhatToDo(t *testing.T) {
	p := schoolPolicy(t)
	loan := Opportunity{Type: "Education Loan", Stage: "New", Status: Open}
	for _, c := range []struct {
		name   string
		o      Opportunity
		change Change
		want   string
	}{
		{
			"a stage that was misspelt", loan, Change{Stage: new("Grnated")},
			`stage: opportunity type "Education Loan" has no stage "Grnated"; did you mean "Granted"?`,
		},
		{
			"a stage of another board", loan, Change{Stage: new("Sale")},
			`stage: opportunity type "Education Loan" has no stage "Sale"; known: ["New" "Scheduling" "Granted"]`,
		},
		{
			"a stage of a type that is no longer configured", Opportunity{Type: "Car", Stage: "New"}, Change{Stage: new("Sale")},
			`stage: opportunity type "Car" has no stage "Sale"; there is no stage`,
		},
		{"a status that is none", loan, Change{Status: new(Status("wonn"))}, `status: status "wonn" is not known; did you mean "won"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := p.Set(c.o, c.change, minute(9)); err == nil || err.Error() != c.want || got != (Opportunity{}) {
				t.Errorf("Set returns %+v and fails with %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestConversionsNeverMoveAnOpportunityBack(t *testing.T) {
	p := schoolPolicy(t)
	stages := rapid.SampledFrom([]string{"Lead Entry", "New", "Scheduling", "Granted", "Sale", "Gone", ""})
	rapid.Check(t, func(t *rapid.T) {
		o := Opportunity{
			Type:   rapid.SampledFrom([]string{"Postgraduate Course", "Education Loan", "Car"}).Draw(t, "type"),
			Stage:  stages.Draw(t, "stage"),
			Status: rapid.SampledFrom([]Status{Open, Won, Lost}).Draw(t, "status"),
		}
		board := p.board(o.Type)
		for i, stage := range rapid.SliceOfN(stages, 1, 8).Draw(t, "conversions") {
			moved := p.Advance(stage, minute(i), []Opportunity{o})
			if len(moved) == 0 {
				continue
			}
			before, after := slices.Index(board, o.Stage), slices.Index(board, moved[0].Stage)
			if after <= before || o.Status != Open {
				t.Fatalf("a conversion to %q moves %+v to %+v", stage, o, moved[0])
			}
			if again := p.Advance(stage, minute(i), moved); len(again) > 0 {
				t.Fatalf("the same conversion moves it twice: %+v", again)
			}
			o = moved[0]
		}
	})
}
