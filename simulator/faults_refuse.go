package simulator

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// refusedReachOut is the code of a message to somebody who has not written first, while that is locked.
const refusedReachOut = 463

// RefuseForms answers every menu of companions, native flow or poll, with an error code and doesn't deliver it, until it is
// called with 0. Everything else is taken.
func (f *faults) RefuseForms(code int) { f.set(func() { f.formCode = code }) }

// LockReachOut refuses messages of companions to people who have not written to the account, with code 463, until it is
// turned off. Answers are taken.
func (f *faults) LockReachOut(on bool) { f.set(func() { f.reachOutLocked = on }) }

// HideQueueEnd leaves out the stanza that tells companions, after a login, that their queue is at its end.
func (f *faults) HideQueueEnd(on bool) { f.set(func() { f.queueEndHidden = on }) }

func (f *faults) hidesQueueEnd() bool { return f.any(func(f *faults) bool { return f.queueEndHidden }) }

// refuses is the code with which these faults refuse a companion's message, or 0.
func (a *Account) refuses(to types.JID, message *waBinary.Node) (code int) {
	_, menu := message.GetOptionalChildByTag("biz")
	if menu || message.Attrs["type"] == "poll" {
		a.faults.any(func(f *faults) bool { code = f.formCode; return code != 0 })
	}
	if code != 0 || !a.faults.any(func(f *faults) bool { return f.reachOutLocked }) {
		return code
	}
	if _, person := a.server.lookup(to); person != nil && !a.heardFrom(person) {
		return refusedReachOut
	}
	return 0
}

// heardFrom tells whether a person has written to the account, as far as its phone remembers.
func (a *Account) heardFrom(p *Person) bool {
	written := &a.inbox.history
	written.mu.Lock()
	defer written.mu.Unlock()
	for _, l := range written.list {
		if from := l.attrs["from"]; from == p.lid || from == p.phone {
			return true
		}
	}
	return false
}
