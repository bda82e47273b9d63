package bot_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/store"
)

// The business of BenchmarkDecideChat.
const (
	benchAgents = 200
	benchGroups = 50
	benchChats  = 10_000
)

// benchBusiness is a config of many agents in many groups, with a rule for each group, and a number whose chats are routed by
// what the lead chooses.
func benchBusiness() string {
	var text strings.Builder
	text.WriteString("[[number]]\nname = \"front-desk\"\nphone = \"+5511987650001\"\n")
	for i := range benchAgents {
		fmt.Fprintf(&text, "[[agent]]\nname = \"agent-%d\"\nphone = \"+55119400%05d\"\ncapacity = 1000\nhours = [\"mon-fri 09:00-18:00\"]\nadmin = %t\n", i, i, i == 0)
	}
	for g := range benchGroups {
		fmt.Fprintf(&text, "[[group]]\nname = \"group-%d\"\nmembers = [", g)
		for m := range benchAgents / benchGroups * 5 { // every agent is in five groups
			fmt.Fprintf(&text, "\"agent-%d\", ", (g*benchAgents/benchGroups+m)%benchAgents)
		}
		fmt.Fprintf(&text, "]\n[[rule]]\nname = \"rule-%d\"\ntargets = [\"owner\", \"group:group-%d\", \"admin\"]\n", g, g)
		fmt.Fprintf(&text, "[[opportunity_type]]\nname = \"Course %d\"\nrule = \"rule-%d\"\nstages = [\"New\"]\n", g, g)
	}
	text.WriteString("[[autoresponse]]\nnumber = \"front-desk\"\ncreate_opportunity = true\ndefault_rule = \"rule-0\"\n")
	text.WriteString("[autoresponse.first]\nmessage = \"Which course?\"\n")
	return text.String()
}

// A stopwatch is a store that measures how long deciding takes within it.
type stopwatch struct {
	*store.Store
	deciding time.Duration
	rounds   int
}

func (s *stopwatch) Update(ctx context.Context, in bot.Input, decide func(bot.State) bot.Decision) error {
	return s.Store.Update(ctx, in, func(state bot.State) bot.Decision {
		began := time.Now()
		d := decide(state)
		s.deciding += time.Since(began)
		s.rounds++
		return d
	})
}

// BenchmarkDecideChat decides who gets a chat, from the lead's answer to a menu, in a business of 200 agents, 50 groups and
// 10,000 open chats. Its ns/op is the whole update, on SQLite with synchronous=FULL; deciding is the part without the store.
func BenchmarkDecideChat(b *testing.B) {
	cfg, report := config.Parse([]byte(benchBusiness()), "leadgate.toml", os.LookupEnv)
	if err := report.Err(); err != nil {
		b.Fatal(err)
	}
	st, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "leadgate.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	watch := &stopwatch{Store: st}
	desk := &benchTalk{b: b, bot: bot.New(watch, cfg.Policy(), nil, prometheus.NewRegistry())}
	for range benchChats {
		desk.asks()
		desk.chooses()
	}
	b.Run("10000 open", func(b *testing.B) {
		b.ReportAllocs()
		watch.deciding, watch.rounds = 0, 0
		for range b.N {
			b.StopTimer()
			deciding := watch.deciding
			desk.asks()
			watch.deciding = deciding
			b.StartTimer()
			desk.chooses()
		}
		b.ReportMetric(float64(watch.deciding.Nanoseconds())/float64(b.N), "deciding-ns")
	})
}

// A benchTalk is people who write, each once, and choose a course.
type benchTalk struct {
	b    *testing.B
	bot  *bot.Bot
	lead int
}

func (t *benchTalk) asks() {
	t.lead++
	t.says("Hello")
}

func (t *benchTalk) chooses() { t.says(fmt.Sprintf("Course %d", t.lead%benchGroups)) }

func (t *benchTalk) says(text string) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).Add(time.Duration(t.lead) * time.Second)
	phone := chat.Phone(fmt.Sprintf("+55119%08d", 10_000_000+t.lead))
	m := chat.Message{
		Number: "front-desk", ID: fmt.Sprintf("%s%d", text, t.lead), Person: chat.Person{Phone: phone}, Direction: chat.Inbound,
		Text: text, SentAt: at,
	}
	if err := t.bot.Handle(t.b.Context(), bot.Input{Key: m.Key(), At: at, Message: &m}); err != nil {
		t.b.Fatal(err)
	}
}
