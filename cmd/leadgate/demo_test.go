package main

import (
	"bytes"
	"os"
	"os/exec"
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

func TestEndToEndTheDemoMovesALeadThroughTheFunnelAndTheCRMIsTold(t *testing.T) {
	out, errs, code := command(t, "demo", "--once")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d, stderr %q, stdout:\n%s", code, errs, out)
	}
	for _, line := range []string{
		anaWrites, phoneAnswers,
		`Ana          source "Instagram", stands in "Scheduling" of "Sales"`,
		`1  lead.created`, `2  conversion.stage_changed`, `3  conversion.stage_changed`,
		`Ana enters "Sales" at "Lead Entry"`, `Ana moves from "Lead Entry" to "Scheduling"`,
	} {
		if !strings.Contains(out, line) {
			t.Errorf("the demo does not say %q:\n%s", line, out)
		}
	}
	if n := strings.Count(out, "signature verified"); n != 3 {
		t.Errorf("%d webhooks were verified, want 3:\n%s", n, out)
	}
}
