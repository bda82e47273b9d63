package whatsapp

import (
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/appstate"
)

// ownChangesAtMost is how many of the daemon's own changes are remembered. Their news come within the same second, or
// with the next connection when one was lost between the change and its news.
const ownChangesAtMost = 1000

// ownChanges are the latest changes of app state that the daemon itself has sent, oldest first.
type ownChanges []ownChange

// ownChange is one of them: WhatsApp tells its index and its time, in milliseconds, as they were sent.
type ownChange struct {
	index string
	at    int64
}

func (o *ownChanges) add(patch appstate.PatchInfo) {
	for _, mutation := range patch.Mutations {
		*o = append(*o, ownChange{strings.Join(mutation.Index, "|"), patch.Timestamp.UnixMilli()})
	}
	*o = slices.Delete(*o, 0, max(0, len(*o)-ownChangesAtMost))
}

func (o *ownChanges) has(at time.Time, index ...string) bool {
	return slices.Contains(*o, ownChange{strings.Join(index, "|"), at.UnixMilli()})
}
