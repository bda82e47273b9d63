package conversion

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"leadgate/chat"
)

// oneTrigger is a policy that waits for one phrase of the lead.
func oneTrigger(t testing.TB, phrase, match string) *Policy {
	t.Helper()
	return policyOf(t, TriggerConfig{Phrase: phrase, Source: "S", Match: match})
}

func policyOf(t testing.TB, triggers ...TriggerConfig) *Policy {
	t.Helper()
	p, faults := New(Config{Funnels: []FunnelConfig{{Name: "Sales", Stages: []StageConfig{{Name: "Entry", Triggers: triggers}}}}})
	if p == nil {
		t.Fatalf("the configuration is refused: %v", faults)
	}
	return p
}

func TestMatchExactly(t *testing.T) {
	for _, c := range []struct {
		name, phrase, text string
		at                 int // byte; -1: not found
	}{
		{"at the beginning", "I came", "I came from Instagram", 0},
		{"in the middle", "from", "I came from Instagram", 7},
		{"at the end", "Instagram", "I came from Instagram", 12},
		{"as the whole text", "hi", "hi", 0},
		{"in the middle of a word", "stag", "Instagram", 2},
		{"the leftmost place", "na", "banana", 2},
		{"a text that begins with a part of it", "aab", "aaab", 1},
		{"a text that is only a part of it", "Instagram", "Instagra", -1},
		{"an empty text", "hi", "", -1},
		{"case does not count", "INSTAGRAM", "from instagram", 5},
		{"case of letters with accents does not count", "AÇÃO", "ação", 0},
		{"ß and ss are the same letters in two cases", "STRASSE", "Straße", 0},
		{"final sigma is a sigma", "ΣΊΣΥΦΟΣ", "σίσυφος", 0},
		{"a ligature of compatibility folds to its letters", "fish", "ﬁsh", 0},
		{"Cherokee has case too", "Ꭰ", "ꭰ", 0},
		{"dotted and dotless i are different letters", "ılık", "ilik", -1},
		{"a composed accent is found decomposed", "olá", "ola\u0301", 0},
		{"a decomposed accent is found composed", "ola\u0301", "Olá", 0},
		{"marks in another order are the same", "a\u0323\u0301", "a\u0301\u0323", 0},
		{"a mark on a composed letter is put in order", "a\u0323\u0302", "\u00e2\u0323", 0},
		{"iota subscript is an iota after the accents", "\u03b1\u0301\u03b9", "\u1fb3\u0301", 0},
		{"a Hangul syllable is its jamo", "\u1100\u1161", "가", 0},
		{"accents count", "acao", "ação", -1},
		{"a missing accent counts", "ação", "acao", -1},
		{"cafe is not in café", "cafe", "café", -1},
		{"cafe is not in café, decomposed", "cafe", "cafe\u0301", -1},
		{"cafe is not in cafe with a mark behind a joiner", "cafe", "cafe\u200d\u0301", -1},
		{"cafe is in a later cafe", "cafe", "café, cafe", 7},
		{"a phrase is not in a keycap", "#", "#\ufe0f\u20e3", -1},
		{"a phrase does not begin within a character", "sa", "ßa", -1},
		{"a phrase does not end within a character", "gros", "groß", -1},
		{"a syllable is not in one with a final", "가", "각", -1},
		{"a syllable is not in one whose final follows", "가", "가\u11a8", -1},
		{"a syllable is found before another", "가", "가나", 0},
		{"a vowel sign belongs to its letter", "क", "का", -1},
		{"spaces count", "I came", "I  came", -1},
		{"a tab is no space", "I came", "I\tcame", -1},
		{"a no-break space is a space", "I came", "I\u00a0came", 0},
		{"a narrow no-break space is a space", "I\u202fcame", "I came", 0},
		{"punctuation counts", "Hi, I came", "Hi I came", -1},
		{"typographic quotes are not plain ones", "it's", "it’s", -1},
		{"a dash is no hyphen", "a-b", "a–b", -1},
		{"full width is another form", "hi", "ｈｉ", -1},
		{"invisible characters in the text don't count", "Instagram", "Insta\u200bgram\u200d", 0},
		{"invisible characters in the phrase don't count", "Insta\u00adgram\ufeff", "Instagram", 0},
		{"direction marks don't count", "شكرا", "\u202bشكرا\u202c", 3},
		{"a variation selector does not count", "©", "©\ufe0f 2026", 0},
		{"an emoji in between counts", "hi there", "hi 👋 there", -1},
		{"an emoji before it does no harm", "hi", "👨\u200d👩\u200d👧 hi", 19},
		{"letters of the planes beyond fold", "𐐀", "𐐨", 0},
		{"bytes that are no UTF-8 do no harm", "hi", "\xff\xfehi\xc3", 2},
		{"Han is found", "你好", "我说你好", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMatch(t, oneTrigger(t, c.phrase, ""), c.text, c.at)
		})
	}
}

