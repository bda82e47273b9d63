package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"leadgate/delivery"
	"leadgate/simulator"
)

// A supervisor hears what a daemon tells systemd.
type supervisor struct {
	address string
	mu      sync.Mutex
	heard   []string // lines
}

func newSupervisor(t *testing.T) *supervisor {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	s := &supervisor{address: filepath.Join(dir, "socket")}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = os.RemoveAll(dir)
	})
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.heard = append(s.heard, strings.Split(string(buf[:n]), "\n")...)
			s.mu.Unlock()
		}
	}()
	return s
}

func (s *supervisor) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

func (s *supervisor) hears(r *rig, line string) {
	r.Helper()
	r.eventually("systemd is told "+line, func() bool { return slices.Contains(s.lines(), line) })
}

func TestEndToEndSystemdIsToldHowTheDaemonStands(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, &sqliteFile{}), newSupervisor(t)
	r.env = []string{"NOTIFY_SOCKET=" + s.address, "WATCHDOG_USEC=200000"}
	r.start()
	s.hears(r, "READY=1")
	s.hears(r, "WATCHDOG=1")
	r.pair()
	s.hears(r, "STATUS=1 of 1 numbers ready")
	r.account.Offline(true)
	s.hears(r, "STATUS=0 of 1 numbers ready")
	r.stop()
	s.hears(r, "STOPPING=1")
	lines := s.lines()
	if lines[0] != "READY=1" || lines[len(lines)-1] != "STOPPING=1" {
		t.Errorf("systemd is told first %q and last %q", lines[0], lines[len(lines)-1])
	}
	for _, unique := range []string{"READY=1", "STOPPING=1"} {
		if i := slices.Index(lines, unique); slices.Contains(lines[i+1:], unique) {
			t.Errorf("systemd is told %s twice", unique)
		}
	}
}

func TestTheWatchdogIsFedOnlyWhileTheDeliveriesTurn(t *testing.T) {
	l := &live{carrier: delivery.New(nil, delivery.Options{})}
	if l.turning(time.Now()) {
		t.Error("deliveries that were never run are said to turn")
	}
	r := newRig(t, &sqliteFile{})
	s := newSupervisor(t)
	r.env = []string{"NOTIFY_SOCKET=" + s.address, "WATCHDOG_USEC=200000", "WATCHDOG_PID=1"}
	r.start()
	s.hears(r, "READY=1")
	r.stop()
	s.hears(r, "STOPPING=1")
	if slices.Contains(s.lines(), "WATCHDOG=1") {
		t.Error("the watchdog of another process is fed")
	}
}

var series = regexp.MustCompile(`^(leadgate_\w+)(?:\{(.*)\})? `)

func TestEndToEndMetricsAreAsListed(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	r.anaWrites(anaWrites)
	r.says(r.ana, simulator.Message{Text: "Good morning", Group: true})
	r.phoneWrites(phoneAnswers)
	r.happenedOnce()
	status, page := r.get("/metrics", "")
	if status != 200 {
		t.Fatalf("/metrics answers %d", status)
	}
	var ours strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), "leadgate_") {
			ours.WriteString(line)
		}
	}
	problems, err := promlint.New(strings.NewReader(ours.String())).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if phone := phones.FindString(page); phone != "" {
		t.Errorf("the metrics hold a phone: %s", phone)
	}
	for _, word := range []string{"came from", "scheduling with", "Ana"} {
		if strings.Contains(page, word) {
			t.Errorf("the metrics hold what was written or a name: %q", word)
		}
	}
	goldenFile(t, "metrics.golden", listed(ours.String()))
}

// listed is what the metrics are called, what they mean, and by what they are told apart.
func listed(page string) string {
	var list []string
	labels := map[string]string{}
	help := map[string]string{}
	for line := range strings.Lines(page) {
		if about, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, text, _ := strings.Cut(strings.TrimSpace(about), " ")
			help[name] = text
		}
		if found := series.FindStringSubmatch(line); found != nil {
			name := found[1]
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if base, ok := strings.CutSuffix(name, suffix); ok && help[base] != "" {
					name = base
				}
			}
			var names []string
			for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(found[2], -1) {
				if label[1] != "le" {
					names = append(names, label[1])
				}
			}
			sort.Strings(names)
			labels[name] = strings.Join(names, ", ")
		}
	}
	for name, text := range help {
		list = append(list, fmt.Sprintf("%s{%s}\n  %s\n", name, labels[name], text))
	}
	sort.Strings(list)
	return strings.Join(list, "")
}

// goldenFile compares with a file under testdata, which LEADGATE_UPDATE_GOLDEN=1 writes anew.
func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("LEADGATE_UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the metrics are not as in %s; `make golden` writes it anew:\n%s", path, got)
	}
}
