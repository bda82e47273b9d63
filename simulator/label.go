package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types"
)

// Label puts a label on the chat with a person, or takes it off, as somebody does on the phone. A label that the phone
// does not have is made first.
func (a *Account) Label(p *Person, name string, on bool) error {
	a.state.mu.Lock()
	id, last := "", 0
	for known, label := range a.state.labels() {
		if label == name {
			id = known
		}
	}
	for index := range a.state.settings {
		if n, err := strconv.Atoi(strings.TrimPrefix(index, appstate.IndexLabelEdit+"|")); err == nil {
			last = max(last, n)
		}
	}
	a.state.mu.Unlock()
	if id == "" {
		id = strconv.Itoa(last + 1)
		if err := a.ChangeAppState(appstate.BuildLabelEdit(id, name, int32(last%20), false)); err != nil {
			return fmt.Errorf("make label %q: %w", name, err)
		}
	}
	if err := a.ChangeAppState(appstate.BuildLabelChat(p.lid, id, on)); err != nil {
		return fmt.Errorf("label a chat %q: %w", name, err)
	}
	return nil
}

// Labels is the names of the labels that the phone shows at the chat with a person, sorted. As a phone of today it looks
// for them under the person's LID only.
func (a *Account) Labels(p *Person) []string { return a.state.labelled(p.lid) }

// labelled is the names of the labels at a chat, sorted.
func (p *phoneState) labelled(chat types.JID) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	shown := []string{}
	for id, name := range p.labels() {
		if p.settings[strings.Join([]string{appstate.IndexLabelAssociationChat, id, chat.String()}, "|")].GetLabelAssociationAction().GetLabeled() {
			shown = append(shown, name)
		}
	}
	slices.Sort(shown)
	return shown
}

// labels is the labels that the phone has, name by id; p.mu is held.
func (p *phoneState) labels() map[string]string {
	all := map[string]string{}
	for index, value := range p.settings {
		id, isLabel := strings.CutPrefix(index, appstate.IndexLabelEdit+"|")
		if isLabel && !value.GetLabelEditAction().GetDeleted() {
			all[id] = value.GetLabelEditAction().GetName()
		}
	}
	return all
}

// HoldStateKeys lets the phone keep the key of the app state to itself, as one does that is asleep, until it is turned
// off. It must be on before a companion logs in for the first time.
func (a *Account) HoldStateKeys(on bool) error {
	a.state.mu.Lock()
	a.state.holding = on
	var waiting []*device
	if !on {
		waiting, a.state.waiting = a.state.waiting, nil
	}
	a.state.mu.Unlock()
	for _, d := range waiting {
		if err := a.shareKeys(d); err != nil {
			return err
		}
	}
	return nil
}

// shareKeys gives a companion the key of the app state, at once or when it is no longer held.
func (a *Account) shareKeys(d *device) error {
	a.state.mu.Lock()
	holding := a.state.holding
	if holding {
		a.state.waiting = append(a.state.waiting, d)
	}
	a.state.mu.Unlock()
	if holding {
		return nil
	}
	return a.sendPeer(d, a.state.keyShare())
}

// RefuseAppState answers the next n changes of app state that companions send with an error code, and makes none of them.
func (a *Account) RefuseAppState(code, n int) {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	a.state.refusal, a.state.refusals = code, n
}

// refuse takes one refusal, 0 for none; p.mu is held.
func (p *phoneState) refuse() (code int) {
	if p.refusals <= 0 {
		return 0
	}
	p.refusals--
	return p.refusal
}

// LoseAppStateAnswer makes the next n changes of app state that companions send, and never answers them.
func (a *Account) LoseAppStateAnswer(n int) {
	a.state.mu.Lock()
	defer a.state.mu.Unlock()
	a.state.silences = n
}

// isSilent tells whether a change is not answered.
func (p *phoneState) isSilent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silences <= 0 {
		return false
	}
	p.silences--
	return true
}
