package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A terminal is a real one, in which leadgate runs: tmux draws it and tells what is on it.
type terminal struct {
	testing.TB
	socket string
}

// inTerminal runs a command in a terminal of that size. Without tmux the test is skipped.
func inTerminal(t testing.TB, cmd *exec.Cmd, columns, lines int) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	dir, err := os.MkdirTemp("", "leadgate-tmux-") //nolint:usetesting // t.TempDir's are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{TB: t, socket: filepath.Join(dir, "tmux")}
	t.Cleanup(func() {
		_ = exec.Command("tmux", "-S", term.socket, "kill-server").Run() // it has ended where the test got that far
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	script := filepath.Join(dir, "run")
	text := fmt.Sprintf("cd %s\n%s\necho \"[ended $?]\"\nexec cat\n", quoted(cmd.Dir), commandLine(cmd))
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tmux := exec.Command("tmux", "-S", term.socket, "-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(lines),
		"sh", script)
	tmux.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color", "TMUX=")
	if out, err := tmux.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	term.tmux("set-option", "-g", "status", "off")
	term.tmux("resize-window", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(lines))
	return term
}

func commandLine(cmd *exec.Cmd) string {
	words := make([]string, len(cmd.Args))
	for i, arg := range cmd.Args {
		words[i] = quoted(arg)
	}
	return strings.Join(words, " ")
}

func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func (t *terminal) tmux(args ...string) string {
	t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("tmux %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// screen is what somebody sees, without the blanks at the ends of lines.
func (t *terminal) screen() []string {
	t.Helper()
	return strings.Split(strings.TrimRight(t.tmux("capture-pane", "-p"), "\n"), "\n")
}

// scrolled counts the lines that have left the screen at its top.
func (t *terminal) scrolled() string {
	t.Helper()
	return strings.TrimSpace(t.tmux("display-message", "-p", "#{history_size}"))
}

// types types text, or presses a key of tmux's names.
func (t *terminal) types(keys ...string) {
	t.Helper()
	t.tmux(append([]string{"send-keys"}, keys...)...)
}

// shows waits until a text is on the screen.
func (t *terminal) shows(text string) []string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		screen := t.screen()
		if strings.Contains(strings.Join(screen, "\n"), text) {
			return screen
		}
		if time.Now().After(deadline) {
			t.Fatalf("the terminal does not show %q but\n%s", text, strings.Join(screen, "\n"))
		}
		<-time.After(20 * time.Millisecond) // between two looks at another process: nothing can wake us
	}
}