func TestMatchLoosely(t *testing.T) {
	for _, c := range []struct {
		name, phrase, text string
		at                 int
	}{
		{"accents don't count", "acao", "Ação", 0},
		{"accents of the phrase don't count", "ação", "ACAO", 0},
		{"decomposed accents don't count", "acao", "ac\u0327a\u0303o", 0},
		{"a match may end with a letter whose accent does not count", "cafe", "cafe\u0301s", 0},
		{"repeated white space is one space", "I came", "I \t\n came", 0},
		{"repeated white space in the phrase is one space", "I  came", "I came", 0},
		{"white space is not nothing", "I came", "Icame", -1},
		{"an ideographic space is a space", "I came", "I\u3000came", 0},
		{"full width is the same", "hi", "ｈｉ", 0},
		{"a ligature is its letters", "ﬁsh", "FISH", 0},
		{"an ellipsis is three points", "well...", "Well…", 0},
		{"a typographic apostrophe is a plain one", "it's", "it’s", 0},
		{"a plain quote is a typographic one", "“ok”", `say "OK"`, 4},
		{"guillemets are quotes", `"ok"`, "«ok»", 0},
		{"dashes are hyphens", "a-b", "a—b", 0},
		{"a minus sign is a hyphen", "a-b", "a−b", 0},
		{"other punctuation counts", "Hi, I", "Hi. I", -1},
		{"voicing makes another letter", "か", "が", -1},
		{"a virama makes another letter", "क", "क्", -1},
		{"Hebrew points don't count", "שלום", "שָׁלוֹם", 0},
		{"an iota subscript is an accent", "α", "ᾳ", 0},
		{"a stroke is no accent", "a", "ⱥ", -1},
		{"invisible characters don't count", "hi there", "hi\u200b there", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMatch(t, oneTrigger(t, c.phrase, matchLoose), c.text, c.at)
		})
	}
}

func checkMatch(t *testing.T, p *Policy, text string, at int) {
	t.Helper()
	hits := p.hits(chat.Inbound, text)
	switch {
	case at < 0 && len(hits) > 0:
		t.Errorf("found in %+q at byte %d, want nowhere", text, hits[0].at)
	case at >= 0 && len(hits) == 0:
		t.Errorf("not found in %+q, want it at byte %d", text, at)
	case at >= 0 && hits[0].at != at:
		t.Errorf("found in %+q at byte %d, want %d", text, hits[0].at, at)
	}
}

func TestWhichPhraseWins(t *testing.T) {
	for _, c := range []struct {
		name    string
		phrases []string // each is its own source; "~" before one: loose
		text    string
		want    string
	}{
		{"the longest", []string{"Insta", "Instagram", "I came"}, "I came from Instagram", "Instagram"},
		{"the longest, though another begins earlier", []string{"I came", "from Instagram"}, "I came from Instagram", "from Instagram"},
		{"of equal length the leftmost", []string{"from", "came"}, "I came from Instagram", "came"},
		{"of equal length and place the first in the file", []string{"~olá", "~ólá", "olá"}, "olá", "~olá"},
		{"a phrase within another loses", []string{"gram", "Instagram"}, "Instagram", "Instagram"},
		{"a phrase within another is found where the other is not", []string{"gram", "Instagram"}, "telegram", "gram"},
		{"characters are counted, not bytes", []string{"ééé", "abcd"}, "ééé abcd", "abcd"},
		{"characters are counted, however accents are written", []string{"e\u0301e\u0301e\u0301", "abcd"}, "ééé abcd", "abcd"},
		{"the longest is sought among exact and loose ones", []string{"obrigad", "~obrigado"}, "Obrigadó", "~obrigado"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var triggers []TriggerConfig
			for _, phrase := range c.phrases {
				written, loose := strings.CutPrefix(phrase, "~")
				trigger := TriggerConfig{Phrase: written, Source: "same"}
				if loose {
					trigger.Match = matchLoose
				}
				triggers = append(triggers, trigger)
			}
			hits := policyOf(t, triggers...).hits(chat.Inbound, c.text)
			if len(hits) == 0 {
				t.Fatalf("nothing found in %q", c.text)
			}
			if got := c.phrases[hits[0].trigger.order]; got != c.want {
				t.Errorf("%q wins, want %q", got, c.want)
			}
		})
	}
}

// tricky are characters that fold, decompose, combine or vanish.
var tricky = []string{
	"a", "A", "á", "a\u0301", "\u0301", "\u0323", "ß", "s", "S", "ẞ", "ſ", "ﬁ", "f", "i", "İ", "ı", "ŉ", "n", "ʼ", "k", "K", "\u212a",
	"Å", "\u212b", "ς", "σ", "Σ", "ΐ", "ι", "\u0345", "ᾳ", "α", "가", "각", "\u1100", "\u1161", "\u11a8", "\u200d", "\u00ad",
	"\ufe0f", "\u00a0", " ", "  ", "\t", "👋", "🇧🇷", "\u3099", "か", "が", "ｶﾞ", "’", "'", "–", "-", "…", ".", "ﷺ", "𐐀", "𐐨", "\xff", "\x00",
}

