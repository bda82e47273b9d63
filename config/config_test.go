package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/routing"
)

// surroundings has one environment variable, SET.
func surroundings() Env {
	return func(name string) (string, bool) {
		if name == "SET" {
			return "0123456789abcdef0123456789abcdef", true
		}
		return "", false
	}
}

func written(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	r.Write(&b)
	return b.String()
}

// Each conf.WHAT-IS-WRONG.toml has a report beside it, word for word.
func TestEveryFaultIsReportedWithItsLineAndHint(t *testing.T) {
	files, err := filepath.Glob("testdata/conf.*.toml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d configurations to test: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			config, report := Load(file, surroundings())
			if (config == nil) != (report.Err() != nil) {
				t.Errorf("config %v with error %v", config, report.Err())
			}
			got := written(t, report)
			if strings.Contains(got, "s3cret") || strings.Contains(got, "must-not-be-shown") || strings.Contains(got, "0099887766554433") {
				t.Errorf("the report shows a secret:\n%s", got)
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".txt", got)
		})
	}
}

// golden compares with a file, which LEADGATE_UPDATE_GOLDEN=1 writes anew.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("LEADGATE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s says\n%s\nand the report is\n%s", file, want, got)
	}
}

func TestEightDifferentFaultsAreReportedInOneGo(t *testing.T) {
	_, report := Load("testdata/conf.eight-faults.toml", surroundings())
	var lines []int
	for _, f := range report.Findings {
		lines = append(lines, f.Line)
	}
	want := []int{3, 6, 10, 13, 21, 26, 28, 35}
	if len(lines) != len(want) {
		t.Fatalf("faults on lines %v, want %v:\n%s", lines, want, written(t, report))
	}
	for i := range want {
		if lines[i] != want[i] {
			t.Fatalf("faults on lines %v, want %v:\n%s", lines, want, written(t, report))
		}
	}
}

func TestWhatIsNotSetHasItsDefault(t *testing.T) {
	config, report := Load("testdata/conf.valid.toml", surroundings())
	if config == nil {
		t.Fatal(written(t, report))
	}
	store, err := filepath.Abs("testdata/leadgate.db")
	if err != nil {
		t.Fatal(err)
	}
	if config.Timezone != time.UTC || config.Language != "en" || config.Country != "" || config.HTTP.Listen != "127.0.0.1:8080" ||
		config.Store != (Store{URL: "sqlite:" + store}) || config.WhatsApp != (WhatsApp{DeviceName: "leadgate"}) {
		t.Errorf("%+v", config)
	}
	if len(config.Numbers) != 1 || config.Numbers[0].Phone != "+5511987650001" || len(config.Destinations) != 1 ||
		config.Destinations[0].Sender == nil || config.Conversion == nil {
		t.Errorf("%+v", config)
	}
	if n := config.Numbers[0]; n.Pace != chat.DefaultPace() || n.Labels {
		t.Errorf("%+v", n)
	}
}

func TestEveryPartHasAPolicyWhetherItIsConfiguredOrNot(t *testing.T) {
	for _, file := range []string{"testdata/conf.valid.toml", "testdata/conf.only-autoresponses.toml", exampleFile} {
		config, report := Load(file, surroundings())
		if config == nil {
			t.Fatal(written(t, report))
		}
		p := config.Policy()
		if p.Conversion == nil || p.Opportunities == nil || p.Responses == nil || p.Routing == nil {
			t.Errorf("%s leaves a policy out: %+v", file, p)
		}
	}
}

func TestTheBotGoesByWhatTheExampleSays(t *testing.T) {
	config, report := Load(exampleFile, surroundings())
	if config == nil {
		t.Fatal(written(t, report))
	}
	p := config.Policy()
	if p.Language != "pt" || !p.Numbers[0].Labels || p.Numbers[0].Pace != (chat.Pace{PerMinute: 30, Burst: 5}) {
		t.Errorf("language %q, number %+v", p.Language, p.Numbers[0])
	}
	if !p.Responses.Responds("front-desk") || p.Responses.Session("front-desk") != 24*time.Hour {
		t.Error("the number does not respond, or not for a day")
	}
	if offered := p.Opportunities.Choices("front-desk"); len(offered) != 2 || offered[0].Value != "AI" {
		t.Errorf("offered is %v", offered)
	}
	saoPaulo, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{time.Date(2026, 11, 23, 10, 0, 0, 0, saoPaulo), true},
		{time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), false}, // seven in the morning
		{time.Date(2026, 12, 24, 10, 0, 0, 0, saoPaulo), false}, // maria's holiday
		{time.Date(2026, 12, 25, 10, 0, 0, 0, saoPaulo), false}, // everybody's
	} {
		if got, reason := p.Routing.Available("maria", routing.AgentState{}, c.at); got != c.want {
			t.Errorf("at %v maria is available: %v %s", c.at, got, reason)
		}
	}
}

