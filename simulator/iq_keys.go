package simulator

import (
	"encoding/binary"
	"fmt"

	"go.mau.fi/libsignal/ecc"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// lowWater is how few one-time prekeys a companion may have left before the server tells it.
const lowWater = 4

// keyID reads the three bytes of a prekey's id.
func keyID(raw []byte) uint32 {
	return uint32(raw[0])<<16 | uint32(raw[1])<<8 | uint32(raw[2])
}

func keyIDBytes(id uint32) []byte { return []byte{byte(id >> 16), byte(id >> 8), byte(id)} }

// encrypt answers what concerns prekeys: how many are left, an upload, other devices' bundles.
func (q *query) encrypt() ([]waBinary.Node, iqCode) {
	switch {
	case q.kind == "get" && q.child.Tag == "count":
		return []waBinary.Node{{Tag: "count", Attrs: waBinary.Attrs{"value": q.conn.device.preKeyCount()}}}, iqResult
	case q.kind == "get" && q.child.Tag == "key":
		return q.bundles(), iqResult
	case q.kind == "set":
		return nil, q.upload()
	}
	return nil, iqUnknown
}

// upload stores a companion's prekeys.
func (q *query) upload() iqCode {
	list := q.stanza.GetChildByTag("list")
	keys := make([]preKey, 0, len(list.GetChildren()))
	for _, node := range list.GetChildren() {
		key, ok := readPreKey(node)
		if !ok {
			return iqBadRequest
		}
		keys = append(keys, key)
	}
	skey := q.stanza.GetChildByTag("skey")
	signed, ok := readPreKey(skey)
	signature := bytesOf(skey.GetChildByTag("signature"))
	d := q.conn.device
	if !ok || len(signature) != 64 || !signedPreKeyHolds(d.identity, signed.pub, [64]byte(signature)) {
		return iqBadRequest
	}
	q.conn.server.counters.add("prekey_uploads")
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prekeys.signed, d.prekeys.signature = signed, [64]byte(signature)
	known := make(map[uint32]bool, len(d.prekeys.oneTime))
	for _, key := range d.prekeys.oneTime {
		known[key.id] = true
	}
	for _, key := range keys {
		if !known[key.id] {
			d.prekeys.oneTime = append(d.prekeys.oneTime, key)
		}
	}
	return iqResult
}

func readPreKey(node waBinary.Node) (preKey, bool) {
	id, value := bytesOf(node.GetChildByTag("id")), bytesOf(node.GetChildByTag("value"))
	if len(id) != 3 || len(value) != 32 {
		return preKey{}, false
	}
	return preKey{id: keyID(id), pub: [32]byte(value)}, true
}

func bytesOf(node waBinary.Node) []byte {
	raw, _ := node.Content.([]byte)
	return raw
}

// bundles hands out the keys of the devices that are asked for.
func (q *query) bundles() []waBinary.Node {
	users := make([]waBinary.Node, 0, len(q.child.GetChildren()))
	for _, user := range q.child.GetChildren() {
		jid, ok := user.Attrs["jid"].(types.JID)
		if !ok {
			continue
		}
		node := waBinary.Node{Tag: "user", Attrs: waBinary.Attrs{"jid": jid}}
		if b, err := q.conn.server.bundleOf(jid); err != nil {
			node.Content = []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": 404, "text": "item-not-found"}}}
		} else {
			node.Attrs["t"] = q.conn.server.now().Unix()
			node.Content = bundleNodes(b)
		}
		users = append(users, node)
	}
	return []waBinary.Node{{Tag: "list", Content: users}}
}

// bundleOf finds the device that a JID addresses, by phone or by LID alike.
func (s *Server) bundleOf(jid types.JID) (keyBundle, error) {
	account, person := s.lookup(jid)
	switch {
	case person != nil && jid.Device == 0:
		return person.endpoint.bundle(), nil
	case account != nil && jid.Device == 0:
		return account.endpoint.bundle(), nil
	case account != nil:
		if d := account.companion(jid.Device); d != nil {
			return s.fetchBundle(d)
		}
	}
	return keyBundle{}, fmt.Errorf("no device %s", jid)
}

func bundleNodes(b keyBundle) []waBinary.Node {
	nodes := []waBinary.Node{
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, b.registrationID)},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: b.identity[:]},
		{Tag: "skey", Content: []waBinary.Node{
			{Tag: "id", Content: keyIDBytes(b.signedID)},
			{Tag: "value", Content: b.signed[:]},
			{Tag: "signature", Content: b.signature[:]},
		}},
	}
	if b.oneTime != nil {
		nodes = append(nodes, waBinary.Node{Tag: "key", Content: []waBinary.Node{
			{Tag: "id", Content: keyIDBytes(b.oneTimeID)},
			{Tag: "value", Content: b.oneTime[:]},
		}})
	}
	return nodes
}

// fetchBundle hands out the keys to open a session with a device, and uses up one of its one-time prekeys. It fails for a
// device that has been unlinked.
func (s *Server) fetchBundle(d *device) (keyBundle, error) {
	if d.account.companion(d.id) != d {
		return keyBundle{}, fmt.Errorf("fetch keys of %s: device is no longer linked", d.lid())
	}
	b, left := d.takeBundle()
	if left == lowWater && b.oneTime != nil {
		s.enqueue(d, waBinary.Node{
			Tag:     "notification",
			Attrs:   waBinary.Attrs{"from": types.ServerJID, "type": "encrypt", "id": s.draws.messageID(), "t": s.now().Unix()},
			Content: []waBinary.Node{{Tag: "count", Attrs: waBinary.Attrs{"value": left}}},
		}, delivery{})
	}
	return b, nil
}

// takeBundle returns the device's keys with its next one-time prekey, and how many of those are left.
func (d *device) takeBundle() (keyBundle, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b := keyBundle{
		registrationID: d.registration, identity: d.identity,
		signedID: d.prekeys.signed.id, signed: d.prekeys.signed.pub, signature: d.prekeys.signature,
	}
	if len(d.prekeys.oneTime) > 0 {
		key := d.prekeys.oneTime[0]
		d.prekeys.oneTime = d.prekeys.oneTime[1:]
		b.oneTimeID, b.oneTime = key.id, &key.pub
	}
	return b, len(d.prekeys.oneTime)
}

func (d *device) preKeyCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.prekeys.oneTime)
}

func (d *device) drain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prekeys.oneTime = nil
}
