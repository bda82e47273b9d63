package simulator

import (
	"maps"
	"slices"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// traceSize is how many stanzas Trace remembers: enough for the story of one test.
const traceSize = 500

// traceWidth is where a stanza's text is cut: an upload of prekeys would fill pages.
const traceWidth = 1000

// trace remembers the last stanzas. They are turned into text when asked for, as almost nobody asks.
type trace struct {
	mu    sync.Mutex
	lines [traceSize]traced
	next  int
}

type traced struct {
	who    string
	stanza *waBinary.Node
}

func newTrace() *trace { return &trace{} }

// add remembers a stanza; who says whose it is and which way it went. The stanza must not change any more.
func (t *trace) add(who string, stanza *waBinary.Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines[t.next%traceSize] = traced{who, stanza}
	t.next++
}

// Trace returns the last stanzas of all connections, oldest first, as "DEVICE < <message …>": < came from the client, >
// went to it.
func (s *Server) Trace() []string {
	s.trace.mu.Lock()
	defer s.trace.mu.Unlock()
	first := max(0, s.trace.next-traceSize)
	lines := make([]string, 0, s.trace.next-first)
	for i := first; i < s.trace.next; i++ {
		line := s.trace.lines[i%traceSize]
		text := line.stanza.String()
		if len(text) > traceWidth {
			text = text[:traceWidth] + "…"
		}
		lines = append(lines, line.who+" "+text)
	}
	return lines
}

// counters counts what happened, by name.
type counters struct {
	mu sync.Mutex
	n  map[string]int64
}

func newCounters() *counters { return &counters{n: map[string]int64{}} }

func (c *counters) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name]++
}

// Counters tells how often what happened since New: logins, messages_in, messages_out, acks_lost and so on.
func (s *Server) Counters() map[string]int64 {
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	return maps.Clone(s.counters.n)
}

// unanswered lists what the simulator didn't understand, each once.
type unanswered struct {
	mu   sync.Mutex
	seen map[string]int
}

func newUnanswered() *unanswered { return &unanswered{seen: map[string]int{}} }

func (u *unanswered) add(what string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen[what]++
}

// Unanswered lists, sorted and each once, the queries that the simulator had no answer to; tests demand that it is empty.
func (s *Server) Unanswered() []string {
	s.strange.mu.Lock()
	defer s.strange.mu.Unlock()
	return slices.Sorted(maps.Keys(s.strange.seen))
}
