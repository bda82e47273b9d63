package simulator

import (
	"fmt"
	"runtime"
	"testing"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// Of all the memory that a process with a simulator in it may use, when as many people have talked to one companion.
const (
	manyPeople   = 2000
	memoryBudget = 150 << 20
)

// companion is a linked device that is played by a Signal endpoint in place of a client on a connection.
type companion struct {
	t testing.TB
	s *Server
	d *device
	e *endpoint
}

func newCompanion(t testing.TB, s *Server, a *Account) *companion {
	t.Helper()
	c := &companion{t: t, s: s, e: newEndpoint(nil)}
	c.e.drain(true)
	b := c.e.bundle()
	c.d = &device{
		account: a, id: 1, identity: b.identity, registration: b.registrationID, queue: newQueue(),
		prekeys: preKeys{signed: preKey{b.signedID, b.signed}, signature: b.signature},
	}
	a.adopt(c.d)
	return c
}

// next takes the oldest stanza with that tag out of the device's queue.
func (c *companion) next(tag string) waBinary.Node {
	c.t.Helper()
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	for element := c.d.queue.order.Front(); element != nil; element = element.Next() {
		if entry := element.Value.(*queued); entry.stanza.Tag == tag {
			entry.sent = true
			if !c.d.queue.settle(entry.key) {
				c.t.Fatal("the queue doesn't know its own entry")
			}
			return entry.stanza
		}
	}
	c.t.Fatalf("nothing is queued but a <%s> should be", tag)
	return waBinary.Node{}
}

// hear reads the oldest waiting message, which p wrote.
func (c *companion) hear(p *Person) string {
	c.t.Helper()
	stanza := c.next("message")
	enc := stanza.GetChildByTag("enc")
	padded, err := c.e.decrypt(addressOf(p.lid), attr(enc, "type"), bytesOf(enc))
	if err != nil {
		c.t.Fatal(err)
	}
	plaintext, err := unpad(padded)
	if err != nil {
		c.t.Fatal(err)
	}
	var m waE2E.Message
	if err := proto.Unmarshal(plaintext, &m); err != nil {
		c.t.Fatal(err)
	}
	return m.GetConversation()
}

// say writes to p and takes the receipt.
func (c *companion) say(p *Person, words string) {
	c.t.Helper()
	fetch := func() (keyBundle, error) { return p.endpoint.bundle(), nil }
	kind, ciphertext, err := c.e.encrypt(addressOf(p.lid), fetch, pad(mustMarshal(text(words))))
	if err != nil {
		c.t.Fatal(err)
	}
	enc := waBinary.Node{Tag: "enc", Attrs: waBinary.Attrs{"v": "2", "type": kind}, Content: ciphertext}
	c.s.deliverToPerson(p, c.d, waBinary.Node{Tag: "message", Attrs: waBinary.Attrs{"id": c.s.draws.messageID()}}, enc)
	c.next("receipt")
}

func TestTwoThousandPeopleWhoHaveTalkedFitIntoTheBudget(t *testing.T) {
	before := heapInUse()
	s := newServer(t, Options{})
	c := newCompanion(t, s, newAccount(t, s))
	for i := range manyPeople {
		p := newPerson(t, s, PersonOptions{Phone: fmt.Sprintf("+55119%08d", i), Name: fmt.Sprint("Person ", i)})
		const question = "Hi, I came from Instagram and wanted to know more about the product!"
		if _, err := p.Send(c.d.account, Message{Text: question}); err != nil {
			t.Fatal(err)
		}
		if got := c.hear(p); got != question {
			t.Fatalf("heard %q", got)
		}
		c.say(p, "Thank you for scheduling with us! Your time is: 3:00 PM")
		if n := len(p.Received()); n != 1 {
			t.Fatalf("person %d received %d messages, want 1", i, n)
		}
	}
	used := heapInUse() - before
	t.Logf("%d people: %d MiB, %d KiB each", manyPeople, used>>20, used/manyPeople>>10)
	if used > memoryBudget {
		t.Errorf("%d people take %d MiB, want at most %d", manyPeople, used>>20, memoryBudget>>20)
	}
	runtime.KeepAlive(s)
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// BenchmarkARoundTripWithWhatsmeow lets 2,000 people in turn write to a real client, which answers: with -benchtime 2000x
// everybody has talked once. The memory is that of simulator and client together, without SQLite's.
func BenchmarkARoundTripWithWhatsmeow(b *testing.B) {
	s := newServer(b, Options{})
	shop := newAccount(b, s)
	m := pairedMeow(b, s, shop)
	people := make([]*Person, manyPeople)
	for i := range people {
		people[i] = newPerson(b, s, PersonOptions{Phone: fmt.Sprintf("+55119%08d", i)})
	}
	for i := 0; b.Loop(); i++ {
		p := people[i%manyPeople]
		id, err := p.Send(shop, Message{Text: "Hi, I came from Instagram and wanted to know more about the product!"})
		if err != nil {
			b.Fatal(err)
		}
		await(m, func(e *events.Message) bool { return e.Info.ID == id })
		sent, err := m.SendMessage(b.Context(), p.lid, text("Thank you for scheduling with us!"))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.WaitReceived(b.Context(), func(r Received) bool { return r.ID == sent.ID }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heapInUse())/(1<<20), "MiB-heap")
}
