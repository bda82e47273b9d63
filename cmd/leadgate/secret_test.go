package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// aSecret stands in every secret of these tests. It is base64, too.
const aSecret = "hunter2hunter2hunter2hunter2hunter2hunte"

const secretiveConfig = `
country = "BR"
[store]
%s
[http]
listen = "127.0.0.1:0"
[[http.token]]
name = "inline"
token = %s
[[http.token]]
name = "env"
token_env = "A_TOKEN"
[[http.token]]
name = "file"
token_file = "token"
[[number]]
name = "front-desk"
phone = "+5511987650001"
[[funnel]]
name = "Sales"
  [[funnel.stage]]
  name = "Lead Entry"
    [[funnel.stage.trigger]]
    phrase = "I came from Instagram"
    source = "Instagram"
[[destination]]
name = "inline"
url = %s
secret = %s
[[destination]]
name = "env"
url = "https://crm.example.com/env"
secret_env = "A_SECRET"
headers = { Authorization = "Bearer hunter2" }
[[destination]]
name = "file"
url = "https://crm.example.com/file"
secret_file = "secret"
`

// A secretive business has a secret wherever one can be; every field is a line or a value of its config.
type secretive struct{ store, token, url, secret, env string }

func sound() secretive {
	return secretive{
		store: `url = "postgres://leadgate:hunter2@127.0.0.1:1/leadgate?connect_timeout=5"`, token: `"inline-hunter2-inline-hunter2"`,
		url: `"https://crm.example.com/hooks?key=hunter2"`, secret: `"whsec_` + aSecret + `"`, env: "whsec_env" + aSecret + "A",
	}
}

func TestNoCommandShowsASecretWhateverIsWrong(t *testing.T) {
	business := sound()
	if out := business.run(t, business.write(t), "check"); !strings.Contains(out, "no problems found") {
		t.Fatalf("without a fault: %s", out)
	}
	for name, change := range map[string]func(*secretive){
		"nothing":                       func(*secretive) {},
		"store URL of another kind":     func(s *secretive) { s.store = `url = "mysql://leadgate:hunter2@db/leadgate"` },
		"store URL that is none":        func(s *secretive) { s.store = `url = "postgres://leadgate:hunter2@[db/leadgate"` },
		"store URL of a wrong type":     func(s *secretive) { s.store = `url = ["postgres://leadgate:hunter2@db/leadgate"]` },
		"store URL without quotes":      func(s *secretive) { s.store = `url = postgres://leadgate:hunter2@db/leadgate` },
		"store URL twice":               func(s *secretive) { s.store += "\nurl_env = \"A_SECRET\"" },
		"store URL from the wrong env":  func(s *secretive) { s.store = `url_env = "A_SECRET"` },
		"token without quotes":          func(s *secretive) { s.token = `hunter2hunter2` },
		"token not closed":              func(s *secretive) { s.token = `"hunter2hunter2` },
		"token too short":               func(s *secretive) { s.token = `"hunter2"` },
		"token in a table":              func(s *secretive) { s.token = `{ value = "hunter2hunter2" }` },
		"URL with a password":           func(s *secretive) { s.url = `"https://leadgate:hunter2@crm.example.com/hooks"` },
		"URL that is none":              func(s *secretive) { s.url = `"https://leadgate:hunter2@crm.example.com:port/%zz"` },
		"URL of a wrong type":           func(s *secretive) { s.url = `{ of = "https://leadgate:hunter2@crm.example.com" }` },
		"secret that is no base64":      func(s *secretive) { s.secret = `"whsec_hunter2!"` },
		"secret without its beginning":  func(s *secretive) { s.secret = `"hunter2"` },
		"secret after an escape":        func(s *secretive) { s.secret = `"\qhunter2"` },
		"secret on two lines":           func(s *secretive) { s.secret = "\"whsec_hunter2\nhunter2\"" },
		"environment that is no base64": func(s *secretive) { s.env = "whsec_hunter2!" },
	} {
		t.Run(name, func(t *testing.T) {
			business := sound()
			change(&business)
			dir := business.write(t)
			for _, args := range [][]string{
				{"check"}, {"explain", "hello"}, {"links"}, {"test", "script.txt"}, {"pair", "front-desk"}, {"deliveries"},
				{"deliveries", "retry", "1"}, {"run", "--debug"},
			} {
				out := business.run(t, dir, args...)
				if out == "" {
					t.Errorf("%q says nothing", args)
				}
				if strings.Contains(strings.ToLower(out), "hunter") {
					t.Errorf("%q shows a secret:\n%s", args, out)
				}
			}
		})
	}
}

func (s secretive) write(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"leadgate.toml": fmt.Sprintf(secretiveConfig, s.store, s.token, s.url, s.secret),
		"token":         "file-hunter2-file-hunter2\n", "secret": s.env + "\n", "script.txt": "expect nothing\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run returns all that a command says.
func (s secretive) run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asLeadgate+"=1", "A_TOKEN=env-hunter2-env-hunter2", "A_SECRET="+s.env)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // most of them fail
	if cmd.ProcessState == nil {
		t.Fatalf("%q did not run", args)
	}
	return out.String()
}
