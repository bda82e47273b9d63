package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leadgate/simulator"
)

func TestEndToEndAMessageOfAnyKindIsHarmless(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	long := strings.Repeat("ã", 65_536-len(instagram)) + instagram
	for i, c := range []struct {
		name    string
		message simulator.Message
		enters  bool
		aside   int // messages set aside
	}{
		{name: "65,536 characters with a phrase at their end", message: simulator.Message{Text: long}, enters: true},
		{name: "65,536 emoji", message: simulator.Message{Text: strings.Repeat("👩‍👩‍👧", 65_536/5)}},
		{name: "only emoji", message: simulator.Message{Text: "😀👍🏽🇧🇷"}},
		{name: "invalid UTF-8", message: simulator.Message{Text: "\xff\xfe\x80\xc3"}},
		{name: "a phrase within invalid UTF-8", message: simulator.Message{Text: "\xff" + instagram + "\xc3\x28\x00"}, enters: true},
		{name: "nothing at all", message: simulator.Message{Text: ""}},
		{name: "a protobuf that doesn't parse", message: simulator.Message{Garbage: []byte("\xff\xff\xff\xff\xff\xff no protobuf")}, aside: 1},
		{name: "bytes that end too soon", message: simulator.Message{Garbage: []byte{0x0a, 0x7f, 'x'}}, aside: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r.within(t)
			aside := r.count(`SELECT count(*) FROM set_aside`)
			writer := r.person(simulator.PersonOptions{Phone: fmt.Sprintf("+55119300000%02d", i), Name: "Ｚ\xf0\x28"})
			r.says(writer, c.message)
			r.worksOn(fmt.Sprintf("+55119310000%02d", i))
			r.quiet()
			if got := r.stage(writer.Phone()) != ""; got != c.enters {
				t.Errorf("the writer is in the funnel: %v, want %v", got, c.enters)
			}
			if got := r.count(`SELECT count(*) FROM set_aside`) - aside; got != c.aside {
				t.Errorf("%d messages were set aside, want %d", got, c.aside)
			}
			if c.enters {
				r.eventually("the CRM is told", func() bool { return r.toldOf(writer.Phone()) })
			}
		})
	}
	if got := r.metric(`leadgate_messages_total{direction="inbound",number="front-desk",outcome="set_aside"}`); got != 2 {
		t.Errorf("%v messages are counted as set aside, want 2", got)
	}
	for _, wrong := range r.crm.wrong() {
		t.Errorf("the CRM refused a webhook: %s", wrong)
	}
}

func TestEndToEndLidAndPhoneAreOneLead(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	hidden := r.person(simulator.PersonOptions{Phone: "+5511932000001", Name: "Bea", HideAlternate: true})
	r.says(hidden, simulator.Message{Text: instagram})
	r.eventually("the CRM is told of a lead", func() bool { return len(r.crm.told("lead.created")) == 1 })
	created := r.crm.told("lead.created")[0]
	if created.Data.Lead.Phone != nil {
		t.Errorf("a hidden lead has the phone %q", *created.Data.Lead.Phone)
	}
	r.answers(hidden, simulator.Message{Text: scheduled})
	r.eventually("the hidden lead moves", func() bool { return len(r.crm.told("conversion.*")) == 2 })

	hidden.HideAlternate(false)
	r.says(hidden, simulator.Message{Text: "By the way, this is my number"})
	r.eventually("the CRM learns the phone", func() bool { return len(r.crm.told("lead.updated")) == 1 })
	lead := r.crm.told("lead.updated")[0].Data.Lead
	if lead.ID != created.Data.Lead.ID || lead.Phone == nil || *lead.Phone != hidden.Phone() || lead.Stages["Sales"] != "Scheduling" {
		t.Errorf("the lead is now %+v", lead)
	}
	r.worksOn("+5511932000002")
	if got := r.count(`SELECT count(*) FROM lead`); got != 2 {
		t.Errorf("there are %d leads, want the two people", got)
	}
	if got := r.count(`SELECT count(*) FROM lead WHERE phone IS NULL`); got != 0 {
		t.Errorf("%d leads are without a phone", got)
	}
}

func TestEndToEndAnUnusableStoreOrConfigIsRefusedInOneLine(t *testing.T) {
	t.Parallel()
	megabyte := "# " + strings.Repeat("x", 1<<20) + "\n"
	for _, c := range []struct {
		name string
		make func(r *rig)
		want []string // words of what the daemon says
		line bool     // it says one line
	}{
		{"a store that is not SQLite", func(r *rig) {
			write(r, "leadgate.db", bytes.Repeat([]byte("Dear diary, today\n"), 1000))
		}, []string{"leadgate.db", "not"}, true},
		{"a store that was cut off", func(r *rig) {
			write(r, "leadgate.db", append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{0xa5}, 5000)...))
		}, []string{"leadgate.db"}, true},
		{"a store that is a directory", func(r *rig) {
			if err := os.Mkdir(filepath.Join(r.dir, "leadgate.db"), 0o700); err != nil {
				r.Fatal(err)
			}
		}, []string{"leadgate.db"}, true},
		{"a config of a megabyte in one unknown key", func(r *rig) {
			r.configure("\nnonsense = \"" + strings.Repeat("y", 1<<20) + "\"\n")
		}, []string{"leadgate.toml", "nonsense"}, false},
		{"a config of a megabyte of tables", func(r *rig) {
			r.configure(strings.Repeat("[[numbr]]\n", 1<<20/10))
		}, []string{"leadgate.toml", "numbr"}, false},
		{"a config of seventeen megabytes", func(r *rig) {
			r.configure(strings.Repeat(megabyte, 17))
		}, []string{"leadgate.toml", "larger"}, false},
		{"a config that is not text", func(r *rig) {
			write(r, "leadgate.toml", bytes.Repeat([]byte{0, 0xff, 0xfe, '\n'}, 1<<18))
		}, []string{"leadgate.toml"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, &sqliteFile{})
			c.make(r)
			out, err := r.leadgate("run", "-c", r.configFile()).CombinedOutput()
			if err == nil {
				t.Fatalf("the daemon ran:\n%s", out)
			}
			said := string(out)
			if strings.Contains(said, "goroutine ") || !strings.Contains(err.Error(), "exit status 1") {
				t.Errorf("the daemon ended with %v:\n%.2000s", err, said)
			}
			if c.line && (strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "leadgate: open ")) {
				t.Errorf("the daemon says more than a line: %.2000s", said)
			}
			if len(said) > 20_000 {
				t.Errorf("the daemon says %d bytes", len(said))
			}
			for _, word := range c.want {
				if !strings.Contains(said, word) {
					t.Errorf("the daemon does not speak of %q:\n%.2000s", word, said)
				}
			}
		})
	}
	t.Run("a sound config of a megabyte is read", func(t *testing.T) {
		r := newRig(t, &sqliteFile{})
		r.configure(megabyte)
		r.start()
		r.stop()
	})
}

func write(r *rig, name string, data []byte) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), data, 0o600); err != nil {
		r.Fatal(err)
	}
}
