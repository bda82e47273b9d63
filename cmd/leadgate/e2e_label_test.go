package main

import (
	"slices"
	"testing"

	"leadgate/simulator"
)

// shows waits until the phone shows these labels at the chat with somebody.
func (s *stage) shows(p *simulator.Person, labels ...string) {
	s.Helper()
	if labels == nil {
		labels = []string{}
	}
	s.eventually(p.Phone()+" is labelled as they should be", func() bool { return slices.Equal(s.account.Labels(p), labels) })
}

// puts has somebody put a label on a chat on the phone, or take it off.
func (s *stage) puts(p *simulator.Person, label string, on bool) {
	s.Helper()
	if err := s.account.Label(p, label, on); err != nil {
		s.Fatal(err)
	}
}

func TestEndToEndLabelFollowsStageAndBack(t *testing.T) {
	t.Parallel()
	s := newUniversity(t, simulator.Options{Seed: 1}, `name  = "courses"`, "name  = \"courses\"\nlabels = true")
	patches := func() int64 { return s.simulator.Counters()["app_state_changes"] }
	p, other := s.lead(), s.lead()
	s.says(p, simulator.Message{Text: instagram})
	s.shows(p, "Inquiry")
	s.writes(p, "Your application is complete")
	s.shows(p, "Application")
	s.writes(p, "Welcome to the university")
	s.shows(p, "Enrolled")

	s.settle()
	made := patches()
	s.puts(p, "Application", true) // by hand: the lead goes there, and the label of before comes off
	s.reaches(p, "Application")
	s.shows(p, "Application")
	s.puts(p, "Application", false) // taken off: they go back to where they were
	s.reaches(p, "Enrolled")
	s.shows(p, "Enrolled")
	s.puts(p, "Friend", true) // is the owner's own affair
	s.shows(p, "Enrolled", "Friend")
	s.puts(p, "Application", true)
	s.reaches(p, "Application")
	s.shows(p, "Application", "Friend")

	s.settle()
	s.account.Offline(true)
	s.inState("courses", "reconnecting")
	s.puts(p, "Enrolled", true) // seen when the number is back
	s.account.Offline(false)
	s.reaches(p, "Enrolled")
	s.shows(p, "Enrolled", "Friend")
	s.says(other, simulator.Message{Text: instagram})
	s.shows(other, "Inquiry")
	s.puts(other, "Inquiry", false) // where they were nowhere before: out of the funnel
	s.reaches(other, "")
	s.shows(other)

	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := s.lead()
	s.says(last, simulator.Message{Text: instagram})
	s.shows(last, "Inquiry")
	s.settle()
	// One change of the phone's state for each of the four moves by hand and of those who came, and no answer to an answer.
	if n := patches() - made; n > 8 {
		t.Errorf("the daemon changed the labels %d times", n)
	}
	s.shows(p, "Enrolled", "Friend")
	for cause, want := range map[string]int{"manual": 4, "outbound_phrase": 2, "inbound_phrase": 3} {
		if got := s.count(`SELECT count(*) FROM transition WHERE cause_kind = $1`, cause); got != want {
			t.Errorf("%d moves by %s, want %d", got, cause, want)
		}
	}
	s.accounted()
}
