package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
)

// everyLine, among the lines that a decision needs, means all that are kept.
const everyLine = "*"

const (
	agentsQuery = `SELECT e.key, a.away_until, a.back_at, a.numbers,
			(SELECT COUNT(*) FROM chat c WHERE c.agent = e.key AND c.status = 'assigned')
		FROM json_each($1) e LEFT JOIN agent a ON a.name = e.key`
	turnsQuery    = `SELECT line, agent FROM turn WHERE line IN (SELECT key FROM json_each($1)) ORDER BY line, position`
	allTurnsQuery = `SELECT line, agent FROM turn ORDER BY line, position`
)

// AgentStates are what agents are doing, by name: each that was asked for, whether they have ever done anything or not.
func (s *Store) AgentStates(ctx context.Context, names []string) (map[string]routing.AgentState, error) {
	return agentStates(ctx, s.reads, names)
}

func agentStates(ctx context.Context, q querier, names []string) (map[string]routing.AgentState, error) {
	rows, err := q.QueryContext(ctx, agentsQuery, keys(names))
	if err != nil {
		return nil, fmt.Errorf("look at the agents: %w", err)
	}
	defer rows.Close()
	agents := map[string]routing.AgentState{}
	for rows.Next() {
		var name string
		var awayUntil, backAt sql.NullInt64
		var numbers sql.NullString
		var a routing.AgentState
		if err := rows.Scan(&name, &awayUntil, &backAt, &numbers, &a.Open); err != nil {
			return nil, fmt.Errorf("look at the agents: %w", err)
		}
		a.AwayUntil, a.BackAt = fromMicros(awayUntil.Int64), fromMicros(backAt.Int64)
		if numbers.Valid && numbers.String != "[]" {
			if err := json.Unmarshal([]byte(numbers.String), &a.Numbers); err != nil {
				return nil, fmt.Errorf("read the numbers of agent %q: %w", name, err)
			}
		}
		agents[name] = a
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look at the agents: %w", err)
	}
	return agents, nil
}

// writeAgents records agents as they are now.
func writeAgents(ctx context.Context, tx *sql.Tx, agents []bot.AgentChange) error {
	for _, a := range agents {
		numbers := []byte("[]")
		if len(a.State.Numbers) > 0 {
			var err error
			if numbers, err = json.Marshal(a.State.Numbers); err != nil {
				return fmt.Errorf("write the numbers of agent %q: %w", a.Name, err)
			}
		}
		const upsert = `INSERT INTO agent (name, away_until, back_at, numbers) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET away_until = excluded.away_until, back_at = excluded.back_at,
				numbers = excluded.numbers`
		_, err := tx.ExecContext(ctx, upsert, a.Name, micros(a.State.AwayUntil), micros(a.State.BackAt), string(numbers))
		if err != nil {
			return fmt.Errorf("write agent %q: %w", a.Name, err)
		}
	}
	return nil
}

// Turns are the agents of every line that is kept, who goes next first.
func (s *Store) Turns(ctx context.Context) (map[string][]string, error) {
	return turns(ctx, s.reads, []string{everyLine})
}

// turns are the agents of lines, who goes next first. A line in which nobody stands is missing.
func turns(ctx context.Context, q querier, lines []string) (map[string][]string, error) {
	query, args := turnsQuery, []any{keys(lines)}
	if slices.Contains(lines, everyLine) {
		query, args = allTurnsQuery, nil
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look whose turn it is: %w", err)
	}
	defer rows.Close()
	standing := map[string][]string{}
	for rows.Next() {
		var line, agent string
		if err := rows.Scan(&line, &agent); err != nil {
			return nil, fmt.Errorf("look whose turn it is: %w", err)
		}
		standing[line] = append(standing[line], agent)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look whose turn it is: %w", err)
	}
	return standing, nil
}

const (
	leaveLine = `DELETE FROM turn WHERE line = $1 AND agent = $2`
	toTheEnd  = `INSERT INTO turn (line, agent, position)
		VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 FROM turn WHERE line = $1))
		ON CONFLICT (line, agent) DO UPDATE SET position = excluded.position`
)

// writeTurns changes lines, in order.
func writeTurns(ctx context.Context, tx *sql.Tx, turns []routing.Turn) error {
	for _, t := range turns {
		for _, agent := range t.Left {
			if _, err := tx.ExecContext(ctx, leaveLine, t.Line, agent); err != nil {
				return fmt.Errorf("take agent %q out of line %q: %w", agent, t.Line, err)
			}
		}
		for _, agent := range t.Back {
			if _, err := tx.ExecContext(ctx, toTheEnd, t.Line, agent); err != nil {
				return fmt.Errorf("send agent %q to the end of line %q: %w", agent, t.Line, err)
			}
		}
	}
	return nil
}

// Assignments are those of a chat, in the order in which they were made.
func (s *Store) Assignments(ctx context.Context, chatID string) ([]bot.Assignment, error) {
	const query = `SELECT id, chat, at, agent, place, cause_kind, cause_by FROM assignment WHERE chat = $1 ORDER BY seq`
	rows, err := s.reads.QueryContext(ctx, query, chatID)
	if err != nil {
		return nil, fmt.Errorf("look for assignments of chat %q: %w", chatID, err)
	}
	defer rows.Close()
	var all []bot.Assignment
	for rows.Next() {
		var a bot.Assignment
		var at int64
		var place, kind string
		if err := rows.Scan(&a.ID, &a.ChatID, &at, &a.Agent, &place, &kind, &a.Cause.By); err != nil {
			return nil, fmt.Errorf("look for assignments of chat %q: %w", chatID, err)
		}
		if err := json.Unmarshal([]byte(place), &a.Place); err != nil {
			return nil, fmt.Errorf("read the place of assignment %q: %w", a.ID, err)
		}
		a.At, a.Cause.Kind = fromMicros(at), chat.CauseKind(kind)
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for assignments of chat %q: %w", chatID, err)
	}
	return all, nil
}

func writeAssignments(ctx context.Context, tx *sql.Tx, assignments []bot.Assignment) error {
	for _, a := range assignments {
		place, err := json.Marshal(a.Place)
		if err != nil {
			return fmt.Errorf("write the place of assignment %q: %w", a.ID, err)
		}
		const insert = `INSERT INTO assignment (id, chat, at, agent, place, cause_kind, cause_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`
		_, err = tx.ExecContext(ctx, insert, a.ID, a.ChatID, micros(a.At), a.Agent, string(place), string(a.Cause.Kind), a.Cause.By)
		if err != nil {
			return fmt.Errorf("write assignment %q: %w", a.ID, err)
		}
	}
	return nil
}
