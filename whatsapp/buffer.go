package whatsapp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/libsignal/signalerror"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// devices makes whatsmeow keep the decrypted messages of its devices in an eventBuffer.
type devices struct {
	*sqlstore.Container
	buffer func(store.EventBuffer) store.EventBuffer
	lazily func(context.Context) context.Context
}

// messageSecrets keeps the secrets by which later edits and votes on a message are read. That of a message received need
// not wait for the disk: it stands before the commit of what the message means. That of an own message does, as nobody
// sends it again.
type messageSecrets struct {
	store.MsgSecretStore
	device *store.Device
	lazily func(context.Context) context.Context
}

// PutMessageSecret implements store.MsgSecretStore.
func (s messageSecrets) PutMessageSecret(ctx context.Context, chat, sender types.JID, id types.MessageID, secret []byte) error {
	if !identityOf(s.device).is(sender) {
		ctx = s.lazily(ctx)
	}
	if err := s.MsgSecretStore.PutMessageSecret(ctx, chat, sender, id, secret); err != nil {
		return fmt.Errorf("keep the secret of a message: %w", err)
	}
	return nil
}

// new is a device that nothing is linked to yet.
func (d devices) new() *store.Device {
	device := d.NewDevice()
	device.Container = d
	return device
}

// load is a device as it is kept.
func (d devices) load(device *store.Device) *store.Device {
	device.Container = d
	device.EventBuffer = d.buffer(device.EventBuffer)
	device.MsgSecrets = messageSecrets{device.MsgSecrets, device, d.lazily}
	return device
}

// PutDevice implements store.DeviceContainer. A new device gets its stores when it is put for the first time, which is
// in the middle of pairing.
func (d devices) PutDevice(ctx context.Context, device *store.Device) error {
	known := device.Initialized
	if err := d.Container.PutDevice(ctx, device); err != nil {
		return fmt.Errorf("keep device: %w", err)
	}
	if !known && device.Initialized {
		d.load(device)
	}
	return nil
}

// eventBuffer stands between whatsmeow and the table in which it keeps decrypted messages until they are handled, for
// two things that whatsmeow acknowledges although they are lost (decryptMessages). A database that fails while a message
// is decrypted looks to whatsmeow like a message that can't be decrypted: here the decryption waits until the database
// works. And a message that is no protobuf is refused without telling anybody: here it is noticed.
type eventBuffer struct {
	store.EventBuffer
	unparsable func(ctx context.Context, id string, plaintext []byte) // keeps trying until it is told, or the context ends
	waiting    func(err error)                                        // the database fails; decryption waits
	lazily     func(context.Context) context.Context                  // for commits that need not wait for the disk
}

// How long a decryption waits between looks at a failing database.
const (
	bufferRetryFirst   = 100 * time.Millisecond
	bufferRetryLongest = 5 * time.Second
)

type putKey struct{}

// GetBufferedEvent implements store.EventBuffer.
func (b eventBuffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*store.BufferedEvent, error) {
	for attempt := 0; ; attempt++ {
		found, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
		if err == nil {
			if found != nil {
				b.inspect(ctx, hash, found.Plaintext)
			}
			return found, nil
		}
		if !b.wait(ctx, attempt, err) {
			return nil, fmt.Errorf("look for a decrypted message: %w", err)
		}
	}
}

// PutBufferedEvent implements store.EventBuffer; it leaves what it put to DoDecryptionTxn, which calls it.
func (b eventBuffer) PutBufferedEvent(ctx context.Context, hash [32]byte, plaintext []byte, at time.Time) error {
	if err := b.EventBuffer.PutBufferedEvent(ctx, hash, plaintext, at); err != nil {
		return fmt.Errorf("keep a decrypted message: %w", err)
	}
	if put, ok := ctx.Value(putKey{}).(*decrypted); ok {
		*put = decrypted{hash, plaintext}
	}
	return nil
}

type decrypted struct {
	hash      [32]byte
	plaintext []byte
}

// DoDecryptionTxn implements store.EventBuffer. A decryption that fails is tried again when the database turns out not
// to work, and once more when it does: only then is it the message that can't be decrypted.
func (b eventBuffer) DoDecryptionTxn(ctx context.Context, decrypt func(context.Context) error) error {
	tries := 0 // with a database that works
	for attempt := 0; ; attempt++ {
		var put decrypted
		// A power cut may undo it: the message was not acknowledged then, comes again, and is decrypted again. And once the
		// Listener has committed what the message means, this is on the disk too, because it stands before that in the log.
		err := b.EventBuffer.DoDecryptionTxn(context.WithValue(b.lazily(ctx), putKey{}, &put), decrypt)
		if err == nil {
			b.inspect(ctx, put.hash, put.plaintext)
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, signalerror.ErrOldCounter) {
			return err //nolint:wrapcheck // whatsmeow compares it
		}
		broken := b.probe(ctx)
		if broken == nil {
			tries++
		}
		if tries > 1 || broken != nil && !b.wait(ctx, attempt, broken) {
			return err //nolint:wrapcheck // whatsmeow compares it
		}
	}
}

// ClearBufferedEventPlaintext implements store.EventBuffer. A power cut may undo it: what was handled is known by its key.
func (b eventBuffer) ClearBufferedEventPlaintext(ctx context.Context, hash [32]byte) error {
	if err := b.EventBuffer.ClearBufferedEventPlaintext(b.lazily(ctx), hash); err != nil {
		return fmt.Errorf("forget a decrypted message: %w", err)
	}
	return nil
}

// probe writes and commits a row that means nothing, as a full disk shows only then. whatsmeow deletes it after 14 days
// with the others.
func (b eventBuffer) probe(ctx context.Context) error {
	var hash [32]byte
	_, _ = rand.Read(hash[:]) // never fails
	return b.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
		return b.EventBuffer.PutBufferedEvent(ctx, hash, nil, time.Unix(0, 0))
	})
}

// wait lets some time pass; false when the context ended.
func (b eventBuffer) wait(ctx context.Context, attempt int, err error) bool {
	if ctx.Err() == nil {
		b.waiting(err)
	}
	return pause(ctx, growing(bufferRetryFirst, bufferRetryLongest, attempt))
}

// inspect tells of a plaintext that whatsmeow will refuse. Redelivered, it is told again under the same id.
func (b eventBuffer) inspect(ctx context.Context, hash [32]byte, plaintext []byte) {
	if len(plaintext) == 0 {
		return
	}
	padding := int(plaintext[len(plaintext)-1])
	if padding > len(plaintext) {
		return
	}
	message := plaintext[:len(plaintext)-padding]
	if proto.Unmarshal(message, new(waE2E.Message)) != nil {
		b.unparsable(ctx, "unparsable-"+hex.EncodeToString(hash[:8]), message)
	}
}

// pause waits; false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
