package simulator

import (
	"fmt"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// iqCode says how a query ends: with a result, or with an <error> of that code.
type iqCode int

const (
	iqResult     iqCode = 0
	iqBadRequest iqCode = 400
	iqForbidden  iqCode = 403
	iqNotFound   iqCode = 404
	iqUnknown    iqCode = 501 // listed as unanswered
	iqSilent     iqCode = -1  // the answer is lost on its way
)

// text is what goes with the code.
func (c iqCode) text() string {
	switch c {
	case iqBadRequest:
		return "bad-request"
	case iqForbidden:
		return "forbidden"
	case iqNotFound:
		return "item-not-found"
	default:
		return "feature-not-implemented"
	}
}

// query is one <iq type=get|set>.
type query struct {
	conn   *conn
	stanza *waBinary.Node
	kind   string        // get or set
	child  waBinary.Node // the first child, which names the question
}

// dispatch finds the answer by xmlns: the result's content, or an error; iqUnknown also lists the query as unanswered.
func (q *query) dispatch(xmlns string) ([]waBinary.Node, iqCode) {
	switch xmlns {
	case "w:p", "passive", "urn:xmpp:whatsapp:push", "urn:xmpp:whatsapp:dirty", "status", "disappearing_mode":
		return nil, iqResult
	case "encrypt":
		return q.encrypt()
	case "usync":
		return q.usync()
	case "w:sync:app:state":
		return q.appState()
	case "privacy":
		return q.privacy()
	case "w:m":
		return q.mediaConn()
	case "md":
		return q.multiDevice()
	case "w:biz":
		return q.business()
	case "blocklist":
		return []waBinary.Node{{Tag: "list"}}, iqResult
	case "abt":
		return []waBinary.Node{{Tag: "props"}}, iqResult
	case "w:g2":
		return []waBinary.Node{{Tag: "groups"}}, iqResult
	case "w:profile:picture":
		return nil, iqNotFound
	}
	return nil, iqUnknown
}

// allowedUnpaired are the questions that a companion may ask before it is linked.
func allowedUnpaired(xmlns string) bool { return xmlns == "md" || xmlns == "w:p" }

// answer takes an <iq> of the client.
func (c *conn) answer(iq *waBinary.Node) {
	attrs := iq.AttrGetter()
	kind, xmlns := attrs.OptionalString("type"), attrs.OptionalString("xmlns")
	switch kind {
	case "result", "error":
		c.pairAnswer(iq)
		return
	case "get", "set":
	default:
		c.server.strange.add(fmt.Sprintf("iq of type %q", kind))
		return
	}
	q := &query{conn: c, stanza: iq, kind: kind}
	if children := iq.GetChildren(); len(children) > 0 {
		q.child = children[0]
	}
	c.server.counters.add("queries")
	content, failure := q.answer(xmlns)
	if failure == iqSilent {
		return
	}
	reply := waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"from": types.ServerJID, "type": "result", "id": iq.Attrs["id"]}}
	switch {
	case failure != iqResult:
		reply.Attrs["type"] = "error"
		reply.Content = []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": int(failure), "text": failure.text()}}}
	case len(content) > 0:
		reply.Content = content
	}
	c.send(reply)
	if failure == iqResult {
		q.afterwards(xmlns)
	}
}

func (q *query) answer(xmlns string) ([]waBinary.Node, iqCode) {
	if q.conn.device == nil && !allowedUnpaired(xmlns) {
		return nil, iqForbidden
	}
	content, failure := q.dispatch(xmlns)
	if failure == iqUnknown {
		q.unanswered(xmlns)
	}
	return content, failure
}

// unanswered lists the query without what differs each time.
func (q *query) unanswered(xmlns string) {
	q.conn.server.strange.add(fmt.Sprintf("iq %s xmlns=%s <%s>", q.kind, xmlns, q.child.Tag))
}

// afterwards does what follows a result: the queue after active, the end of a companion that has logged itself out.
func (q *query) afterwards(xmlns string) {
	switch {
	case xmlns == "passive" && q.child.Tag == "active":
		q.conn.activate()
	case xmlns == "md" && q.child.Tag == "remove-companion-device":
		q.conn.device.account.remove(q.conn.device)
	}
}

func (q *query) business() ([]waBinary.Node, iqCode) {
	profile := q.child.GetChildByTag("profile")
	jid, ok := profile.Attrs["jid"].(types.JID)
	if !ok {
		return nil, iqUnknown
	}
	return []waBinary.Node{{
		Tag: "business_profile", Content: []waBinary.Node{{Tag: "profile", Attrs: waBinary.Attrs{"jid": jid}}},
	}}, iqResult
}

// privacy answers the settings, of which everybody sees everything, and takes tokens.
func (q *query) privacy() ([]waBinary.Node, iqCode) {
	if q.kind == "set" {
		return nil, iqResult
	}
	settings := map[string]string{
		"groupadd": "all", "last": "all", "status": "all", "profile": "all",
		"readreceipts": "all", "online": "all", "calladd": "all",
	}
	categories := make([]waBinary.Node, 0, len(settings))
	for name, value := range settings {
		categories = append(categories, waBinary.Node{Tag: "category", Attrs: waBinary.Attrs{"name": name, "value": value}})
	}
	return []waBinary.Node{{Tag: "privacy", Content: categories}}, iqResult
}

// multiDevice takes a companion's steps towards being linked by a code, and its wish to be unlinked.
func (q *query) multiDevice() ([]waBinary.Node, iqCode) {
	switch q.child.Tag {
	case "link_code_companion_reg":
		return q.linkCode()
	case "remove-companion-device":
		if q.conn.device == nil {
			return nil, iqForbidden
		}
		return nil, iqResult
	}
	return nil, iqUnknown
}
