package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// scope is what a token allows.
type scope int

const (
	open scope = iota // without a token, from any page
	read
	write
)

// Who gives a wrong token this often within the window has to wait until it is over. A person who mistypes never gets
// there; somebody who guesses gets ten guesses a minute from one address.
const (
	maxFailures   = 10
	failureWindow = time.Minute
	maxAddresses  = 10_000 // remembered at once; beyond it the oldest window is forgotten
)

// admit lets a request pass that carries a token of the scope, which it returns, and comes from no page of another site.
func (s *site) admit(w http.ResponseWriter, r *http.Request, need scope) (Token, error) {
	if need == open {
		return Token{}, nil
	}
	if elsewhere(r) {
		return Token{}, problem{Status: http.StatusForbidden, Detail: "requests from pages of other sites are refused"}
	}
	address := peer(r)
	if wait := s.guard.wait(address); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		return Token{}, problem{Status: http.StatusTooManyRequests, Detail: "too many wrong tokens from this address"}
	}
	token, ok := s.token(r)
	if !ok {
		if r.Header.Get("Authorization") != "" {
			s.guard.failed(address)
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="leadgate"`)
		return Token{}, problem{Status: http.StatusUnauthorized, Detail: "this needs a token of [[http.token]]: Authorization: Bearer …"}
	}
	if need == write && !token.Write {
		return Token{}, problem{Status: http.StatusForbidden, Detail: "the token " + quote(token.Name) + ` only reads; this needs scope = "write"`}
	}
	return token, nil
}

// elsewhere reports whether a request comes from a page of another site. Browsers say so by Sec-Fetch-Site; those that are
// too old for it name the page's origin.
func elsewhere(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	from, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(from.Host, r.Host)
}

// token is the token that a request carries. Every token is compared in constant time, so that the answer's delay says
// nothing of any secret.
func (s *site) token(r *http.Request) (Token, bool) {
	kind, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(kind, "Bearer") {
		return Token{}, false
	}
	hash := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	var found Token
	match := 0
	for _, t := range s.Tokens() {
		if subtle.ConstantTimeCompare(hash[:], t.Hash[:]) == 1 {
			found, match = t, 1
		}
	}
	return found, match == 1
}

// machineOrToken lets programs of this machine pass without a token, as a Prometheus beside the daemon; whoever comes
// from elsewhere, or through a proxy, needs one.
func (s *site) machineOrToken(next http.Handler) http.Handler {
	guarded := s.api(read, func(w http.ResponseWriter, r *http.Request) error {
		next.ServeHTTP(w, r)
		return nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ip := net.ParseIP(peer(r))
		proxied := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
		if ip != nil && ip.IsLoopback() && !proxied {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// peer is the address of the other end of the connection. Headers that claim another one are not believed.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// guard counts wrong tokens by address.
type guard struct {
	now      func() time.Time
	mu       sync.Mutex
	failures map[string]failures
}

type failures struct {
	count int
	until time.Time // end of the window
}

func newGuard(now func() time.Time) *guard {
	return &guard{now: now, failures: map[string]failures{}}
}

// wait is how long an address has to wait; zero when it need not.
func (g *guard) wait(address string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failures[address]
	if f.count < maxFailures {
		return 0
	}
	return max(0, f.until.Sub(g.now()))
}

func (g *guard) failed(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	f := g.failures[address]
	if !now.Before(f.until) {
		f = failures{until: now.Add(failureWindow)}
	}
	f.count++
	if _, known := g.failures[address]; !known && len(g.failures) >= maxAddresses {
		g.forgetOldest()
	}
	g.failures[address] = f
}

func (g *guard) forgetOldest() {
	var oldest string
	for address, f := range g.failures {
		if oldest == "" || f.until.Before(g.failures[oldest].until) {
			oldest = address
		}
	}
	delete(g.failures, oldest)
}

func quote(s string) string { return strconv.Quote(s) }
