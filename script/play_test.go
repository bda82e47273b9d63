package script

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The conversations in testdata are about the statements themselves: each uses its own as administrators do.
func TestEveryStatementDoesWhatItSays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := playTeam(t, string(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

// playTeam plays a text against the configuration with menus and a team.
func playTeam(t *testing.T, text string) error {
	t.Helper()
	s, err := Parse("a.txt", strings.NewReader(text))
	if err != nil {
		return err
	}
	return Play(t.Context(), load(t, "testdata/leadgate.toml"), s)
}

func TestAFailureIsWordedForAnAdministrator(t *testing.T) {
	const menu = "lead +5511911112222 \"Ana\" to lists: I came from Instagram\n"
	const assigned = menu + "lead +5511911112222 picks AI\n"
	const waiting = "at 2026-11-23 20:00\nagent joao to lists: /away 2h\n" + assigned
	var got strings.Builder
	for _, script := range []string{
		menu + `expect menu second to +5511911112222`,
		menu + `expect menu first to +5511911112222 options "AI", "Other queries"`,
		menu + `expect menu first to +5511911113333`,
		menu + `expect message to +5511911112222 containing "Good morning"`,
		menu + `expect message to maria containing "Ana"`,
		menu + `expect nothing to +5511911112222`,
		menu + "after 1s\n" + `expect menu first to +5511911112222`,
		menu + `expect nothing`,
		menu + `expect waiting +5511911112222`,
		menu + `expect label +5511911112222 "Sale"`,
		menu + `expect label +5511911113333 "Sale"`,
		menu + `expect no label +5511911112222 "Lead Entry"`,
		menu + "phone lists to +5511911112222: Thank you for scheduling\n" + `expect label +5511911112222 "Lead Entry"`,
		menu + `lead +5511911112222 picks "AY"`,
		menu + `lead +5511911112222 picks "AI" by button`,
		`lead +5511911112222 to texts: I came from Instagram` + "\n" + `lead +5511911112222 picks "AI" by list`,
		`lead +5511911112222 to lists: Hello` + "\n" + `lead +5511911113333 picks "AI"`,
		assigned + `expect menu-open +5511911112222`,
		assigned + `expect closed +5511911112222`,
		assigned + `expect waiting +5511911113333`,
		assigned + `expect assigned +5511911112222 agent maria rule "ask" step 0 target "agent:maria"`,
		assigned + `expect assigned +5511911112222 agent joao step 0`,
		assigned + `expect assigned +5511911112222 agent joao rule "ask"`,
		assigned + `expect assigned +5511911112222 agent joao target owner`,
		assigned + `expect message to joao containing "Bia"`,
		assigned + `expect nothing to joao`,
		assigned + "phone lists to +5511911112222: Hello\n" + `expect opportunities +5511911112222 0`,
		assigned + `expect opportunity +5511911112222 type "Course" value "AI" owner maria status won`,
		assigned + `expect opportunity +5511911113333 type "Course"`,
		assigned + "after 10m\n" + `expect assigned +5511911112222 agent joao`,
		waiting + `expect assigned +5511911112222 agent maria`,
		menu + "phone lists to +5511911112222: Hello\n" + `expect waiting +5511911112222`,
		menu + `expect event menu.sent +5511911112222 data.options.1.label "AI"`,
		`api GET /leads as nobody` + "\n" + `expect answer 200`,
		`api GET /leads as nobody` + "\n" + `expect answer 200 items.0.name "Ana"`,
		menu + "api GET /leads\n" + `expect answer 200 items.0.id {lead +5511911112222} items.0.name "Bia"`,
		`expect answer 200`,
		menu + `api GET /leads/{lead +5511911113333}`,
		menu + `api POST /chats/{chat +5511911112222}/assign {"agent": {answer.id}}`,
		menu + "api GET /leads\n" + `api GET /leads/{answer.items.7.id}`,
		menu + `api DELETE /leads/{lead +5511911112222}/transitions/{transition +5511911112222 "Sale"}`,
		assigned + `api PATCH /opportunities/{opportunity +5511911112222 "Data"} {"status": "won"}`,
		menu + "lead +5511911112222 picks AI\nlead +5511911112222 edits: Something else",
		`agent maria: /mine`,
	} {
		err := playTeam(t, script+"\n")
		if err == nil {
			t.Errorf("this holds:\n%s", script)
			continue
		}
		got.WriteString(err.Error() + "\n")
	}
	golden(t, "testdata/failures.golden", got.String())
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
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("differs from %s (LEADGATE_UPDATE_GOLDEN=1 writes it anew):\n%s", file, got)
	}
}

func TestNamesOfTheTeamAreCheckedBeforeAnythingIsPlayed(t *testing.T) {
	lines := []struct{ statement, problem string }{
		{`agent mario to lists: /away`, `unknown agent "mario"; did you mean "maria"?`},
		{`agent maria to list: /away`, `unknown number "list"; did you mean "lists"?`},
		{`phone list labels +5511911112222 "Sale"`, `unknown number "list"; did you mean "lists"?`},
		{`phone lists labels +5511911112222 "Sales"`, `unknown stage "Sales"; did you mean "Sale"?`},
		{`expect label +5511911112222 "Sales"`, `unknown stage "Sales"; did you mean "Sale"?`},
		{`lead 12 picks "AI"`, "too short"},
		{`expect assigned +5511911112222 agent joaoo`, `unknown agent "joaoo"; did you mean "joao"?`},
		{`expect assigned +5511911112222 agent joao rule "sel"`, `unknown rule "sel"; did you mean "sell"?`},
		{`expect assigned +5511911112222 agent joao target "group:seller"`, `unknown target "group:seller"; did you mean "group:sellers"?`},
		{`expect message to marie containing "x"`, `unknown agent "marie"; did you mean "maria"?`},
		{`expect nothing to marie`, `unknown agent "marie"; did you mean "maria"?`},
		{`expect opportunity +5511911112222 type "Corse"`, `unknown type "Corse"; did you mean "Course"?`},
		{`expect opportunity +5511911112222 type "Course" stage "Sele"`, `unknown stage "Sele"; did you mean "Sale"?`},
		{`expect opportunity +5511911112222 stage "Sale" type "Course" owner marie`, `unknown agent "marie"; did you mean "maria"?`},
		{`expect opportunity +5511911112222 type "Course" status wonn`, `unknown status "wonn"; did you mean "won"?`},
		{`api DELETE /leads/x/transitions/{transition +5511911112222 "Sails"}`, `unknown stage "Sails"; did you mean "Sale"?`},
		{`api POST /leads {"phone": "{lead 12}"}`, "too short"},
		{`expect answer 200 id {chat 12}`, "too short"},
	}
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.statement + "\n")
	}
	err := playTeam(t, text.String())
	var faults *Faults
	if !errors.As(err, &faults) || len(faults.Faults) != len(lines) {
		t.Fatalf("want %d faults: %v", len(lines), err)
	}
	for i, f := range faults.Faults {
		if f.Line != i+1 || !strings.Contains(f.Problem, lines[i].problem) {
			t.Errorf("%s\n\tline %d: %s\n\twant %s", lines[i].statement, f.Line, f.Problem, lines[i].problem)
		}
	}
}

