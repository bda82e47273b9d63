package whatsapp

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
)

const (
	// lookForDevice is how often an unpaired number looks whether `leadgate pair` has linked it. A device is taken when
	// it was seen twice, so that the process that paired it is done with it. Tests shorten it.
	lookForDevice = 15 * time.Second
	// tellAgain is how long a change that the Listener did not take waits.
	tellAgain = 2 * time.Second
	// redeliverFirst and redeliverLongest bound the delay before the reconnect that brings a message back that was not
	// committed. Tests shorten them.
	redeliverFirst   = time.Second
	redeliverLongest = time.Minute
	// untoldAtMost bounds the changes that wait for the Listener.
	untoldAtMost = 100
	// disconnectWithin bounds the wait for a connection to close: it may be in the middle of a handshake.
	disconnectWithin = 2 * time.Second
)

// Number is one business number: its linked device, its connection, and what comes and goes over it. One that is in
// trouble leaves the others alone.
type Number struct {
	name     string
	phone    chat.Phone
	link     *link
	devices  devices
	listener Listener
	metrics  *metrics
	log      *slog.Logger
	inbox    *inbox
	outbox   outbox
	pacer    *pacer
	sending  chan struct{} // holds a token while a message is handed to WhatsApp
	labels   *labels
	delays   delays
	config   Config // complete

	open      atomic.Bool   // what is to be sent may go out
	dials     atomic.Uint64 // connections that were begun
	stepBegan atomic.Int64  // Unix nanoseconds of the step that the loop is in, 0 between steps

	poke    chan struct{} // holds one token when there is something to do
	started chan struct{} // closed when it is known whether the number is paired
	gate    sync.RWMutex  // read-locked by what whatsmeow calls; locked to wait for its end
	closed  bool          // under gate

	mu      sync.Mutex // guards what follows
	notices []notice
	asked   []*offer // pairings that the loop has not seen yet
	status  Status
	client  *whatsmeow.Client // nil before the first
	limits  chat.Limits       // what WhatsApp has refused
	paired  bool              // client has a device that a phone has linked
	scanned chat.Phone        // the wrong phone that scanned the last code

	connection // owned by the loop
}

// delays are those of a number's waits that tests shorten.
type delays struct {
	redeliverFirst, redeliverLongest time.Duration
	lookForDevice                    time.Duration
	quietFor                         time.Duration
}

// connection is what only the loop of a number touches.
type connection struct {
	cli     *whatsmeow.Client
	connect func() error // dials with cli
	abandon func()       // ends everything that cli does, in its own time; after drop unless it is stuck in a dial
	device  types.JID    // of the phone's linked devices, which one cli is; empty when it is none yet
	gone    types.JID    // the device that was logged out last, which must not be taken again
	line    line
	codes   rotation
	offers  []*offer

	shown     State // last logged
	told      ChangeKind
	untold    []Change
	tellAt    time.Time
	deviceAt  time.Time // when to look for a device
	seen      types.JID // the device that was found at the last look
	overdueAt time.Time // when to look for messages that do not come
	labelsAt  time.Time // when the labels have something to do; zero: they have not
	resetAt   time.Time // when to reconnect for redelivery; zero: no need
	resets    int       // such reconnects in a row without a message that was committed
	caughtUp  bool      // what was written before this connection was heard
	quietAt   time.Time // when it counts as heard if nothing comes; zero: it does not
	limitAt   time.Time // when the next limit ends; zero: there is none
	lastError string
}

// notice is a connection event of a client, for the loop.
type notice struct {
	from  *whatsmeow.Client // nil: from the number itself
	event any
}

// redelivery is the notice that a message was not committed.
type redelivery struct{}

func newNumber(ns *Numbers, want chat.Number) *Number {
	n := &Number{
		name: want.Name, phone: want.Phone, link: ns.link, listener: ns.listener, metrics: ns.metrics,
		log: ns.log.With("number", want.Name), outbox: newOutbox(), delays: ns.delays,
		pacer: newPacer(want.Pace, time.Now()), sending: make(chan struct{}, 1),
		config: ns.config, limits: ns.config.Limits[want.Name],
		poke: make(chan struct{}, 1), started: make(chan struct{}),
		status: Status{Name: want.Name, Phone: want.Phone, State: Connecting, Sentence: "Starting."},
	}
	n.labels = newLabels(want, ns, n.nudge)
	n.inbox = newInbox(want.Name, ns.listener, ns.metrics, ns.log, func() { n.notify(notice{event: redelivery{}}) })
	n.devices = devices{ns.container, func(inner store.EventBuffer) store.EventBuffer {
		return eventBuffer{inner, n.inbox.unparsable, n.inbox.waiting, ns.config.Lazily}
	}, ns.config.Lazily}
	return n
}

