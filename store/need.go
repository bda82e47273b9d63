package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"leadgate/bot"
	"leadgate/routing"
)

// maxRounds is how often a decision may ask for more. Each round brings what was missing, so one that asks longer never
// decides.
const maxRounds = 8

// decided has an input decided, with more state for as long as the decision needs any.
func decided(ctx context.Context, tx *sql.Tx, in bot.Input, state *bot.State, decide func(bot.State) bot.Decision) (bot.Decision, error) {
	for range maxRounds {
		d := decide(*state)
		if d.Refused || d.Needs.None() {
			return d, nil
		}
		if err := complete(ctx, tx, in, state, d.Needs); err != nil {
			return bot.Decision{}, err
		}
	}
	return bot.Decision{}, fmt.Errorf("%w: it needs more after %d rounds", errImpossible, maxRounds)
}

// complete puts into a state what a decision needs and the state does not hold.
func complete(ctx context.Context, tx *sql.Tx, in bot.Input, state *bot.State, needs bot.Needs) error {
	more := missing(needs, state.Loaded)
	if more.None() {
		return fmt.Errorf("%w: it needs what it has: %+v", errImpossible, needs)
	}
	for _, load := range []func(context.Context, *sql.Tx, bot.Input, *bot.State, bot.Needs) error{
		completeLead, completeTeam, completeWaiting, completeHeld,
	} {
		if err := load(ctx, tx, in, state, more); err != nil {
			return err
		}
	}
	return nil
}

// missing is what of the needs was not loaded.
func missing(needs, loaded bot.Needs) bot.Needs {
	more := bot.Needs{Waiting: needs.Waiting && !loaded.Waiting}
	for _, name := range needs.Agents {
		if !slices.Contains(loaded.Agents, name) {
			more.Agents = append(more.Agents, name)
		}
	}
	for _, line := range needs.Lines {
		if !slices.Contains(loaded.Lines, everyLine) && !slices.Contains(loaded.Lines, line) {
			more.Lines = append(more.Lines, line)
		}
	}
	if needs.ChatID != loaded.ChatID {
		more.ChatID = needs.ChatID
	}
	if needs.Phone != loaded.Phone {
		more.Phone = needs.Phone
	}
	if needs.HeldBy != loaded.HeldBy {
		more.HeldBy = needs.HeldBy
	}
	return more
}

// completeLead makes the state that of a chat's lead, or of a phone's: Loaded names the one of the two that it is now.
func completeLead(ctx context.Context, tx *sql.Tx, in bot.Input, state *bot.State, more bot.Needs) error {
	var whom subject
	switch {
	case more.ChatID != "" && more.Phone != "":
		return fmt.Errorf("%w: it needs two leads, of chat %q and of a phone", errImpossible, more.ChatID)
	case more.ChatID != "":
		whom = subject{chat: more.ChatID}
	case more.Phone != "":
		whom = subject{phone: more.Phone, number: inputNumber(in)}
	default:
		return nil
	}
	state.Unclaimed = nil // it was the input's person's
	state.Loaded.ChatID, state.Loaded.Phone = more.ChatID, more.Phone
	return whom.load(ctx, tx, state)
}

func completeTeam(ctx context.Context, tx *sql.Tx, _ bot.Input, state *bot.State, more bot.Needs) error {
	if len(more.Agents) > 0 {
		agents, err := agentStates(ctx, tx, more.Agents)
		if err != nil {
			return err
		}
		if state.Team.Agents == nil {
			state.Team.Agents = map[string]routing.AgentState{}
		}
		for name, agent := range agents {
			state.Team.Agents[name] = agent
		}
		state.Loaded.Agents = append(state.Loaded.Agents, more.Agents...)
	}
	if len(more.Lines) > 0 {
		lines, err := turns(ctx, tx, more.Lines)
		if err != nil {
			return err
		}
		if state.Team.Lines == nil {
			state.Team.Lines = map[string][]string{}
		}
		for line, agents := range lines {
			state.Team.Lines[line] = agents
		}
		state.Loaded.Lines = append(state.Loaded.Lines, more.Lines...)
	}
	return nil
}

func completeWaiting(ctx context.Context, tx *sql.Tx, _ bot.Input, state *bot.State, more bot.Needs) error {
	if !more.Waiting {
		return nil
	}
	var err error
	state.Waiting, err = waitingLines(ctx, tx)
	state.Loaded.Waiting = true
	return err
}

func completeHeld(ctx context.Context, tx *sql.Tx, _ bot.Input, state *bot.State, more bot.Needs) error {
	if more.HeldBy == "" {
		return nil
	}
	var err error
	state.Held, err = heldChats(ctx, tx, more.HeldBy)
	state.Loaded.HeldBy = more.HeldBy
	return err
}
