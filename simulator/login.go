package simulator

import (
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// Reasons of a refused login that the server gives by itself; FailLogin gives any other.
const reasonLoggedOut = 401

// login lets a paired companion in, or tells it why not.
func (c *conn) login() error {
	s := c.server
	payload := c.client.payload
	account, _ := s.lookup(types.NewJID(strconv.FormatUint(payload.GetUsername(), 10), types.DefaultUserServer))
	var d *device
	if account != nil {
		d = account.companion(uint16(payload.GetDevice()))
	}
	scope := &s.faults
	if account != nil {
		scope = &account.faults
	}
	switch failure := scope.loginFailure(); {
	case scope.isOffline():
		c.close()
		return nil
	case failure != nil:
		c.fail(*failure)
		return nil
	case d == nil || d.noise != c.client.noise:
		s.counters.add("logins_refused")
		c.fail(loginFailure{reason: reasonLoggedOut})
		return nil
	}
	c.device = d
	if scope.isHalfOpen() {
		c.mute.Store(true)
	}
	if old := d.connected(c); old != nil {
		s.counters.add("logins_replaced")
		old.finish(conflictError("replaced"))
	}
	s.counters.add("logins")
	account.announce()
	c.send(waBinary.Node{Tag: "success", Attrs: waBinary.Attrs{
		"t": s.now().Unix(), "lid": d.lid(), "display_name": account.pushName(),
		"props": 27, "abprops": 4, "location": "cln", "creation": s.now().Unix(),
	}})
	if preview, some := d.preview(); some {
		c.send(preview)
	}
	return nil
}

// companion returns the linked device with that number, or nil.
func (a *Account) companion(id uint16) *device {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.devices[id]
}

// fail refuses a login.
func (c *conn) fail(why loginFailure) {
	c.server.counters.add("logins_failed")
	attrs := waBinary.Attrs{"reason": why.reason, "location": "cln"}
	if why.code != 0 {
		attrs["code"] = why.code
	}
	if why.expire > 0 {
		attrs["expire"] = int64(why.expire.Seconds())
	}
	c.finish(waBinary.Node{Tag: "failure", Attrs: attrs})
}

// conflictError is the stanza that ends a connection because of another: a newer login, or the phone's removal of the device.
func conflictError(kind string) waBinary.Node {
	attrs := waBinary.Attrs{}
	if kind == "device_removed" {
		attrs["code"] = "401"
	}
	return waBinary.Node{
		Tag: "stream:error", Attrs: attrs,
		Content: []waBinary.Node{{Tag: "conflict", Attrs: waBinary.Attrs{"type": kind}}},
	}
}

// activate gives a companion its queue: the answer to <active/>.
func (c *conn) activate() {
	d := c.device
	if d == nil {
		return
	}
	first := d.flush(c)
	d.account.announce()
	if first {
		c.server.background(func() { d.account.bootstrap(d) })
	}
}

// Unlink removes every companion, as the phone does in its list of linked devices: each is told device_removed, and no
// login of it succeeds again.
func (a *Account) Unlink() error {
	a.mu.Lock()
	devices := a.devices
	a.devices = map[uint16]*device{}
	a.mu.Unlock()
	for _, d := range devices {
		a.server.counters.add("unlinked")
		if c := d.connection(); c != nil {
			c.finish(conflictError("device_removed"))
		}
	}
	a.announce()
	return nil
}

// remove takes one companion off the account, as when it logs itself out.
func (a *Account) remove(d *device) {
	a.mu.Lock()
	delete(a.devices, d.id)
	a.mu.Unlock()
	if c := d.connection(); c != nil {
		a.server.later(lingerTime, func() { c.finish(conflictError("device_removed")) }) // it closes by itself before that
	}
	a.announce()
}
