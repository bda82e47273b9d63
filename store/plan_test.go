package store

import (
	"strings"
	"testing"
)

// TestHotStatementsUseIndexes has SQLite say how it would run the statements that every message and every turn runs.
func TestHotStatementsUseIndexes(t *testing.T) {
	s := onSQLite(t).open(Options{})
	for name, query := range map[string]string{
		"the input's key": inputQuery, "the lead": leadQuery, "its transitions": countingQuery,
		"destinations": queuesQuery, "due lanes": headsQuery, "lease": leaseLanes, "attempts": countAttempts,
		"settle": settleQuery, "continue": continueQuery, "funnel": funnelQuery, "dead": deadQuery,
	} {
		args := make([]any, strings.Count(query, "$")) // at least as many as it has; SQLite takes no more than that
		for i := len(args); i > 0 && !strings.Contains(query, "$"+string(rune('0'+i))); i-- {
			args = args[:i-1]
		}
		rows, err := s.reads.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			// What may be scanned are the statement's own rows and indexes that hold nothing else.
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "VIRTUAL TABLE") && !strings.Contains(step, "delivery_dead") &&
				!strings.HasPrefix(step, "SCAN (subquery") && !strings.HasPrefix(step, "SCAN l") || strings.Contains(step, "SCAN lane") {
				t.Errorf("%s: %s", name, step)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}
