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
var changing = regexp.MustCompile(`evt_[a-z2-7]+…?|v1,\S+|127\.0\.0\.1:\d+`)

// golden compares a text with a file, or makes the file anew when LEADGATE_UPDATE_GOLDEN is set.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("LEADGATE_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s should be\n%s\nand is\n%s", file, got, want)
	}
}

// inREADME checks that a block of the README is part of what leadgate prints, which the block's first words find.
func inREADME(t *testing.T, begins, printed string) {
	t.Helper()
	shown := regexp.MustCompile("(?s)```\n(" + begins + ".*?)```").FindStringSubmatch(documents(t)["README.md"])
	if len(shown) < 2 || !strings.Contains(printed, shown[1]) {
		t.Errorf("the README shows something else: %q", shown)
	}
}

func TestEndToEndTheDemoAsksALeadWhatTheyWantAndTheCRMIsTold(t *testing.T) {
	out, errs, code := command(t, "demo", "--once")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, errs, out)
	}
	golden(t, "testdata/demo.txt", changing.ReplaceAllString(out, "…"))
	inREADME(t, "front-desk ", out)
}

func TestEndToEndAMenuIsAnsweredInFiveWays(t *testing.T) {
	out, errs, code := command(t, "demo", "--menus", "--once")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, errs, out)
	}
	inREADME(t, "Ana writes to ", out)
	golden(t, "../../docs/menus.svg", recording(out))
}

func TestEndToEndTheDemoOnATerminalObeysWhoTypes(t *testing.T) {
	demo := exec.Command(os.Args[0], "demo")
	demo.Env = append(os.Environ(), asLeadgate+"=1", "NO_COLOR=1")
	terminal := inTerminal(t, demo, 100, 120)
	terminal.shows("What counts, anywhere in a text:")
	for _, step := range []struct{ types, shows string }{
		{"ana: how are you?", "none of the phrases is in it; Ana has a chat with"},
		{"phone to ana: Your payment has arrived!", `Ana moves from "Scheduling" to "Sale"`},
		{"phone to ana: Your payment has arrived!", `"Your payment has arrived": the lead stands at "Sale"`},
		{"offline soon", "say how long, at most 1h; type  offline 10s"},
		{"offline 2s", "is offline for 2s; go on writing"},
		{"caio: I read your blog", "waits until WhatsApp can be reached again"},
		{"nonsense", "not understood; type  ana: hello  or help"},
		{"phone: hello", "say to whom the phone writes; type  phone to ana: hello"},
		{"phone to zoe: hello", "nobody called Zoe has written yet; type  zoe: hello"},
		{"zoe taps AI", "nobody called Zoe has written yet; type  zoe: hello"},
		{"zoe:", "there is no text after the colon; type  zoe: hello"},
		{"maria: hello", "what an agent writes is a command or nothing; type  maria: /help"},
		{"maria taps AI", "maria's phone shows nothing to tap"},
	} {
		terminal.types("-l", step.types)
		terminal.types("Enter")
		terminal.shows(step.shows)
	}
	terminal.types("-l", "half a li")
	terminal.shows(`Hi Caio, what would you like to talk about?`)
	terminal.types("-l", "ne")
	screen := terminal.shows("> half a line")
	if last := screen[len(screen)-1]; last != "> half a line" {
		t.Errorf("what arrived while somebody typed broke the line: %q", last)
	}
	terminal.types("C-u")
	for _, step := range []struct{ types, shows string }{
		{"caio taps law", "Caio's menu offers: 1 Artificial Intelligence, 2 Data Science, 3 Other queries"},
		{"caio taps data", "New chat: Caio (+5511911112224)"},
		{"joao: /mine", "Your open chats:"},
		{"joao: /done +5511911112224", "the chat with Caio is closed"},
		{"caio: thank you", "Hi Caio, what"},
		{"phone to caio: You are welcome!", "the menu is over: a person has taken over"},
		{"funnel", "Caio         source \"My Blog\", stands in \"Lead Entry\" of \"Sales\""},
		{"webhooks", "chat.closed"},
	} {
		terminal.types("-l", step.types)
		terminal.types("Enter")
		terminal.shows(step.shows)
	}
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
