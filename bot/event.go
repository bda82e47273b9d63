package bot

import (
	"encoding/json"
	"fmt"
	"time"
)

// EventType names what happened, as the outside is told.
type EventType string

// The events that this version sends.
const (
	LeadCreated             EventType = "lead.created"
	LeadUpdated             EventType = "lead.updated"
	LeadMerged              EventType = "lead.merged"
	LeadErased              EventType = "lead.erased"
	LeadReturned            EventType = "lead.returned"
	StageChanged            EventType = "conversion.stage_changed"
	TransitionDeleted       EventType = "conversion.transition_deleted"
	OpportunityCreated      EventType = "opportunity.created"
	OpportunityStageChanged EventType = "opportunity.stage_changed"
	OpportunityOwnerChanged EventType = "opportunity.owner_changed"
	OpportunityClosed       EventType = "opportunity.closed"
	MenuSent                EventType = "menu.sent"
	MenuAnswered            EventType = "menu.answered"
	ChatWaiting             EventType = "chat.waiting"
	ChatAssigned            EventType = "chat.assigned"
	ChatEscalated           EventType = "chat.escalated"
	ChatClosed              EventType = "chat.closed"
	AgentAvailability       EventType = "agent.availability_changed"
	PaymentRecorded         EventType = "payment.recorded"
	FeedbackRecorded        EventType = "feedback.recorded"
	NumberConnected         EventType = "number.connected"
	NumberDisconnected      EventType = "number.disconnected"
	NumberLoggedOut         EventType = "number.logged_out"
)

// EventTypes lists every type that this version sends, for checking what a destination asks for.
func EventTypes() []EventType {
	return []EventType{
		LeadCreated, LeadUpdated, LeadMerged, LeadErased, LeadReturned, StageChanged, TransitionDeleted,
		OpportunityCreated, OpportunityStageChanged, OpportunityOwnerChanged, OpportunityClosed,
		MenuSent, MenuAnswered, ChatWaiting, ChatAssigned, ChatEscalated, ChatClosed, AgentAvailability,
		PaymentRecorded, FeedbackRecorded,
		NumberConnected, NumberDisconnected, NumberLoggedOut,
	}
}

// An Event is a fact that the outside is told. Its Body is made once, by the decision, so that every attempt at every
// destination sends the same bytes.
type Event struct {
	ID     string // "evt_…": a hash of the cause, the same however often it is decided
	Type   EventType
	At     time.Time // when it happened, not when it was learnt
	LeadID string    // "" for events that concern no lead
	Number string    // name of the number; "" where there is none
	Body   []byte    // {"id", "type", "timestamp", "data"}
	Facts  Facts     // by which a destination's rules choose; not kept
}

// Lane keeps events in order: those of one lead, or of one number, leave in the order in which they were committed.
func (e Event) Lane() string {
	if e.LeadID != "" {
		return e.LeadID
	}
	return "number/" + e.Number
}

// timeFormat is RFC 3339 with milliseconds; times are given in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

func timestamp(t time.Time) string { return t.UTC().Format(timeFormat) }

// envelope is the document that leaves.
type envelope struct {
	ID        string    `json:"id"`
	Type      EventType `json:"type"`
	Timestamp string    `json:"timestamp"`
	Data      any       `json:"data"`
}

// newEvent makes an event of an input. The discriminator tells events of one type and input apart.
func newEvent(in Input, t EventType, discriminator string, at time.Time, leadID, number string, data any) Event {
	id := newID("evt", string(t), discriminator, in.Key)
	body, err := json.Marshal(envelope{ID: id, Type: t, Timestamp: timestamp(at), Data: data})
	if err != nil {
		// Data holds strings and maps of strings: JSON has a form for each of them.
		panic(fmt.Sprintf("event %s: %v", t, err))
	}
	return Event{ID: id, Type: t, At: at, LeadID: leadID, Number: number, Body: body, Facts: factsOf(data)}
}
