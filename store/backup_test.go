package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/bot"
)

func TestACopyThatIsDamagedIsNoBackup(t *testing.T) {
	s := onSQLite(t).open(Options{})
	lead := ana()
	update(t, s, message("M1", person(lead)), bot.Decision{Lead: &lead})
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for name, damaged := range map[string][]byte{
		"a page of garbage": append(append(bytes.Clone(whole[:page]), bytes.Repeat([]byte{0xA5}, page)...), whole[2*page:]...),
		"cut short":         whole[:len(whole)-page],
		"no database":       bytes.Repeat([]byte("no database "), page),
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkWhole(t.Context(), path); err == nil || !strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
