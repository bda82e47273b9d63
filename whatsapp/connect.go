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
	if _, ok := heard.event.(redelivery); ok {
		n.scheduleReset(now)
		return
	}
	if heard.from != n.cli {
		return // of a client that is given up
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
	case *events.ClientOutdated:
		n.drop()
		n.line.outdated(n.link.version.Load().String(), now)
	case *events.TemporaryBan:
		n.drop()
		n.line.banned(evt.Code.String(), evt.Expire, now)
	case *events.ConnectFailure:
		n.drop()
		n.line.refused(evt.Reason.String(), now)
	default:
		n.hearPairing(ctx, evt, now)
	}
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

// loggedOut gives the device up and waits for the next pairing.
func (n *Number) loggedOut(ctx context.Context, why string, now time.Time) {
	n.line.loggedOut(why, now)
	n.drop()
	// whatsmeow deletes it too, at a time of its own.
	if err := n.devices.DeleteDevice(ctx, &store.Device{ID: &n.device}); err != nil {
		n.log.Warn("logged out device not deleted", "err", err)
	}
	n.cli, n.gone, n.device = nil, n.device, types.EmptyJID
	n.resetAt, n.deviceAt = time.Time{}, now
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
	if n.line.state == Outdated {
		n.link.lookUpVersion(ctx)
	}
	n.line.dialled(now)
	n.show()
	if err := n.dial(ctx); err != nil && ctx.Err() == nil {
		n.dialFailed(ctx, err, time.Now())
	}
}

// dial connects the client; it is not logged in yet. whatsmeow's handshake does not look at the context, so it is left
// behind when the context ends: a closed connection ends it.
func (n *Number) dial(ctx context.Context) error {
	cli, failed := n.cli, make(chan error, 1)
	go func() {
		err := cli.ConnectContext(ctx)
		if errors.Is(err, whatsmeow.ErrAlreadyConnected) {
			cli.Disconnect()
			err = cli.ConnectContext(ctx)
		}
		failed <- err
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

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
		n.resetAt = now.Add(growing(n.delays.first, n.delays.longest, n.resets))
		n.resets++
	}
}
