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
	failed func(error) // told of each write that failed
}

func (c *gatedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	return &gatedConn{SQLiteConn: conn.(*sqlite3.SQLiteConn), gate: c.gate, failed: c.failed}, nil
}

func (c *gatedConnector) Driver() driver.Driver { return c.driver }

// A gatedConn is an SQLite connection that waits at the gate before it writes. Reads don't wait: in WAL mode they have
// no need to. A connection is used by one goroutine at a time, which database/sql sees to.
type gatedConn struct {
	*sqlite3.SQLiteConn
	gate   gate
	failed func(error)
	open   bool // a transaction is
}

// lazily is the key of contexts in which a commit need not wait for the disk.
type lazily struct{}

// Lazily marks writes to WhatsApp's pool that need not be on the disk when they return, because a power cut may undo
// them, or because the next write that does wait brings them there: the log is one file, and syncing it syncs all that
// stands before. On PostgreSQL they wait all the same.
func Lazily(ctx context.Context) context.Context { return context.WithValue(ctx, lazily{}, true) }

// begin enters the gate and says how to leave it.
func (c *gatedConn) begin(ctx context.Context) (end func(), err error) {
	leave, err := c.gate.enter(ctx)
	if err != nil || ctx.Value(lazily{}) == nil {
		return leave, err
	}
	if err := c.sync(ctx, "NORMAL"); err != nil {
		leave()
		return nil, err
	}
	return func() {
		defer leave()
		// It failing would mean that the connection is broken, and then nothing is committed on it any more.
		_ = c.sync(context.WithoutCancel(ctx), "FULL")
	}, nil
}

// sync sets whether commits of the connection wait for the disk. It must not be called within a transaction.
func (c *gatedConn) sync(ctx context.Context, level string) error {
	if _, err := c.SQLiteConn.ExecContext(ctx, "PRAGMA synchronous="+level, nil); err != nil {
		return fmt.Errorf("set synchronous=%s: %w", level, err)
	}
	return nil
}

// BeginTx enters the gate, and the end of the transaction leaves it.
func (c *gatedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	end, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := c.SQLiteConn.BeginTx(ctx, opts)
	if err != nil {
		end()
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	c.open = true
	return &gatedTx{tx: tx, conn: c, end: end}, nil
}

// ExecContext enters the gate, unless its transaction has done so.
func (c *gatedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.open {
		end, err := c.begin(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	result, err := c.SQLiteConn.ExecContext(ctx, query, args)
	if err != nil {
		c.failed(err)
		return nil, fmt.Errorf("execute: %w", err)
	}
	return result, nil
}

type gatedTx struct {
	tx   driver.Tx
	conn *gatedConn
	end  func()
}

func (t *gatedTx) Commit() error {
	defer t.over()
	if err := t.tx.Commit(); err != nil {
		t.conn.failed(err)
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (t *gatedTx) Rollback() error {
	defer t.over()
	if err := t.tx.Rollback(); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}

func (t *gatedTx) over() {
	t.conn.open = false
	t.end()
}
