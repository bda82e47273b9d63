package store

import (
	"regexp"
	"strings"
	"testing"
)

// TestHotStatementsUseIndexes has SQLite say how it would run the statements that every message and every turn runs.
func TestHotStatementsUseIndexes(t *testing.T) {
	s := onSQLite(t).open(Options{})
	// What may be scanned: the rows that came with the statement, what an index has chosen before, and an index that
	// holds nothing else.
	allowed := regexp.MustCompile(`VIRTUAL TABLE|^SCAN (l|head|CONSTANT ROW)$|COVERING INDEX (delivery_dead|chat_status)`)
	for name, query := range map[string]string{
		"the input's key": inputQuery, "the person": personQuery, "their transitions": countingQuery, "follow-ups": unclaimedQuery,
		"destinations": queuesQuery, "due lanes": headsQuery, "lease": leaseLanes, "attempts": countAttempts,
		"settle": settleQuery, "continue": continueQuery, "dead": deadQuery,
		"their opportunities": opportunitiesQuery, "their open chats": openChatsQuery,
		"agents": agentsQuery, "lines": turnsQuery, "turn": toTheEnd, "left": leaveLine, "waiting lines": waitingQuery,
		"an agent's chats": heldQuery, "chats by status": chatStatsQuery,
		"lanes of a lead": lanesQuery, "withdrawal": withdrawQuery,
		"blocked by who is erased": blockedBy, "silence": silence,
		"payment": paymentQuery, "feedback": feedbackQuery, "e-mail": emailQuery, "captured": capturedQuery, "capture": captureQuery,
		"counts": tallyQuery, "sums": sumsQuery + " GROUP BY name, source", "entries": entriesQuery + entriesOrder, "facts": factsQuery,
		"what is answered": answeredQuery, "old answers": purgeAnswers, "old inputs": purgeInputs, "old follow-ups": purgeUnclaimed,
		"old chats": oldChatsQuery, "their assignments": purgeAssigned, "chats": purgeChats, "old events": oldEventsQuery,
		"still old": stillOldQuery, "told": purgeTold, "events": purgeEvents, "loose": purgeLoose, "lanes": purgeLanes,
	} {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !allowed.MatchString(step) {
				t.Errorf("%s: %s", name, step)
			}
		}
	}
}

// TestTheHeadsOfWaitingLinesCostALookEach has SQLite say that it looks for the next line, and for the first chat of each, by
// index alone. The one thing that is sorted are the heads.
func TestTheHeadsOfWaitingLinesCostALookEach(t *testing.T) {
	s := onSQLite(t).open(Options{})
	steps := strings.Join(plan(t, s, waitingQuery), "\n")
	for _, step := range []string{
		"SEARCH chat USING COVERING INDEX chat_line", "SEARCH n USING COVERING INDEX chat_line (line>?)",
		"SEARCH w USING COVERING INDEX chat_line (line=?)", "SEARCH c USING INTEGER PRIMARY KEY",
	} {
		if !strings.Contains(steps, step) {
			t.Errorf("there is no %q in the plan:\n%s", step, steps)
		}
	}
	if n := strings.Count(steps, "TEMP B-TREE"); n != 1 {
		t.Errorf("%d sorts in the plan, want one:\n%s", n, steps)
	}
}

// TestCohortsAreCountedWithoutSorting has SQLite say that the days of a funnel are read in the order in which they are kept.
func TestCohortsAreCountedWithoutSorting(t *testing.T) {
	s := onSQLite(t).open(Options{})
	for _, step := range plan(t, s, entriesQuery+entriesOrder) {
		if strings.Contains(step, "TEMP B-TREE") {
			t.Error(step)
		}
	}
}

// plan is the steps in which SQLite would run a statement.
func plan(t *testing.T, s *Store, query string) []string {
	t.Helper()
	params := map[string]bool{}
	for _, param := range regexp.MustCompile(`\$\d`).FindAllString(query, -1) {
		params[param] = true
	}
	rows, err := s.reads.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, len(params))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
