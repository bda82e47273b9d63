package simulator

import (
	"cmp"
	"fmt"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Codes of refused messages, as the real server gives them: PROTOCOL §10 for the two forms of buttons.
const (
	refusedUnknown   = 404
	refusedButtons   = 405 // legacy ButtonsMessage
	refusedBareFlow  = 479 // native flow without its version and name
	refusedMalformed = 400
)

// handle takes one stanza of the client.
func (c *conn) handle(stanza *waBinary.Node) {
	if stanza.Tag == "iq" {
		c.answer(stanza)
		return
	}
	if c.device == nil {
		return // a companion that isn't linked has nothing to say but queries
	}
	switch stanza.Tag {
	case "message":
		c.takeMessage(stanza)
	case "receipt":
		c.takeReceipt(stanza)
	case "ack":
		c.takeAck(stanza)
	case "presence", "chatstate", "ib":
		c.server.counters.add(stanza.Tag + "s_in")
	default:
		c.server.strange.add("stanza <" + stanza.Tag + ">")
	}
}

// takeAck takes a stanza off the queue that the client has dealt with, or refuses for good.
func (c *conn) takeAck(ack *waBinary.Node) {
	attrs := ack.AttrGetter()
	class, id := attrs.OptionalString("class"), attrs.OptionalString("id")
	if _, refused := ack.Attrs["error"]; refused {
		c.server.counters.add("refused_by_client")
	}
	if !c.device.settle(class, id) {
		c.server.counters.add("acks_unneeded")
	}
}

// takeReceipt acknowledges a receipt, takes what it is for off the queue, and tells who wrote that.
func (c *conn) takeReceipt(receipt *waBinary.Node) {
	attrs := receipt.AttrGetter()
	id, kind, to := attrs.OptionalString("id"), attrs.OptionalString("type"), attrs.OptionalJIDOrEmpty("to")
	c.server.counters.add("receipts_in")
	ack := waBinary.Attrs{"class": "receipt", "id": id, "from": to}
	if kind != "" {
		ack["type"] = kind
	}
	c.send(waBinary.Node{Tag: "ack", Attrs: ack})
	account, person := c.server.lookup(to)
	switch kind {
	case "retry":
		c.server.counters.add("retries_in")
		switch {
		case person != nil:
			person.onRetry(c.device, *receipt)
		case account == c.device.account:
			account.onRetry(c.device, *receipt)
		}
		return
	case "", "inactive", "sender", "peer_msg", "hist_sync":
		c.device.settle("message", id)
	case "read", "read-self", "played", "played-self", "server-error":
	default:
		c.server.strange.add(fmt.Sprintf("receipt of type %q", kind))
	}
	if person != nil {
		person.onReceipt(c.device, *receipt)
	}
}

// takeMessage delivers a companion's message to all devices it is encrypted for and acknowledges it.
func (c *conn) takeMessage(message *waBinary.Node) {
	attrs := message.AttrGetter()
	id, to := attrs.OptionalString("id"), attrs.OptionalJIDOrEmpty("to")
	c.server.counters.add("messages_in")
	ack := waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{"class": "message", "id": id, "from": to, "t": c.server.now().Unix()}}
	verdict := c.device.account.judgeAck()
	if verdict.code == 0 {
		verdict.code = cmp.Or(c.server.refusal(id, to, message), c.device.account.refuses(to, message))
	}
	if verdict.code != 0 {
		c.server.counters.add("messages_refused")
		ack.Attrs["error"] = verdict.code
		c.acknowledge(ack, verdict)
		return
	}
	c.hold()
	defer c.release()
	c.acknowledge(ack, verdict)
	for _, part := range recipients(message, to) {
		c.forward(*message, part)
	}
}

// acknowledge sends a message's ack as the faults want it.
func (c *conn) acknowledge(ack waBinary.Node, verdict ackVerdict) {
	switch {
	case verdict.lost:
		c.server.counters.add("acks_lost")
	case verdict.delay > 0:
		c.server.later(verdict.delay, func() { c.send(ack) })
	default:
		c.send(ack)
	}
}

// refusal is the code with which the server refuses a message, or 0.
func (s *Server) refusal(id string, to types.JID, message *waBinary.Node) int {
	if id == "" {
		return refusedMalformed
	}
	if account, person := s.lookup(to); account == nil && person == nil {
		return refusedUnknown
	}
	biz, ok := message.GetOptionalChildByTag("biz")
	if !ok {
		return 0
	}
	if _, legacy := biz.GetOptionalChildByTag("buttons"); legacy {
		return refusedButtons
	}
	if interactive, ok := biz.GetOptionalChildByTag("interactive"); ok {
		flow, named := interactive.GetOptionalChildByTag("native_flow")
		if !named || flow.Attrs["name"] == nil {
			return refusedBareFlow
		}
	}
	return 0
}

// part is one device's share of a message.
type part struct {
	to  types.JID
	enc waBinary.Node
}

// recipients lists what is encrypted for whom: the participants, or the addressee of a bare <enc>.
func recipients(message *waBinary.Node, to types.JID) (parts []part) {
	for _, child := range message.GetChildren() {
		switch child.Tag {
		case "enc":
			parts = append(parts, part{to, child})
		case "participants":
			for _, participant := range child.GetChildren() {
				jid, ok := participant.Attrs["jid"].(types.JID)
				if enc, some := participant.GetOptionalChildByTag("enc"); ok && some {
					parts = append(parts, part{jid, enc})
				}
			}
		}
	}
	return parts
}

// forward brings one device's share of a message there.
func (c *conn) forward(message waBinary.Node, p part) {
	account, person := c.server.lookup(p.to)
	switch {
	case person != nil:
		c.server.deliverToPerson(person, c.device, message, p.enc)
	case account == c.device.account && p.to.Device == 0:
		account.deliverToPhone(c.device, message, p.enc)
	case account == c.device.account:
		if other := account.companion(p.to.Device); other != nil && other != c.device {
			c.server.enqueue(other, c.copyFor(message, p.enc), delivery{smooth: true})
		}
	default:
		c.server.strange.add("message for " + p.to.Server + " that nobody takes")
	}
}

// copyFor is a message as another companion of the same account sees it.
func (c *conn) copyFor(message, enc waBinary.Node) waBinary.Node {
	attrs := waBinary.Attrs{
		"from": c.device.lid(), "id": message.Attrs["id"], "type": message.Attrs["type"], "t": c.server.now().Unix(),
		"recipient": message.Attrs["to"],
	}
	for _, name := range []string{"peer_recipient_pn", "peer_recipient_lid", "edit", "category"} {
		if value, ok := message.Attrs[name]; ok {
			attrs[name] = value
		}
	}
	content := []waBinary.Node{enc}
	if identity, ok := message.GetOptionalChildByTag("device-identity"); ok {
		content = append(content, identity)
	}
	return waBinary.Node{Tag: "message", Attrs: attrs, Content: content}
}
