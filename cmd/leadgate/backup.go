package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

type backupCommand struct {
	configFile
	File  string `arg:"" help:"The file that the copy becomes."`
	Force bool   `help:"Replace the file if there is one."`
}

// Run makes a consistent copy of the store, while the daemon runs or not, and checks that it is whole.
func (c *backupCommand) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	original, isFile := strings.CutPrefix(cfg.Store.URL, "sqlite:")
	if !isFile {
		return st.Backup(ctx, c.File) // says what to do instead
	}
	original = strings.TrimPrefix(original, "//")
	if err := c.checkTarget(original); err != nil {
		return err
	}
	target := c.File
	if c.Force {
		// It replaces what there is when it is whole, and not before.
		target += ".new"
		if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("back up to %q: %w", c.File, err)
		}
	}
	stop := showGrowth(p, target, original)
	err = st.Backup(ctx, target)
	stop()
	if err != nil {
		return err
	}
	if c.Force {
		if err := os.Rename(target, c.File); err != nil {
			return fmt.Errorf("back up to %q: %w", c.File, errors.Join(err, os.Remove(target)))
		}
	}
	size := "its size is not known"
	if info, err := os.Stat(c.File); err == nil {
		size = fmt.Sprintf("%.1f MB", float64(info.Size())/1e6)
	}
	fmt.Fprintf(p.stdout, "%s is a whole copy of the store: %s. It holds the keys of your numbers: keep it as you keep those.\n", c.File, size)
	return nil
}

// checkTarget refuses a file that is there, unless it may be replaced, and the store itself whatever is said.
func (c *backupCommand) checkTarget(original string) error {
	info, err := os.Stat(c.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // what else can be wrong shows when it is created
	case err != nil:
		return fmt.Errorf("back up to %q: %w", c.File, errors.Unwrap(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("back up to %q: it is no file; name one in a directory that exists", c.File)
	}
	for _, part := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		if own, err := os.Stat(original + part); err == nil && os.SameFile(own, info) {
			return fmt.Errorf("back up to %q: it belongs to the store itself; name another file", c.File)
		}
	}
	if !c.Force {
		return fmt.Errorf("back up to %q: there is such a file already; name another one, or replace it with --force", c.File)
	}
	return nil
}

// showGrowth tells a terminal every second how far a copy is, until it is stopped.
func showGrowth(p *process, target, original string) (stop func()) {
	if !isTerminal(p.stderr) {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				copied, err := os.Stat(target)
				whole, err2 := os.Stat(original)
				if err == nil && err2 == nil && whole.Size() > 0 {
					fmt.Fprintf(p.stderr, "leadgate: %d of about %d MB\n", copied.Size()/1e6, whole.Size()/1e6)
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}
