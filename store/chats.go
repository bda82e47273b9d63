package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"leadgate/bot"
	"leadgate/chat"
)

// A Chat is a chat as it is kept, with its place among all.
type Chat struct {
	bot.Chat
	Seq int64 // in order of recording
}

// ChatFilter chooses chats; the zero filter chooses all.
type ChatFilter struct {
	ID     string
	LeadID string
	Number string
	Agent  string // who has it
	Status chat.Status
	Open   bool  // those that are not closed
	After  int64 // those whose Seq is greater
}

// Chats are up to limit chats, in the order in which they were recorded.
func (s *Store) Chats(ctx context.Context, f ChatFilter, limit int) ([]Chat, error) {
	lead, err := s.leadID(ctx, f.LeadID)
	if err != nil {
		return nil, err
	}
	var w where
	w.and("c.seq > ", f.After)
	w.andText("c.id = ", f.ID)
	w.andText("c.lead = ", lead)
	w.andText("c.number = ", f.Number)
	if f.Agent != "" {
		w.and("c.status = 'assigned' AND c.agent = ", f.Agent)
	}
	w.andText("c.status = ", string(f.Status))
	if f.Open {
		w.conditions = append(w.conditions, `c.status <> 'closed'`)
	}
	query := `SELECT ` + chatColumns + ` FROM chat c` + w.text() + ` ORDER BY c.seq LIMIT ` + w.arg(limit)
	return queryChats(ctx, s.reads, query, w.args...)
}

// ChatStats is how many chats are open.
type ChatStats struct {
	ByStatus     map[chat.Status]int // open ones; a status that none has is missing
	WaitingSince time.Time           // since when the one that has waited longest waits for an agent; zero: none waits
}

const chatStatsQuery = `SELECT status, COUNT(*), MIN(waiting_since) FROM chat WHERE status <> 'closed' GROUP BY status`

// ChatStats counts the open chats.
func (s *Store) ChatStats(ctx context.Context) (ChatStats, error) {
	stats := ChatStats{ByStatus: map[chat.Status]int{}}
	rows, err := s.reads.QueryContext(ctx, chatStatsQuery)
	if err != nil {
		return stats, fmt.Errorf("count chats: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var status string
		var n int
		var since sql.NullInt64
		if err := rows.Scan(&status, &n, &since); err != nil {
			return stats, fmt.Errorf("count chats: %w", err)
		}
		stats.ByStatus[chat.Status(status)] = n
		if since.Valid {
			stats.WaitingSince = fromMicros(since.Int64)
		}
	}
	if err := rows.Err(); err != nil {
		return stats, fmt.Errorf("count chats: %w", err)
	}
	return stats, nil
}

// waitingQuery jumps from line to line along the index: it costs a look for each line, however many wait in it.
const waitingQuery = `WITH RECURSIVE head (line) AS (
		SELECT MIN(line) FROM chat WHERE status = 'waiting'
		UNION ALL
		SELECT (SELECT MIN(n.line) FROM chat n WHERE n.status = 'waiting' AND n.line > head.line) FROM head
			WHERE head.line IS NOT NULL)
	SELECT head.line, c.id, c.waiting_since, COALESCE(o.owner, ''), c.place
	FROM head JOIN chat c ON c.seq = (SELECT w.seq FROM chat w WHERE w.status = 'waiting' AND w.line = head.line
		ORDER BY w.waiting_since, w.seq LIMIT 1)
	LEFT JOIN opportunity o ON o.id = c.opportunity
	ORDER BY c.waiting_since, c.seq`

// waitingLines are the heads of the lines in which chats wait, the one that has waited longest first.
func waitingLines(ctx context.Context, q querier) ([]bot.WaitingLine, error) {
	rows, err := q.QueryContext(ctx, waitingQuery)
	if err != nil {
		return nil, fmt.Errorf("look for waiting chats: %w", err)
	}
	defer rows.Close()
	var lines []bot.WaitingLine
	for rows.Next() {
		var l bot.WaitingLine
		var since int64
		var place string
		if err := rows.Scan(&l.Line, &l.ChatID, &since, &l.Owner, &place); err != nil {
			return nil, fmt.Errorf("look for waiting chats: %w", err)
		}
		if err := json.Unmarshal([]byte(place), &l.Place); err != nil {
			return nil, fmt.Errorf("read the place of chat %q: %w", l.ChatID, err)
		}
		l.Since = fromMicros(since)
		lines = append(lines, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for waiting chats: %w", err)
	}
	return lines, nil
}

const heldQuery = `SELECT ` + chatColumns + `, l.name, l.phone, o.type, o.value
	FROM chat c JOIN lead l ON l.id = c.lead LEFT JOIN opportunity o ON o.id = c.opportunity
	WHERE c.agent = $1 AND c.status = 'assigned' ORDER BY c.opened_at, c.seq`

// heldChats are the chats that an agent has, the oldest first.
func heldChats(ctx context.Context, q querier, agent string) ([]bot.HeldChat, error) {
	rows, err := q.QueryContext(ctx, heldQuery, agent)
	if err != nil {
		return nil, fmt.Errorf("look for the chats of agent %q: %w", agent, err)
	}
	defer rows.Close()
	var held []bot.HeldChat
	for rows.Next() {
		var h bot.HeldChat
		var phone, kind, value sql.NullString
		c, err := scanChat(rows, &h.LeadName, &phone, &kind, &value)
		if err != nil {
			return nil, err
		}
		h.Chat, h.Phone = c.Chat, chat.Phone(phone.String)
		h.Choice.Type, h.Choice.Value = kind.String, value.String
		held = append(held, h)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for the chats of agent %q: %w", agent, err)
	}
	return held, nil
}
