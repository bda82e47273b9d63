package simulator

import (
	"strconv"
	"strings"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// usync answers who somebody is: devices, LID, whether a phone is on WhatsApp. People without an account are left out of
// the list, unless their phone was asked for.
func (q *query) usync() ([]waBinary.Node, iqCode) {
	wanted := q.child.GetChildByTag("query")
	asked := q.child.GetChildByTag("list")
	users := make([]waBinary.Node, 0, len(asked.GetChildren()))
	for _, user := range asked.GetChildren() {
		if answer, ok := q.conn.server.describe(user, wanted.GetChildren()); ok {
			users = append(users, answer)
		}
	}
	return []waBinary.Node{{
		Tag: "usync",
		Attrs: waBinary.Attrs{
			"sid": q.child.Attrs["sid"], "mode": q.child.Attrs["mode"], "context": q.child.Attrs["context"],
			"index": "0", "last": "true",
		},
		Content: []waBinary.Node{{Tag: "result"}, {Tag: "list", Content: users}},
	}}, iqResult
}

// describe answers for one user of a usync query.
func (s *Server) describe(user waBinary.Node, wanted []waBinary.Node) (waBinary.Node, bool) {
	jid, byJID := user.Attrs["jid"].(types.JID)
	contact := user.GetChildByTag("contact")
	asked := contentText(contact)
	if !byJID {
		digits, _, _ := strings.Cut(strings.TrimPrefix(asked, "+"), "@")
		jid = types.NewJID(digits, types.DefaultUserServer)
	}
	account, person := s.lookup(jid)
	if account == nil && person == nil {
		if byJID {
			return waBinary.Node{}, false
		}
		return waBinary.Node{
			Tag: "user", Attrs: waBinary.Attrs{"jid": jid},
			Content: []waBinary.Node{{Tag: "contact", Attrs: waBinary.Attrs{"type": "out"}, Content: []byte(asked)}},
		}, true
	}
	phone, lid := addressesOf(account, person)
	answer := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": jid}}
	if !byJID {
		answer.Attrs = waBinary.Attrs{"jid": lid, "pn_jid": phone}
	}
	var content []waBinary.Node
	for _, question := range wanted {
		switch question.Tag {
		case "devices":
			content = append(content, waBinary.Node{Tag: "devices", Content: []waBinary.Node{
				{Tag: "device-list", Content: s.deviceList(account)},
			}})
		case "lid":
			content = append(content, waBinary.Node{Tag: "lid", Attrs: waBinary.Attrs{"val": lid}})
		case "contact":
			content = append(content, waBinary.Node{Tag: "contact", Attrs: waBinary.Attrs{"type": "in"}, Content: []byte(asked)})
		case "status", "picture", "business", "disappearing_mode", "username", "text_status", "bot":
			// nobody has set any
		default:
			s.strange.add("usync question <" + question.Tag + ">")
		}
	}
	answer.Content = content
	return answer, true
}

// addressesOf returns the two forms of address of an account or a person, whichever is not nil.
func addressesOf(a *Account, p *Person) (phone, lid types.JID) {
	if a != nil {
		return a.phone, a.lid
	}
	return p.phone, p.lid
}

// deviceList lists a user's devices: the phone, and the companions of an account.
func (s *Server) deviceList(a *Account) []waBinary.Node {
	devices := []waBinary.Node{{Tag: "device", Attrs: waBinary.Attrs{"id": "0"}}}
	if a == nil {
		return devices
	}
	for _, d := range s.companions(a) {
		id := strconv.Itoa(int(d.id))
		devices = append(devices, waBinary.Node{Tag: "device", Attrs: waBinary.Attrs{"id": id, "key-index": id}})
	}
	return devices
}

// contentText is a node's content as text, in whichever form the decoder gives it.
func contentText(node waBinary.Node) string {
	switch content := node.Content.(type) {
	case []byte:
		return string(content)
	case string:
		return content
	}
	return ""
}
