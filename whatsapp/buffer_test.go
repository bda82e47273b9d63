package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.mau.fi/libsignal/signalerror"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

// table is whatsmeow's table of decrypted messages, over a database that can be broken.
type table struct {
	store.EventBuffer
	rows   map[[32]byte]*store.BufferedEvent
	broken func() error // nil: works
	puts   int
}

func (b *table) check() error {
	if b.broken == nil {
		return nil
	}
	return b.broken()
}

func (b *table) GetBufferedEvent(_ context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	return b.rows[hash], b.check()
}

func (b *table) PutBufferedEvent(_ context.Context, hash [32]byte, plaintext []byte, _ time.Time) error {
	if err := b.check(); err != nil {
		return err
	}
	b.puts++
	b.rows[hash] = &store.BufferedEvent{Plaintext: plaintext}
	return nil
}

func (b *table) DoDecryptionTxn(ctx context.Context, decrypt func(context.Context) error) error {
	if err := b.check(); err != nil {
		return err
	}
	return decrypt(ctx)
}

// newBuffer is an eventBuffer over a table, with what it told.
func newBuffer() (b eventBuffer, inner *table, unparsable map[string]string, waited *int) {
	inner, unparsable, waited = &table{rows: map[[32]byte]*store.BufferedEvent{}}, map[string]string{}, new(int)
	b = eventBuffer{
		inner, func(_ context.Context, id string, plaintext []byte) { unparsable[id] = string(plaintext) },
		func(error) { *waited++ }, func(ctx context.Context) context.Context { return ctx },
	}
	return b, inner, unparsable, waited
}

// brokenFor is a database that works again after some failures.
func brokenFor(times int) func() error {
	return func() error {
		if times--; times >= 0 {
			return errors.New("disk is full")
		}
		return nil
	}
}

func TestDecryptingWaitsForADatabaseThatFails(t *testing.T) {
	b, inner, _, waited := newBuffer()
	inner.broken = brokenFor(3)
	decrypted := 0
	err := b.DoDecryptionTxn(t.Context(), func(ctx context.Context) error {
		decrypted++
		return b.PutBufferedEvent(ctx, [32]byte{1}, []byte{1}, noon)
	})
	if err != nil || inner.rows[[32]byte{1}] == nil || *waited == 0 || decrypted != 1 {
		t.Errorf("err %v, decrypted %d times, waited %d times", err, decrypted, *waited)
	}
	inner.broken = brokenFor(2)
	if found, err := b.GetBufferedEvent(t.Context(), [32]byte{1}); err != nil || found == nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestDecryptingGivesUpWithItsContextAndSaysSo(t *testing.T) {
	b, inner, _, _ := newBuffer()
	inner.broken = func() error { return errors.New("disk is full") }
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := b.DoDecryptionTxn(ctx, func(context.Context) error { return nil }); err == nil {
		t.Error("decrypted without a database")
	}
	if _, err := b.GetBufferedEvent(ctx, [32]byte{1}); err == nil {
		t.Error("found something without a database")
	}
}

func TestAMessageThatCannotBeDecryptedIsNotTriedForEver(t *testing.T) {
	b, _, _, waited := newBuffer()
	for _, failure := range []error{signalerror.ErrBadMAC, signalerror.ErrOldCounter} {
		tried := 0
		err := b.DoDecryptionTxn(t.Context(), func(context.Context) error {
			tried++
			return fmt.Errorf("decrypt: %w", failure)
		})
		if !errors.Is(err, failure) || tried > 2 || *waited > 0 {
			t.Errorf("err %v after %d attempts, waited %d times", err, tried, *waited)
		}
	}
}

func TestAPlaintextThatIsNoMessageIsTold(t *testing.T) {
	b, inner, unparsable, _ := newBuffer()
	good, err := proto.Marshal(text("hello"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(hash byte, plaintext []byte) {
		t.Helper()
		err := b.DoDecryptionTxn(t.Context(), func(ctx context.Context) error {
			return b.PutBufferedEvent(ctx, [32]byte{hash}, plaintext, noon)
		})
		if err != nil {
			t.Error(err)
		}
	}
	put(1, append(good, 2, 2))
	put(2, nil)
	put(3, []byte{9}) // more padding than message: whatsmeow asks for it again
	if len(unparsable) != 0 {
		t.Errorf("told of %q", unparsable)
	}
	put(4, []byte("\xff\xff\xff\xff\x01"))
	const id = "unparsable-0400000000000000"
	if len(unparsable) != 1 || unparsable[id] != "\xff\xff\xff\xff" {
		t.Errorf("told of %q", unparsable)
	}
	clear(unparsable)
	if _, err := b.GetBufferedEvent(t.Context(), [32]byte{4}); err != nil || unparsable[id] == "" {
		t.Errorf("delivered again, it is told as %q, %v", unparsable, err)
	}
	if inner.puts != 4 {
		t.Errorf("kept %d plaintexts", inner.puts)
	}
}
