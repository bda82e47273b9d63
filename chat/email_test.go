package chat

import (
	"strings"
	"testing"
)

func TestAnAddressIsComparedInSmallLetters(t *testing.T) {
	for text, want := range map[string]string{
		" Ana@Example.COM ": "ana@example.com", "ana+ad@example.com": "ana+ad@example.com", "josé@exemplo.com.br": "josé@exemplo.com.br",
		"": "", "ana": "", "ana@": "", "@example.com": "", "Ana <ana@example.com>": "", "a b@example.com": "", "ana@example.com, b@c.de": "",
		strings.Repeat("a", 250) + "@example.com": "",
	} {
		if got := NormalEmail(text); got != want {
			t.Errorf("%.40q is %q, want %q", text, got, want)
		}
	}
}
