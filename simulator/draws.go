package simulator

import (
	"math/rand/v2"
	"strings"
	"sync"
)

// draws is the server's seeded randomness: everything that is random and not a key.
type draws struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newDraws(seed uint64) *draws {
	return &draws{rng: rand.New(rand.NewPCG(seed, 0x6c656164))} //nolint:gosec // ids and faults must repeat by seed
}

// below returns a number in [0,n).
func (d *draws) below(n int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Int64N(n)
}

// chance is true once in n times.
func (d *draws) chance(n int64) bool { return d.below(n) == 0 }

// bytes returns n random bytes that protect nothing.
func (d *draws) bytes(n int) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(d.rng.Uint32())
	}
	return out
}

// messageID makes an id as phones do: upper-case hexadecimal digits that begin with 3A.
func (d *draws) messageID() string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString("3A")
	for _, c := range d.bytes(9) {
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}
