package chat

import (
	"net/mail"
	"strings"
)

// longestEmail is the limit of an address in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
const longestEmail = 254

// NormalEmail is an e-mail address as leads are identified by it: without white space around it and in small letters, as
// every provider of note compares addresses. It is "" for what is no address.
func NormalEmail(text string) string {
	address := strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > longestEmail {
		return ""
	}
	return address
}
