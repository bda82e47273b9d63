package simulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"go.mau.fi/libsignal/ecc"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// maxAsks is how often a phone asks for a message before it gives up.
const maxAsks = 5

// errAsked says that a message could not be read and that its sender was asked for it again.
var errAsked = errors.New("asked for the message again")

// asked remembers which messages a phone could not read. The zero value is empty.
type asked struct {
	mu      sync.Mutex
	feigned int
	open    map[string]asking // by message id
}

// asking is one unread message: how often it was asked for, and the stanza that it came in at first, as the answer to a
// retry receipt has only the ciphertext.
type asking struct {
	count  int
	stanza waBinary.Node
}

func (a *asked) pretend(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.feigned = n
}

// feign tells whether to act as if this message could not be read.
func (a *asked) feign() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.feigned <= 0 {
		return false
	}
	a.feigned--
	return true
}

// again counts one more request for a message.
func (a *asked) again(id string, stanza waBinary.Node) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[string]asking{}
	}
	entry, known := a.open[id]
	if !known {
		entry.stanza = stanza
	}
	entry.count++
	a.open[id] = entry
	return entry.count
}

// answered forgets a message that was read, and returns the stanza in which it came first.
func (a *asked) answered(id string, stanza waBinary.Node) waBinary.Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	if entry, known := a.open[id]; known {
		delete(a.open, id)
		return entry.stanza
	}
	return stanza
}

// reader is a phone that reads what a companion wrote. address says where its receipts come from.
type reader struct {
	endpoint *endpoint
	asked    *asked
	address  waBinary.Attrs
}

// read decrypts and decodes an <enc>, and asks the companion for it again when that fails. It returns the stanza in which
// the message came at first, or errDuplicate, or an error after which nothing more is to be done.
func (s *Server) read(r reader, from *device, stanza, enc waBinary.Node) (*waE2E.Message, waBinary.Node, error) {
	id := attr(stanza, "id")
	padded, err := r.endpoint.decrypt(from.address(), attr(enc, "type"), bytesOf(enc))
	if errors.Is(err, errDuplicate) {
		return nil, stanza, err
	}
	if err == nil && r.asked.feign() {
		err = errors.New("told to fail")
	}
	if err != nil {
		s.log.Debug("simulated phone can't read a message", "id", id, "err", err)
		s.ask(r, from, id, stanza)
		return nil, stanza, fmt.Errorf("%w: %w", errAsked, err)
	}
	stanza = r.asked.answered(id, stanza)
	plaintext, err := unpad(padded)
	if err != nil {
		s.strange.add("message of a companion: " + err.Error())
		return nil, stanza, err
	}
	var m waE2E.Message
	if err := proto.Unmarshal(plaintext, &m); err != nil {
		s.strange.add("message of a companion: no protobuf")
		return nil, stanza, fmt.Errorf("decode message %q: %w", id, err)
	}
	return &m, stanza, nil
}

// ask sends a retry receipt, from the second time on with keys for a new session.
func (s *Server) ask(r reader, from *device, id string, stanza waBinary.Node) {
	count := r.asked.again(id, stanza)
	if count > maxAsks {
		s.counters.add("retries_given_up")
		return
	}
	s.counters.add("retries_asked")
	now := s.now().Unix()
	b := r.endpoint.bundle()
	content := []waBinary.Node{
		{Tag: "retry", Attrs: waBinary.Attrs{"count": strconv.Itoa(count), "id": id, "t": now, "v": "1"}},
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, b.registrationID)},
	}
	if count > 1 {
		content = append(content, waBinary.Node{Tag: "keys", Content: keyNodes(b)})
	}
	s.enqueue(from, waBinary.Node{
		Tag: "receipt", Attrs: withAttrs(r.address, waBinary.Attrs{"id": id, "t": now, "type": "retry"}), Content: content,
	}, delivery{smooth: true})
}

// keyNodes are the keys of a retry receipt.
func keyNodes(b keyBundle) []waBinary.Node {
	nodes := []waBinary.Node{
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: b.identity[:]},
		{Tag: "skey", Content: []waBinary.Node{
			{Tag: "id", Content: keyIDBytes(b.signedID)}, {Tag: "value", Content: b.signed[:]},
			{Tag: "signature", Content: b.signature[:]},
		}},
	}
	if b.oneTime != nil {
		nodes = append(nodes, waBinary.Node{Tag: "key", Content: []waBinary.Node{
			{Tag: "id", Content: keyIDBytes(b.oneTimeID)}, {Tag: "value", Content: b.oneTime[:]},
		}})
	}
	return nodes
}
