package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
)

// hear takes a connection event.
func (n *Number) hear(ctx context.Context, heard notice, now time.Time) {
	if n.hearOwn(heard.event, now) || heard.from != n.cli {
		return // all the others are of a client that is given up
	}
	switch evt := heard.event.(type) {
	case *events.Connected:
		if !n.cli.IsConnected() {
			return // whatsmeow says so even when the connection broke meanwhile (handleConnectSuccess)
		}
		n.line.online(now)
		n.finishOffers()
	case *events.Disconnected:
		if n.cli.IsConnected() {
			return // of a connection before this one
		}
		n.disconnected("the connection was closed", now)
	case *events.ManualLoginReconnect: // 515: WhatsApp wants the login right after the pairing
		n.drop()
		n.line.again(now)
	case *events.KeepAliveTimeout:
		if evt.ErrorCount > 1 {
			n.drop()
			n.disconnected("WhatsApp stopped answering", now)
		}
	case *events.StreamError:
		n.drop()
		n.disconnected(fmt.Sprintf("WhatsApp closed the connection with error %q", evt.Code), now)
	case *events.LoggedOut:
		n.loggedOut(ctx, evt.Reason.String(), now)
	case *events.StreamReplaced:
		n.drop()
		n.line.replaced(now)
		n.finishOffers() // the process that waited for the pairing has taken the device over
	case *events.ClientOutdated:
		n.drop()
		n.outdated(ctx, now)
		n.failOffers()
	case *events.TemporaryBan:
		n.drop()
		n.line.banned(evt.Code.String(), evt.Expire, now)
		n.failOffers()
	case *events.ConnectFailure:
		n.drop()
		n.line.refused(evt.Reason.String(), now)
		n.failOffers()
	default:
		n.hearPairing(ctx, evt, now)
	}
}

// hearOwn takes a notice that is no event of whatsmeow's; false when it is one.
func (n *Number) hearOwn(event any, now time.Time) bool {
	switch event := event.(type) {
	case redelivery:
		n.scheduleReset(now)
	case drained:
		n.hearDrained(event)
	default:
		return false
	}
	return true
}

func (n *Number) disconnected(why string, now time.Time) {
	n.codes = rotation{}
	switch n.line.state {
	case Unpaired, LoggedOut:
		return
	case Replaced, Outdated, Banned, Refused:
		if n.line.loginBy.IsZero() {
			return // the end of the refused connection
		}
	}
	n.line.lost(why, now)
}

// outdated tries again at once when WhatsApp has a newer version now than the one that it refused.
func (n *Number) outdated(ctx context.Context, now time.Time) {
	refused := n.link.version.Load()
	n.link.lookUpVersion(ctx)
	if current := n.link.version.Load(); refused.LessThan(*current) {
		n.line.lost(fmt.Sprintf("WhatsApp does not accept version %s any more, trying %s", refused, current), now)
		return
	}
	n.line.outdated(refused.String(), now)
}

// loggedOut gives the device up and waits for the next pairing.
func (n *Number) loggedOut(ctx context.Context, why string, now time.Time) {
	n.line.loggedOut(why, now)
	n.giveUp()
	// whatsmeow deletes it too, at a time of its own.
	if err := n.devices.DeleteDevice(ctx, &store.Device{ID: &n.device}); err != nil {
		n.log.Warn("logged out device not deleted", "err", err)
	}
	n.gone, n.device = n.device, types.EmptyJID
	n.resetAt, n.deviceAt = time.Time{}, now
	n.labels.forget()
}

// tendConnection dials when it is time, and gives up waiting for a login that does not come.
func (n *Number) tendConnection(ctx context.Context, now time.Time) {
	if due(n.resetAt, now) {
		n.resetAt = time.Time{}
		if n.line.state == Connected {
			n.drop()
			n.line.again(now)
		}
	}
	idle := n.line.dialAt.IsZero() && n.line.loginBy.IsZero()
	if n.line.state == Connected && idle && !n.cli.IsConnected() {
		n.line.lost("the connection was closed", now)
	}
	if due(n.line.loginBy, now) {
		n.drop()
		n.line.lost("WhatsApp did not answer the login", now)
	}
	if n.cli == nil || !due(n.line.dialAt, now) {
		return
	}
	n.line.dialled(now)
	n.show()
	n.behind()
	n.turnGate()
	if err := n.dial(ctx); err != nil && ctx.Err() == nil {
		n.dialFailed(ctx, err, time.Now())
	}
}

// dial connects the client; it is not logged in yet. whatsmeow's handshake does not look at the context, so it is left
// behind when the context ends.
func (n *Number) dial(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- n.connect() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		n.abandon()
		return ctx.Err()
	}
}

func connect(ctx context.Context, cli *whatsmeow.Client) error {
	err := cli.ConnectContext(ctx)
	if errors.Is(err, whatsmeow.ErrAlreadyConnected) {
		cli.Disconnect()
		err = cli.ConnectContext(ctx)
	}
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	if !cli.IsConnected() {
		// Before the handshake is through, whatsmeow has nobody whom it could tell of a connection that breaks.
		return errBrokeOff
	}
	return nil
}

var errBrokeOff = errors.New("the connection broke during the handshake")

func (n *Number) dialFailed(ctx context.Context, err error, now time.Time) {
	if errors.Is(err, store.ErrDeviceDeleted) {
		n.loggedOut(ctx, "its device was deleted", now)
		return
	}
	n.log.Debug("can't reach whatsapp", "err", err)
	n.line.lost(fmt.Sprintf("WhatsApp can't be reached (%v)", err), now)
	n.codes = rotation{}
}

// scheduleReset reconnects soon, because WhatsApp delivers what was not acknowledged on the next connection only. The
// delay grows as long as nothing is committed in between.
func (n *Number) scheduleReset(now time.Time) {
	if n.inbox.worked.Swap(false) {
		n.resets = 0
	}
	if n.resetAt.IsZero() {
		n.resetAt = now.Add(growing(n.delays.redeliverFirst, n.delays.redeliverLongest, n.resets))
		n.resets++
	}
}