func trickyText(low, high int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(tricky), low, high), func(parts []string) string { return strings.Join(parts, "") })
}

func TestMatchingIsWhatTheStandardSays(t *testing.T) {
	exactly := newFolder(false)
	rapid.Check(t, func(t *rapid.T) {
		text := trickyText(0, 20).Draw(t, "text")
		phrase := trickyText(1, 4).Draw(t, "phrase")
		config := TriggerConfig{Phrase: strings.ToValidUTF8(phrase, "?"), Source: "S"}
		p, _ := compile(entry(config), exactly, nil)
		if p == nil {
			t.Skip("the phrase is refused")
		}
		want := referenceMatch(text, config.Phrase)
		got := -1
		if hits := p.hits(chat.Inbound, text); len(hits) > 0 {
			got = hits[0].at
		}
		if got != want {
			t.Fatalf("phrase %+q in text %+q at byte %d, want %d", config.Phrase, text, got, want)
		}
	})
}

// referenceMatch is exact matching word for word from the standard: it compares the phrase with every stretch of the text
// that begins and ends with a character, and returns the byte where the first equal one begins, -1 when none is.
func referenceMatch(text, phrase string) int {
	type place struct{ rune, byte int }
	var runes []rune
	var places []place
	for i, r := range text {
		if ignored(r) {
			continue
		}
		decomposed := []rune(norm.NFD.String(string(r)))
		continues := mark(decomposed[0])
		if len(runes) > 0 {
			last := []rune(norm.NFD.String(string(runes[len(runes)-1])))
			continues = continues || goesOn(last[len(last)-1], decomposed[0])
		}
		if !continues {
			places = append(places, place{rune: len(runes), byte: i})
		}
		runes = append(runes, r)
	}
	places = append(places, place{rune: len(runes), byte: len(text)})
	want := referenceFold(phrase)
	for i, from := range places {
		for _, to := range places[i+1:] {
			if referenceFold(string(runes[from.rune:to.rune])) == want {
				return from.byte
			}
		}
	}
	return -1
}

// referenceFold is toCasefold between two canonical decompositions (D145) of a text without what does not count.
func referenceFold(text string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case ignored(r):
			return -1
		case noBreakSpace(r):
			return ' '
		}
		return r
	}, text)
	var folded strings.Builder
	for _, r := range norm.NFD.String(kept) {
		folded.WriteString(caseless(r, cases.Fold()))
	}
	return norm.NFD.String(folded.String())
}

func TestManyPhrasesAreFoundAsEachAlone(t *testing.T) {
	exactly := newFolder(false)
	rapid.Check(t, func(t *rapid.T) {
		phrases := rapid.SliceOfNDistinct(rapid.StringMatching(`[ab]{1,4}|[abc]{2,6}`), 1, 40, rapid.ID[string]).Draw(t, "phrases")
		text := rapid.StringMatching(`[abcd]{0,60}`).Draw(t, "text")
		var triggers []TriggerConfig
		for _, phrase := range phrases {
			triggers = append(triggers, TriggerConfig{Phrase: phrase, Source: "S"})
		}
		p, faults := compile(entry(triggers...), exactly, nil)
		if p == nil {
			t.Fatal(faults)
		}
		var got []string
		for _, h := range p.hits(chat.Inbound, text) {
			if want := strings.Index(text, h.trigger.Phrase); h.at != want || h.end != want+len(h.trigger.Phrase) {
				t.Errorf("%q at %d to %d, want it at %d", h.trigger.Phrase, h.at, h.end, want)
			}
			got = append(got, h.trigger.Phrase)
		}
		var want []string
		for _, phrase := range phrases {
			if strings.Contains(text, phrase) {
				want = append(want, phrase)
			}
		}
		slices.SortStableFunc(want, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Index(text, a) - strings.Index(text, b)
		})
		if !slices.Equal(got, want) {
			t.Fatalf("found %q in %q, want %q", got, text, want)
		}
	})
}

func TestTableFoldsAsTheLibrariesDo(t *testing.T) {
	for _, loose := range []bool{false, true} {
		f := newFolder(loose)
		caser := cases.Fold()
		for r := range rune(utf8.MaxRune + 1) {
			if !utf8.ValidRune(r) {
				continue
			}
			got := f.key(string(r))
			var want []rune
			for _, l := range f.expand(r, caser) {
				want = append(want, l.rune())
			}
			if !slices.Equal(got, want) {
				t.Errorf("loose %v: %U folds to %U, want %U", loose, r, got, want)
			}
			if again := f.key(string(got)); !slices.Equal(again, got) {
				t.Errorf("loose %v: %U folds to %U and that to %U", loose, r, got, again)
			}
		}
	}
}
