package webhook_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/fault"
	"leadgate/webhook"
)

// vectorSecret is that of the test vector of Standard Webhooks 1.0.0.
const vectorSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func options() webhook.Options {
	return webhook.Options{
		Version:    "1.2.3",
		EventTypes: []string{"lead.created", "lead.updated", "conversion.stage_changed", "number.connected"},
		LookupEnv: func(name string) (string, bool) {
			secret, set := map[string]string{"CRM_SECRET": vectorSecret, "EMPTY": "", "WORD": "sesame"}[name]
			return secret, set
		},
		ReadFile: os.ReadFile,
	}
}

func crm() webhook.Config {
	return webhook.Config{Name: "crm", URL: "https://crm.example.com/hooks?key=sesame", SecretEnv: "CRM_SECRET"}
}

func whsec(length int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, length))
}

func TestADestinationThatIsRight(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(vectorSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*webhook.Config){
		"as in the example":  func(*webhook.Config) {},
		"a secret inline":    func(c *webhook.Config) { c.SecretEnv, c.Secret = "", whsec(24) },
		"the longest secret": func(c *webhook.Config) { c.SecretEnv, c.Secret = "", whsec(64) },
		"a secret in a file": func(c *webhook.Config) { c.SecretEnv, c.SecretFile = "", file },
		"events by pattern":  func(c *webhook.Config) { c.Events = []string{"lead.*", "*", "number.connected"} },
		"headers": func(c *webhook.Config) {
			c.Headers = map[string]string{"X-Tenant": "acme", "Authorization": "Bearer x"}
		},
		"this machine, allowed": func(c *webhook.Config) { c.AllowPrivate, c.URL = true, "http://127.0.0.1:5678/hook" },
		"localhost, allowed":    func(c *webhook.Config) { c.AllowPrivate, c.URL = true, "http://localhost:5678/hook" },
		"IPv6, allowed":         func(c *webhook.Config) { c.AllowPrivate, c.URL = true, "http://[::1]:5678/hook" },
	} {
		t.Run(name, func(t *testing.T) {
			c := crm()
			change(&c)
			sender, faults := webhook.New(c, options())
			if sender == nil || len(faults) != 0 {
				t.Fatalf("sender %v, faults:\n%s", sender, faults)
			}
		})
	}
}

