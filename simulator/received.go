package simulator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// maxInbox bounds what an inbox remembers; the oldest messages are forgotten first.
const maxInbox = 1000

// Received is a message in the inbox of a person or of an account's own phone.
type Received struct {
	ID string `json:"id"`
	// At is when the simulator handed it over, by Options.Now.
	At time.Time `json:"at"`
	// From and To are the phones (E.164) of the writer and of whom it was written to. In a phone's inbox From is the
	// account itself.
	From string `json:"from"`
	To   string `json:"to"`
	// Text is what was written, also if a phone would not show it.
	Text string `json:"text"`
	// Shown is what a phone would show of it.
	Shown Shown `json:"shown"`
	// Message is the decoded content without its wrappers; its MessageContextInfo is the outermost one.
	Message *waE2E.Message `json:"-"`
	// Copies counts how often the message came over the wire under this id: more than 1 after a repetition.
	Copies int `json:"copies"`

	seq int64 // number of the inbox's arrival that changed it last
}

// inbox keeps what arrived, in order, one entry for each id. The zero value is empty.
type inbox struct {
	mu       sync.Mutex
	list     []Received
	arrivals int64
	changed  chan struct{} // made by the first waiter, closed by the next arrival
}

// add puts a message in; one that is there already counts as another copy.
func (b *inbox) add(r Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.another(r.ID) {
		r.Copies = 1
		b.list = append(b.list, r)
		b.arrive(len(b.list) - 1)
	}
	if n := len(b.list); n > maxInbox {
		b.list = slices.Delete(b.list, 0, n-maxInbox)
	}
}

// repeated counts another copy of a message, one that could not be read again.
func (b *inbox) repeated(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.another(id)
}

// another counts a copy of a message that is there already; b.mu is held.
func (b *inbox) another(id string) bool {
	i := b.index(id)
	if i >= 0 {
		b.list[i].Copies++
		b.arrive(i)
	}
	return i >= 0
}

// arrive numbers a change of an entry and wakes who waits for one; b.mu is held.
func (b *inbox) arrive(i int) {
	b.arrivals++
	b.list[i].seq = b.arrivals
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// since lists what arrived, for the first time or again, after that many arrivals, and how many there are now. If nothing
// did, changed is closed by the next one.
func (b *inbox) since(arrivals int64) (list []Received, now int64, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if r.seq > arrivals {
			list = append(list, r)
		}
	}
	if len(list) == 0 && b.changed == nil {
		b.changed = make(chan struct{})
	}
	return list, b.arrivals, b.changed
}

// index finds an id, the latest arrivals first, as what is asked about is mostly new; b.mu is held.
func (b *inbox) index(id string) int {
	for i, r := range slices.Backward(b.list) {
		if r.ID == id {
			return i
		}
	}
	return -1
}

func (b *inbox) find(id string) (Received, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := b.index(id); i >= 0 {
		return b.list[i], true
	}
	return Received{}, false
}

func (b *inbox) all() []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.list)
}

// first returns the first message that is wanted, or what to wait on for the next arrival.
func (b *inbox) first(want func(Received) bool) (r Received, ok bool, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.list {
		if want(r) {
			return r, true, nil
		}
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return Received{}, false, b.changed
}

func (b *inbox) wait(ctx context.Context, s *Server, want func(Received) bool) (Received, error) {
	if want == nil {
		want = func(Received) bool { return true }
	}
	for {
		r, ok, changed := b.first(want)
		if ok {
			return r, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Received{}, fmt.Errorf("wait for a message: %w", ctx.Err())
		case <-s.ctx.Done():
			return Received{}, errors.New("wait for a message: the simulator is closed")
		}
	}
}

// Received lists what the person received, oldest first; of very many messages only the last.
func (p *Person) Received() []Received { return p.inbox.all() }

// WaitReceived returns the first message, received already or to come, that want accepts; a nil want accepts any. The
// error is the context's, or says that the simulator was closed.
func (p *Person) WaitReceived(ctx context.Context, want func(Received) bool) (Received, error) {
	return p.inbox.wait(ctx, p.server, want)
}

// Received lists what the account's own phone saw its companions send, oldest first; of very many messages only the last.
func (a *Account) Received() []Received { return a.inbox.all() }

// WaitReceived is WaitReceived of a person, for the account's own phone.
func (a *Account) WaitReceived(ctx context.Context, want func(Received) bool) (Received, error) {
	return a.inbox.wait(ctx, a.server, want)
}
