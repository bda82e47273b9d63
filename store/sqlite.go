package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/mattn/go-sqlite3"
)

const (
	// Every commit is on the disk when it returns: WAL with synchronous=FULL. The time-out is for other programs at the
	// file; the writers of this process wait for each other at the gate.
	writing = "mode=rw&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_foreign_keys=on&_busy_timeout=10000" +
		"&_stmt_cache_size=64"
	// overwriting has what is deleted overwritten in the file, so that who is erased can't be read from it.
	overwriting = "&_secure_delete=on"
	reading     = "mode=rw&_query_only=on&_busy_timeout=10000&_stmt_cache_size=32"

	// readers is how many reads run side by side, and as many connections whatsmeow may use.
	readers = 4
)

// openSQLite opens the file at path, "leadgate.db" or "//" and an absolute path.
func (s *Store) openSQLite(ctx context.Context, path string) error {
	s.path = strings.TrimPrefix(path, "//")
	s.name = s.path
	if s.path == "" || strings.HasPrefix(s.path, ":memory:") {
		return fmt.Errorf("store url %q names no file; write sqlite:leadgate.db", "sqlite:"+path)
	}
	if err := s.checkFile(); err != nil {
		return err
	}
	if s.opts.ReadOnly {
		s.reads = s.sqlitePool(reading, readers)
		s.numbers = s.sqlitePool(reading, 1)
		return s.connect(ctx, s.reads)
	}
	var err error
	if s.lock, err = takeLock(s.path + ".lock"); err != nil {
		return fmt.Errorf("open store %q: %w", s.name, err)
	}
	if err := createPrivate(s.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("open store %q: %w", s.name, err)
	}
	s.writes = s.sqlitePool(writing+overwriting, 1)
	s.reads = s.sqlitePool(reading, readers)
	s.numbers = sql.OpenDB(&gatedConnector{driver: &sqlite3.SQLiteDriver{}, dsn: s.dsn(writing), gate: s.gate, failed: s.health.doubt})
	s.numbers.SetMaxOpenConns(readers)
	s.numbers.SetMaxIdleConns(readers)
	return s.connect(ctx, s.writes)
}

// sqlitePool is a pool of at most n connections, which stay open.
func (s *Store) sqlitePool(options string, n int) *sql.DB {
	pool, err := sql.Open("sqlite3", s.dsn(options))
	if err != nil {
		panic("store: the driver that this package imports is not registered: " + err.Error())
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool
}

func (s *Store) dsn(options string) string {
	return "file:" + (&url.URL{Path: s.path}).EscapedPath() + "?" + options
}

// connect makes the first connection, which finds most of what can be wrong.
func (s *Store) connect(ctx context.Context, pool *sql.DB) error {
	if err := pool.PingContext(ctx); err != nil {
		return fmt.Errorf("open store %q: %w", s.name, explain(err))
	}
	return nil
}

// checkOwner refuses an SQLite file that is the database of another program.
func (s *Store) checkOwner(ctx context.Context) error {
	if s.dialect != sqlite {
		return nil
	}
	var known, foreign int
	const tables = `SELECT COUNT(CASE WHEN name = 'leadgate_schema' THEN 1 END),
		COUNT(CASE WHEN name NOT LIKE 'whatsmeow%' AND name NOT LIKE 'sqlite%' THEN 1 END)
		FROM sqlite_schema WHERE type = 'table'`
	if err := s.writes.QueryRowContext(ctx, tables).Scan(&known, &foreign); err != nil {
		return fmt.Errorf("look at its tables: %w", err)
	}
	if known == 0 && foreign > 0 {
		return errors.New("it is the database of another program; name a file of leadgate's own")
	}
	return nil
}

// freeLeases lets what a dead daemon had claimed be claimed again at once: the file is this one's alone.
func (s *Store) freeLeases(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const lanes = `UPDATE lane SET next_at = 0, lease_until = NULL WHERE lease_until IS NOT NULL`
		if _, err := tx.ExecContext(ctx, lanes); err != nil {
			return fmt.Errorf("free leased lanes: %w", err)
		}
		const probes = `UPDATE destination SET probe = NULL, probe_until = NULL WHERE probe IS NOT NULL`
		if _, err := tx.ExecContext(ctx, probes); err != nil {
			return fmt.Errorf("free probes: %w", err)
		}
		return nil
	})
}

// explain puts what the database says into words on which somebody can act.
func explain(err error) error {
	var lite sqlite3.Error
	if !errors.As(err, &lite) {
		return err
	}
	switch lite.Code {
	case sqlite3.ErrNotADB:
		return errors.New("the file is not an SQLite database; name another one, or move it away")
	case sqlite3.ErrCorrupt:
		return errors.New("the file is damaged; restore a backup")
	case sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrReadonly:
		return errors.New("no permission to read and write it; let the daemon's user own the file and its directory")
	case sqlite3.ErrBusy:
		return errors.New("another program keeps the file locked; end it")
	}
	return err
}
