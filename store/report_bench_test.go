package store

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// fillStatements make a store of so many leads, with five transitions, an assignment and a delivery's counts each, over three
// years: eight sources, three numbers, five stages, of which every lead reaches the first, four out of five the second, and
// so on. They write in bulk what commits would write one by one.
var fillStatements = []string{
	`INSERT INTO lead (id, name, name_set, phone, source, last_source, touched_at, fields, numbers, created_at, erased_at)
	WITH RECURSIVE i (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n + 1 < $1)
	SELECT 'lead_' || n, '', 0, '+' || n, 'source' || (n % 8), '', 0, '{}', '["number' || (n % 3) || '"]',
		$2 + (n * 94608000 / $1) * 1000000, 0 FROM i`,
	`INSERT INTO transition (id, lead, funnel, to_stage, cause_kind, cause_by, number, at)
	WITH RECURSIVE j (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM j WHERE n < 4)
	SELECT l.id || '_' || j.n, l.id, 'Sales', 'stage' || CASE WHEN l.seq % 5 < j.n THEN l.seq % 5 ELSE j.n END, 'manual', '',
		l.numbers ->> 0, l.created_at + j.n * 86400000000 * (1 + l.seq % 20) FROM lead l, j`,
	`CREATE TEMP TABLE first AS SELECT t.lead, t.to_stage AS stage, MIN(t.at) AS at, l.created_at, l.source, l.numbers ->> 0 AS number
	FROM transition t JOIN lead l ON l.id = t.lead GROUP BY t.lead, t.to_stage`,
	`CREATE TEMP TABLE counted AS
	SELECT 'lead' AS kind, '' AS funnel, created_at AS at, '' AS name, source, numbers ->> 0 AS number, 0 AS amount FROM lead
	UNION ALL SELECT 'entered', 'Sales', created_at, '', source, numbers ->> 0, 0 FROM lead
	UNION ALL SELECT 'entered', 'Sales', created_at, stage, source, number, 0 FROM first
	UNION ALL SELECT 'cohort', 'Sales', created_at, '', '', '', 0 FROM lead
	UNION ALL SELECT 'cohort', 'Sales', created_at, stage, '', '', 0 FROM first
	UNION ALL SELECT 'reached', 'Sales', at, stage, source, number, 0 FROM first
	UNION ALL SELECT 'won', '', at, '', source, number, 0 FROM first WHERE stage = 'stage4'
	UNION ALL SELECT 'paid', '', at, 'BRL', source, number, 15000 FROM first WHERE stage = 'stage4'
	UNION ALL SELECT 'taken', '', created_at, 'agent' || (seq % 40), source, numbers ->> 0, 0 FROM lead
	UNION ALL SELECT 'answered', '', created_at, 'agent' || (seq % 40), source, numbers ->> 0, 60000000 FROM lead
	UNION ALL SELECT 'in', 'lead', created_at, 'form' || (seq % 4), source, numbers ->> 0, 0 FROM lead
	UNION ALL SELECT 'delivered', '', created_at, 'crm' || (seq % 3), '', '', 0 FROM lead`,
	`INSERT INTO tally (kind, funnel, grain, slot, name, source, number, n, amount)
	SELECT kind, funnel, grain, at / 1000000 / grain, name, source, number, COUNT(*), SUM(amount)
	FROM counted, (SELECT 900 AS grain UNION ALL SELECT 86400 UNION ALL SELECT 2764800) GROUP BY 1, 2, 3, 4, 5, 6, 7`,
}

func filled(b *testing.B, leads int) *Store {
	b.Helper()
	s := onSQLite(b).open(Options{})
	began := time.Now()
	err := s.write(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for i, text := range fillStatements {
			args := []any{leads, micros(noon.AddDate(-3, 0, 0))}[:max(0, 2-2*i)]
			if _, err := tx.ExecContext(ctx, text, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d leads, %d transitions, %d counts, filled in %s", leads, count(b, s, `SELECT COUNT(*) FROM transition`),
		count(b, s, `SELECT COUNT(*) FROM tally`), time.Since(began).Round(time.Second))
	return s
}

// BenchmarkReports prints how long each report takes of all times, and of a range that begins and ends within a day, in a
// store of 100,000 leads, or as many as LEADGATE_BENCH_LEADS says: 1000000 for the million that is promised.
func BenchmarkReports(b *testing.B) {
	leads := 100_000
	if n, err := strconv.Atoi(os.Getenv("LEADGATE_BENCH_LEADS")); err == nil {
		leads = n
	}
	s := filled(b, leads)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		b.Fatal(err)
	}
	stages := []string{"stage0", "stage1", "stage2", "stage3", "stage4"}
	for _, report := range []struct {
		name string
		make func(ctx context.Context, f ReportFilter) error
	}{
		{"funnel", func(ctx context.Context, f ReportFilter) error { _, err := s.FunnelReport(ctx, f, stages); return err }},
		{"cohort by week", func(ctx context.Context, f ReportFilter) error {
			_, err := s.CohortReport(ctx, f, "week", zone, stages)
			return err
		}},
		{"cohort by month", func(ctx context.Context, f ReportFilter) error {
			_, err := s.CohortReport(ctx, f, "month", zone, stages)
			return err
		}},
		{"sources", func(ctx context.Context, f ReportFilter) error { _, err := s.SourcesReport(ctx, f, stages); return err }},
		{"agents", func(ctx context.Context, f ReportFilter) error { _, err := s.AgentsReport(ctx, f); return err }},
		{"integrations", func(ctx context.Context, f ReportFilter) error { _, err := s.IntegrationsReport(ctx, f); return err }},
	} {
		for name, f := range map[string]ReportFilter{
			"all":    {Funnel: "Sales"},
			"source": {Funnel: "Sales", Source: "source1"},
			"range":  {Funnel: "Sales", Since: noon.AddDate(-2, 0, 0), Until: noon.AddDate(-1, 0, 0).Add(3 * time.Hour), Number: "number1"},
		} {
			b.Run(report.name+"/"+name, func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					began := time.Now()
					if err := report.make(b.Context(), f); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(began))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[(len(took)-1)*99/100])/1e6, "p99-ms")
			})
		}
	}
}
