package main

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rsc.io/qr/coding"

	"leadgate/chat"
	"leadgate/simulator"
	"leadgate/whatsapp"
)

// A running command of the rig's, whose lines a test reads as they come.
type running struct {
	*rig
	cmd    *exec.Cmd
	lines  chan string // of standard output; closed at its end
	errors *lockedBuffer
}

func (r *rig) runs(args ...string) *running {
	r.Helper()
	c := &running{rig: r, cmd: r.leadgate(args...), lines: make(chan string, 100), errors: &lockedBuffer{}}
	c.cmd.Stderr = c.errors
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { end(c.cmd, syscall.SIGKILL) })
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	return c
}

// line is the next line of standard output; io.EOF at its end.
func (c *running) line() (string, error) {
	c.Helper()
	select {
	case line, open := <-c.lines:
		if !open {
			return "", io.EOF
		}
		return line, nil
	case <-time.After(patience):
		c.Fatalf("no line came; standard error: %s", c.errors)
		return "", nil
	}
}

// ends returns the exit code, and what is left of standard output. A command that does not end by itself has the code -1.
func (c *running) ends() (code int, rest []string) {
	c.Helper()
	for {
		line, err := c.line()
		if err != nil {
			break
		}
		rest = append(rest, line)
	}
	kill := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	_ = c.cmd.Wait() // the state says it
	return c.cmd.ProcessState.ExitCode(), rest
}

func TestEndToEndPairPlainPrintsOneLineForEachCodeAndEndsWhenItWasScanned(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	pairing := r.runs("pair", "front-desk", "--plain")
	text, err := pairing.line()
	if err != nil || !strings.HasPrefix(text, "https://wa.me/settings/linked_devices#2@") {
		t.Fatalf("first line %q, %v; standard error: %s", text, err, pairing.errors)
	}
	if err := r.account.Scan(text); err != nil {
		t.Fatal(err)
	}
	if code, rest := pairing.ends(); code != exitDone || len(rest) > 0 || pairing.errors.String() != "" {
		t.Errorf("exit code %d, then %q, standard error %q", code, rest, pairing.errors)
	}
	again := r.runs("pair", "front-desk", "--plain")
	if code, rest := again.ends(); code != exitProblem || len(rest) > 0 {
		t.Errorf("a second time: exit code %d, %q", code, rest)
	}
	if want := "leadgate: front-desk is linked already; to link it anew, unlink leadgate on the phone first\n"; again.errors.String() != want {
		t.Errorf("a second time: %q", again.errors)
	}
}

