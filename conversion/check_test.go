package conversion

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leadgate/fault"
)

// sales is a configuration of one funnel with an entry stage and one later stage.
func sales(entry, later []TriggerConfig) Config {
	return Config{
		Numbers: []string{"front-desk", "clinic"},
		Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{{Name: "Entry", Triggers: entry}, {Name: "Sale", Triggers: later}}}},
	}
}

func entry(triggers ...TriggerConfig) Config { return sales(triggers, nil) }

func TestNewNamesWhatIsWrong(t *testing.T) {
	from := func(phrase string) TriggerConfig { return TriggerConfig{Phrase: phrase, Source: "S"} }
	stages := []StageConfig{{Name: "Entry", Triggers: []TriggerConfig{from("hi")}}}
	for _, c := range []struct {
		name   string
		config Config
		want   []string // each a part of the fault in its place; "warning " before one that only warns
	}{
		{"no funnel", Config{}, []string{"warning no funnel is configured"}},
		{
			"a funnel without a name",
			Config{Funnels: []FunnelConfig{{Name: " ", Stages: stages}}},
			[]string{`funnel[0].name: the funnel has no name`},
		},
		{
			"two funnels of one name",
			Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: stages}, {Name: "Sales", Stages: stages}}},
			[]string{`funnel[1].name: funnel "Sales" is there twice, first as funnel[0]`},
		},
		{
			"a funnel without stages",
			Config{Funnels: []FunnelConfig{{Name: "Sales"}}},
			[]string{`funnel[0]: funnel "Sales" has no stages`},
		},
		{
			"a stage without a name",
			Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{{}}}}},
			[]string{`funnel[0].stage[0].name: the stage has no name`},
		},
		{
			"two stages of one name",
			Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{{Name: "A"}, {Name: "B"}, {Name: "A"}}}}},
			[]string{`funnel[0].stage[2].name: stage "A" is there twice, first as funnel[0].stage[0]`},
		},
		{"an empty phrase", entry(from("")), []string{`funnel[0].stage[0].trigger[0].phrase: the phrase is empty`}},
		{"a phrase of white space", entry(from(" \t\u00a0")), []string{`trigger[0].phrase: the phrase is empty`}},
		{"a phrase of invisible characters", entry(from("\u200b\u2060")), []string{`phrase "\u200b\u2060" has no visible characters`}},
		{"a phrase that begins with a mark", entry(from("\u0301a")), []string{`begins with a mark (U+0301)`}},
		{"an emoji", entry(from("Hi 👋!")), []string{`phrase "Hi 👋!" has the emoji "👋" (U+1F44B, waving hand sign) at character 4`}},
		{"an emoji after letters with marks", entry(from("ola\u0301 👍🏽")), []string{`(U+1F44D U+1F3FD, thumbs up sign) at character 5`}},
		{"a flag", entry(from("Oi 🇧🇷")), []string{`regional indicator symbol letter b) at character 4`}},
		{"a keycap", entry(from("press 1\ufe0f\u20e3")), []string{`at character 7`}},
		{"a sign that a selector makes an emoji", entry(from("I ❤\ufe0f you")), []string{`heavy black heart) at character 3`}},
		{"an unknown match", entry(TriggerConfig{Phrase: "hi", Source: "S", Match: "lose"}), []string{`trigger[0].match: match "lose" is not known; did you mean "loose"?`}},
		{"a match far from any", entry(TriggerConfig{Phrase: "hi", Source: "S", Match: "fuzzy"}), []string{`known: ["exact" "loose"]`}},
		{
			"an unknown number",
			entry(TriggerConfig{Phrase: "hi", Source: "S", Numbers: []string{"clinic", "frontdesk"}}),
			[]string{`trigger[0].numbers: number "frontdesk" is not configured; did you mean "front-desk"?`},
		},
		{"a phrase of the first stage without a source", entry(TriggerConfig{Phrase: "hi"}), []string{`trigger[0].source: phrase "hi" of the first stage has no source`}},
		{
			"a phrase of a later stage with a source",
			sales([]TriggerConfig{from("hi")}, []TriggerConfig{from("bye")}),
			[]string{`stage[1].trigger[0].source: phrase "bye" of a later stage has the source "S"`},
		},
		{
			"the same phrase, as compared, for two sources",
			entry(from("Olá"), TriggerConfig{Phrase: "OLA\u0301", Source: "T"}),
			[]string{"trigger[1].phrase: phrase \"OLA\u0301\"" + ` of source "T" is also the phrase of source "S" (funnel[0].stage[0].trigger[0])`},
		},
		{
			"the same phrase for two sources of two funnels",
			Config{Funnels: []FunnelConfig{
				{Name: "A", Stages: stages},
				{Name: "B", Stages: []StageConfig{{Name: "Entry", Triggers: []TriggerConfig{{Phrase: "Hi", Source: "T"}}}}},
			}},
			[]string{`funnel[1].stage[0].trigger[0].phrase: phrase "Hi" of source "T" is also the phrase of source "S" (funnel[0].stage[0].trigger[0])`},
		},
		{
			"the same phrase for two sources that share one of their numbers",
			entry(TriggerConfig{Phrase: "hi", Source: "S", Numbers: []string{"front-desk", "clinic"}}, TriggerConfig{Phrase: "hi", Source: "T", Numbers: []string{"clinic"}}),
			[]string{`of source "T" is also the phrase of source "S"`},
		},
		{
			"the same phrase, loosely, for two sources",
			entry(TriggerConfig{Phrase: "olá", Source: "S", Match: "loose"}, TriggerConfig{Phrase: "ola", Source: "T", Match: "loose"}),
			[]string{`of source "T" is also the phrase of source "S"`},
		},
		{
			"the same phrase, once loose, for two sources",
			entry(TriggerConfig{Phrase: "ola", Source: "S", Match: "loose"}, TriggerConfig{Phrase: "ola", Source: "T"}),
			[]string{`of source "T" is also the phrase of source "S"`},
		},
		{
			"the same phrase for two later stages",
			Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{
				{Name: "Entry"}, {Name: "A", Triggers: []TriggerConfig{{Phrase: "ok"}}}, {Name: "B", Triggers: []TriggerConfig{{Phrase: "OK"}}},
			}}}},
			[]string{`stage[2].trigger[0].phrase: phrase "OK" of stage "B" is also the phrase of stage "A" (funnel[0].stage[1].trigger[0])`},
		},
		{"a phrase that is there twice", entry(from("hi"), from("Hi")), []string{`warning funnel[0].stage[0].trigger[1].phrase: phrase "Hi" is there twice, first as funnel[0].stage[0].trigger[0]`}},
		{
			"a phrase that another one contains",
			entry(from("Instagram"), from("I came from Instagram"), from("Instagram ad")),
			[]string{`warning funnel[0].stage[0].trigger[0].phrase: phrase "Instagram" is contained in "I came from Instagram" (funnel[0].stage[0].trigger[1]) and in 1 more; where both are found, the longer one wins`},
		},
		{
			"a loose phrase that finds all that an exact one finds",
			entry(from("olá"), TriggerConfig{Phrase: "ola", Source: "T", Match: "loose"}),
			[]string{`warning funnel[0].stage[0].trigger[1].phrase: phrase "ola" is contained in "olá" (funnel[0].stage[0].trigger[0]); where both are found, the first in the file wins`},
		},
		{"white space at the end of a phrase", entry(from("hi ")), []string{`warning funnel[0].stage[0].trigger[0].phrase: phrase "hi " begins or ends with white space`}},
		{
			"a funnel that nobody enters",
			Config{Funnels: []FunnelConfig{{Name: "A", Stages: stages}, {Name: "B", Stages: []StageConfig{{Name: "Entry"}}}}},
			[]string{`warning funnel[1]: nobody enters funnel "B" but by hand`},
		},
		{
			"several at once, in the order of the configuration",
			Config{Funnels: []FunnelConfig{
				{Name: "A", Stages: []StageConfig{{Name: "Entry", Triggers: []TriggerConfig{{}, from("hi 👋"), from("hi"), {Phrase: "HI", Source: "T", Match: "x"}}}}},
				{Name: "A"},
			}},
			[]string{
				`funnel[0].stage[0].trigger[0].phrase: the phrase is empty`, `funnel[0].stage[0].trigger[0].source: `,
				`funnel[0].stage[0].trigger[1].phrase: `, `funnel[0].stage[0].trigger[3].match: `, `funnel[0].stage[0].trigger[3].phrase: `,
				`funnel[1].name: `, `funnel[1]: `,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, faults := New(c.config)
			if (p == nil) != (faults.Err() != nil) {
				t.Errorf("the policy is %v with the faults %v", p, faults)
			}
			if len(faults) != len(c.want) {
				t.Fatalf("%d faults, want %d:\n%v", len(faults), len(c.want), faults)
			}
			for i, f := range faults {
				if want := c.want[i]; !strings.Contains(spelt(f), want) {
					t.Errorf("fault %d is\n\t%s, want in it\n\t%s", i, spelt(f), want)
				}
			}
		})
	}
}

