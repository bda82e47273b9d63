package whatsapp

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"

	"go.mau.fi/libsignal/logger"
	waBinary "go.mau.fi/whatsmeow/binary"
	waLog "go.mau.fi/whatsmeow/util/log"
)

// log hands whatsmeow's lines to slog. Only its errors are for the operator, as warnings and without phones: what an
// operator acts on, this package says itself when a number's state changes. The rest is for debugging.
type log struct {
	log  *slog.Logger
	part string
	err  slog.Level // of its errors
}

func newLog(l *slog.Logger, part string) waLog.Logger { return &log{l, part, slog.LevelWarn} }

func (l *log) Errorf(format string, args ...any) { l.write(l.err, format, args) }
func (l *log) Warnf(format string, args ...any)  { l.write(slog.LevelDebug, format, args) }
func (l *log) Infof(format string, args ...any)  { l.write(slog.LevelDebug, format, args) }

// Debugf writes whole stanzas in cleartext, only when debug is on.
func (l *log) Debugf(format string, args ...any) { l.write(slog.LevelDebug, format, args) }

// Sub names a part of whatsmeow. The errors of the socket are the ends of connections, which are states of the number.
func (l *log) Sub(module string) waLog.Logger {
	sub := &log{l.log, l.part + "/" + module, l.err}
	if module == "Socket" {
		sub.err = slog.LevelDebug
	}
	return sub
}

func (l *log) write(level slog.Level, format string, args []any) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	said := fmt.Sprintf(format, withoutStanzas(args, level)...)
	if level > slog.LevelDebug {
		said = longNumbers.ReplaceAllString(said, "…")
	}
	l.log.Log(ctx, level, "whatsmeow", "part", l.part, "said", said)
}

// longNumbers are the digits of phones and LIDs.
var longNumbers = regexp.MustCompile(`\d{6,}`)

// withoutStanzas leaves of a stanza only its tag, unless for debugging: it holds names and addresses.
func withoutStanzas(args []any, level slog.Level) []any {
	if level <= slog.LevelDebug {
		return args
	}
	kept := make([]any, len(args))
	for i, arg := range args {
		if node, ok := arg.(*waBinary.Node); ok {
			arg = "<" + node.Tag + ">"
		}
		kept[i] = arg
	}
	return kept
}

// silenceSignal takes libsignal's logger away from standard output, where it writes unless told otherwise. libsignal
// keeps one logger for the process.
func silenceSignal(l *slog.Logger) {
	if _, done := logger.Logger.(signalLog); done {
		return
	}
	var quiet logger.Loggable = signalLog{l}
	logger.Setup(&quiet)
}

// signalLog hands libsignal's complaints to slog for debugging: whatsmeow reports what matters of them. What libsignal
// says of its own at the lower levels holds the keys of messages, which belong into no log.
type signalLog struct{ log *slog.Logger }

func (s signalLog) Debug(string, string)        {}
func (s signalLog) Info(string, string)         {}
func (s signalLog) Warning(caller, said string) { s.write(caller, said) }
func (s signalLog) Error(caller, said string)   { s.write(caller, said) }

// Configure is libsignal's way of choosing callers; slog's level decides here.
func (s signalLog) Configure(string) {}

func (s signalLog) write(caller, said string) {
	s.log.Debug("libsignal", "caller", caller, "said", said)
}
