package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Backup writes a consistent copy of an SQLite store to a file that does not exist yet, while a daemon goes on writing.
// It holds the keys of the numbers, so only its owner can read it.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect == postgres {
		return errors.New("the store is in PostgreSQL: pg_dump makes a copy of it")
	}
	err := createPrivate(path)
	if errors.Is(err, fs.ErrExist) {
		err = errors.New("there is such a file already; name another one")
	}
	if err != nil {
		return fmt.Errorf("back up to %q: %w", path, err)
	}
	if err := s.copyTo(ctx, path); err != nil {
		_ = os.Remove(path) // it is no backup
		return fmt.Errorf("back up to %q: %w", path, err)
	}
	return nil
}

func (s *Store) copyTo(ctx context.Context, path string) error {
	// A connection of its own: that of a reading pool may not write, not even elsewhere.
	pool := s.sqlitePool("mode=rw&_busy_timeout=10000", 1)
	defer pool.Close()
	if _, err := pool.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("copy: %w", explain(err))
	}
	return onDisk(path)
}
