//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A lock keeps a second daemon away from an SQLite file. The kernel holds it for the process and takes it back when that
// ends, however it ends; the file stays, and means nothing by itself.
type lock struct{ file *os.File }

// An InUseError says that another process writes to an SQLite file. One that only reads may open it all the same.
type InUseError struct {
	Process string // its id
}

func (e InUseError) Error() string {
	return fmt.Sprintf("another leadgate has it open (process %s); end that one first", e.Process)
}

// takeLock locks the file at path, which holds the id of the process that has it. It is a file beside the database:
// opening the database itself and closing it again would end the locks that SQLite has on it.
func takeLock(path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file %q: %w; let the daemon's user write there", path, errors.Unwrap(err))
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		owner, _ := io.ReadAll(io.LimitReader(file, 20)) // only for the message
		_ = file.Close()
		return nil, InUseError{Process: strings.TrimSpace(string(owner))}
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
	return &lock{file: file}, nil
}

// release gives the lock free.
func (l *lock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("release lock: %w", err)
	}
	return nil
}
