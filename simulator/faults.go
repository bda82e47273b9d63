package simulator

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"google.golang.org/protobuf/encoding/protowire"
)

// faults is what goes wrong, on purpose, for the whole server or for one account; its methods are those of Server and
// Account. An account suffers its own faults first, then the server's. The zero value misbehaves in no way.
type faults struct {
	server  *Server
	parent  *faults // of an account: the server's
	conns   func() []*conn
	devices func() []*device
	unlink  func() error

	mu             sync.Mutex
	offline        bool
	halfOpen       bool
	httpStatus     int
	failure        *loginFailure
	acksLost       int
	ackDelay       time.Duration
	ackErrors      int
	ackCode        int
	undecryptable  int
	duplicates     int
	freshTwice     int
	reorder        int
	held           []line
	stateConflicts int
	formCode       int
	reachOutLocked bool
	queueEndHidden bool
}

// loginFailure is the <failure> that answers logins.
type loginFailure struct {
	reason, code int
	expire       time.Duration
}

// line is a stanza on its way into a companion's queue.
type line struct {
	device *device
	stanza waBinary.Node
	pause  time.Duration
}

// Cut breaks the connections without a word, as a network does that goes away. Clients may reconnect at once.
func (f *faults) Cut() {
	for _, c := range f.conns() {
		c.close()
	}
}

// Offline breaks the connections and, until it is turned off, every new one; what people send piles up.
func (f *faults) Offline(on bool) {
	f.set(func() { f.offline = on })
	if on {
		f.Cut()
	}
}

// RefuseHTTP answers new connections with an HTTP status instead of a websocket until it is called with 0. On an account
// it does nothing: the server can't tell yet whose connection it is.
func (f *faults) RefuseHTTP(status int) { f.set(func() { f.httpStatus = status }) }

// FailLogin answers logins with <failure reason code expire> until it is called with reason 0: 401 logged out, 402
// temporary ban (code 101 to 106, expire says for how long), 403 locked, 405 client outdated, 503 unavailable.
func (f *faults) FailLogin(reason, code int, expire time.Duration) {
	f.set(func() {
		f.failure = nil
		if reason != 0 {
			f.failure = &loginFailure{reason, code, expire}
		}
	})
}

// StreamError ends the connections with <stream:error code>: 515 restart, 503 unavailable, or any other.
func (f *faults) StreamError(code int) {
	for _, c := range f.conns() {
		c.finish(waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": strconv.Itoa(code)}})
	}
}

// Conflict ends the connections with a conflict: "replaced" as if another client had logged in with the same device,
// "device_removed" as if the phone had unlinked it.
func (f *faults) Conflict(kind string) error {
	if kind == "device_removed" {
		return f.unlink()
	}
	for _, c := range f.conns() {
		c.finish(conflictError(kind))
	}
	return nil
}

// HalfOpen makes the connections mute: they stay open, what comes is thrown away and nothing goes out, for good. Until it
// is turned off the same happens to new connections.
func (f *faults) HalfOpen(on bool) {
	f.set(func() { f.halfOpen = on })
	if on {
		for _, c := range f.conns() {
			c.mute.Store(true)
		}
	}
}

// AckLost takes the next n messages of companions, delivers them, and never acknowledges them.
func (f *faults) AckLost(n int) { f.set(func() { f.acksLost = n }) }

// AckDelay makes acknowledgements of companions' messages late by d until it is called with 0; messages are delivered at once.
func (f *faults) AckDelay(d time.Duration) { f.set(func() { f.ackDelay = d }) }

// AckError answers the next n messages of companions with an error code and doesn't deliver them.
func (f *faults) AckError(code, n int) { f.set(func() { f.ackCode, f.ackErrors = code, n }) }

// DuplicateNext delivers the next message to a companion twice: with the same ciphertext, or encrypted afresh under the
// same id.
func (f *faults) DuplicateNext(fresh bool) {
	f.set(func() {
		if fresh {
			f.freshTwice++
		} else {
			f.duplicates++
		}
	})
}

// ReorderNext holds the next n messages to companions back and delivers them, the last one first, when all have come.
func (f *faults) ReorderNext(n int) { f.set(func() { f.reorder = n }) }

// UndecryptableNext damages the ciphertext of the next n messages to companions, who then ask for them again.
func (f *faults) UndecryptableNext(n int) { f.set(func() { f.undecryptable = n }) }

// DrainPrekeys uses up the one-time prekeys of the companions without telling them.
func (f *faults) DrainPrekeys() {
	for _, d := range f.devices() {
		d.drain()
	}
}

// ConflictAppState lets the phone be faster, n times: it changes a collection just before a companion's change arrives,
// which is refused with 409.
func (f *faults) ConflictAppState(n int) { f.set(func() { f.stateConflicts = n }) }

func (f *faults) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// any tells whether test holds for these faults or for the server's.
func (f *faults) any(test func(*faults) bool) bool {
	for ; f != nil; f = f.parent {
		f.mu.Lock()
		held := test(f)
		f.mu.Unlock()
		if held {
			return true
		}
	}
	return false
}

// use takes one off a counter, here or at the server.
func (f *faults) use(counter func(*faults) *int) bool {
	return f.any(func(f *faults) bool {
		n := counter(f)
		if *n <= 0 {
			return false
		}
		*n--
		return true
	})
}

func (f *faults) isOffline() bool  { return f.any(func(f *faults) bool { return f.offline }) }
func (f *faults) isHalfOpen() bool { return f.any(func(f *faults) bool { return f.halfOpen }) }

func (f *faults) loginFailure() (failure *loginFailure) {
	f.any(func(f *faults) bool { failure = f.failure; return failure != nil })
	return failure
}

// refuse answers a new connection with the fault that is set for it, if any.
func (s *Server) refuse(w http.ResponseWriter) bool {
	s.faults.mu.Lock()
	status, offline := s.httpStatus, s.offline
	s.faults.mu.Unlock()
	switch {
	case status != 0:
		http.Error(w, http.StatusText(status), status)
	case offline:
		if socket, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = socket.Close() // refused either way
		}
	default:
		return false
	}
	s.counters.add("connections_refused")
	return true
}

