package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCtrlCEndsEveryCommandThatStays(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	for _, stays := range []struct {
		args []string
		sign string // that it is under way
		code int
	}{
		{[]string{"run"}, "leadgate runs", exitDone},
		{[]string{"simulator", "--listen", "127.0.0.1:0"}, "# control API: http://127.0.0.1:", exitDone},
		{[]string{"pair", "front-desk"}, "https://wa.me/settings/linked_devices#", exitProblem},
		{[]string{"demo"}, "leadgate demo:", exitProblem},
	} {
		t.Run(stays.args[0], func(t *testing.T) {
			r := r.within(t)
			var out lockedBuffer
			cmd := r.leadgate(stays.args...)
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { end(cmd, syscall.SIGKILL) })
			r.eventually("it is under way", func() bool { return strings.Contains(out.String(), stays.sign) })
			kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
			if state := end(cmd, syscall.SIGINT); state.ExitCode() != stays.code {
				t.Errorf("it ended with %v:\n%s", state, &out)
			}
			if stays.args[0] == "run" || stays.code == exitDone {
				return
			}
			if said := strings.TrimSpace(out.String()); !strings.HasPrefix(said[strings.LastIndex(said, "\n")+1:], "leadgate: ") {
				t.Errorf("its last line does not say why:\n%s", said)
			}
		})
	}
}

func TestASecondCtrlCEndsWhatDoesNotEndByItself(t *testing.T) {
	r := newRig(t, &sqliteFile{})
	pipe := filepath.Join(r.dir, "script.txt") // whose other end stays silent
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := r.leadgate("test", pipe)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd, syscall.SIGKILL) })
	var silent *os.File
	r.eventually("it reads the script", func() (reads bool) {
		var err error
		silent, err = os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err == nil
	})
	defer silent.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the state says it
	}()
	r.eventually("it ends", func() bool {
		_ = cmd.Process.Signal(syscall.SIGINT) // it may just have ended
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	if how, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || how.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}
