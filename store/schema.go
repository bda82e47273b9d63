package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// migrations are the steps by which the schema came to be, in the order of their names. A step that has been released
// is never changed; what has to change becomes another step.
//
//go:embed migration/*.sql
var migrations embed.FS

// errNewer marks a database that a newer leadgate has written.
var errNewer = errors.New("it was written by a newer leadgate")

// migrate brings the schema to what this program knows, in one transaction that also keeps out others who would do the
// same.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := s.steps()
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const table = `CREATE TABLE IF NOT EXISTS leadgate_schema (version BIGINT NOT NULL)`
		if _, err := tx.ExecContext(ctx, table); err != nil {
			return fmt.Errorf("create the table of schema versions: %w", err)
		}
		version, err := schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		if version > len(steps) {
			return fmt.Errorf("%w (schema %d, this one knows %d): install that version again", errNewer, version, len(steps))
		}
		for i := version; i < len(steps); i++ {
			if _, err := tx.ExecContext(ctx, steps[i]); err != nil {
				return fmt.Errorf("migrate to schema %d: %w", i+1, err)
			}
		}
		if version == len(steps) {
			return nil
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM leadgate_schema`); err != nil {
			return fmt.Errorf("forget schema version %d: %w", version, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO leadgate_schema (version) VALUES ($1)`, len(steps)); err != nil {
			return fmt.Errorf("record schema version %d: %w", len(steps), err)
		}
		return nil
	})
}

// checkSchema refuses a database whose schema is not exactly what this program reads.
func (s *Store) checkSchema(ctx context.Context) error {
	steps, err := s.steps()
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, s.reads)
	switch {
	case err != nil:
		return fmt.Errorf("it holds no data of leadgate; \"leadgate run\" creates it: %w", err)
	case version > len(steps):
		return fmt.Errorf("%w (schema %d, this one knows %d): install that version again", errNewer, version, len(steps))
	case version < len(steps):
		return fmt.Errorf("it was written by an older leadgate (schema %d of %d); \"leadgate run\" brings it up to date",
			version, len(steps))
	}
	return nil
}

// schemaVersion is how many of the steps a database has been through.
func schemaVersion(ctx context.Context, q querier) (int, error) {
	var version int
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM leadgate_schema`).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// steps are the migrations in the words of the store's database. They are written for SQLite; for PostgreSQL the few
// words that differ are replaced.
func (s *Store) steps() ([]string, error) {
	names, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	words := strings.NewReplacer()
	if s.dialect == postgres {
		words = strings.NewReplacer(
			"INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
			"INTEGER", "BIGINT",
			"BLOB", "BYTEA",
			") STRICT, WITHOUT ROWID;", ");",
			") STRICT;", ");",
		)
	}
	steps := make([]string, len(names))
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read migration %q: %w", name, err)
		}
		steps[i] = words.Replace(string(text))
	}
	return steps, nil
}
