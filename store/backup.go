package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Backup writes a consistent copy of an SQLite store to a file that does not exist yet, while a daemon goes on writing, and
// reads the copy through to see that it is whole. It holds the keys of the numbers, so only its owner can read it.
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
	if err := checkWhole(ctx, path); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	return onDisk(path)
}

// checkWhole reads an SQLite file through and says what is wrong with it.
func checkWhole(ctx context.Context, path string) error {
	copied := &Store{dialect: sqlite, path: path}
	pool := copied.sqlitePool("mode=ro", 1)
	defer pool.Close()
	var said string
	if err := pool.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&said); err != nil {
		return fmt.Errorf("it is damaged, look at the disk: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("it is damaged, look at the disk: %q", said)
	}
	return nil
}