// ackVerdict is what becomes of a companion's message.
type ackVerdict struct {
	code  int // refuse it
	lost  bool
	delay time.Duration
}

func (f *faults) judgeAck() (v ackVerdict) {
	if f.any(func(f *faults) bool {
		if f.ackErrors <= 0 {
			return false
		}
		f.ackErrors--
		v.code = f.ackCode
		return true
	}) {
		return v
	}
	v.lost = f.use(func(f *faults) *int { return &f.acksLost })
	f.any(func(f *faults) bool { v.delay = f.ackDelay; return v.delay > 0 })
	return v
}

// takeFreshDuplicate tells whether the message that is about to be sent must be encrypted and sent once more.
func (f *faults) takeFreshDuplicate() bool {
	return f.use(func(f *faults) *int { return &f.freshTwice }) || f.server.nastily(12)
}

// takeStateConflict tells whether the phone gets its change in first.
func (f *faults) takeStateConflict() bool {
	return f.use(func(f *faults) *int { return &f.stateConflicts })
}

// nastily is true once in n times when the server is nasty.
func (s *Server) nastily(n int64) bool { return s.opts.Nasty && s.draws.chance(n) }

// disturb says what really goes to a companion when a message is sent to it, and in which order.
func (f *faults) disturb(d *device, stanza waBinary.Node) []line {
	s := f.server
	if f.use(func(f *faults) *int { return &f.undecryptable }) || s.nastily(12) {
		s.counters.add("messages_damaged")
		stanza = damage(stanza)
	}
	next := line{device: d, stanza: stanza}
	if s.nastily(6) {
		next.pause = time.Duration(s.draws.below(int64(30 * time.Millisecond)))
	}
	lines := []line{next}
	if f.use(func(f *faults) *int { return &f.duplicates }) || s.nastily(10) {
		s.counters.add("messages_doubled")
		lines = append(lines, next)
	}
	return f.shuffle(lines)
}

// shuffle holds messages back while ReorderNext counts, and lets all of them go, reversed, when it has counted down.
func (f *faults) shuffle(lines []line) []line {
	f.any(func(f *faults) bool {
		if f.reorder <= 0 {
			return false
		}
		f.reorder--
		f.held = append(lines, f.held...)
		lines = nil
		if f.reorder == 0 {
			lines, f.held = f.held, nil
		}
		return true
	})
	return lines
}

// damage returns a copy of a message whose ciphertexts fail their MAC.
func damage(stanza waBinary.Node) waBinary.Node {
	children := stanza.GetChildren()
	if len(children) == 0 {
		return stanza
	}
	copies := make([]waBinary.Node, len(children))
	for i, child := range children {
		copies[i] = child
		ciphertext, ok := child.Content.([]byte)
		if child.Tag != "enc" || !ok || len(ciphertext) == 0 {
			continue
		}
		ciphertext = bytes.Clone(ciphertext)
		mac := ciphertext
		if child.Attrs["type"] == "pkmsg" {
			mac = innerMessage(ciphertext)
		}
		mac[len(mac)-1] ^= 0x55
		copies[i].Attrs, copies[i].Content = maps.Clone(child.Attrs), ciphertext
	}
	stanza.Content = copies
	return stanza
}

// innerMessage finds the Signal message (field 4) in a prekey message, or returns the whole if there is none.
func innerMessage(preKeyMessage []byte) []byte {
	const messageField = 4
	for rest := preKeyMessage[1:]; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			break
		}
		size := protowire.ConsumeFieldValue(number, kind, rest[n:])
		if size < 0 {
			break
		}
		if number == messageField && kind == protowire.BytesType {
			if inner, m := protowire.ConsumeBytes(rest[n:]); m > 0 && len(inner) > 0 {
				return inner
			}
		}
		rest = rest[n+size:]
	}
	return preKeyMessage
}