func TestLineEndsAndByteOrderMarksDoNotMatter(t *testing.T) {
	data, err := os.ReadFile("testdata/conf.eight-faults.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, want := Parse(data, "leadgate.toml", surroundings())
	dos := append([]byte("\xef\xbb\xbf"), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))...)
	if _, got := Parse(dos, "leadgate.toml", surroundings()); written(t, got) != written(t, want) {
		t.Errorf("%s\nand with CRLF and BOM\n%s", written(t, want), written(t, got))
	}
}

func TestAMissingFileSaysWhichFlagNamesIt(t *testing.T) {
	_, report := Load(filepath.Join(t.TempDir(), "leadgate.toml"), surroundings())
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "-c FILE") {
		t.Errorf("got %v", err)
	}
	_, report = Load(t.TempDir(), surroundings())
	if err := report.Err(); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("got %v", err)
	}
}

func TestSecretsComeFromFilesBesideTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "token"), []byte("  0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const numbers = "[[number]]\nname = \"a\"\nphone = \"+5511987650001\"\n[[http.token]]\nname = \"t\"\n"
	inline, report := Parse([]byte(numbers+`token = "0123456789abcdef"`), filepath.Join(dir, "leadgate.toml"), surroundings())
	if inline == nil {
		t.Fatal(written(t, report))
	}
	file, report := Parse([]byte(numbers+`token_file = "token"`), filepath.Join(dir, "leadgate.toml"), surroundings())
	if file == nil {
		t.Fatal(written(t, report))
	}
	if file.HTTP.Tokens[0] != inline.HTTP.Tokens[0] || file.HTTP.Tokens[0].Scope != ScopeRead {
		t.Errorf("%+v and %+v", file.HTTP.Tokens, inline.HTTP.Tokens)
	}
}

func TestAMegabyteOfAnythingIsHarmlessAndQuick(t *testing.T) {
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	for name, text := range map[string]string{
		"brackets":         fill("["),
		"a deep list":      "a = " + fill("["),
		"deep tables":      "a = " + fill("{a="),
		"a dotted key":     fill("a.") + "a = 1",
		"unknown keys":     fill("[[numbr]]\nphon = 1\n"),
		"equals signs":     fill("="),
		"quotes":           fill(`"`),
		"lines of garbage": fill("no = toml here\n"),
		"null bytes":       fill("\x00"),
		"no UTF-8":         fill("\xff"),
		"a long string":    `timezone = "` + fill("é") + `"`,
		"one line":         "language = \"" + fill(`\"`) + "\"",
		"escaped key":      `"` + fill(`\u00e9`) + `" = 1`,
		"open string":      `a = """` + fill(`\n"`),
		"many numbers":     fill("[[number]]\nname = \"a\"\nphone = \"+5511987650001\"\n"),
		"nameless rules":   fill("[[rule]]\nnaem = \"a\"\n"),
		"many options":     "[[autoresponse]]\nnumber = \"a\"\n[autoresponse.first]\noptions = [" + fill("{type=\"c\"},") + "]",
		"wrong types":      "[[number]]\nignore = [" + fill("1,") + "]",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			config, report := Parse([]byte(text), "leadgate.toml", surroundings())
			if config != nil || report.Err() == nil {
				t.Error("passes")
			}
			if out := written(t, report); len(out) > 100_000 {
				t.Errorf("the report has %d bytes", len(out))
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("took %v", took)
			} else {
				t.Log(took)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/conf.*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, report := Parse(data, "testdata/fuzz.toml", surroundings())
		if (config == nil) != (report.Err() != nil) {
			t.Errorf("config %v with error %v", config, report.Err())
		}
		lines := max(1, bytes.Count(data, []byte("\n"))+1)
		before := 0
		for _, f := range report.Findings {
			if f.Line < 1 || f.Line > lines || f.Line < before || f.Problem == "" {
				t.Errorf("finding %+v in a file of %d lines, after one on line %d", f, lines, before)
			}
			before = f.Line
		}
		if _, again := Parse(data, "testdata/fuzz.toml", surroundings()); written(t, again) != written(t, report) {
			t.Errorf("read twice it says\n%s\nand\n%s", written(t, report), written(t, again))
		}
	})
}
