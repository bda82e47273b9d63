package whatsapp

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestNoKeyOfAMessageIsLoggedEvenForDebugging(t *testing.T) {
	var written bytes.Buffer
	log := signalLog{slog.New(slog.NewTextHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	log.Debug("SessionCipher.go", "Using cipherKey: [1 2 3]")
	log.Info("SessionCipher.go", "Using cipherKey: [1 2 3]")
	log.Warning("SessionCipher.go", "no session")
	log.Error("SessionCipher.go", "bad mac")
	if got := written.String(); strings.Contains(got, "cipherKey") || !strings.Contains(got, "no session") || !strings.Contains(got, "bad mac") {
		t.Errorf("logged\n%s", got)
	}
}
