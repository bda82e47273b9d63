package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"leadgate/config"
	"leadgate/script"
)

type testCommand struct {
	configFile
	Scripts []string `arg:"" name:"script" help:"The scripts to play, each in a business of its own."`
}

// Run plays every script and says which hold; one that does not makes it fail.
func (c *testCommand) Run(ctx context.Context, p *process) error {
	cfg, err := loadConfig(c.Config)
	if err != nil {
		return err
	}
	failed := 0
	for _, file := range c.Scripts {
		if err := playFile(ctx, cfg, file); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed++
			fmt.Fprintln(p.stderr, err)
			continue
		}
		fmt.Fprintf(p.stdout, "ok  %s\n", file)
	}
	if failed > 0 {
		fmt.Fprintf(p.stderr, "leadgate: %d of %d scripts did not hold\n", failed, len(c.Scripts))
		return errReported
	}
	return nil
}

func playFile(ctx context.Context, cfg *config.Config, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return unreadable(file, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Errorf("%s: error: it is a directory; name the scripts in it, as %s", file, filepath.Join(file, "*.txt"))
	}
	s, err := script.Parse(file, f)
	if err != nil {
		return err
	}
	return script.Play(ctx, cfg, s)
}

func unreadable(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: error: there is no such script", file)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: error: no permission to read it", file)
	}
	return fmt.Errorf("%s: error: %w", file, err)
}
