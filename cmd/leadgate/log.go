package main

import (
	"io"
	"log/slog"
)

// newLogger writes one line for each change of state on which an operator acts. With debug it also writes phones and
// texts.
func newLogger(w io.Writer, debug bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
