package script

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/config"
)

func load(t testing.TB, path string) *config.Config {
	t.Helper()
	cfg, report := config.Load(path, func(string) (string, bool) { return "", false })
	if cfg == nil {
		t.Fatal(report.Err())
	}
	return cfg
}

// Each directory of conversations has the leadgate.toml against which they are played.
func TestEveryConversationComesOutAsItSays(t *testing.T) {
	files := conversations(t)
	if len(files) < 40 {
		t.Fatalf("there are only %d conversations", len(files))
	}
	for _, file := range files {
		name, err := filepath.Rel("../testdata", strings.TrimSuffix(file, ".txt"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse(file, bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := Play(t.Context(), load(t, filepath.Join(filepath.Dir(file), "leadgate.toml")), s); err != nil {
				t.Error(err)
			}
		})
	}
}

// conversations are the scripts in testdata and all directories below it.
func conversations(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir("../testdata", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".txt" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// play plays a text against the shared configuration.
func play(t *testing.T, text string) error {
	t.Helper()
	s, err := Parse("a.txt", strings.NewReader(text))
	if err != nil {
		return err
	}
	return Play(t.Context(), load(t, "../testdata/leadgate.toml"), s)
}

func TestAFailedExpectationSaysWhatWasExpectedAndWhatHappened(t *testing.T) {
	const entry = "lead +5511911112222 \"Ana\" to front-desk: I came from Instagram\n"
	for statement, happened := range map[string]string{
		`expect lead +5511911112222 source "My Blog"`:                     `lead +5511911112222 has source "Instagram"`,
		`expect lead +5511911112222 last "My Blog" name "Bia"`:            `has last source "Instagram", name "Ana"`,
		`expect lead +5511911112222 field course "AI"`:                    `has field course ""`,
		`expect lead +5511911113333`:                                      "there is no such lead",
		`expect no lead +5511911112222`:                                   `source "Instagram" and stage "Lead Entry" of funnel "Sales"`,
		`expect stage +5511911112222 "Scheduling"`:                        `has stage "Lead Entry" of funnel "Sales"`,
		`expect stage +5511911112222 "Question" funnel "Support"`:         `has stage "Lead Entry" of funnel "Sales"`,
		`expect funnel "Sales" "Lead Entry" 2, "Sale" 0`:                  `"Lead Entry" 1, "Sale" 0`,
		`expect event lead.returned`:                                      "lead.created of +5511911112222; conversion.stage_changed of +5511911112222",
		`expect event lead.created +5511911113333`:                        "lead.created of +5511911112222",
		`expect event lead.created data.lead.source "My Blog"`:            `lead.created of +5511911112222, data.lead.source "Instagram"`,
		`expect event lead.created data.nothing null`:                     "no data.nothing",
		`expect event conversion.stage_changed data.lead.stages.Sales 12`: `data.lead.stages.Sales "Lead Entry"`,
		`expect no event lead.created +5511911112222`:                     "lead.created of +5511911112222",
		`expect nothing`: "lead.created of +5511911112222",
	} {
		err := play(t, entry+"\n"+statement+" # whatever\n")
		var failure *Failure
		if !errors.As(err, &failure) {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		if failure.Line != 3 || failure.Script != "a.txt" || !strings.HasPrefix(failure.Statement, statement) ||
			failure.Expected == "" || !strings.Contains(failure.Happened, happened) {
			t.Errorf("%s\n%v", statement, err)
		}
	}
}

func TestWhatCanNotBeReadIsReportedWithItsLine(t *testing.T) {
	lines := map[string]string{
		`led +5511911112222: hi`:                       `unknown action "led"; did you mean "lead"?`,
		`lead 5511 hi`:                                 `unknown modifier "hi"`,
		`lead Ana: hi`:                                 `a phone is wanted where "Ana" stands`,
		`lead +5511911112222`:                          `a text is missing`,
		`lead +5511911112222 hiden: hi`:                `unknown modifier "hiden"; did you mean "hidden"?`,
		`lead +5511911112222 hidden hidden: hi`:        `"hidden" is there twice`,
		`lead +5511911112222 ad: hi`:                   `the id of an ad is missing`,
		`lead +5511911112222 via: hi`:                  `"via" goes on with "link"`,
		`lead +5511911112222 again: hi`:                `takes no text`,
		`lead +5511911112222 "Ana`:                     `a double quote is not closed`,
		`lead +5511911112222 "Ana"to front-desk: hi`:   `a blank is missing after "Ana"`,
		`at 2026-13-01 10:00`:                          `no date and time`,
		`at 2026-11-23`:                                `a time, like 10:00, is missing`,
		`after tomorrow`:                               `"tomorrow" is no duration`,
		`phone front-desk +5511911112222: hi`:          `"to", "labels" or "unlabels" and a phone are missing`,
		`number front-desk down`:                       `"offline" or "online" is missing`,
		`restart now`:                                  `"now" is too much here`,
		`expect`:                                       `expectation is missing`,
		`expect led +5511911112222`:                    `unknown expectation "led"; did you mean "lead"?`,
		`expect meta Purchase`:                         `a phone is missing`,
		`expect lead +5511911112222 sorce "Instagram"`: `unknown property "sorce"; did you mean "source"?`,
		`expect lead +5511911112222 funnel "Sales"`:    `"funnel" goes with a stage`,
		`expect lead +5511911112222 source`:            `a source is missing`,
		`expect event lead.create`:                     `unknown event "lead.create"; did you mean "lead.created"?`,
		`expect event lead.created data..source x`:     `"data..source" is no path`,
		`expect event lead.created data.lead.source`:   `a value is missing after "data.lead.source"`,
		`expect event lead.created data.lead {"a": }`:  `no JSON value`,
		`expect funnel "Sales" "Sale" many`:            `how many leads are expected in "Sale"?`,
		`expect funnel "Sales" "Sale" 1,`:              `the name of a stage is missing`,
		"lead +5511911112222: \xff":                    `not UTF-8`,
	}
	var text strings.Builder
	var want []string
	for line, problem := range lines {
		text.WriteString("# the next line is wrong\n" + line + "\n")
		want = append(want, problem)
	}
	_, err := Parse("a.txt", strings.NewReader(text.String()))
	var faults *Faults
	if !errors.As(err, &faults) || len(faults.Faults) != len(want) {
		t.Fatalf("%d wrong lines, reported: %v", len(want), err)
	}
	for i, f := range faults.Faults {
		if f.Line != 2*i+2 || !strings.Contains(f.Problem, want[i]) {
			t.Errorf("line %d is wrong because %s; reported: line %d: %s", 2*i+2, want[i], f.Line, f.Problem)
		}
	}
	if !strings.HasPrefix(err.Error(), "a.txt:2: error: ") {
		t.Error(err)
	}
}

func TestNamesThatTheConfigurationDoesNotHaveAreReportedBeforeAnythingIsPlayed(t *testing.T) {
	err := play(t, `lead +5511911112222 to front-dsk: hi
lead +5511911113333: hi
lead 12 to front-desk: hi
lead +5511911114444 edits: hi
expect stage +5511911112222 "Schedule"
expect stage +5511911112222 "Sale" funnel "Support"
expect lead +5511911112222 stage "Sale" funnel "Sails"
expect funnel "Sales" "Lead Entry" 1
number back-ofice offline
`)
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	want := []string{
		`unknown number "front-dsk"; did you mean "front-desk"?`, `"to NUMBER" is missing`, "too short", "has not written anything before",
		`did you mean "Scheduling"?`, `unknown stage "Sale"`, `did you mean "Sales"?`, `did you mean "back-office"?`,
	}
	lines := []int{1, 2, 3, 4, 5, 6, 7, 9}
	if len(faults.Faults) != len(want) {
		t.Fatal(err)
	}
	for i, f := range faults.Faults {
		if f.Line != lines[i] || !strings.Contains(f.Problem, want[i]) {
			t.Errorf("line %d: %s; want line %d: %s", f.Line, f.Problem, lines[i], want[i])
		}
	}
}

func TestTheClockNeverGoesBack(t *testing.T) {
	for _, text := range []string{
		"at 2026-11-23 10:00\nat 2026-11-23 09:59",
		"at 2026-11-23 10:00\nlead +5511911112222 to front-desk: hi\nat 2026-11-23 10:00",
		"after 1m\nat 2026-01-05 10:00:59",
	} {
		if err := play(t, text); err == nil || !strings.Contains(err.Error(), "never goes back") {
			t.Errorf("%s\n%v", text, err)
		}
	}
	if err := play(t, "at 1999-12-31 23:59:59\nat 1999-12-31 23:59:59\nafter 3d\nat 2000-01-03 23:59:59"); err != nil {
		t.Error(err)
	}
}

func TestAnActionTakesASecondAndAScriptWithoutAClockBeginsAtTen(t *testing.T) {
	err := play(t, `lead +5511911112222 to front-desk: I came from Instagram
expect event lead.created timestamp "2026-01-05T13:00:00.000Z"
lead +5511911112222: I read your blog
expect event lead.returned timestamp "2026-01-05T13:00:01.000Z"
after 2h
lead +5511911112222: I came from Facebook
expect event lead.returned timestamp "2026-01-05T15:00:02.000Z"
`)
	if err != nil {
		t.Error(err)
	}
}

func TestANumberCanNotGoOfflineTwice(t *testing.T) {
	for _, text := range []string{"number front-desk online", "number front-desk offline\nnumber front-desk offline"} {
		if err := play(t, text); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := play(t, "number front-desk offline\nexpect event number.disconnected\nexpect nothing"); err != nil {
		t.Error(err)
	}
}

func TestTheTextIsTakenAsItStands(t *testing.T) {
	for line, want := range map[string]string{
		`lead +5511911112222 "A: \"B\" # c":  two blanks, "quotes", # and : `: ` two blanks, "quotes", # and : `,
		"lead +5511911112222: with CR\r":                                      "with CR",
		`lead +5511911112222:`:                                                "",
		`phone front-desk to +5511911112222: "quoted"`:                        `"quoted"`,
	} {
		act, err := parseLine(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got := ""
		switch a := act.(type) {
		case *leadWrites:
			got = a.text
		case *businessWrites:
			got = a.text
		}
		if got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`expect event lead.created data.lead.stages."Lead Entry" {"a": [1, "b"]}, x`)
	f.Add(`api POST /x/{lead +5511911112222}?a=+1 {"a": {answer.id}, "b": "{transition +5511911112222 \"Sale\"}", "c": [{}]} # }`)
	cfg := load(f, "../testdata/leadgate.toml")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("a.txt", strings.NewReader(text))
		lines := strings.Count(text, "\n") + 1
		if err == nil {
			err = s.check(cfg)
		}
		var faults *Faults
		if err != nil && !errors.As(err, &faults) {
			t.Fatal(err)
		}
		if faults != nil {
			for _, fault := range faults.Faults {
				if fault.Line < 1 || fault.Line > lines || fault.Problem == "" {
					t.Errorf("fault %+v in a script of %d lines", fault, lines)
				}
			}
		}
	})
}
