package chat

import (
	"strings"
	"unicode"
)

// longestEmail is the limit of an address in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
const longestEmail = 254

// NormalEmail is an e-mail address as leads are identified by it: without white space around it and in small letters, as
// every provider of note compares addresses. It is "" for what is no address that people have.
func NormalEmail(text string) string {
	address := strings.ToLower(strings.TrimSpace(text))
	local, domain, found := strings.Cut(address, "@")
	switch {
	case !found, local == "", len(address) > longestEmail, !strings.Contains(domain, "."):
		return ""
	case strings.ContainsFunc(address, notInEmail), strings.Contains(domain, "@"):
		return ""
	case strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."), strings.Contains(domain, ".."):
		return ""
	}
	return address
}

// notInEmail reports whether a character is in no address but a quoted one, which nobody has.
func notInEmail(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"(),:;<>[\]`, r)
}
