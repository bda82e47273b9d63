package simulator

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	waBinary "go.mau.fi/whatsmeow/binary"
)

// Limits of the transport.
const (
	// maxFrame bounds one stanza; a full upload of prekeys is 40 kB, the longest text message 200 kB.
	maxFrame = 4 << 20
	// handshakeTimeout is how long a stranger may take to become a client.
	handshakeTimeout = 20 * time.Second
	// lingerTime lies between a last stanza and the close: whatsmeow forgets what it has queued when the socket closes.
	lingerTime = 300 * time.Millisecond
)

// conn is one client's connection. One goroutine reads and handles its stanzas in order, another writes.
type conn struct {
	server *Server
	socket *websocket.Conn
	stream stream
	client *client
	device *device // whose login this is; nil while a companion registers
	pair   pairing

	mute atomic.Bool // half open: what comes is thrown away, nothing goes out

	mu      sync.Mutex
	pending []outgoing
	held    bool          // an ack waits until its message has been dealt with
	wake    chan struct{} // holds one token when there is something to write
	closed  bool
}

// outgoing is a stanza on its way to the client; pause makes the line slow before it.
type outgoing struct {
	stanza *waBinary.Node
	pause  time.Duration
}

// acceptSocket serves one client from its websocket handshake to its end.
func (s *Server) acceptSocket(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		return
	}
	defer s.wg.Done()
	if s.refuse(w) {
		return
	}
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // clients say Origin: https://web.whatsapp.com
	if err != nil {
		s.log.Debug("refused a connection", "err", err)
		return
	}
	socket.SetReadLimit(maxFrame + 16)
	c := &conn{server: s, socket: socket, stream: stream{socket: socket, ctx: s.ctx}, wake: make(chan struct{}, 1)}
	c.mute.Store(s.faults.isHalfOpen())
	if !s.admit(c) {
		_ = socket.CloseNow() // the server is closing
		return
	}
	if err := c.run(); err != nil {
		s.counters.add("connections_broken")
		s.log.Debug("connection ended", "err", err)
	}
	c.leave()
}

// enter counts a goroutine that Close waits for; false means that the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.wg.Add(1)
	return true
}

// admit registers a connection so that faults and Close can reach it.
func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

// leave takes the connection out of everything that knows it.
func (c *conn) leave() {
	c.close()
	s := c.server
	s.mu.Lock()
	delete(s.conns, c)
	for _, ref := range c.pair.refs {
		delete(s.pairings, ref)
	}
	s.mu.Unlock()
	if c.device != nil {
		c.device.disconnected(c)
		c.device.account.announce()
	}
}

// run speaks with the client until the connection ends; a malformed stanza is set aside, a malformed frame ends it.
func (c *conn) run() (err error) {
	timer := time.AfterFunc(handshakeTimeout, c.close)
	prologue, err := c.stream.readPrologue()
	if err != nil {
		return err
	}
	c.client, err = shakeHands(&c.stream, prologue, &c.server.cert)
	timer.Stop()
	if err != nil {
		return err
	}
	c.server.counters.add("connections")
	ctx, cancel := context.WithCancel(c.server.ctx)
	defer cancel()
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write(ctx)
	}()
	defer func() { cancel(); <-written }()
	if err := c.begin(); err != nil {
		return err
	}
	for {
		plaintext, err := c.read()
		if err != nil {
			return err
		}
		if !c.mute.Load() {
			c.take(plaintext)
		}
	}
}

// begin lets the client register or log in.
func (c *conn) begin() error {
	if c.client.payload.GetDevicePairingData() != nil {
		return c.register()
	}
	return c.login()
}

// read returns the next frame, decrypted.
func (c *conn) read() ([]byte, error) {
	frame, err := c.stream.readFrame()
	if err != nil {
		return nil, err
	}
	plaintext, err := c.client.in.open(frame, nil)
	if err != nil {
		return nil, fmt.Errorf("decrypt a frame: %w", err)
	}
	return plaintext, nil
}

// take handles a stanza; one that can't be decoded is set aside and listed.
func (c *conn) take(plaintext []byte) {
	stanza, err := decodeStanza(plaintext)
	if err != nil {
		c.server.strange.add("a stanza that can't be decoded: " + err.Error())
		return
	}
	c.server.trace.add(c.name()+" <", stanza)
	c.handle(stanza)
}

// decodeStanza reads a node with its flag byte; whatsmeow's decoder may panic on what no client sends.
func decodeStanza(plaintext []byte) (stanza *waBinary.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoder gave up: %v", r)
		}
	}()
	if len(plaintext) < 2 {
		return nil, fmt.Errorf("stanza of %d bytes", len(plaintext))
	}
	body := plaintext[1:]
	if plaintext[0]&2 != 0 {
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("inflate stanza: %w", err)
		}
		if body, err = io.ReadAll(io.LimitReader(z, maxFrame)); err != nil {
			return nil, fmt.Errorf("inflate stanza: %w", err)
		}
	}
	return waBinary.Unmarshal(body)
}

// name says whose connection it is, for the trace.
func (c *conn) name() string {
	if c.device == nil {
		return "unpaired"
	}
	return c.device.label
}

// send puts a stanza into the line to the client; it never blocks. The stanza must not change any more.
func (c *conn) send(stanza waBinary.Node) { c.sendAfter(stanza, 0) }

// sendAfter is send over a line that stalls for pause before the stanza.
func (c *conn) sendAfter(stanza waBinary.Node, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.pending = append(c.pending, outgoing{&stanza, pause})
	if !c.held {
		c.wakeWriter()
	}
}

// hold keeps what is sent from leaving until release, so that an ack can stand before what its message brings about and
// yet tell the client that the message was dealt with.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

func (c *conn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	c.wakeWriter()
}

func (c *conn) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write carries pending stanzas out until ctx or the socket ends.
func (c *conn) write(ctx context.Context) {
	var frame []byte
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		for _, next := range c.batch() {
			if next.pause > 0 && !sleep(ctx, next.pause) {
				return
			}
			if c.mute.Load() {
				continue
			}
			c.server.trace.add(c.name()+" >", next.stanza)
			plaintext, err := waBinary.Marshal(*next.stanza)
			if err != nil {
				c.server.log.Error("encode a stanza", "tag", next.stanza.Tag, "err", err)
				continue
			}
			frame = c.client.out.seal(frame[:0], plaintext, nil)
			if err := c.stream.writeFrame(frame); err != nil {
				return
			}
		}
	}
}

func (c *conn) batch() []outgoing {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return nil
	}
	all := c.pending
	c.pending = nil
	return all
}

// sleep waits for d; false means that ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// finish sends a last stanza and closes once the client has had the time to act on it.
func (c *conn) finish(stanza waBinary.Node) {
	c.send(stanza)
	c.server.later(lingerTime, c.close)
}

// close cuts the connection without a word.
func (c *conn) close() {
	c.mu.Lock()
	c.closed = true
	c.pending = nil
	c.mu.Unlock()
	_ = c.socket.CloseNow() // an error means that it is closed already
}
