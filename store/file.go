package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// checkFile says plainly what SQLite calls "unable to open database file".
func (s *Store) checkFile() error {
	info, err := os.Stat(s.path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("open store %q: it is a directory; name a file in it, such as %q", s.name, filepath.Join(s.path, "leadgate.db"))
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open store %q: %w", s.name, errors.Unwrap(err))
	case s.opts.ReadOnly:
		return fmt.Errorf("open store %q: there is no such file; \"leadgate run\" creates it", s.name)
	}
	dir := filepath.Dir(s.path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open store %q: directory %q does not exist; create it", s.name, dir)
	}
	return nil
}

// createPrivate creates a file that only its owner can read: a store holds the keys of the numbers. fs.ErrExist means that
// there is one.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("directory %q does not exist; create it", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission to create it; let leadgate's user write to directory %q", filepath.Dir(path))
	case err != nil:
		return fmt.Errorf("create it: %w", errors.Unwrap(err))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create it: %w", err)
	}
	return nil
}

// onDisk returns when a file that was written and its name in the directory would survive a power cut.
func onDisk(path string) error {
	for _, name := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("sync it: %w", err)
		}
		err = f.Sync()
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("sync it: %w", err)
		}
	}
	return nil
}