// Name is the number's name in the configuration.
func (n *Number) Name() string { return n.name }

// Status is how the number stands now.
func (n *Number) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.status
	s.Missing = len(n.inbox.missing())
	if s.State == Connected {
		s.Sentence += limitSentence(n.limits, time.Now())
	}
	return s
}

// run keeps the number connected until the context ends.
func (n *Number) run(ctx context.Context) {
	n.metrics.begin(n.name)
	defer n.metrics.forget(n.name)
	for ctx.Err() == nil {
		next := n.survive(ctx)
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
		case <-n.poke:
		case <-timer.C:
		}
		timer.Stop()
	}
	n.giveUp()
	n.gate.Lock()
	n.closed = true
	n.gate.Unlock()
	n.closeOffers()
	n.leaveMissing(ctx)
}

// survive is a step of which a panic is only this number's trouble.
func (n *Number) survive(ctx context.Context) (next time.Time) {
	now := time.Now()
	n.stepBegan.Store(now.UnixNano())
	defer n.stepBegan.Store(0)
	defer func() {
		if cause := recover(); cause != nil {
			n.log.Error("number fell over, starting it again", "err", cause, "stack", string(debug.Stack()))
			n.giveUp()
			n.device = types.EmptyJID
			n.line.lost("internal error, see the log", now)
			next = now.Add(time.Second)
		}
	}()
	return n.step(ctx, now)
}

// step does what is due, and returns when the next thing is.
func (n *Number) step(ctx context.Context, now time.Time) time.Time {
	for _, heard := range n.takeNotices() {
		n.hear(ctx, heard, now)
	}
	n.adoptDevice(ctx, now)
	n.tendPairing(now)
	n.tendConnection(ctx, now)
	n.tendMissing(ctx, now)
	n.tendCatchUp(now)
	n.labelsAt = n.tendLabels(ctx, now)
	n.tell(ctx, now)
	n.show()
	n.limitAt = n.showLimits(now)
	n.turnGate()
	return n.next()
}

// next is when there is something to do again, if nothing happens before.
func (n *Number) next() time.Time {
	next := earliest(n.overdueAt, n.line.dialAt, n.line.loginBy, n.codes.until, n.resetAt, n.tellAt, n.offersEnd(),
		n.quietAt, n.limitAt, n.labelsAt)
	if n.wantsDevice() {
		next = earliest(next, n.deviceAt)
	}
	return next
}

// wantsDevice reports whether the number has no device and is not about to be given one by its own pairing.
func (n *Number) wantsDevice() bool {
	return n.device.IsEmpty() && (len(n.offers) == 0 || n.cli == nil)
}

// adoptDevice finds the device that the phone has linked, at the start or when another process has paired the number.
func (n *Number) adoptDevice(ctx context.Context, now time.Time) {
	if !n.wantsDevice() || n.deviceAt.After(now) {
		return
	}
	n.deviceAt = now.Add(n.delays.lookForDevice)
	device, err := n.findDevice(ctx)
	switch {
	case err != nil:
		n.line.lost(fmt.Sprintf("the store does not answer (%v)", err), now)
		n.deviceAt, n.line.dialAt = n.line.dialAt, time.Time{}
		return
	case device == nil && n.cli == nil:
		n.use(ctx, n.devices.new())
		n.line.unlinked(now)
	case device == nil:
		n.seen = types.EmptyJID
	case n.cli == nil || n.seen == *device.ID:
		n.use(ctx, n.devices.load(device))
		n.device = *device.ID
		n.line.linked(now)
	default:
		n.seen = *device.ID
	}
	n.begun()
}

// findDevice is the newest device of the number's phone in the store, nil when there is none.
func (n *Number) findDevice(ctx context.Context) (*store.Device, error) {
	all, err := n.devices.GetAllDevices(ctx)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	var newest *store.Device
	for _, device := range all {
		mine := chat.WhatsAppPhone(device.ID.User) == n.phone && *device.ID != n.gone
		if mine && (newest == nil || device.ID.Device > newest.ID.Device) {
			newest = device
		}
	}
	return newest, nil
}

// use makes a client for a device. The client's context ends after its connection and not with ctx: whatsmeow's socket
// does not bear both at once.
func (n *Number) use(ctx context.Context, device *store.Device) {
	n.giveUp()
	ctx, n.abandon = context.WithCancel(context.WithoutCancel(ctx))
	cli := n.link.newClient(device, n.log)
	cli.SynchronousAck = true
	cli.EnableDecryptedEventBuffer = true
	cli.UseRetryMessageStore = true
	// The loop reconnects: whatsmeow's own delay grows without a limit, and gives up after a 515 that fails.
	cli.EnableAutoReconnect = false
	cli.DisableLoginAutoReconnect = true
	// Else whatsmeow keeps to itself which labels there were before. It makes the first sync of a phone's contacts slower.
	cli.EmitAppStateEventsOnFullSync = n.labels.on()
	n.labels.begin()
	cli.BackgroundEventCtx = ctx
	cli.PrePairCallback = n.mayPair
	cli.AddEventHandlerWithSuccessStatus(func(evt any) bool { return n.receive(ctx, cli, evt) })
	n.cli = cli
	n.connect = func() error { return connect(ctx, cli) }
	n.mu.Lock()
	n.client = cli
	n.mu.Unlock()
}

