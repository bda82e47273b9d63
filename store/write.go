package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// maxRepeats is how often a transaction is begun again when the database asks for it. With one writer at a time that
// takes somebody else at the database; more than a few times in a row means that it does not end by itself.
const maxRepeats = 5

// gateTimeout bounds the wait for other writers of this process. None holds the gate for longer than a transaction, so
// whoever waits this long waits for one that hangs.
const gateTimeout = 30 * time.Second

var (
	errReadOnly   = errors.New("the store is open for reading only")
	errImpossible = errors.New("impossible decision") // it contradicts what is stored
	errNothing    = errors.New("nothing to write")    // from a writing function: roll back, and that is no error
)

// write runs do in the writing transaction, and again when the database asks for that. Everything that do wrote is
// committed, or nothing: when it fails, returns errNothing, panics (which goes on to the caller), or when ctx ends. An
// error of the commit itself leaves open on PostgreSQL whether it took place, when the connection broke just then.
func (s *Store) write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if s.opts.ReadOnly {
		return errReadOnly
	}
	var err error
	for range maxRepeats {
		err = s.writeOnce(ctx, do)
		if !wantsRepeat(err) {
			break
		}
	}
	if errors.Is(err, errNothing) {
		return nil
	}
	s.health.wrote(err)
	return err
}

func (s *Store) writeOnce(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	inner := s.within(ctx)
	tx, err := s.writes.BeginTx(inner, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback()
	if s.dialect == postgres {
		// The schema tells businesses apart that share a database.
		const lockWriters = `SELECT pg_advisory_xact_lock(1818584931, hashtext(current_schema()))`
		if _, err := tx.ExecContext(inner, lockWriters); err != nil {
			return fmt.Errorf("wait for the other writers: %w", err)
		}
	}
	if err := do(inner, tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// within is the context of the statements of a transaction. On SQLite, where each takes microseconds and watching the
// context costs as much again, they run to their end; the transaction looks at the context before it commits.
func (s *Store) within(ctx context.Context) context.Context {
	if s.dialect == sqlite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// wantsRepeat reports whether the database asks for the transaction to be begun again.
func wantsRepeat(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
			return true
		}
	}
	return false
}

// refused reports whether the write was at fault and not the database: it broke a constraint of the schema.
func refused(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.Code == sqlite3.ErrConstraint
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23") // data exception, constraint violation
	}
	return errors.Is(err, errImpossible)
}

// A gate lets one writer of this process through at a time, in the order in which they came. SQLite alone would make
// them poll for its lock, and who is unlucky long enough finds the database locked.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// enter waits for the writer before, until the context ends or gateTimeout is over. Leave lets the next one in.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g <- struct{}{}:
		return g.leave, nil
	default:
	}
	timer := time.NewTimer(gateTimeout)
	defer timer.Stop()
	select {
	case g <- struct{}{}:
		return g.leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("the store's writer has been busy for %s", gateTimeout)
	}
}

func (g gate) leave() { <-g }
