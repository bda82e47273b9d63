package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.mau.fi/util/dbutil"
)

// upgrade creates tables as whatsmeow does, which uses the same library.
func upgrade(t *testing.T, s *Store) *dbutil.Database {
	t.Helper()
	pool, dialect := s.WhatsApp()
	db, err := dbutil.NewWithDB(pool, dialect)
	if err != nil {
		t.Fatal(err)
	}
	db.VersionTable = "whatsmeow_version"
	db.UpgradeTable = dbutil.BuildUpgradeTable().WithRaw(0, 1, 1, "devices", dbutil.TxnModeOn,
		func(ctx context.Context, db *dbutil.Database) error {
			_, err := db.Exec(ctx, "CREATE TABLE whatsmeow_device (jid TEXT PRIMARY KEY)")
			return err
		}).Finish()
	if err := db.Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestWhatsmeowKeepsItsTablesInTheSameDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		db := upgrade(t, s)
		err := db.DoTxn(t.Context(), nil, func(ctx context.Context) error {
			_, err := db.Exec(ctx, "INSERT INTO whatsmeow_device (jid) VALUES ($1)", "5511987650001:1@s.whatsapp.net")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, "SELECT COUNT(*) FROM whatsmeow_device"); n != 1 {
			t.Errorf("%d devices", n)
		}
		s.Close()
		upgrade(t, p.open(Options{})) // nothing is left to do, and the file is still taken for leadgate's
	})
}

func TestBusinessesThatShareADatabaseOfPostgresHaveTheirOwnNumbers(t *testing.T) {
	for _, p := range []place{onPostgres(t), onPostgres(t)} {
		s := p.open(Options{})
		upgrade(t, s)
		if n := count(t, s, "SELECT COUNT(*) FROM whatsmeow_device"); n != 0 {
			t.Errorf("%d devices of somebody else", n)
		}
	}
}

func TestWhatsmeowWaitsForTheStoresWriter(t *testing.T) {
	s := onSQLite(t).open(Options{})
	db := upgrade(t, s)
	write := func(ctx context.Context) error {
		_, err := db.Exec(ctx, "INSERT INTO whatsmeow_device (jid) VALUES ('x')")
		return err
	}
	for name, attempt := range map[string]func(context.Context) error{
		"a statement": write, "a transaction": func(ctx context.Context) error { return db.DoTxn(ctx, nil, write) },
	} {
		leave, err := s.gate.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := attempt(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s did not wait: %v", name, err)
		}
		cancel()
		leave()
	}
	if err := write(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAFailedTransactionOfWhatsmeowLetsTheNextWriterIn(t *testing.T) {
	onEach(t, func(t *testing.T, p place) {
		s := p.open(Options{})
		db := upgrade(t, s)
		err := db.DoTxn(t.Context(), nil, func(ctx context.Context) error {
			_, err := db.Exec(ctx, "INSERT INTO whatsmeow_device (no) VALUES (1)")
			return err
		})
		if err == nil {
			t.Error("a column that there is not was written")
		}
		if _, err := db.Exec(t.Context(), "INSERT INTO whatsmeow_device (no) VALUES (1)"); err == nil {
			t.Error("a column that there is not was written")
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = db.DoTxn(ctx, nil, func(ctx context.Context) error {
			cancel()
			_, err := db.Exec(ctx, "INSERT INTO whatsmeow_device (jid) VALUES ('x')")
			return err
		})
		if err == nil {
			t.Error("a transaction that was given up was committed")
		}
		town(t, s)
	})
}
