package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// A gatedConnector opens SQLite connections whose transactions and writes pass the gate. It serves whatsmeow, which
// writes to the same file from many goroutines and knows nothing of the store.
type gatedConnector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
	gate   gate
}

func (c *gatedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	return &gatedConn{SQLiteConn: conn.(*sqlite3.SQLiteConn), gate: c.gate}, nil
}

func (c *gatedConnector) Driver() driver.Driver { return c.driver }

// A gatedConn is an SQLite connection that waits at the gate before it writes. Reads don't wait: in WAL mode they have
// no need to. A connection is used by one goroutine at a time, which database/sql sees to.
type gatedConn struct {
	*sqlite3.SQLiteConn
	gate gate
	open bool // a transaction is
}

// BeginTx enters the gate, and the end of the transaction leaves it.
func (c *gatedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	leave, err := c.gate.enter(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := c.SQLiteConn.BeginTx(ctx, opts)
	if err != nil {
		leave()
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	c.open = true
	return &gatedTx{tx: tx, conn: c}, nil
}

// ExecContext enters the gate, unless its transaction has done so.
func (c *gatedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.open {
		leave, err := c.gate.enter(ctx)
		if err != nil {
			return nil, err
		}
		defer leave()
	}
	result, err := c.SQLiteConn.ExecContext(ctx, query, args)
	if err != nil {
		return nil, fmt.Errorf("execute: %w", err)
	}
	return result, nil
}

type gatedTx struct {
	tx   driver.Tx
	conn *gatedConn
}

func (t *gatedTx) Commit() error {
	defer t.end()
	if err := t.tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (t *gatedTx) Rollback() error {
	defer t.end()
	if err := t.tx.Rollback(); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

func (t *gatedTx) end() {
	t.conn.open = false
	t.conn.gate.leave()
}