func TestEveryFaultOfADestination(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*webhook.Config)
		path    string
		problem string
	}{
		"no name":                {func(c *webhook.Config) { c.Name = " " }, "name", "needs a name"},
		"a name with a newline":  {func(c *webhook.Config) { c.Name = "a\nb" }, "name", `"a\nb"`},
		"no URL":                 {func(c *webhook.Config) { c.URL = "" }, "url", "needs a URL"},
		"not a URL":              {func(c *webhook.Config) { c.URL = "https://crm\x00.example.com/?k=sesame" }, "url", "not a URL"},
		"another scheme":         {func(c *webhook.Config) { c.URL = "ftp://crm.example.com" }, "url", `"ftp://crm.example.com"`},
		"no scheme":              {func(c *webhook.Config) { c.URL = "crm.example.com/hooks" }, "url", "does not begin with https://"},
		"no host":                {func(c *webhook.Config) { c.URL = "https:///hooks" }, "url", "names no host"},
		"port 0":                 {func(c *webhook.Config) { c.URL = "https://crm.example.com:0/" }, "url", `port "0"`},
		"port 99999":             {func(c *webhook.Config) { c.URL = "https://crm.example.com:99999/" }, "url", `port "99999"`},
		"a password":             {func(c *webhook.Config) { c.URL = "https://ana:sesame@crm.example.com/" }, "url", "user name or password"},
		"a fragment":             {func(c *webhook.Config) { c.URL = "https://crm.example.com/#sesame" }, "url", "fragment"},
		"this machine":           {func(c *webhook.Config) { c.URL = "http://127.0.0.1:5678/hook" }, "url", "on this machine"},
		"localhost":              {func(c *webhook.Config) { c.URL = "http://LocalHost.:5678/hook" }, "url", "on this machine"},
		"metadata":               {func(c *webhook.Config) { c.URL, c.AllowPrivate = "http://169.254.169.254/", true }, "url", "link-local"},
		"no secret":              {func(c *webhook.Config) { c.SecretEnv = "" }, "secret", "needs a secret"},
		"two secrets":            {func(c *webhook.Config) { c.Secret = vectorSecret }, "secret_env", "second secret beside secret"},
		"variable not set":       {func(c *webhook.Config) { c.SecretEnv = "CRM_SECRTE" }, "secret_env", `"CRM_SECRTE" is not set`},
		"variable empty":         {func(c *webhook.Config) { c.SecretEnv = "EMPTY" }, "secret_env", `"EMPTY" is empty`},
		"variable not a secret":  {func(c *webhook.Config) { c.SecretEnv = "WORD" }, "secret_env", "does not begin with whsec_"},
		"file that is not there": {func(c *webhook.Config) { c.SecretEnv, c.SecretFile = "", "/nowhere/crm" }, "secret_file", "/nowhere/crm"},
		"secret without prefix":  {func(c *webhook.Config) { c.SecretEnv, c.Secret = "", "sesame" }, "secret", "does not begin with whsec_"},
		"secret not base64":      {func(c *webhook.Config) { c.SecretEnv, c.Secret = "", "whsec_sesame!" }, "secret", "not base64"},
		"secret too short":       {func(c *webhook.Config) { c.SecretEnv, c.Secret = "", whsec(23) }, "secret", "23 bytes"},
		"secret too long":        {func(c *webhook.Config) { c.SecretEnv, c.Secret = "", whsec(65) }, "secret", "65 bytes"},
		"an unknown event":       {func(c *webhook.Config) { c.Events = []string{"lead.*", "laed.*"} }, "events[1]", `"laed.*"`},
		"a broken pattern":       {func(c *webhook.Config) { c.Events = []string{"lead.["} }, "events[0]", `"lead.["`},
		"an invalid header":      {func(c *webhook.Config) { c.Headers = map[string]string{"X Tenant": "a"} }, "headers.X Tenant", `"X Tenant"`},
		"a broken header value":  {func(c *webhook.Config) { c.Headers = map[string]string{"X-T": "sesame\r\nHost: x"} }, "headers.X-T", "control character"},
		"our own header":         {func(c *webhook.Config) { c.Headers = map[string]string{"webhook-id": "1"} }, "headers.webhook-id", "leadgate itself"},
		"a header of HTTP":       {func(c *webhook.Config) { c.Headers = map[string]string{"Host": "x"} }, "headers.Host", "leadgate itself"},
		"a header twice":         {func(c *webhook.Config) { c.Headers = map[string]string{"X-T": "1", "x-t": "2"} }, "headers.x-t", "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			c := crm()
			test.change(&c)
			sender, faults := webhook.New(c, options())
			if sender != nil || len(faults.Errors()) != 1 {
				t.Fatalf("sender %v, faults:\n%s", sender, faults)
			}
			got := faults.Errors()[0]
			if got.Path != test.path || !strings.Contains(got.Problem, test.problem) {
				t.Errorf("fault %q, want one at %q that says %q", got, test.path, test.problem)
			}
			if strings.Contains(faults.Error(), "sesame") {
				t.Errorf("the fault tells a secret: %s", faults)
			}
		})
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, faults := webhook.New(webhook.Config{
		URL: "mailto:x", SecretEnv: "CRM_SECRTE", Events: []string{"laed.*"}, Headers: map[string]string{"Host": "x"},
	}, options())
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != "name url secret_env events[0] headers.Host" {
		t.Fatalf("faults at %s", got)
	}
}

func TestABadSecretSaysHowToMakeAGoodOne(t *testing.T) {
	c := crm()
	c.SecretEnv, c.Secret = "", "sesame"
	_, faults := webhook.New(c, options())
	if !strings.Contains(faults.Error(), "openssl rand -base64 32") {
		t.Fatal(faults)
	}
}

func TestUnencryptedHTTPIsAWarning(t *testing.T) {
	c := crm()
	c.URL = "http://crm.example.com/hooks?key=sesame"
	sender, faults := webhook.New(c, options())
	want := fault.List{{Path: "url", Problem: `"http://crm.example.com/hooks?…" is not encrypted: ` +
		"names and phones travel in the open", Hint: "use https://", Warning: true}}
	if sender == nil || len(faults) != 1 || faults[0] != want[0] {
		t.Fatalf("sender %v, faults %v", sender, faults)
	}
}

func FuzzADestinationIsEitherMadeOrFaulty(f *testing.F) {
	f.Add("crm", "https://ana:sesame@crm.example.com:1/?sesame#sesame", "whsec_sesame", "lead.*", "X-Tenant", "sesame")
	f.Add("", "http://[::1%25eth0]:99999999/", "whsec_", "[", "", "\x00")
	f.Fuzz(func(t *testing.T, name, url, secret, event, header, value string) {
		sender, faults := webhook.New(webhook.Config{
			Name: name, URL: url, Secret: secret, Events: []string{event}, Headers: map[string]string{header: value},
		}, options())
		if (sender == nil) != (faults.Err() != nil) {
			t.Fatalf("sender %v, faults %v", sender, faults)
		}
	})
}
