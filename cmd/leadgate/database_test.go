package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
)

// A database is what a rig's daemon stores in, and how a test gets in its way: by means of the database itself, so that
// the daemon under test is the one that people run.
type database interface {
	url(dir string) string
	open(*rig) *sql.DB
	// block keeps every writer out until unblock.
	block(*rig)
	// stall makes a writer hang in the middle of its transaction until unblock: at the statement on a row of the table for
	// which the condition holds, in terms of NEW and OLD; "" is any.
	stall(r *rig, statement, table, when string)
	// stalled reports whether somebody hangs.
	stalled(*rig) bool
	unblock(*rig)
	// crashed does for the database what time does after its client's death.
	crashed(*rig)
}

// sqliteFile is an SQLite store.
type sqliteFile struct {
	path   string
	db     *sql.DB
	writer *sql.Tx
}

func (f *sqliteFile) url(dir string) string {
	f.path = filepath.Join(dir, "leadgate.db")
	return "sqlite:leadgate.db"
}

func (f *sqliteFile) open(r *rig) *sql.DB {
	r.Helper()
	if f.db == nil {
		db, err := sql.Open("sqlite3", "file:"+f.path+"?_txlock=immediate&_busy_timeout=10000")
		if err != nil {
			r.Fatal(err)
		}
		f.db = db
		r.Cleanup(func() { _ = db.Close() })
	}
	return f.db
}

func (f *sqliteFile) block(r *rig) {
	r.Helper()
	tx, err := f.open(r).Begin() // immediate: nobody else writes
	if err != nil {
		r.Fatal(err)
	}
	f.writer = tx
}

func (f *sqliteFile) stall(r *rig, statement, table, when string) {
	r.Helper()
	// A trigger may not hold a recursive query, but it may look at a view that does: counting to so much takes hours.
	execute(r, f.open(r), `CREATE VIEW endless AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1e12) SELECT max(n) AS n FROM c`)
	execute(r, f.open(r), fmt.Sprintf(`CREATE TRIGGER stall BEFORE %s ON %s %s BEGIN SELECT n FROM endless; END`,
		statement, table, eachRow(when)))
}

// stalled: a transaction of the daemon takes milliseconds. One that has kept the database for half a second hangs.
func (f *sqliteFile) stalled(r *rig) bool {
	r.Helper()
	impatient, err := sql.Open("sqlite3", "file:"+f.path+"?_txlock=immediate&_busy_timeout=500")
	if err != nil {
		r.Fatal(err)
	}
	defer impatient.Close()
	tx, err := impatient.Begin()
	if err != nil {
		return true
	}
	if err := tx.Rollback(); err != nil {
		r.Fatal(err)
	}
	return false
}

func (f *sqliteFile) unblock(r *rig) {
	r.Helper()
	if f.writer != nil {
		if err := f.writer.Rollback(); err != nil {
			r.Fatal(err)
		}
		f.writer = nil
	}
	execute(r, f.open(r), `DROP TRIGGER IF EXISTS stall`)
	execute(r, f.open(r), `DROP VIEW IF EXISTS endless`)
}

// crashed has nothing to do: the kernel drops a dead process's locks.
func (*sqliteFile) crashed(*rig) {}

// postgresDatabase is a database of its own on the server of LEADGATE_TEST_POSTGRES.
type postgresDatabase struct {
	server string
	name   string
	db     *sql.DB
	writer *sql.Tx
}

// newPostgres makes an empty database, or skips the test when there is no server.
func newPostgres(t testing.TB) *postgresDatabase {
	t.Helper()
	server := os.Getenv("LEADGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("LEADGATE_TEST_POSTGRES names no server")
	}
	p := &postgresDatabase{server: server, name: fmt.Sprintf("leadgate_e2e_%d_%d", os.Getpid(), time.Now().UnixNano())}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(`CREATE DATABASE ` + p.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.db != nil {
			_ = p.db.Close()
		}
		if _, err := admin.Exec(`DROP DATABASE ` + p.name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})
	return p
}

func (p *postgresDatabase) url(string) string {
	base, query, _ := strings.Cut(p.server, "?")
	base = base[:strings.LastIndex(base, "/")+1] + p.name
	if query != "" {
		base += "?" + query
	}
	return base
}

func (p *postgresDatabase) open(r *rig) *sql.DB {
	r.Helper()
	if p.db == nil {
		db, err := sql.Open("pgx", p.url(""))
		if err != nil {
			r.Fatal(err)
		}
		p.db = db
	}
	return p.db
}

// shut ends every session and lets nobody in; reopen lets them in again.
func (p *postgresDatabase) shut(r *rig) {
	r.Helper()
	_ = p.open(r).Close() // the test's own sessions end as well
	p.db = nil
	p.administer(r, `ALTER DATABASE `+p.name+` ALLOW_CONNECTIONS false`)
	p.administer(r, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+p.name+`'`)
}

func (p *postgresDatabase) reopen(r *rig) {
	r.Helper()
	p.administer(r, `ALTER DATABASE `+p.name+` ALLOW_CONNECTIONS true`)
}

// administer executes a statement from outside the database.
func (p *postgresDatabase) administer(r *rig, statement string) {
	r.Helper()
	admin, err := sql.Open("pgx", p.server)
	if err != nil {
		r.Fatal(err)
	}
	defer admin.Close()
	execute(r, admin, statement)
}

func (p *postgresDatabase) block(r *rig) {
	r.Helper()
	tx, err := p.open(r).Begin()
	if err != nil {
		r.Fatal(err)
	}
	if _, err := tx.Exec(`LOCK TABLE input, event, lead IN EXCLUSIVE MODE`); err != nil {
		r.Fatal(err)
	}
	p.writer = tx
}

func (p *postgresDatabase) stall(r *rig, statement, table, when string) {
	r.Helper()
	execute(r, p.open(r), `CREATE OR REPLACE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END'`)
	execute(r, p.open(r), fmt.Sprintf(`CREATE TRIGGER stall BEFORE %s ON %s %s EXECUTE FUNCTION stall()`,
		statement, table, eachRow(when)))
}

func (p *postgresDatabase) stalled(r *rig) bool {
	r.Helper()
	return r.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`) > 0
}

func (p *postgresDatabase) unblock(r *rig) {
	r.Helper()
	if p.writer != nil {
		if err := p.writer.Rollback(); err != nil {
			r.Fatal(err)
		}
		p.writer = nil
	}
	execute(r, p.open(r), `DROP FUNCTION IF EXISTS stall() CASCADE`)
}

// crashed ends the dead daemon's sessions, for the server notices a client's death only when it next speaks to it, and
// lets its leases run out.
func (p *postgresDatabase) crashed(r *rig) {
	r.Helper()
	defer execute(r, p.open(r), `UPDATE lane SET next_at = 1, lease_until = 1 WHERE lease_until IS NOT NULL`)
	execute(r, p.open(r), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'leadgate%'`)
}

// eachRow is for which rows a trigger fires, in words that both databases understand.
func eachRow(when string) string {
	if when == "" {
		return "FOR EACH ROW"
	}
	return "FOR EACH ROW WHEN (" + when + ")"
}

func execute(r *rig, db *sql.DB, statement string) {
	r.Helper()
	if _, err := db.Exec(statement); err != nil {
		r.Fatalf("%s: %v", statement, err)
	}
}
