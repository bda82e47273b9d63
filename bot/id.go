package bot

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// newID derives an id from its cause: the same cause has the same id however often it is decided. 128 bits of SHA-256,
// in lower-case base 32 behind the prefix.
func newID(prefix string, cause ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(cause, "\x00")))
	encoded := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])
	return prefix + "_" + strings.ToLower(encoded)
}

// OpportunityID is the id of the opportunity that the input of a key creates.
func OpportunityID(inputKey string) string { return newID("opp", inputKey) }

// LeadID is the id of the lead whom the CreateLead of a key brings, when nobody is known by their phone or e-mail address.
func LeadID(inputKey string) string { return newID("lead", inputKey) }
