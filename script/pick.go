package script

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"leadgate/chat"
)

// pick is `lead PHONE picks "LABEL" [by WAY]`: the answer to the menu that was sent to them last.
type pick struct {
	who   phone
	label string
	way   string // "": as the menu was shown
}

// The ways to answer a menu that are no display of it: typing what the option is called, or its number.
const (
	byLabel  = "label"
	byNumber = "number"
	byButton = "button"
)

func parsePick(who phone, l *line) (action, error) {
	pick := &pick{who: who}
	var err error
	if pick.label, err = l.value("the label of an option"); err != nil || !l.accept("by") {
		return pick, err
	}
	ways := []string{string(chat.DisplayList), byButton, string(chat.DisplayPoll), byNumber, byLabel}
	if pick.way, err = l.value("a way to answer, like list,"); err == nil && !has(ways, pick.way) {
		err = unknown("way to answer", pick.way, ways)
	}
	return pick, err
}

func (a *pick) check(c *checker) { a.who.check(c) }

func (a *pick) play(ctx context.Context, p *player) error {
	menu, found := p.lastMenu(a.who.phone)
	if !found {
		return p.noMenu(ctx, a.who)
	}
	m := p.inbound(menu.number)
	if err := a.answer(&m, menu); err != nil {
		return err
	}
	who := p.person(a.who)
	if who.last != nil && who.last.Person.Phone == "" {
		m.Person = who.hide()
	} else {
		m.Person = who.show()
	}
	who.last = &m
	return p.act(ctx, m)
}

// noMenu is the failure of who answers a menu that they have never seen.
func (p *player) noMenu(ctx context.Context, who phone) error {
	happened := "nothing was ever sent to them"
	if sent := p.sentTo(who.phone, 0); len(sent) > 0 {
		happened = "none was ever " + p.describeSendings(sent)
	}
	stands, err := p.describeChats(ctx, who)
	if err != nil {
		return err
	}
	return &Failure{Expected: "a menu to " + who.written, Happened: happened + "; " + stands}
}

// lastMenu is the menu that was sent to somebody last.
func (p *player) lastMenu(to chat.Phone) (menu sending, found bool) {
	for _, s := range slices.Backward(p.sent) {
		if s.to == to && s.isMenu() {
			return s, true
		}
	}
	return sending{}, false
}

// answer makes a message the answer.
func (a *pick) answer(m *chat.Message, menu sending) error {
	way := a.way
	if shown := menu.tapped(); way == "" {
		way = shown
	} else if way != byNumber && way != byLabel && way != shown {
		return &Failure{
			Expected: fmt.Sprintf("a menu that can be answered by %s", way),
			Happened: fmt.Sprintf("it was shown as %s", menu.display()),
		}
	}
	choices := menu.choices()
	if way == byNumber || way == byLabel {
		choices = menu.typeable()
	}
	i := slices.IndexFunc(choices, func(c choice) bool { return c.is(a.label) })
	if i < 0 {
		return &Failure{Expected: fmt.Sprintf("a menu with the option %q", a.label), Happened: "its options are " + listed(choices)}
	}
	row := choices[i]
	switch way {
	case byNumber:
		m.Text = strconv.Itoa(i + 1)
	case byLabel:
		m.Text = a.label
	case byButton:
		m.Text, m.Answer = row.shown, &chat.Answer{Form: chat.AnswerButton, Option: row.id, Menu: menu.id}
	case string(chat.DisplayPoll):
		vote := sha256.Sum256([]byte(row.shown))
		m.Answer = &chat.Answer{Form: chat.AnswerPoll, Votes: []string{hex.EncodeToString(vote[:])}, Menu: menu.id}
	default:
		m.Text, m.Answer = row.shown, &chat.Answer{Form: chat.AnswerList, Option: row.id, Menu: menu.id}
	}
	return nil
}

// isMenu reports whether there is something to choose.
func (s sending) isMenu() bool { return s.Menu != nil || s.menu != nil }

// tapped is the way in which a menu is answered that is shown like this.
func (s sending) tapped() string {
	switch s.display() {
	case chat.DisplayList, chat.DisplayPoll:
		return string(s.display())
	case chat.DisplayButtons:
		return byButton
	default:
		return byNumber
	}
}

// typeable are the options in the order of their numbers: those of the whole menu, whatever page of it is shown.
func (s sending) typeable() []choice {
	if s.menu == nil {
		return s.choices()
	}
	all := make([]choice, len(s.menu.Options))
	for i, o := range s.menu.Options {
		all[i] = choice{shown: o.Label, whole: o.Label}
	}
	return all
}
