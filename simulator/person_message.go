package simulator

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// How many of their own messages people and phones can send again.
const (
	maxLetters      = 32
	maxPhoneLetters = 2000 // a phone keeps those of all its chats
)

// group is where people post; every account is in it.
func group() types.JID { return types.NewJID("120363000000000001", types.GroupServer) }

// personInbox is what a person wrote and received.
type personInbox struct {
	inbox
	written letters
	asked   asked
	pen     sync.Mutex // keeps one person's messages in the order of their Send calls
}

// header makes the attributes of a message's stanza that say from whom it comes and how it is addressed.
func (p *Person) header(m Message) (attrs waBinary.Attrs, self types.JID) {
	byPhone := p.byPhone
	if !p.hideAlternate.Load() && p.server.nastily(8) {
		byPhone = !byPhone
	}
	self, alternate, prefix := p.lid, p.phone, "sender"
	attrs = waBinary.Attrs{"addressing_mode": "lid"}
	if byPhone {
		self, alternate = p.phone, p.lid
		attrs["addressing_mode"] = "pn"
	}
	switch {
	case m.Group:
		attrs["from"], attrs["participant"], prefix = group(), self, "participant"
	case m.Status:
		attrs["from"], attrs["participant"], prefix = types.StatusBroadcastJID, self, "participant"
	default:
		attrs["from"] = self
	}
	if !p.hideAlternate.Load() {
		suffix := "_pn"
		if byPhone {
			suffix = "_lid"
		}
		attrs[prefix+suffix] = alternate
	}
	if p.name != "" {
		attrs["notify"] = p.name
	}
	return attrs, self
}

// Send writes m to an account; every companion gets a copy, at once or when it comes back. The id is m.ID or a new one. The
// error says that m contradicts itself, votes in a poll that never arrived, or that a companion has no keys to write to.
func (p *Person) Send(to *Account, m Message) (id string, err error) {
	if err := m.check(); err != nil {
		return "", err
	}
	p.inbox.pen.Lock()
	defer p.inbox.pen.Unlock()
	attrs, self := p.header(m)
	chat := to.lid
	if self.Server == types.DefaultUserServer {
		chat = to.phone
	}
	if m.Reply != nil && m.Reply.Kind == ReplyPoll {
		chat = to.lid // polls are written by the LID: PROTOCOL.md 6
	}
	l, err := p.server.write(m, attrs, writing{
		self: self, chat: chat, mine: p.wrote, got: &p.inbox.inbox,
	})
	if err != nil {
		return "", err
	}
	l.pushName = p.name
	p.inbox.written.add(l)
	to.inbox.history.add(l)
	return l.id, p.server.dispatch(to, p.endpoint, l)
}

func (p *Person) wrote(id string) bool {
	_, ok := p.inbox.written.find(id)
	return ok
}

// write turns m into a letter with these attributes.
func (s *Server) write(m Message, attrs waBinary.Attrs, w writing) (*letter, error) {
	w.at, w.rand = m.At, s.draws.bytes
	if w.at.IsZero() {
		w.at = s.now()
	}
	if m.ID == "" {
		m.ID = s.draws.messageID()
	}
	attrs["id"], attrs["t"], attrs["type"] = m.ID, w.at.Unix(), "text"
	l := &letter{id: m.ID, attrs: attrs, enc: waBinary.Attrs{}, hidden: m.Placeholder}
	if m.Garbage != nil {
		l.plaintext = m.Garbage
		return l, nil
	}
	content, err := w.content(m)
	if err != nil {
		return nil, err
	}
	mark(content, l.attrs, l.enc)
	l.plaintext = mustMarshal(content)
	return l, nil
}

// onRetry takes a companion's retry receipt for a message of the person.
func (p *Person) onRetry(from *device, receipt waBinary.Node) {
	p.server.resend(from, receipt, p.endpoint, &p.inbox.written)
}

// onReceipt takes any other receipt of a companion for messages of the person. People don't look at them.
func (p *Person) onReceipt(*device, waBinary.Node) {}

// deliverToPerson takes an <enc> that a companion addressed to a person; the person reads it and answers with receipts.
func (s *Server) deliverToPerson(p *Person, from *device, stanza, enc waBinary.Node) {
	id := attr(stanza, "id")
	reader := reader{endpoint: p.endpoint, asked: &p.inbox.asked, address: waBinary.Attrs{"from": p.lid}}
	m, stanza, err := s.read(reader, from, stanza, enc)
	switch {
	case errors.Is(err, errDuplicate):
		p.inbox.repeated(id)
	case err != nil:
		return
	default:
		inner, viewOnce := unwrap(m)
		text, _ := textOf(inner)
		p.inbox.add(Received{
			ID: id, At: s.now(), From: from.account.Phone(), To: p.Phone(), Text: text,
			Shown: show(inner, viewOnce, stanza), Message: inner,
		})
	}
	s.enqueue(from, p.receipt("", s.now(), id), delivery{})
}

// Phone is the person's number in E.164.
func (p *Person) Phone() string { return "+" + p.phone.User }

// LID is the person's hidden identity, as in 123@lid.
func (p *Person) LID() string { return p.lid.String() }

// Read tells the companions of an account that the person has read these messages.
func (p *Person) Read(from *Account, ids ...string) error {
	if len(ids) == 0 {
		return errors.New("read: no message ids")
	}
	for _, id := range ids {
		if _, ok := p.inbox.find(id); !ok {
			return fmt.Errorf("read: the person received no message %q", id)
		}
	}
	for _, d := range p.server.companions(from) {
		p.server.enqueue(d, p.receipt("read", p.server.now(), ids...), delivery{})
	}
	return nil
}

// receipt is the person's receipt of that type, "" for delivered, for one message or several.
func (p *Person) receipt(kind string, at time.Time, ids ...string) waBinary.Node {
	receipt := waBinary.Node{Tag: "receipt", Attrs: waBinary.Attrs{"from": p.lid, "id": ids[0], "t": at.Unix()}}
	if kind != "" {
		receipt.Attrs["type"] = kind
	}
	if len(ids) > 1 {
		items := make([]waBinary.Node, 0, len(ids)-1)
		for _, id := range ids[1:] {
			items = append(items, waBinary.Node{Tag: "item", Attrs: waBinary.Attrs{"id": id}})
		}
		receipt.Content = []waBinary.Node{{Tag: "list", Content: items}}
	}
	return receipt
}

// AskAgain makes the person fail to read the next n messages of companions, who then send them again.
func (p *Person) AskAgain(n int) { p.inbox.asked.pretend(n) }

// Reinstall gives the person a new phone with the same number: new identity, no sessions, no memory of messages sent.
func (p *Person) Reinstall() {
	p.endpoint.reset()
	p.inbox.written.forget()
}

// DrainPrekeys makes the person's phone hand out no more one-time keys, or hand them out again.
func (p *Person) DrainPrekeys(on bool) { p.endpoint.drain(on) }

// withAttrs is a copy of attrs with more of them.
func withAttrs(attrs, more waBinary.Attrs) waBinary.Attrs {
	out := maps.Clone(attrs)
	maps.Copy(out, more)
	return out
}
