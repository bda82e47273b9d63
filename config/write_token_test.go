package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheTokenThatOpensTheDaemonIsTheFirstThatMayWrite(t *testing.T) {
	const reader = "[[http.token]]\nname = \"watcher\"\ntoken = \"reads-reads-reads\"\n"
	const writer = "[[http.token]]\nname = \"desk\"\nscope = \"write\"\n"
	for text, want := range map[string]string{
		reader + writer + `token = "writes-writes-writes"`:     "writes-writes-writes",
		writer + `token_env = "SET"` + "\n" + reader:           "0123456789abcdef0123456789abcdef",
		reader + writer + `token_file = "secret"`:              "from-a-file-from-a-file",
		reader + "scope = \"read\"\n":                          "",
		writer + `token_env = "UNSET"`:                         "",
		writer + "token = \"a\"\ntoken_env = \"SET\"":          "",
		"[[http.token]\n":                                      "",
		"[http]\ntoken = 7\n":                                  "",
		writer + "token = \"one-one\"\n" + writer + `token=""`: "one-one",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "leadgate.toml")
		for name, content := range map[string]string{path: text, filepath.Join(dir, "secret"): "from-a-file-from-a-file\n"} {
			if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, ok := WriteToken(path, surroundings()); got != want || ok != (want != "") {
			t.Errorf("of\n%s\nit is %q, %t; want %q", text, got, ok, want)
		}
	}
	if got, ok := WriteToken(filepath.Join(t.TempDir(), "nothere.toml"), surroundings()); got != "" || ok {
		t.Errorf("of no file it is %q", got)
	}
}
