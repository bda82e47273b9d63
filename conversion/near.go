package conversion

import (
	"fmt"
	"unicode"
)

// A NearMiss says how a text almost had a phrase.
type NearMiss struct {
	Difference Difference
	Character  int    // of the text where it differs first, from 1; one more than the text has when it ends too early
	Wanted     string // what the phrase has there; "" when it has nothing more
	Got        string // what the text has there; "" when it ends
}

// Difference names what keeps a text from having a phrase.
type Difference string

// The differences. All but the last vanish with match = "loose".
const (
	DiffersInAccents    Difference = "accents"
	DiffersInSpaces     Difference = "white space"
	DiffersInQuotes     Difference = "quotes or dashes"
	DiffersInForm       Difference = "the form of a character"
	DiffersInCharacters Difference = "characters"
)

// describe is the near miss in words; nil is none.
func (n *NearMiss) describe() string {
	switch {
	case n == nil:
		return "not in the text"
	case n.Difference != DiffersInCharacters:
		return fmt.Sprintf(`it would match loosely: the text differs in %s at character %d (match = "loose" ignores that)`,
			n.Difference, n.Character)
	case n.Got == "":
		return fmt.Sprintf("the text ends before character %d, where the phrase goes on with %q", n.Character, n.Wanted)
	case n.Wanted == "":
		return fmt.Sprintf("the phrase would end within character %d, %q", n.Character, n.Got)
	}
	return fmt.Sprintf("the text differs at character %d: it has %q where the phrase has %q", n.Character, n.Got, n.Wanted)
}

// nearSearch looks for phrases that a text almost has.
type nearSearch struct {
	text   string
	exact  *folder
	loose  *folder
	folded folded // the text, loosely
	effort int    // letters that may still be compared
}

// nearEffort bounds what one explanation costs: 100,000 phrases and a message of 500 characters, about half a second.
const nearEffort = 50_000_000

func newNearSearch(p *Policy, text string) *nearSearch {
	loose := p.loose
	if loose == nil {
		loose = newFolder(true)
	}
	return &nearSearch{text: text, exact: p.exact, loose: loose, folded: loose.fold(text, nil, nil), effort: nearEffort}
}

// of returns how the text missed a trigger's phrase, nil when it is not near. Half of the phrase, and at least three
// letters, have to be there.
func (n *nearSearch) of(t *trigger) *NearMiss {
	key := n.loose.key(t.Phrase)
	begin, common := n.longestBeginning(key)
	if n.effort < 0 {
		return nil
	}
	whole := common > 0 && common == len(key) && n.folded.begins(begin+common)
	switch {
	case whole && !t.isLoose():
		return n.difference(t.Phrase, int(n.folded.at[begin]), int(n.folded.at[begin+common]))
	case common >= 3 && 2*common >= len(key):
		return n.end(key, begin, common)
	}
	return nil
}

// longestBeginning returns where in the text the most letters of a key begin, with a character, and how many: the whole
// key only where it ends with a character too, if there is such a place.
func (n *nearSearch) longestBeginning(key []rune) (begin, common int) {
	letters := n.folded.letters
	whole := false
	for i := range letters {
		if !n.folded.begins(i) {
			continue
		}
		same := 0
		for same < len(key) && i+same < len(letters) && letters[i+same].rune() == key[same] {
			same++
		}
		if n.effort -= same + 1; n.effort < 0 {
			break
		}
		ends := same == len(key) && n.folded.begins(i+same)
		if same > common || ends && !whole {
			begin, common, whole = i, same, ends
		}
		if whole {
			break
		}
	}
	return begin, common
}

// end is the near miss of a text that has only the beginning of a key.
func (n *nearSearch) end(key []rune, begin, common int) *NearMiss {
	at := int(n.folded.at[begin+common])
	miss := &NearMiss{Difference: DiffersInCharacters}
	if common < len(key) {
		miss.Wanted = string(key[common])
	}
	miss.Character = characterAt(n.text, at)
	if at < len(n.text) {
		miss.Got = firstCharacter(n.text[at:])
	}
	return miss
}

// difference is the near miss of a stretch of the text that is the phrase but for what loose matching ignores.
func (n *nearSearch) difference(phrase string, from, to int) *NearMiss {
	want := n.exact.fold(phrase, nil, nil)
	got := n.exact.fold(n.text[from:to], nil, nil)
	i := 0
	for i < len(want.letters) && i < len(got.letters) && want.letters[i].rune() == got.letters[i].rune() {
		i++
	}
	miss := &NearMiss{Difference: DiffersInForm}
	wanted, has := want.rune(i), got.rune(i)
	switch {
	case mark(wanted) || mark(has):
		miss.Difference = DiffersInAccents
	case unicode.IsSpace(wanted) || unicode.IsSpace(has):
		miss.Difference = DiffersInSpaces
	case plain(wanted) == plain(has):
		miss.Difference = DiffersInQuotes
	}
	for i > 0 && !(want.begins(i) && got.begins(i)) {
		i-- // a mark alone says nothing: show the whole character
	}
	miss.Character = characterAt(n.text, from+int(got.at[i]))
	miss.Wanted = firstCharacter(phrase[want.at[i]:])
	miss.Got = firstCharacter(n.text[from+int(got.at[i]) : to])
	return miss
}
