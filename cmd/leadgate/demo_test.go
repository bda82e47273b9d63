package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// command runs leadgate in a process of its own.
func command(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asLeadgate+"=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// changing is what differs from one demo to the next: ids, signatures, the port.
var changing = regexp.MustCompile(`evt_[a-z2-7]+|v1,\S+|127\.0\.0\.1:\d+`)

func TestEndToEndTheDemoMovesALeadThroughTheFunnelAndTheCRMIsTold(t *testing.T) {
	out, errs, code := command(t, "demo", "--once")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, errs, out)
	}
	const golden = "testdata/demo.txt"
	got := changing.ReplaceAllString(out, "…")
	if os.Getenv("LEADGATE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the demo says\n%s\nwant\n%s", got, want)
	}
	shown := regexp.MustCompile("(?s)```\n(front-desk .*?)```").FindStringSubmatch(documents(t)["README.md"])
	if len(shown) < 2 || !strings.Contains(out, shown[1]) {
		t.Errorf("the README shows another demo: %q", shown)
	}
}

func TestEndToEndTheDemoOnATerminalObeysWhoTypes(t *testing.T) {
	demo := exec.Command(os.Args[0], "demo")
	demo.Env = append(os.Environ(), asLeadgate+"=1", "NO_COLOR=1")
	terminal := inTerminal(t, demo, 80, 100)
	terminal.shows("What counts, anywhere in a text:")
	for _, step := range []struct{ types, shows string }{
		{"ana: how are you?", "changes nothing: none of the phrases is in it; help shows them"},
		{"phone to ana: Your payment has arrived!", `Ana moves from "Scheduling" to "Sale"`},
		{"phone to ana: Your payment has arrived!", `changes nothing: "Your payment has arrived": the lead stands at "Sale" already`},
		{"offline soon", "say how long, at most 1h; type  offline 10s"},
		{"offline 2s", "is offline for 2s; go on writing"},
		{"bob: I read your blog", "waits until WhatsApp can be reached again"},
		{"nonsense", "not understood; type  ana: hello  or help"},
		{"phone: hello", "say to whom the phone writes; type  phone to ana: hello"},
		{"phone to zoe: hello", "nobody called Zoe has written yet; type  zoe: hello"},
		{"zoe:", "there is no text after the colon; type  zoe: hello"},
	} {
		terminal.types("-l", step.types)
		terminal.types("Enter")
		terminal.shows(step.shows)
	}
	terminal.types("-l", "half a li")
	terminal.shows(`Bob enters "Sales" at "Lead Entry"`)
	terminal.types("-l", "ne")
	screen := terminal.shows("> half a line")
	if last := screen[len(screen)-1]; last != "> half a line" {
		t.Errorf("what arrived while somebody typed broke the line: %q", last)
	}
	terminal.types("C-u", "funnel", "Enter")
	terminal.shows(`Bob          source "My Blog", stands in "Lead Entry" of "Sales"`)
	terminal.types("webhooks", "Enter")
	terminal.shows("6  conversion.stage_changed  Bob enters")
	terminal.types("quit", "Enter")
	screen = terminal.shows("[ended 0]")
	if said := strings.Join(screen, "\n"); strings.Contains(said, "WRONG") || strings.Contains(said, "\x1b") {
		t.Errorf("the terminal shows\n%s", said)
	}
}

func TestEndToEndCtrlCInTheDemosConsoleLeavesTheTerminalAsItWas(t *testing.T) {
	demo := exec.Command(os.Args[0], "demo")
	demo.Env = append(os.Environ(), asLeadgate+"=1")
	terminal := inTerminal(t, demo, 80, 60)
	terminal.shows("What counts, anywhere in a text:")
	terminal.types("-l", "ana: he")
	terminal.types("C-c")
	terminal.shows("[ended 0]")
	terminal.types("-l", "echoed")
	screen := terminal.shows("echoed")
	if last := screen[len(screen)-1]; last != "echoed" {
		t.Errorf("the last line is %q", last)
	}
}
