package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rogpeppe/go-internal/testscript"
	"rsc.io/qr/coding"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/store"
)

// TestCommandLine runs testdata/script: what people type, and what they get. Beside testscript's own commands there are
//
//	exits CODE ARG...   runs leadgate, which ends with that code
//	fails CODE ARG...   the same, and standard error is one line that begins with "leadgate: "
//	hears ID TEXT       commits a message from Ana to leadgate.toml's first number, as the daemon does
//	dies                lets the oldest delivery that is due fail for good
//	holds               keeps the store of leadgate.toml open, as a running daemon does
//	runs                runs the daemon of leadgate.toml, at an address that is written into it
//	agrees PATH         compares the JSON on standard output with what that daemon's API answers
//	rewrites FILE A B   puts B where A stands in a file
//	scans FILE TEXT     reads the QR code in a PNG
//	busy                listens on an address of this machine, and names it in $BUSY
func TestCommandLine(t *testing.T) {
	example, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("LEADGATE_UPDATE_GOLDEN") != "",
		Setup: func(env *testscript.Env) error {
			return os.WriteFile(filepath.Join(env.WorkDir, "example.toml"), example, 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "fails": fails, "hears": hears, "dies": dies, "holds": holds, "scans": scans,
			"busy": busy, "runs": runs, "rewrites": rewrites, "agrees": agrees,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("leadgate", args[1:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || code != want {
		ts.Fatalf("leadgate %s: exit code %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	exits(ts, neg, args)
	said := ts.ReadFile("stderr")
	if !strings.HasPrefix(said, "leadgate: ") || strings.Count(said, "\n") != 1 || !strings.HasSuffix(said, "\n") {
		ts.Fatalf("standard error is not one line of leadgate:\n%s", said)
	}
}

// messagesAt is when Ana writes.
func messagesAt() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// open is the store of the script's leadgate.toml.
func open(ts *testscript.TestScript) (*store.Store, *bot.Policy) {
	cfg, err := loadConfig(ts.MkAbs("leadgate.toml"))
	ts.Check(err)
	st, err := store.Open(context.Background(), cfg.Store.URL, store.Options{})
	ts.Check(err)
	return st, cfg.Policy()
}

func hears(ts *testscript.TestScript, _ bool, args []string) {
	st, policy := open(ts)
	defer func() { ts.Check(st.Close()) }()
	m := chat.Message{
		Number: policy.Numbers[0].Name, ID: args[0], Person: chat.Person{Phone: anaPhone}, Direction: chat.Inbound, Text: args[1],
		SentAt: messagesAt(),
	}
	deciding := bot.New(st, policy, nil, prometheus.NewRegistry())
	ts.Check(deciding.Handle(context.Background(), bot.Input{Key: m.Key(), At: messagesAt(), Message: &m}))
}

func dies(ts *testscript.TestScript, _ bool, _ []string) {
	st, policy := open(ts)
	defer func() { ts.Check(st.Close()) }()
	var destinations []string
	for _, s := range policy.Subscriptions {
		destinations = append(destinations, s.Destination)
	}
	due, err := st.Turn(context.Background(), messagesAt(), nil, destinations, 1, time.Minute)
	ts.Check(err)
	if len(due) != 1 {
		ts.Fatalf("nothing is due")
	}
	never := delivery.Result{Verdict: delivery.Never, Status: 410, Detail: "410 Gone"}
	_, err = st.Turn(context.Background(), messagesAt(), []delivery.Settled{{Delivery: due[0], Result: never}}, nil, 0, time.Minute)
	ts.Check(err)
}

func busy(ts *testscript.TestScript, _ bool, _ []string) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(socket.Close()) })
	ts.Setenv("BUSY", socket.Addr().String())
}

func scans(ts *testscript.TestScript, _ bool, args []string) {
	code, err := pictured(ts.MkAbs(args[0]))
	ts.Check(err)
	text, err := code.text(coding.M)
	ts.Check(err)
	if text != args[1] {
		ts.Fatalf("the code in %s reads %q", args[0], text)
	}
}

func holds(ts *testscript.TestScript, _ bool, _ []string) {
	st, _ := open(ts)
	ts.Setenv("HOLDER", strconv.Itoa(os.Getpid()))
	ts.Defer(func() { ts.Check(st.Close()) })
}

func TestEveryHelpFitsATerminalOf80Columns(t *testing.T) {
	var cli commands
	parser, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	all := [][]string{{"--help"}}
	for _, command := range parser.Model.Leaves(true) {
		all = append(all, append(strings.Fields(command.Path()), "--help"))
	}
	if len(all) < 12 {
		t.Fatalf("only %q", all)
	}
	for _, args := range all {
		var out, errs bytes.Buffer
		if code := run(args, nil, &out, &errs); code != exitDone || errs.Len() > 0 {
			t.Errorf("%q: exit code %d, standard error %q", args, code, &errs)
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%q: a line has %d characters: %s", args, n, line)
			}
		}
	}
}

func TestCheckingAMegabyteOfGarbageEndsWithAnError(t *testing.T) {
	const megabyte = 1 << 20
	noise := make([]byte, megabyte)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(noise); err != nil {
		t.Fatal(err)
	}
	letters := bytes.Map(func(r rune) rune { return ' ' + r%95 }, bytes.ToValidUTF8(noise, []byte{'\n'}))
	for name, garbage := range map[string][]byte{
		"bytes": noise, "letters": letters, "zeros": make([]byte, megabyte),
		"brackets": bytes.Repeat([]byte("["), megabyte), "lists": append([]byte("a = "), bytes.Repeat([]byte("["), megabyte)...),
		"keys": bytes.Repeat([]byte("key = 1\n"), megabyte/8), "tables": bytes.Repeat([]byte("[[number]]\n"), megabyte/11),
		"one long text": slices.Concat([]byte(`country = "`), bytes.Repeat([]byte("x"), megabyte), []byte(`"`)),
		"no end":        append([]byte(`country = """`), bytes.Repeat([]byte("x\n"), megabyte/2)...),
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "garbage.toml")
			if err := os.WriteFile(file, garbage, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"check", "-c", file}, {"explain", "-c", file, "hello"}} {
				out, errs, code := command(t, args...)
				if code != exitProblem || strings.Contains(errs, "goroutine") {
					t.Errorf("%q: exit code %d, standard error %.2000q", args, code, errs)
				}
				if said := out + errs; !strings.Contains(said, file+":") || len(said) > 100_000 {
					t.Errorf("%q says %d bytes: %.500s", args, len(said), said)
				}
			}
		})
	}
}
