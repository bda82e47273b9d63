package store

import (
	"context"
	"database/sql"
	"fmt"

	"leadgate/bot"
)

const (
	// lanesQuery finds a lane, and those of the leads who became part of the one whom it is named after.
	lanesQuery = `SELECT id FROM lane WHERE destination = $1
		AND key IN (SELECT CAST($2 AS TEXT) UNION SELECT name FROM alias WHERE lead = $2)`

	withdrawQuery = `UPDATE delivery SET state = 'withdrawn', settled_at = $1, body = ` + wordless + `
		WHERE destination = $2 AND state = 'pending' AND lane IN (SELECT CAST(key AS BIGINT) FROM json_each($3))`

	// wordless is a delivery's body of its own without what it said, in words that both databases understand.
	wordless = `(CASE WHEN LENGTH(body) > 0 THEN SUBSTR(body, 1, 0) ELSE body END)`
)

// withdraw takes back what is pending in lanes, even when an attempt is under way, and frees the lanes for what comes.
func withdraw(ctx context.Context, tx *sql.Tx, now int64, lanes []bot.Lane) error {
	for _, l := range lanes {
		found, err := queryIDs(ctx, tx, lanesQuery, l.Destination, l.Key)
		if err != nil {
			return fmt.Errorf("look for lane %q of destination %q: %w", l.Key, l.Destination, err)
		}
		if found.n == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, withdrawQuery, now, l.Destination, found.json()); err != nil {
			return fmt.Errorf("withdraw what is pending in lane %q of destination %q: %w", l.Key, l.Destination, err)
		}
		if err := continueLanes(ctx, tx, found, now); err != nil {
			return err
		}
	}
	return nil
}

// queryIDs runs a query for ids, and returns them as the keys of a table.
func queryIDs(ctx context.Context, q querier, query string, args ...any) (ids table, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return ids, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return ids, err
		}
		ids.id(id)
	}
	return ids, rows.Err()
}
