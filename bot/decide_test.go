package bot

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/fault"
	"leadgate/opportunity"
	"leadgate/routing"
)

const (
	fromInstagram = "Hi, I came from Instagram and wanted to know more about the product!"
	scheduling    = "Thank you for scheduling with us! Your time is: 3:00 PM"
)

var (
	ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	ana = chat.Person{Phone: "+5511911112222", LID: "100200300", Name: "Ana"}
)

// newPolicy is the shop of the tests: one funnel of three stages, two numbers, one destination that takes everything.
func newPolicy(t testing.TB) *Policy {
	t.Helper()
	numbers := []chat.Number{
		{Name: "front-desk", Phone: "+5511987650001", Ignore: []chat.Phone{"+5511999990000"}},
		{Name: "sales", Phone: "+5511987650002"},
	}
	policy, faults := conversion.New(conversion.Config{
		Numbers: []string{"front-desk", "sales"},
		Funnels: []conversion.FunnelConfig{{Name: "Sales", Stages: []conversion.StageConfig{
			{Name: "Lead Entry", Triggers: []conversion.TriggerConfig{
				{Phrase: "I came from Instagram", Source: "Instagram"}, {Phrase: "I read your blog", Source: "My Blog"},
			}},
			{Name: "Scheduling", Triggers: []conversion.TriggerConfig{{Phrase: "Thank you for scheduling with us"}}},
			{Name: "Sale"},
		}}},
	})
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	p := &Policy{Conversion: policy, Numbers: numbers, Subscriptions: []Subscription{{Destination: "crm"}}}
	var faulty [3]fault.List
	p.Opportunities, faulty[0] = opportunity.New(opportunity.Config{})
	p.Routing, faulty[1] = routing.New(routing.Config{})
	p.Responses, faulty[2] = autoresponse.New(autoresponse.Config{Opportunities: p.Opportunities})
	for _, faults := range faulty {
		if err := faults.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func inbound(id, text string, at time.Time) Input {
	m := chat.Message{Number: "front-desk", ID: id, Person: ana, Direction: chat.Inbound, Text: text, SentAt: at}
	return Input{Key: m.Key(), At: at, Message: &m}
}

func outbound(id, text string, at time.Time) Input {
	in := inbound(id, text, at)
	in.Message.Direction, in.Message.Person.Name = chat.Outbound, ""
	return in
}

// after is the state that the next input of the same person meets.
func after(s State, d Decision) State {
	if d.Lead != nil {
		s.Lead, s.Twin = *d.Lead, chat.Lead{}
	}
	s.Transitions = append(append([]conversion.Transition(nil), s.Transitions...), d.Transitions...)
	return s
}

func mustDecide(t testing.TB, p *Policy, in Input, s State) Decision {
	t.Helper()
	d, err := decide(p, in, s)
	if err != nil {
		t.Fatalf("input %s: %v", in.Key, err)
	}
	return d
}

func types(d Decision) string {
	var all []string
	for _, e := range d.Events {
		all = append(all, string(e.Type))
	}
	return strings.Join(all, " ")
}

func TestTheConversationOfTheReadmeMakesTheEventsOfTheContract(t *testing.T) {
	p := newPolicy(t)
	first := mustDecide(t, p, inbound("A1", fromInstagram, ten), State{})
	second := mustDecide(t, p, outbound("A2", scheduling, ten.Add(time.Minute)), after(State{}, first))
	var got strings.Builder
	for _, e := range append(first.Events, second.Events...) {
		var indented json.RawMessage = e.Body
		pretty, err := json.MarshalIndent(indented, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(pretty, '\n'))
	}
	golden(t, "conversation.json", got.String())
}

func TestEveryEventGoesToEveryDestinationThatWantsItUnderTheEventsID(t *testing.T) {
	p := newPolicy(t)
	p.Subscriptions = []Subscription{{Destination: "all"}, {Destination: "leads", Events: []string{"lead.*"}}, {Destination: "none", Events: []string{"number.*"}}}
	d := mustDecide(t, p, inbound("A1", fromInstagram, ten), State{})
	var got []string
	for _, row := range d.Deliveries {
		got = append(got, row.Destination+" "+row.Key+" "+row.Lane)
	}
	lead := d.Lead.ID
	want := []string{
		"all " + d.Events[0].ID + " " + lead, "leads " + d.Events[0].ID + " " + lead, "all " + d.Events[1].ID + " " + lead,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("deliveries\n%v\nwant\n%v", got, want)
	}
}

func TestDecidingTwiceIsTheSame(t *testing.T) {
	p := newPolicy(t)
	in := inbound("A1", fromInstagram, ten)
	if a, b := mustDecide(t, p, in, State{}), mustDecide(t, p, in, State{}); !reflect.DeepEqual(a, b) {
		t.Errorf("decided\n%+v\nand then\n%+v", a, b)
	}
	d := mustDecide(t, p, in, State{})
	state := after(State{}, d)
	move := outbound("A2", scheduling, ten.Add(time.Minute))
	before := after(State{}, d)
	if a, b := mustDecide(t, p, move, state), mustDecide(t, p, move, state); !reflect.DeepEqual(a, b) {
		t.Errorf("decided\n%+v\nand then\n%+v", a, b)
	}
	if !reflect.DeepEqual(state, before) {
		t.Errorf("deciding changed the state that it was given")
	}
}

func TestWhoMeansNothingToTheFunnelsLeavesNoTrace(t *testing.T) {
	p := newPolicy(t)
	ignored := inbound("A1", fromInstagram, ten)
	ignored.Message.Person = chat.Person{Phone: "+5511999990000"}
	colleague := inbound("A1", fromInstagram, ten)
	colleague.Message.Person = chat.Person{Phone: "+5511987650002"}
	for name, in := range map[string]Input{
		"a stranger without a phrase":        inbound("A1", "hello", ten),
		"the business to a stranger":         outbound("A1", scheduling, ten),
		"somebody on the ignore list":        ignored,
		"the business's own other number":    colleague,
		"nothing but emoji":                  inbound("A1", "🙂🙂🙂", ten),
		"an empty text":                      inbound("A1", "", ten),
		"a later stage's phrase from a lead": inbound("A1", scheduling, ten),
	} {
		d := mustDecide(t, p, in, State{})
		d.Matched, d.Unclaimed = nil, nil // kept for edits and earlier messages: they mean nothing by themselves
		if !d.Empty() {
			t.Errorf("%s: decided %+v", name, d)
		}
	}
}

func TestAnIgnoredPersonOfOneNumberMayBeALeadOfAnother(t *testing.T) {
	p := newPolicy(t)
	in := inbound("A1", fromInstagram, ten)
	in.Message.Person, in.Message.Number = chat.Person{Phone: "+5511999990000"}, "sales"
	if d := mustDecide(t, p, in, State{}); types(d) != "lead.created conversion.stage_changed" {
		t.Errorf("decided %q", types(d))
	}
}

func TestWhatIsLearntOfALeadIsKeptAndTold(t *testing.T) {
	p := newPolicy(t)
	hidden := inbound("A1", fromInstagram, ten)
	hidden.Message.Person = chat.Person{LID: "100200300", Name: "Ana"}
	created := mustDecide(t, p, hidden, State{})
	state := after(State{}, created)

	shown := mustDecide(t, p, inbound("A2", "hello again", ten.Add(time.Hour)), state)
	if types(shown) != "lead.updated" || shown.Lead.Phone != ana.Phone {
		t.Errorf("a phone that became known: %q, lead %+v", types(shown), shown.Lead)
	}
	renamed := inbound("A3", "hi", ten.Add(2*time.Hour))
	renamed.Message.Person.Name = "Ana Lima"
	state = after(state, shown)
	if d := mustDecide(t, p, renamed, state); types(d) != "lead.updated" || d.Lead.Name != "Ana Lima" {
		t.Errorf("a new profile name: %q, lead %+v", types(d), d.Lead)
	}
	state.Lead.NameSet = true
	if d := mustDecide(t, p, renamed, state); !d.Empty() {
		t.Errorf("a profile name replaced the name that somebody set: %+v", d.Lead)
	}
	elsewhere := inbound("A4", "hi", ten.Add(3*time.Hour))
	elsewhere.Message.Number = "sales"
	if d := mustDecide(t, p, elsewhere, state); d.Lead == nil || !reflect.DeepEqual(d.Lead.Numbers, []string{"front-desk", "sales"}) || len(d.Events) != 0 {
		t.Errorf("a second number: %+v", d)
	}
}

func TestTheNameOnTheBusinesssOwnMessageIsNotTheLeads(t *testing.T) {
	p := newPolicy(t)
	state := after(State{}, mustDecide(t, p, inbound("A1", fromInstagram, ten), State{}))
	own := outbound("A2", "hello", ten.Add(time.Minute))
	own.Message.Person.Name = "Front desk"
	if d := mustDecide(t, p, own, state); !d.Empty() {
		t.Errorf("decided %+v", d)
	}
}

func TestTwoLeadsWhoTurnOutToBeOnePersonBecomeOneWithNothingLost(t *testing.T) {
	p := newPolicy(t)
	older := chat.Lead{ID: "lead_a", LID: "100200300", Name: "Ana", Source: "Instagram", LastSource: "Instagram", TouchedAt: ten,
		CreatedAt: ten, Numbers: []string{"front-desk"}, Fields: map[string]string{"course": "AI"}}
	twin := chat.Lead{ID: "lead_b", Phone: ana.Phone, Name: "A. Lima", NameSet: true, Source: "My Blog", LastSource: "My Blog",
		TouchedAt: ten.Add(time.Hour), CreatedAt: ten.Add(time.Hour), Numbers: []string{"sales"}, Fields: map[string]string{"city": "Recife"}}
	state := State{Lead: older, Twin: twin, Transitions: []conversion.Transition{
		{ID: "tr_a", Funnel: "Sales", To: "Lead Entry", At: ten},
		{ID: "tr_b", Funnel: "Sales", To: "Lead Entry", At: ten.Add(time.Hour)},
	}}
	d := mustDecide(t, p, inbound("A9", "hello", ten.Add(2*time.Hour)), state)
	want := chat.Lead{ID: "lead_a", LID: "100200300", Phone: ana.Phone, Name: "A. Lima", NameSet: true, Source: "Instagram",
		LastSource: "My Blog", TouchedAt: ten.Add(time.Hour), CreatedAt: ten, Numbers: []string{"front-desk", "sales"},
		Fields: map[string]string{"course": "AI", "city": "Recife"}}
	if d.Lead == nil || !reflect.DeepEqual(*d.Lead, want) {
		t.Errorf("lead\n%+v\nwant\n%+v", d.Lead, want)
	}
	if d.Absorbed != "lead_b" || types(d) != "lead.merged" || !strings.Contains(string(d.Events[0].Body), `"merged_id":"lead_b"`) {
		t.Errorf("absorbed %q with %s", d.Absorbed, types(d))
	}
	if older.Fields["city"] != "" {
		t.Error("deciding changed the state that it was given")
	}
}

func TestTheFirstTouchIsTheEarliestAndTheLastTheLatestWhateverTheOrderOfArrival(t *testing.T) {
	p := newPolicy(t)
	state := after(State{}, mustDecide(t, p, inbound("A1", fromInstagram, ten), State{}))
	late := mustDecide(t, p, inbound("A0", "I read your blog", ten.Add(-time.Hour)), state)
	if late.Lead.Source != "My Blog" || late.Lead.LastSource != "Instagram" || !late.Lead.CreatedAt.Equal(ten.Add(-time.Hour)) {
		t.Errorf("an earlier message that came later: lead %+v", late.Lead)
	}
	next := mustDecide(t, p, inbound("A2", "I read your blog", ten.Add(time.Hour)), state)
	if types(next) != "lead.returned" || next.Lead.Source != "Instagram" || next.Lead.LastSource != "My Blog" {
		t.Errorf("a later message: %q, lead %+v", types(next), next.Lead)
	}
}

func TestAHandMovesALeadAnywhereAndDeletesTransitions(t *testing.T) {
	p := newPolicy(t)
	state := after(State{}, mustDecide(t, p, inbound("A1", fromInstagram, ten), State{}))
	cause := chat.Cause{Kind: chat.CauseManual, By: "crm"}
	move := Input{Key: "move/1", At: ten.Add(time.Minute), Move: &Move{LeadID: state.Lead.ID, Funnel: "Sales", Stage: "Sale", Cause: cause}}
	moved := mustDecide(t, p, move, state)
	if types(moved) != "conversion.stage_changed" || moved.Transitions[0].From != "Lead Entry" || moved.Transitions[0].Cause != cause {
		t.Fatalf("moved %q %+v", types(moved), moved.Transitions)
	}
	state = after(state, moved)
	del := Input{Key: "delete/1", At: ten.Add(time.Hour), Delete: &DeleteTransition{LeadID: state.Lead.ID, TransitionID: moved.Transitions[0].ID, Cause: cause}}
	deleted := mustDecide(t, p, del, state)
	if deleted.Deleted != moved.Transitions[0].ID || types(deleted) != "conversion.transition_deleted" ||
		!strings.Contains(string(deleted.Events[0].Body), `"stages":{"Sales":"Lead Entry"}`) {
		t.Errorf("deleted %q: %s", deleted.Deleted, deleted.Events[0].Body)
	}

	for name, c := range map[string]struct {
		in    Input
		state State
		want  error
	}{
		"a lead that is not there":       {move, State{}, ErrNoLead},
		"a transition that is not there": {Input{Delete: &DeleteTransition{TransitionID: "tr_x"}}, state, ErrNoTransition},
		"a transition of nobody":         {del, State{}, ErrNoLead},
	} {
		if d, err := decide(p, c.in, c.state); !errors.Is(err, c.want) || !d.Empty() {
			t.Errorf("%s: decided %+v, error %v", name, d, err)
		}
	}
	move.Move.Stage = "Sales"
	if _, err := decide(p, move, state); err == nil || !strings.Contains(err.Error(), `"Sale"`) {
		t.Errorf("a misspelt stage: %v, want the nearest name in it", err)
	}
}

func TestANumbersComingAndGoingIsAnEventInTheNumbersOwnLane(t *testing.T) {
	p := newPolicy(t)
	in := Input{Key: "number/front-desk/1", At: ten, Number: &NumberChange{Number: "front-desk", Event: NumberDisconnected, Reason: "no network"}}
	d := mustDecide(t, p, in, State{})
	if types(d) != "number.disconnected" || d.Deliveries[0].Lane != "number/front-desk" ||
		!strings.Contains(string(d.Events[0].Body), `"data":{"number":"front-desk","reason":"no network"}`) {
		t.Errorf("decided %s, deliveries %+v", d.Events[0].Body, d.Deliveries)
	}
}

// golden compares with a file under testdata, or writes it when LEADGATE_UPDATE_GOLDEN is set.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("LEADGATE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", file, got)
	}
}

func BenchmarkDecide(b *testing.B) {
	p := newPolicy(b)
	first := inbound("A1", fromInstagram, ten)
	state := after(State{}, mustDecide(b, p, first, State{}))
	b.Run("new lead", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustDecide(b, p, first, State{})
		}
	})
	b.Run("next stage", func(b *testing.B) {
		in := outbound("A2", scheduling, ten.Add(time.Minute))
		b.ReportAllocs()
		for b.Loop() {
			mustDecide(b, p, in, state)
		}
	})
	b.Run("nothing", func(b *testing.B) {
		in := inbound("A3", "what does it cost, and do you have it in blue?", ten.Add(time.Minute))
		b.ReportAllocs()
		for b.Loop() {
			mustDecide(b, p, in, state)
		}
	})
}
