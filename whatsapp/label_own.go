package whatsapp

import (
	"slices"
	"strings"
	"time"

	"go.mau.fi/whatsmeow/appstate"
)

// labelChangesAtMost is how many changes of labels are remembered. News of a change come within the same second, or with
// the next connection when one was lost between the change and its news.
const labelChangesAtMost = 1000

// labelChanges are the latest changes of app state, oldest first. WhatsApp tells the index and the time of a change, in
// milliseconds, as whoever made it has sent them.
type labelChanges []labelChange

type labelChange struct {
	index string
	at    int64
}

func (c *labelChanges) add(at time.Time, index ...string) {
	*c = append(*c, labelChange{strings.Join(index, "|"), at.UnixMilli()})
	*c = slices.Delete(*c, 0, max(0, len(*c)-labelChangesAtMost))
}

func (c *labelChanges) addPatch(patch appstate.PatchInfo) {
	for _, mutation := range patch.Mutations {
		c.add(patch.Timestamp, mutation.Index...)
	}
}

// has reports whether this very change is among them.
func (c *labelChanges) has(at time.Time, index ...string) bool {
	return slices.Contains(*c, labelChange{strings.Join(index, "|"), at.UnixMilli()})
}

// overtook reports whether a later change of the same thing is among them.
func (c *labelChanges) overtook(at time.Time, index ...string) bool {
	return slices.ContainsFunc(*c, func(o labelChange) bool { return o.index == strings.Join(index, "|") && o.at > at.UnixMilli() })
}
