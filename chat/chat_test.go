package chat

import "testing"

func TestMessageKeyNamesTheMessageOrTheEdit(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Message
		want string
	}{
		{"a message is named by its id", Message{Number: "front-desk", ID: "A1"}, "message/front-desk/A1"},
		{"an edit is named by its own id", Message{Number: "front-desk", ID: "A1", EditID: "B2"}, "edit/front-desk/B2"},
		{"another number's message is another", Message{Number: "shop", ID: "A1"}, "message/shop/A1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.m.Key(); got != c.want {
				t.Errorf("Key() = %q, want %q", got, c.want)
			}
		})
	}
}

func TestAdIsTheSameOnlyWhenNothingProvesAnotherClick(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Ad
		want bool
	}{
		{"the same click", Ad{SourceID: "1", ClickID: "x"}, Ad{SourceID: "1", ClickID: "x"}, true},
		{"the same click, whose ad id is missing this time", Ad{SourceID: "1", ClickID: "x"}, Ad{ClickID: "x"}, true},
		{"another click on the same ad", Ad{SourceID: "1", ClickID: "x"}, Ad{SourceID: "1", ClickID: "y"}, false},
		{"the same ad without click ids", Ad{SourceID: "1"}, Ad{SourceID: "1"}, true},
		{"another ad without click ids", Ad{SourceID: "1"}, Ad{SourceID: "2"}, false},
		{"a mark without a card after a click", Ad{SourceID: "1", ClickID: "x"}, Ad{}, true},
		{"a card after a mark without one", Ad{}, Ad{SourceID: "1"}, false},
		{"a click after a mark without a card", Ad{}, Ad{ClickID: "x"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.a.Same(c.b); got != c.want {
				t.Errorf("Same = %v, want %v", got, c.want)
			}
		})
	}
}