func TestTheTeamStandsInLineFromTheStart(t *testing.T) {
	p := newPlayer(load(t, "testdata/leadgate.toml"), t.TempDir())
	if err := p.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.store.Close()
	if err := p.play(t.Context(), statement{act: &letPass{}}); err != nil {
		t.Fatal(err)
	}
	lines, err := p.store.Turns(t.Context())
	if err != nil || !slices.Equal(lines["group:sellers"], []string{"joao", "maria"}) {
		t.Errorf("%v, %v", lines, err)
	}
}

func TestALabelThatIsNoStageCanBePutOnByHand(t *testing.T) {
	err := playTeam(t, `lead +5511911112222 "Ana" to lists: I came from Instagram
phone lists labels +5511911112222 "Very important person"
expect nothing
expect label +5511911112222 "Very important person"
expect label +5511911112222 "Lead Entry"
phone lists labels +5511911112222 "Sale"
expect label +5511911112222 "Very important person"
expect label +5511911112222 "Sale"
`)
	if err != nil {
		t.Error(err)
	}
}

func TestAConfigurationWithoutATeamSaysThatItHasNone(t *testing.T) {
	err := play(t, "agent maria to front-desk: /away\nexpect opportunity +5511911112222 type \"Course\"\n")
	for _, want := range []string{`unknown agent "maria"; the configuration has none`, `unknown type "Course"; the configuration has none`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %s", err, want)
		}
	}
}
