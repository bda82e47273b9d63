// Package store keeps everything: leads and what happened to them, the keys of what was handled, events, deliveries and
// their lanes, in SQLite or in PostgreSQL. It carries out decisions and never makes one: what an input means is decided
// by the function that Update is given, what an attempt means by package delivery.
//
// There is one writer at a time: a gate within the process, beneath it BEGIN IMMEDIATE on SQLite and an advisory lock on
// PostgreSQL. So every statement of a writing transaction sees all that was committed before, on both databases alike,
// and one set of statements serves both. Their parameters are numbered in the order in which they first appear, which
// is how SQLite counts them.
//
// Package bot and package delivery write through the interfaces that they define; the wiring in cmd, package web and
// package script read.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"leadgate/bot"
	"leadgate/delivery"
)

var (
	_ bot.Store      = (*Store)(nil)
	_ delivery.Queue = (*Store)(nil)
)

// Options say how a store is opened. The zero value is what a daemon wants that keeps no message texts.
type Options struct {
	MessageText bool // keep the texts of leads' messages
	ReadOnly    bool // look beside a running daemon: nothing is created, migrated or written
}

// A Store is an open database. Its methods may be called from many goroutines.
type Store struct {
	opts    Options
	dialect dialect
	name    string  // of the database, for errors: a path, or host and database; never a password
	path    string  // of the SQLite file; "" on PostgreSQL
	lock    *lock   // that keeps other daemons from the SQLite file; nil otherwise
	writes  *sql.DB // one connection
	reads   *sql.DB
	numbers *sql.DB // what WhatsApp returns
	gate    gate
	health  health
}

// dialect is the database that a store speaks to.
type dialect string

const (
	sqlite   dialect = "sqlite3"
	postgres dialect = "postgres"
)

// querier is what a reading statement needs: a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Open opens the database at url, "sqlite:PATH" or "postgres://…", creates what is missing, and brings its schema up to
// date. An SQLite file belongs to one daemon: it is refused while another one has it open, and what a dead one was about
// to deliver is free again at once. Errors are one line that says what to do, without the password.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	s := &Store{opts: opts, gate: newGate()}
	if err := s.open(ctx, url); err != nil {
		_ = s.Close() // the error that matters is the one of opening
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, url string) error {
	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		s.dialect = sqlite
		err = s.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"))
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		s.dialect = postgres
		err = s.openPostgres(ctx, url)
	default:
		return errors.New(`the store's url is neither "sqlite:PATH" nor "postgres://USER:PASSWORD@HOST/DATABASE"`)
	}
	if err != nil {
		return err
	}
	if s.opts.ReadOnly {
		err = s.checkSchema(ctx)
	} else {
		err = s.prepare(ctx)
	}
	if err != nil {
		return fmt.Errorf("open store %q: %w", s.name, explain(err))
	}
	return nil
}

// prepare makes the database ready for a daemon.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.checkOwner(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.dialect == postgres {
		return s.prepareNumbers(ctx)
	}
	return s.freeLeases(ctx)
}

// Close ends every connection and gives the database free for another daemon.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{s.numbers, s.reads, s.writes} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store %q: %w", s.name, err)
	}
	return nil
}

// WhatsApp is a pool of connections to the same database for whatsmeow's own tables, and the name of its dialect as
// whatsmeow wants it. On SQLite its transactions and writes pass the same gate as the store's own, so that neither ever
// finds the database locked by the other. Close closes it.
func (s *Store) WhatsApp() (db *sql.DB, dialect string) { return s.numbers, string(s.dialect) }

// micros is a time as the database holds it: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the time that the database holds, in UTC.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// null is a text as the database holds it where "" means that there is none.
func null(text string) sql.NullString {
	return sql.NullString{String: clean(text), Valid: text != ""}
}

// clean is a text without what PostgreSQL refuses: NUL, and bytes that are no UTF-8. People can put either into a name.
func clean(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