// giveUp ends the client, if there is one.
func (n *Number) giveUp() {
	if n.cli == nil {
		return
	}
	n.drop()
	n.abandon()
	n.cli = nil
}

// receive takes whatsmeow's events. False leaves a message with WhatsApp.
func (n *Number) receive(ctx context.Context, cli *whatsmeow.Client, evt any) bool {
	n.gate.RLock()
	defer n.gate.RUnlock()
	if n.closed || ctx.Err() != nil {
		return false
	}
	switch evt := evt.(type) {
	case *events.Message:
		return n.inbox.message(ctx, cli, evt)
	case *events.UndecryptableMessage:
		n.inbox.undecryptable(cli.Store, evt, time.Now())
	case *events.LabelEdit, *events.LabelAssociationChat, *events.AppStateSyncComplete:
		n.labels.hear(ctx, cli, evt)
	case *events.OfflineSyncCompleted:
		n.notify(notice{event: drained{n.dials.Load()}})
	case *events.Connected, *events.Disconnected, *events.ManualLoginReconnect, *events.LoggedOut, *events.StreamReplaced,
		*events.ClientOutdated, *events.TemporaryBan, *events.ConnectFailure, *events.StreamError, *events.KeepAliveTimeout,
		*events.QR, *events.PairSuccess, *events.PairError, *events.QRScannedWithoutMultidevice, *events.PairPasskeyRequest:
		n.notify(notice{cli, evt})
	}
	return true
}

func (n *Number) notify(heard notice) {
	n.mu.Lock()
	n.notices = append(n.notices, heard)
	n.mu.Unlock()
	n.nudge()
}

// nudge wakes the loop.
func (n *Number) nudge() {
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

func (n *Number) takeNotices() []notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.notices
	n.notices = nil
	return taken
}

// begun says that it is known whether the number is paired.
func (n *Number) begun() {
	n.mu.Lock()
	n.paired = !n.device.IsEmpty() // who waits for this asks at once
	n.mu.Unlock()
	select {
	case <-n.started:
	default:
		close(n.started)
	}
}

// drop closes the connection, if there is one.
func (n *Number) drop() {
	n.open.Store(false)
	if n.cli == nil {
		return
	}
	cli, done := n.cli, make(chan struct{})
	go func() {
		defer close(done)
		cli.Disconnect()
	}()
	timer := time.NewTimer(disconnectWithin)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// tell brings the Listener up to date about the connection.
func (n *Number) tell(ctx context.Context, now time.Time) {
	if kind, tell := n.line.change(); tell && kind != n.told {
		n.told = kind
		change := Change{Number: n.name, Kind: kind, At: now.UTC()}
		if kind != ChangeConnected {
			change.Reason = n.line.sentence(n.name)
		}
		n.untold = append(n.untold, change)
		n.untold = n.untold[max(0, len(n.untold)-untoldAtMost):]
		n.tellAt = now
	}
	for len(n.untold) > 0 && due(n.tellAt, now) {
		if err := n.listener.Connection(ctx, n.untold[0]); err != nil {
			n.log.Warn("change of connection not committed, trying again", "err", err)
			n.tellAt = now.Add(tellAgain)
			return
		}
		n.untold = slices.Delete(n.untold, 0, 1)
	}
	if len(n.untold) == 0 {
		n.tellAt = time.Time{}
	}
}

// show makes the state visible: once in log and metrics, always in the status.
func (n *Number) show() {
	sentence := n.line.sentence(n.name)
	if n.line.state != n.shown {
		n.shown = n.line.state
		n.metrics.state(n.name, n.shown)
		level := slog.LevelInfo
		if !n.shown.Ready() && n.shown != Connecting {
			level, n.lastError = slog.LevelWarn, sentence
		}
		n.log.Log(context.Background(), level, "number changed state", "state", string(n.shown), "meaning", sentence)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.paired = !n.device.IsEmpty()
	n.status = Status{
		Name: n.name, Phone: n.phone, State: n.line.state, Sentence: sentence, LastError: n.lastError,
		QR: n.codes.text, Code: n.codes.typed, Since: n.line.since.UTC(),
	}
}

// due reports whether a time is set and has come.
func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// earliest is the first of the times that are set.
func earliest(first time.Time, others ...time.Time) time.Time {
	for _, at := range others {
		if !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}
