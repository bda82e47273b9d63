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
	allowed := regexp.MustCompile(`VIRTUAL TABLE|^SCAN (l|found)$|COVERING INDEX delivery_dead`)
	for name, query := range map[string]string{
		"the input's key": inputQuery, "the lead": leadQuery, "its transitions": countingQuery, "follow-ups": unclaimedQuery,
		"destinations": queuesQuery, "due lanes": headsQuery, "lease": leaseLanes, "attempts": countAttempts,
		"settle": settleQuery, "continue": continueQuery, "funnel": funnelQuery, "dead": deadQuery,
	} {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN") && !allowed.MatchString(step) {
				t.Errorf("%s: %s", name, step)
			}
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
