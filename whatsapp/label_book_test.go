package whatsapp

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"leadgate/chat"
)

// labelEar hears changes of labels, and fails when it is told to.
type labelEar struct {
	mu   sync.Mutex
	told []chat.LabelChange
	fail func(chat.LabelChange) error // nil: never
}

func (e *labelEar) take(change chat.LabelChange) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		if err := e.fail(change); err != nil {
			return err
		}
	}
	e.told = append(e.told, change)
	return nil
}

func (e *labelEar) failWith(fail func(chat.LabelChange) error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fail = fail
}

func (e *labelEar) changes() []chat.LabelChange {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.told)
}

// labelTables is a LabelBook in SQLite.
type labelTables struct{ db *sql.DB }

func newLabelTables(t *testing.T) labelTables {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "labels.db")+sqliteOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // nothing is kept
	for _, table := range []string{
		"CREATE TABLE label (number TEXT, id TEXT, name TEXT, colour INTEGER, deleted BOOLEAN, PRIMARY KEY (number, id))",
		"CREATE TABLE labelled (number TEXT, jid TEXT, id TEXT, PRIMARY KEY (number, jid, id))",
	} {
		if _, err := db.ExecContext(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	return labelTables{db}
}

func (b labelTables) Labels(ctx context.Context, number string) (all []chat.PhoneLabel, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT id, name, colour, deleted FROM label WHERE number = ?", number)
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	defer func() { err = cmp.Or(err, rows.Close(), rows.Err()) }()
	for rows.Next() {
		var l chat.PhoneLabel
		if err := rows.Scan(&l.ID, &l.Name, &l.Colour, &l.Deleted); err != nil {
			return nil, fmt.Errorf("read a label: %w", err)
		}
		all = append(all, l)
	}
	return all, nil
}

func (b labelTables) SetLabel(ctx context.Context, number string, l chat.PhoneLabel) error {
	_, err := b.db.ExecContext(ctx, "INSERT OR REPLACE INTO label VALUES (?, ?, ?, ?, ?)", number, l.ID, l.Name, l.Colour, l.Deleted)
	if err == nil && l.Deleted {
		_, err = b.db.ExecContext(ctx, "DELETE FROM labelled WHERE number = ? AND id = ?", number, l.ID)
	}
	return err
}

func (b labelTables) Labelled(ctx context.Context, number, jid string) (ids []string, err error) {
	rows, err := b.db.QueryContext(ctx, "SELECT id FROM labelled WHERE number = ? AND jid = ?", number, jid)
	if err != nil {
		return nil, fmt.Errorf("list the labels of a chat: %w", err)
	}
	defer func() { err = cmp.Or(err, rows.Close(), rows.Err()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read the label of a chat: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (b labelTables) SetLabelled(ctx context.Context, number, jid, labelID string, on bool) error {
	statement := "DELETE FROM labelled WHERE number = ? AND jid = ? AND id = ?"
	if on {
		statement = "INSERT OR IGNORE INTO labelled VALUES (?, ?, ?)"
	}
	_, err := b.db.ExecContext(ctx, statement, number, jid, labelID)
	return err
}