func spelt(f fault.Fault) string {
	if f.Warning {
		return "warning " + f.Error()
	}
	return f.Error()
}

func TestNewAllowsWhatLooksWrongOnly(t *testing.T) {
	from := func(phrase, source string, numbers ...string) TriggerConfig {
		return TriggerConfig{Phrase: phrase, Source: source, Numbers: numbers}
	}
	for _, c := range []struct {
		name   string
		config Config
	}{
		{"one phrase for two sources on two numbers", entry(from("hi", "S", "front-desk"), from("hi", "T", "clinic"))},
		{"a phrase within another on another number", entry(from("hi", "S", "front-desk"), from("hi there", "T", "clinic"))},
		{"one phrase for the lead and for the business", sales([]TriggerConfig{from("hi", "S")}, []TriggerConfig{from("hi", "")})},
		{"phrases that differ in accents only", entry(from("ola", "S"), from("olá", "T"))},
		{"signs that are text", entry(from("Clínica Sol® ™ © 100% #1 * → ✓ ★ ❤", "S"))},
		{"a first funnel that only ads lead into", Config{Funnels: []FunnelConfig{{Name: "A", Stages: []StageConfig{{Name: "Entry"}}}}}},
		{"one source by two phrases", entry(from("hi", "S"), from("hello", "S"))},
		{"one phrase and source in two funnels", Config{Funnels: []FunnelConfig{
			{Name: "A", Stages: []StageConfig{{Name: "Entry", Triggers: []TriggerConfig{from("hi", "S")}}}},
			{Name: "B", Stages: []StageConfig{{Name: "Entry", Triggers: []TriggerConfig{from("hi", "S")}}}},
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if p, faults := New(c.config); p == nil || len(faults) > 0 {
				t.Errorf("the faults are %v", faults)
			}
		})
	}
}

func TestManyEqualPhrasesAreNotedInTime(t *testing.T) {
	var triggers []TriggerConfig
	for i := range 20_000 {
		triggers = append(triggers, TriggerConfig{Phrase: "hi", Source: fmt.Sprint(i)})
	}
	if _, faults := New(entry(triggers...)); len(faults) != len(triggers)-1 {
		t.Errorf("%d faults, want %d", len(faults), len(triggers)-1)
	}
}

func TestEmojiAreFoundAndTextIsNot(t *testing.T) {
	for _, emoji := range []string{
		"👋", "👍🏽", "🇧🇷", "1️⃣", "#️⃣", "❤️", "©️", "☎️", "⌚", "⭐", "✅", "✨", "👨‍👩‍👧", "🏴‍☠️", "☝🏽", "🫶", "🥹", "🇧", "🪿", "🀄",
	} {
		if got, at := findEmoji("a é " + emoji + " b"); got != emoji || at != len("a é ") {
			t.Errorf("in %q the emoji found is %q at byte %d", emoji, got, at)
		}
	}
	for _, text := range []string{
		"", "hello", "©®™", "0123456789#*", "→ ↑ ✓ ★ ☆ ♥ ❤ ☎", "São Paulo №1 ½ ²", "你好", "\ufe0f", "a\ufe0f", "1\u200d", "\xff\xfe", "ｱ",
	} {
		if got, at := findEmoji(text); got != "" {
			t.Errorf("in %q the emoji %q is found at byte %d", text, got, at)
		}
	}
}

func TestCharactersAreCountedAsPeopleDo(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"abc", 3},
		{"olá", 3},
		{"ola\u0301", 3},
		{"👨‍👩‍👧 ok", 4},
		{"👍🏽!", 2},
		{"🇧🇷🇦🇷🇲", 3},
		{"1️⃣2", 2},
		{"각가\u11a8", 2},
		{"a\r\nb", 3},
		{"\xff\xfe", 2},
		{"\u0301a", 2},
	} {
		if got := countCharacters(c.text); got != c.want {
			t.Errorf("%+q has %d characters, want %d", c.text, got, c.want)
		}
		if got := characterAt(c.text, len(c.text)); got != c.want+1 {
			t.Errorf("the end of %+q is character %d, want %d", c.text, got, c.want+1)
		}
	}
}

func TestTheHintForAnUnknownNameIsTheNearestOrAll(t *testing.T) {
	for name, want := range map[string]string{
		"frontdesk": `did you mean "front-desk"?`, "clinc": `did you mean "clinic"?`, "sails": `did you mean "Sales"?`,
		"warehouse": `known: ["front-desk" "clinic" "Sales"]`,
	} {
		if got := fault.Suggest(name, "number", []string{"front-desk", "clinic", "Sales"}); got != want {
			t.Errorf("for %q the hint is %q, want %q", name, got, want)
		}
	}
	if got := fault.Suggest("x", "number", nil); got != "there is no number" {
		t.Errorf("the hint without numbers is %q", got)
	}
	many := slices.Repeat([]string{"abcdef"}, 10)
	if got := fault.Suggest("zzz", "number", many); !strings.HasSuffix(got, "and 2 more") {
		t.Errorf("the hint of many numbers is %q", got)
	}
}
