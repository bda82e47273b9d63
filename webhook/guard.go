package webhook

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"

	"code.dny.dev/ssrf"
)

// A guard looks at the address that is about to be dialed, after names are resolved, so that no name can lead to where
// a request must not go.
type guard struct {
	allowed *ssrf.Guardian
	// private is a guard that allows this machine and network as well; nil when allowed does so itself.
	private *ssrf.Guardian
}

func newGuard(allowPrivate bool) *guard {
	anyPort := ssrf.WithAnyPort()
	private := ssrf.New(anyPort, ssrf.WithAllowedV4Prefixes(privateV4()...), ssrf.WithAllowedV6Prefixes(privateV6()...))
	if allowPrivate {
		return &guard{allowed: private}
	}
	return &guard{allowed: ssrf.New(anyPort), private: private}
}

// privateV4 is this machine, the private networks of RFC 1918, and RFC 6598's, which overlay networks use.
func privateV4() []netip.Prefix {
	return prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
}

// privateV6 is this machine and the unique local addresses of RFC 4193.
func privateV6() []netip.Prefix { return prefixes("::1/128", "fc00::/7") }

// metadata is where cloud machines ask for their own secrets, as far as that is not link-local.
func metadata() []netip.Prefix {
	return prefixes(
		"fd00:ec2::254/128",  // Amazon EC2
		"fd20:ce::254/128",   // Google Cloud
		"100.100.100.200/32", // Alibaba Cloud
		"168.63.129.16/32",   // Azure's wire server
	)
}

func prefixes(cidrs ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(cidrs))
	for i, cidr := range cidrs {
		parsed[i] = netip.MustParsePrefix(cidr)
	}
	return parsed
}

// control is a net.Dialer's ControlContext.
func (g *guard) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	resolved, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s %q: %w", network, address, err)
	}
	if refused := g.check(resolved.Addr()); refused != nil {
		return refused
	}
	return nil
}

// check returns nil when the address may be dialed.
func (g *guard) check(address netip.Addr) *refusedError {
	reached := behind(address.WithZone("").Unmap())
	if why := never(reached); why != "" {
		return &refusedError{address: address, why: why}
	}
	if g.allowed.SafeAddr(reached) == nil {
		return nil
	}
	if g.private != nil && g.private.SafeAddr(reached) == nil {
		return &refusedError{address: address, private: true}
	}
	return &refusedError{address: address, why: "not a public address"}
}

// behind is the IPv4 address to which a NAT64 gateway translates an address (RFC 6052), or the address itself.
func behind(address netip.Addr) netip.Addr {
	if !ssrf.IPv6NAT64Prefix.Contains(address) {
		return address
	}
	bytes := address.As16()
	return netip.AddrFrom4([4]byte(bytes[12:]))
}

// never says why nothing may ever be sent to an address, whatever the configuration says.
func never(address netip.Addr) string {
	switch {
	case address.IsUnspecified():
		return "the unspecified address"
	case address.IsMulticast():
		return "a multicast address"
	case address.IsLinkLocalUnicast():
		return "a link-local address"
	}
	for _, p := range metadata() {
		if p.Contains(address) {
			return "a metadata service"
		}
	}
	return ""
}

// A refusedError says why an address was not dialed.
type refusedError struct {
	address netip.Addr
	private bool   // it would be dialed with allow_private
	why     string // "" when private
}

func (e *refusedError) Error() string {
	if hint := e.hint(); hint != "" {
		return e.problem() + "; " + hint
	}
	return e.problem()
}

func (e *refusedError) problem() string {
	if e.private {
		return fmt.Sprintf("address %s is on this machine or its private network", e.address)
	}
	return fmt.Sprintf("address %s is %s: nothing is ever sent there", e.address, e.why)
}

func (e *refusedError) hint() string {
	if e.private {
		return "if that is meant, set allow_private = true"
	}
	return ""
}
