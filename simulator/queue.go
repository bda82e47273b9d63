package simulator

import (
	"container/list"
	"maps"
	"strconv"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// queue keeps what a companion has not acknowledged, in order. device.mu guards it.
type queue struct {
	order *list.List // of *queued
	byKey map[queueKey][]*list.Element
}

// queueKey names a stanza as acknowledgements name it.
type queueKey struct{ class, id string }

type queued struct {
	key    queueKey
	stanza waBinary.Node
	sent   bool // on the present connection
}

func newQueue() *queue { return &queue{order: list.New(), byKey: map[queueKey][]*list.Element{}} }

func (q *queue) push(stanza waBinary.Node) *queued {
	id, _ := stanza.Attrs["id"].(string)
	entry := &queued{key: queueKey{stanza.Tag, id}, stanza: stanza}
	q.byKey[entry.key] = append(q.byKey[entry.key], q.order.PushBack(entry))
	return entry
}

// settle drops the oldest stanza with that key that the companion can have seen; false means that there is none.
func (q *queue) settle(key queueKey) bool {
	elements := q.byKey[key]
	for i, element := range elements {
		if !element.Value.(*queued).sent {
			continue
		}
		q.order.Remove(element)
		if len(elements) == 1 {
			delete(q.byKey, key)
		} else {
			q.byKey[key] = append(elements[:i:i], elements[i+1:]...)
		}
		return true
	}
	return false
}

// delivery says how enqueue treats a stanza.
type delivery struct {
	// smooth keeps the faults away: the stanza is itself the mending of one, or belongs to a login.
	smooth bool
}

// enqueue hands a stanza to a companion: at once when it has its queue, otherwise and again on later logins, until the
// companion has acknowledged it. The stanza must not change any more; its attribute "id" names it in the acknowledgement.
func (s *Server) enqueue(d *device, stanza waBinary.Node, how delivery) {
	s.counters.add(stanza.Tag + "s_out")
	if how.smooth || stanza.Tag != "message" {
		d.push(stanza, 0)
		return
	}
	for _, line := range d.account.faults.disturb(d, stanza) {
		d.push(line.stanza, line.pause)
	}
}

// push puts a stanza at the end of the queue and, if the companion is there, on the line.
func (d *device) push(stanza waBinary.Node, pause time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entry := d.queue.push(stanza)
	if d.conn != nil && d.active {
		entry.sent = true
		d.conn.sendAfter(stanza, pause)
	}
}

// settle takes a companion's acknowledgement of a stanza.
func (d *device) settle(class, id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue.settle(queueKey{class, id})
}

// waiting is how many stanzas the companion has not acknowledged.
func (d *device) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue.order.Len()
}

// connected makes c the device's connection and returns the one that it replaces.
func (d *device) connected(c *conn) (old *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, d.conn, d.active = d.conn, c, false
	d.unsend()
	return old
}

// disconnected forgets c, unless another connection has replaced it already.
func (d *device) disconnected(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == c {
		d.conn, d.active = nil, false
		d.unsend()
	}
}

func (d *device) unsend() {
	for element := d.queue.order.Front(); element != nil; element = element.Next() {
		element.Value.(*queued).sent = false
	}
}

// connection is the device's present connection, or nil.
func (d *device) connection() *conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn
}

// preview announces what has piled up; false means nothing has.
func (d *device) preview() (waBinary.Node, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	counts := map[string]int{"message": 0, "receipt": 0, "notification": 0, "appdata": 0}
	for element := d.queue.order.Front(); element != nil; element = element.Next() {
		entry := element.Value.(*queued)
		if entry.stanza.Attrs["category"] == "peer" {
			counts["appdata"]++
		} else {
			counts[entry.key.class]++
		}
	}
	attrs := waBinary.Attrs{"count": strconv.Itoa(d.queue.order.Len())}
	for class, n := range counts {
		attrs[class] = strconv.Itoa(n)
	}
	return waBinary.Node{
		Tag: "ib", Attrs: waBinary.Attrs{"from": types.ServerJID},
		Content: []waBinary.Node{{Tag: "offline_preview", Attrs: attrs}},
	}, d.queue.order.Len() > 0
}

// flush sends the queue to a companion that has asked for it, byte for byte as it was the first time. It tells whether
// this is the device's first login.
func (d *device) flush(c *conn) (first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != c || d.active {
		return false
	}
	d.active = true
	n := 0
	for element := d.queue.order.Front(); element != nil; element = element.Next() {
		entry := element.Value.(*queued)
		entry.sent = true
		stanza := entry.stanza
		stanza.Attrs = maps.Clone(stanza.Attrs)
		stanza.Attrs["offline"] = strconv.Itoa(n)
		c.send(stanza)
		n++
	}
	if !d.account.faults.hidesQueueEnd() {
		c.send(waBinary.Node{
			Tag: "ib", Attrs: waBinary.Attrs{"from": types.ServerJID},
			Content: []waBinary.Node{{Tag: "offline", Attrs: waBinary.Attrs{"count": strconv.Itoa(n)}}},
		})
	}
	first = !d.booted
	d.booted = true
	return first
}