func TestEndToEndPairByCodePrintsEightLettersAndEndsWhenTheyWereTyped(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	pairing := r.runs("pair", "front-desk", "--code")
	letters, err := pairing.line()
	if err != nil || !regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}$`).MatchString(letters) {
		t.Fatalf("first line %q, %v; standard error: %s", letters, err, pairing.errors)
	}
	if err := r.account.TypeCode(letters); err != nil {
		t.Fatal(err)
	}
	if code, rest := pairing.ends(); code != exitDone || len(rest) > 0 || pairing.errors.String() != "" {
		t.Errorf("exit code %d, then %q, standard error %q", code, rest, pairing.errors)
	}
}

func TestEndToEndTheWrongPhoneIsRefusedByNameAndTheRightOneStillPairs(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	private, err := r.simulator.AddAccount(simulator.AccountOptions{Phone: "+5511987659999", Name: "Private"})
	if err != nil {
		t.Fatal(err)
	}
	pairing := r.runs("pair", "front-desk", "--plain")
	text, err := pairing.line()
	if err != nil {
		t.Fatal(err)
	}
	_ = private.Scan(text) // it may be told of the refusal
	text, err = pairing.line()
	if err != nil {
		t.Fatal(err)
	}
	said := pairing.errors.String()
	for _, part := range []string{"leadgate: ", "+5511987659999", "+5511987650001", `"front-desk"`, "a new code follows\n"} {
		if !strings.Contains(said, part) {
			t.Errorf("standard error does not hold %q: %s", part, said)
		}
	}
	if err := r.account.Scan(text); err != nil {
		t.Fatal(err)
	}
	if code, _ := pairing.ends(); code != exitDone {
		t.Errorf("exit code %d, standard error %s", code, pairing.errors)
	}
}

func TestEndToEndPairSaysWhenWhatsAppCannotBeReachedAndCtrlCEndsIt(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	r.configure("", r.simulator.URL(), "ws://"+freeAddress(t)+"/ws/chat")
	pairing := r.runs("pair", "front-desk", "--plain")
	r.eventually("it says so", func() bool { return strings.Contains(pairing.errors.String(), "connection refused") })
	if err := pairing.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, rest := pairing.ends(); code != exitProblem || len(rest) > 0 {
		t.Errorf("exit code %d, %q", code, rest)
	}
	if said := pairing.errors.String(); !strings.HasSuffix(said, "leadgate: front-desk was not linked\n") {
		t.Errorf("standard error %q", said)
	}
}

func TestEndToEndPairDrawsACodeThatTheWholeTerminalHolds(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	private, err := r.simulator.AddAccount(simulator.AccountOptions{Phone: "+5511987659999", Name: "Private"})
	if err != nil {
		t.Fatal(err)
	}
	terminal := inTerminal(t, r.leadgate("pair", "front-desk"), 80, 40)
	screen := terminal.shows("Scan it with +5511987650001: WhatsApp, Linked devices, Link a device.")
	text, err := drawn(codeLines(screen)).text(coding.L)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(screen, "\n"))
	}
	// Black on bright white, from the first line to the last: on a dark terminal and on a light one.
	colours := regexp.MustCompile("\x1b\\[[0-9;]*m").FindAllString(terminal.tmux("capture-pane", "-p", "-e"), -1)
	if got := strings.Join(colours, ""); !blackOnWhite(got) {
		t.Errorf("the colours are %q", got)
	}

	_ = private.Scan(text)
	screen = terminal.shows("Not linked: the code was scanned by the phone of +5511987659999")
	r.eventually("another code is shown, with the reason below it", func() bool {
		screen = terminal.screen()
		next, err := drawn(codeLines(screen)).text(coding.L)
		return err == nil && next != text && strings.Contains(strings.Join(screen, "\n"), "+5511987659999")
	})
	if text, err = drawn(codeLines(screen)).text(coding.L); err != nil {
		t.Fatal(err)
	}

	terminal.tmux("resize-window", "-x", "80", "-y", "20")
	terminal.shows("Make the terminal larger")
	terminal.tmux("resize-window", "-x", "120", "-y", "50")
	r.eventually("the code is there again", func() bool {
		again, err := drawn(codeLines(terminal.screen())).text(coding.L)
		return err == nil && again == text
	})
	if n := terminal.scrolled(); n != "0" {
		t.Errorf("%s lines have scrolled off", n)
	}

	if err := r.account.Scan(text); err != nil {
		t.Fatal(err)
	}
	screen = terminal.shows("[ended 0]")
	if want := "front-desk (+5511987650001) is linked. Start the daemon with: leadgate run"; screen[0] != want {
		t.Errorf("at the end the terminal shows\n%s", strings.Join(screen, "\n"))
	}
}

// codeLines are the lines that are drawn of half blocks.
func codeLines(lines []string) (code []string) {
	for _, line := range lines {
		if strings.ContainsAny(line, "█▀▄") {
			code = append(code, line)
		}
	}
	return code
}

// blackOnWhite reports whether the colours of a screen are set once, to black on bright white, and set back.
func blackOnWhite(colours string) bool {
	set := strings.NewReplacer("\x1b[", "", "m", ";").Replace(colours)
	return set == "30;107;39;49;" || set == "30;107;0;"
}

func TestPairPrintsEveryNewCodeOnALineOfItsOwn(t *testing.T) {
	var out, errs bytes.Buffer
	number := chat.Number{Name: "front-desk", Phone: "+5511987650001"}
	s := pairScreen{out: &out, errs: &errs, number: number}
	for _, e := range []whatsapp.PairEvent{
		{Kind: whatsapp.PairQR, Text: "one"}, {Kind: whatsapp.PairQR, Text: "two"},
		{Kind: whatsapp.PairExpired, Text: "the phone took none of the codes in time"}, {Kind: whatsapp.PairQR, Text: "three"},
	} {
		if done, err := s.show(e); done || err != nil {
			t.Fatalf("%v: %v, %v", e, done, err)
		}
	}
	if out.String() != "one\ntwo\nthree\n" {
		t.Errorf("standard output %q", &out)
	}
	if want := "leadgate: the phone took none of the codes in time; a new one follows\n"; errs.String() != want {
		t.Errorf("standard error %q", &errs)
	}
	if done, err := s.show(whatsapp.PairEvent{Kind: whatsapp.PairDone}); !done || err != nil || out.String() != "one\ntwo\nthree\n" {
		t.Errorf("done: %v, %v, %q", done, err, &out)
	}
	if _, err := s.show(whatsapp.PairEvent{Kind: whatsapp.PairFailed, Text: "no code"}); err == nil {
		t.Error("a pairing that failed is no error")
	}
}
