package bot

import "time"

// EventType names what happened, as the outside is told.
type EventType string

// The events of the funnel and the numbers.
const (
	LeadCreated        EventType = "lead.created"
	LeadUpdated        EventType = "lead.updated"
	LeadMerged         EventType = "lead.merged"
	LeadReturned       EventType = "lead.returned"
	StageChanged       EventType = "conversion.stage_changed"
	TransitionDeleted  EventType = "conversion.transition_deleted"
	NumberConnected    EventType = "number.connected"
	NumberDisconnected EventType = "number.disconnected"
	NumberLoggedOut    EventType = "number.logged_out"
)

// An Event is a fact that the outside is told. Its Body is made once, by the decision, so that every attempt at every
// destination sends the same bytes.
type Event struct {
	ID     string // "evt_…": a hash of the cause, the same however often it is decided
	Type   EventType
	At     time.Time // when it happened, not when it was learnt
	LeadID string    // "" for events that concern no lead
	Number string    // name of the number; "" where there is none
	Body   []byte    // the JSON document of SPEC section 8: id, type, timestamp, data
}

// Lane keeps events in order: those of one lead, or of one number, leave in the order in which they were committed.
func (e Event) Lane() string {
	if e.LeadID != "" {
		return e.LeadID
	}
	return "number/" + e.Number
}
