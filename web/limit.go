package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// How often one address may send forms: a person who corrects a mistake or two never gets there.
const (
	formInterval = 6 * time.Second // one in this time in the long run
	formBurst    = 5               // at once after a rest
)

// limiter bounds how often each address comes, at one in formInterval and formBurst at once.
type limiter struct {
	now   func() time.Time
	mu    sync.Mutex
	rests map[string]time.Time // when an address will have all of its burst again; those who have it are not in it
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, rests: map[string]time.Time{}}
}

// take counts a request of an address. It returns how long the address has to wait first; zero: the request is taken.
func (l *limiter) take(address string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	rest, known := l.rests[address]
	if rest.Before(now) {
		rest = now
	}
	if wait := rest.Add(formInterval).Sub(now) - formBurst*formInterval; wait > 0 {
		return wait
	}
	if !known && len(l.rests) >= maxAddresses {
		l.forget(now)
	}
	l.rests[address] = rest.Add(formInterval)
	return 0
}

// forget makes room: those who have all of their burst are not needed, nor is who has it soonest.
func (l *limiter) forget(now time.Time) {
	var soonest string
	for address, rest := range l.rests {
		switch {
		case !rest.After(now):
			delete(l.rests, address)
		case soonest == "" || rest.Before(l.rests[soonest]):
			soonest = address
		}
	}
	if len(l.rests) >= maxAddresses {
		delete(l.rests, soonest)
	}
}

// visitor is the address of whoever sends a form. A proxy on this machine is believed about whom it speaks for, nobody else
// is. Of IPv6 the network counts: one connection has a whole /64 of addresses.
func visitor(r *http.Request) string {
	address := peer(r)
	if ip := net.ParseIP(address); ip != nil && ip.IsLoopback() {
		forwarded := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		// The last one is whom the proxy has seen itself; those before it are what it was told.
		if last := strings.TrimSpace(forwarded[len(forwarded)-1]); last != "" {
			address = last
		}
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address[:min(len(address), 64)]
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, _ := ip.Prefix(64)
	return network.String()
}
