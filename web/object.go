package web

import (
	"encoding/json"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
	"leadgate/store"
)

// The objects of the API: those of package bot, and beside their fields what only the API shows. What is missing is null.

// leadItem is a lead with all that is known of them.
type leadItem struct {
	bot.LeadView
	Transitions   []transitionItem  `json:"transitions"` // in order of at, deleted ones too
	Opportunities []opportunityItem `json:"opportunities"`
	Chats         []leadChatItem    `json:"chats"`
	Events        []json.RawMessage `json:"events"` // as they left, in the order in which they were recorded
}

type transitionItem struct {
	ID        string     `json:"id"`
	Funnel    string     `json:"funnel"`
	From      *string    `json:"from"`
	To        string     `json:"to"`
	Cause     chat.Cause `json:"cause"`
	Phrase    *string    `json:"phrase"`
	MessageID *string    `json:"message_id"`
	At        string     `json:"at"`
	DeletedAt *string    `json:"deleted_at"` // null: it counts
}

func showTransition(t store.Transition) transitionItem {
	return transitionItem{
		ID: t.ID, Funnel: t.Funnel, From: optional(t.From), To: t.To, Cause: t.Cause, Phrase: optional(t.Phrase),
		MessageID: optional(t.MessageID), At: moment(t.At), DeletedAt: optionalMoment(t.DeletedAt),
	}
}

type opportunityItem struct {
	bot.OpportunityView
	LeadID   string  `json:"lead_id"`
	Title    *string `json:"title"`
	ActiveAt string  `json:"active_at"`
}

func showOpportunity(o store.Opportunity) opportunityItem {
	return opportunityItem{
		OpportunityView: bot.ViewOpportunity(o.Opportunity), LeadID: o.LeadID, Title: optional(o.Title), ActiveAt: moment(o.ActiveAt),
	}
}

type chatItem struct {
	bot.ChatView
	OpportunityID *string  `json:"opportunity_id"`
	ActiveAt      string   `json:"active_at"`
	ClosedAt      *string  `json:"closed_at"`
	Rule          *string  `json:"rule"`
	Since         *string  `json:"since"`  // since when it waits for an agent, or has this one
	Passed        []string `json:"passed"` // who was passed over when it was routed last, and why: "owner ana: outside hours"
}

func showChat(c store.Chat) chatItem {
	return chatItem{
		ChatView: bot.ViewChat(c.Chat.Chat), OpportunityID: optional(c.Chat.Opportunity), ActiveAt: moment(c.ActiveAt),
		ClosedAt: optionalMoment(c.ClosedAt), Rule: optional(c.Place.Rule), Since: optionalMoment(c.Place.Since),
		Passed: sentences(c.Place.Passed),
	}
}

// leadChatItem is a chat with everybody who got it.
type leadChatItem struct {
	chatItem
	Assignments []assignmentItem `json:"assignments"` // in order
}

type assignmentItem struct {
	ID     string     `json:"id"`
	At     string     `json:"at"`
	Agent  string     `json:"agent"`
	Rule   *string    `json:"rule"`
	Step   int        `json:"step"`   // 0: the rule's default, 1: its first fallback
	Target *string    `json:"target"` // as in the configuration
	Passed []string   `json:"passed"` // as in chatItem
	Cause  chat.Cause `json:"cause"`
}

func showAssignment(a bot.Assignment) assignmentItem {
	return assignmentItem{
		ID: a.ID, At: moment(a.At), Agent: a.Agent, Rule: optional(a.Place.Rule), Step: a.Place.Step,
		Target: optional(a.Place.Target), Passed: sentences(a.Place.Passed), Cause: a.Cause,
	}
}

func sentences(all []routing.Passed) []string {
	said := make([]string, len(all))
	for i, p := range all {
		said[i] = p.String()
	}
	return said
}

// show is how all of a list are shown.
func show[T, V any](all []T, one func(T) V) []V {
	shown := make([]V, len(all))
	for i, each := range all {
		shown[i] = one(each)
	}
	return shown
}

// moment is a time as the contract writes it: RFC 3339 in UTC with milliseconds.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func optionalMoment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := moment(t)
	return &text
}

// optional is nil for what is missing.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
