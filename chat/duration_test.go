package chat

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "365d": 8760 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0,
		"0.5d": 12 * time.Hour,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "1", "-1h", "1d-2h", "-1d", "1h1d", "a year", "99999999999d", "1e999d", "99999999999h", "1dd"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}
