package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"leadgate/bot"
	"leadgate/delivery"
)

// isOutside reports whether a destination is one of which integrations are counted: the configuration's, and Meta.
func isOutside(destination string) bool {
	return destination == bot.MetaDestination || !strings.Contains(destination, ":")
}

// countSettled counts a delivery to the outside whose last attempt has ended.
func countSettled(counts tally, destination string, step delivery.Step) {
	if !isOutside(destination) {
		return
	}
	f := fact{name: destination, at: micros(step.At)}
	switch step.State {
	case delivery.Delivered:
		f.kind = kindDelivered
	case delivery.Dead:
		f.kind = kindDead
	default:
		return
	}
	counts.add(f, 1, 0)
}

// uncountDead takes the dead among chosen deliveries out of the counts: they are pending again.
func uncountDead(ctx context.Context, tx *sql.Tx, chosen string, args []any) error {
	rows, err := tx.QueryContext(ctx, `SELECT d.destination, d.settled_at `+chosen+` AND d.state = 'dead'`, args...)
	if err != nil {
		return fmt.Errorf("look for the dead: %w", err)
	}
	defer rows.Close()
	counts := tally{}
	for rows.Next() {
		f := fact{kind: kindDead}
		if err := rows.Scan(&f.name, &f.at); err != nil {
			return fmt.Errorf("look for the dead: %w", err)
		}
		if isOutside(f.name) {
			counts.add(f, -1, 0)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for the dead: %w", err)
	}
	return counts.write(ctx, tx)
}
