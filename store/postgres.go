package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// connectTimeout bounds an attempt to reach the server, unless the url says otherwise.
	connectTimeout = 10 * time.Second

	// abandoned makes the server end the transaction of a daemon that it has not heard of for so long, and with it the
	// lock that the others wait for. A daemon's own pauses within a transaction are far below a second.
	abandoned = `SET idle_in_transaction_session_timeout = '20s'`

	// byIndex keeps the planner to the indexes that every writing statement has. After a burst its statistics are stale,
	// and it reads whole tables: a turn of a thousand deliveries then took 300 ms and more instead of 50.
	byIndex = `SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off`

	// numberConns is how many connections whatsmeow may use for all numbers of a daemon.
	numberConns = 8
)

// openPostgres connects to the database that url names.
func (s *Store) openPostgres(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// What pgx says holds the url, and the url a password.
		return errors.New(`the store's url can't be read; it looks like "postgres://USER:PASSWORD@HOST:5432/DATABASE", ` +
			`with what is not a letter or digit in the password written as %XX`)
	}
	s.name = fmt.Sprintf("postgres://%s:%d/%s", config.Host, config.Port, config.Database)
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "leadgate"
	}
	s.writes = postgresPool(config, 1, abandoned+"; "+byIndex)
	s.reads = postgresPool(config, readers, abandoned)
	s.numbers = postgresPool(config, numberConns, abandoned)
	if err := s.writes.PingContext(ctx); err != nil {
		return fmt.Errorf("open store %q: %w", s.name, unreachable(err, config.Password))
	}
	return nil
}

// postgresPool is a pool of at most n connections, each of which begins with the settings.
func postgresPool(config *pgx.ConnConfig, n int, settings string) *sql.DB {
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, settings); err != nil {
			return fmt.Errorf("set up connection: %w", err)
		}
		return nil
	}))
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool
}

// prepareNumbers creates the table of whatsmeow's schema versions, in the words of whatsmeow's library (dbutil). That
// looks for it in every schema of the database, and would take that of another business for this one's.
func (s *Store) prepareNumbers(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const table = `CREATE TABLE IF NOT EXISTS whatsmeow_version (version INTEGER, compat INTEGER)`
		if _, err := tx.ExecContext(ctx, table); err != nil {
			return fmt.Errorf("make room for the numbers' keys: %w", err)
		}
		return nil
	})
}

// unreachable puts a failed connection into one line on which somebody can act.
func unreachable(err error, password string) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "28P01", "28000":
			return fmt.Errorf("the server refuses user or password: %s", refused.Message)
		case "3D000":
			return fmt.Errorf("%s; create it, or name another one", refused.Message)
		}
		return fmt.Errorf("the server refuses: %s", refused.Message)
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if password != "" {
		text = strings.ReplaceAll(text, password, "…")
	}
	return fmt.Errorf("the server can't be reached; is it running, and is the address right? %s", text)
}
