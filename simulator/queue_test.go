package simulator

import (
	"testing"

	waBinary "go.mau.fi/whatsmeow/binary"
)

func numbered(id string) waBinary.Node {
	return waBinary.Node{Tag: "message", Attrs: waBinary.Attrs{"id": id}}
}

func TestOnlyWhatTheConnectionHasSentCanBeAcknowledged(t *testing.T) {
	d := &device{account: &Account{}, queue: newQueue()}
	d.push(numbered("1"), 0)
	if d.settle("message", "1") {
		t.Error("acknowledged while the companion was away")
	}
	first := &conn{}
	d.connected(first)
	if d.settle("message", "1") {
		t.Error("acknowledged before it was asked for")
	}
	d.flush(first)
	d.push(numbered("1"), 0)
	if d.settle("receipt", "1") || d.settle("message", "2") {
		t.Error("another stanza's acknowledgement took it")
	}
	second := &conn{}
	if old := d.connected(second); old != first {
		t.Error("the first connection isn't the one that is replaced")
	}
	if d.settle("message", "1") {
		t.Error("acknowledged on a connection that hasn't sent it")
	}
	d.disconnected(first) // too late: it has been replaced
	d.flush(second)
	if len(second.pending) != 3 {
		t.Errorf("%d stanzas sent, want both messages and the end of the queue", len(second.pending))
	}
	for range 2 {
		if !d.settle("message", "1") {
			t.Error("two stanzas of one id need two acknowledgements, and take them")
		}
	}
	if d.settle("message", "1") || d.waiting() != 0 || len(d.queue.byKey) != 0 {
		t.Error("something is left")
	}
}

func TestWhatIsSentDuringAHoldLeavesAfterItInOrder(t *testing.T) {
	c := &conn{wake: make(chan struct{}, 1)}
	c.hold()
	c.send(numbered("ack"))
	c.send(numbered("receipt"))
	if len(c.batch()) != 0 || len(c.wake) != 0 {
		t.Error("left during the hold")
	}
	c.release()
	all := c.batch()
	if len(c.wake) != 1 || len(all) != 2 || all[0].stanza.Attrs["id"] != "ack" {
		t.Errorf("after the hold: %v", all)
	}
}

func TestPrekeysAreTakenOnceAndOnlyWithTheDevicesSignature(t *testing.T) {
	s, a, _, _ := trio(t, Options{})
	d := a.companion(1)
	b, _ := d.takeBundle()
	before := d.preKeyCount()
	upload := func(signature []byte, ids ...uint32) iqCode {
		nodes := make([]waBinary.Node, 0, len(ids))
		for _, id := range ids {
			nodes = append(nodes, waBinary.Node{Tag: "key", Content: []waBinary.Node{
				{Tag: "id", Content: keyIDBytes(id)}, {Tag: "value", Content: make([]byte, 32)},
			}})
		}
		q := &query{conn: &conn{server: s, device: d}, kind: "set", stanza: &waBinary.Node{Content: []waBinary.Node{
			{Tag: "list", Content: nodes},
			{Tag: "skey", Content: []waBinary.Node{
				{Tag: "id", Content: keyIDBytes(b.signedID)}, {Tag: "value", Content: b.signed[:]}, {Tag: "signature", Content: signature},
			}},
		}}}
		return q.upload()
	}
	if code := upload(b.signature[:], 5000, 5001); code != iqResult || d.preKeyCount() != before+2 {
		t.Errorf("upload: %d, %d prekeys", code, d.preKeyCount())
	}
	if code := upload(b.signature[:], 5001, 5002); code != iqResult || d.preKeyCount() != before+3 {
		t.Errorf("the same again: %d, %d prekeys", code, d.preKeyCount())
	}
	for _, signature := range [][]byte{nil, make([]byte, 64)} {
		if code := upload(signature, 6000); code != iqBadRequest || d.preKeyCount() != before+3 {
			t.Errorf("signature of %d bytes: %d", len(signature), code)
		}
	}
}
