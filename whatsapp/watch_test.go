package whatsapp

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	waBinary "go.mau.fi/whatsmeow/binary"

	"leadgate/chat"
)

func TestTheLogHoldsNoPhoneUnlessDebugIsOn(t *testing.T) {
	said := func(level slog.Level) string {
		book := &logBook{}
		l := newLog(slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: level})), "client").Sub("Recv")
		l.Debugf("got %s", "5511912345678@s.whatsapp.net")
		l.Warnf("from %s", "5511912345678@s.whatsapp.net")
		l.Sub("Socket").Errorf("connection ended")
		l.Errorf("failed for %s and %s", "5511912345678:3@s.whatsapp.net", &waBinary.Node{Tag: "message", Attrs: waBinary.Attrs{"notify": "Ana"}})
		return book.String()
	}
	if got := said(slog.LevelInfo); strings.Contains(got, "5511912345678") || strings.Contains(got, "Ana") || strings.Contains(got, "ended") || !strings.Contains(got, "failed for …:3@s.whatsapp.net and <message>") {
		t.Errorf("logged %s", got)
	}
	if got := said(slog.LevelDebug); strings.Count(got, "5511912345678") != 2 || !strings.Contains(got, "part=client/Recv") {
		t.Errorf("logged for debugging %s", got)
	}
}

func TestTheMetricsAreWellFormed(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	m.begin("front-desk")
	m.state("front-desk", Connected)
	m.ignore("front-desk", chat.Inbound, ignoredGroup)
	m.handled("front-desk", 0)
	m.sends.WithLabelValues("front-desk", "done").Inc()
	m.sendTime.WithLabelValues("front-desk").Observe(1)
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	want := `
# HELP leadgate_number_connected 1 while the number is logged into WhatsApp, else 0.
# TYPE leadgate_number_connected gauge
leadgate_number_connected{number="front-desk"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "leadgate_number_connected"); err != nil {
		t.Error(err)
	}
	m.forget("front-desk")
	if err := testutil.GatherAndCompare(registry, strings.NewReader(""), "leadgate_number_connected"); err != nil {
		t.Error(err)
	}
}
