package whatsapp

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
	"leadgate/simulator"
)

func kinds(changes []Change) []ChangeKind {
	list := make([]ChangeKind, len(changes))
	for i, c := range changes {
		list[i] = c.Kind
	}
	return list
}

func (d *desk) expectTold(want ...ChangeKind) {
	d.t.Helper()
	eventually(d.t, "the listener is told", func() bool { return len(d.ear.told()) >= len(want) })
	if got := kinds(d.ear.told()); !slices.Equal(got, want) {
		d.t.Errorf("told %v, want %v", got, want)
	}
}

func TestAnOutdatedClientIsSaidPlainly(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.stop()
	d.account.FailLogin(405, 0, 0)
	d.run()
	s := d.waitState("front-desk", Outdated)
	if !strings.Contains(s.Sentence, "update leadgate") || !strings.Contains(s.Sentence, "2.3000.") || s.LastError != s.Sentence || s.State.Ready() {
		t.Errorf("status %+v", s)
	}
	d.expectTold(ChangeConnected, ChangeDisconnected)
	if got := d.counted("leadgate_number_state_changes_total", "number=front-desk", "state=outdated"); got != 1 {
		t.Errorf("counted %v times", got)
	}
	if got := strings.Count(d.log.String(), "level=WARN msg=\"number changed state\""); got != 1 {
		t.Errorf("logged %d times", got)
	}
}

func TestATemporaryBanIsShownAndNotHammered(t *testing.T) {
	d := paired(t, simulator.Options{})
	before := d.sim.Counters()["logins_refused"]
	d.account.FailLogin(402, 101, 2*time.Hour)
	d.account.Cut()
	s := d.waitState("front-desk", Banned)
	if !strings.Contains(s.Sentence, "banned") || !strings.Contains(s.Sentence, "101") || s.State.Ready() {
		t.Errorf("status %+v", s)
	}
	d.expectTold(ChangeConnected, ChangeDisconnected)
	if reason := d.ear.told()[1].Reason; reason != s.Sentence {
		t.Errorf("told %q", reason)
	}
	d.account.FailLogin(0, 0, 0)
	d.Number("front-desk").nudge()
	if got := d.sim.Counters()["logins_refused"] - before; got > 1 {
		t.Errorf("logged in %d times", got)
	}
	if d.Number("front-desk").Status().State != Banned {
		t.Error("dialled during the ban")
	}
}

func TestALoggedOutNumberWaitsAndTheOthersGoOn(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	other, err := d.sim.AddAccount(simulator.AccountOptions{Phone: "+5511987650002", Name: "Sales"})
	if err != nil {
		t.Fatal(err)
	}
	d.run(chat.Number{Name: "front-desk", Phone: frontDesk}, chat.Number{Name: "sales", Phone: "+5511987650002"})
	d.pair("front-desk", d.account)
	d.pair("sales", other)
	if err := d.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	s := d.waitState("front-desk", LoggedOut)
	if !strings.Contains(s.Sentence, "leadgate pair front-desk") || !s.State.Ready() {
		t.Errorf("status %+v", s)
	}
	d.expectTold(ChangeConnected, ChangeConnected, ChangeLoggedOut)
	ana := d.person(simulator.PersonOptions{})
	id := d.sent(ana.Send(other, simulator.Message{Text: "hello, sales"}))
	d.hearKey(chat.Message{Number: "sales", ID: id}.Key())
	if s := d.Number("sales").Status(); s.State != Connected {
		t.Errorf("the other number is %+v", s)
	}
	d.pair("front-desk", d.account)
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello again"})))
}

func TestANumberThatWasUnlinkedWhileTheDaemonWasDownIsLoggedOut(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.stop()
	if err := d.account.Unlink(); err != nil {
		t.Fatal(err)
	}
	d.run()
	d.waitState("front-desk", LoggedOut)
	d.stop()
	d.run()
	d.waitState("front-desk", Unpaired)
}

func TestAReplacedNumberStaysAway(t *testing.T) {
	d := paired(t, simulator.Options{})
	if err := d.account.Conflict("replaced"); err != nil {
		t.Fatal(err)
	}
	s := d.waitState("front-desk", Replaced)
	if !strings.Contains(s.Sentence, "Another program") {
		t.Errorf("status %+v", s)
	}
	d.expectTold(ChangeConnected, ChangeDisconnected)
	eventually(t, "the connection is closed", func() bool { return !d.account.Connected() })
	d.Number("front-desk").nudge()
	if s := d.waitState("front-desk", Replaced); s.State != Replaced || d.account.Connected() {
		t.Error("fights for the connection")
	}
}

func TestOneNumberDownOthersFine(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	other, err := d.sim.AddAccount(simulator.AccountOptions{Phone: "+5511987650002", Name: "Sales"})
	if err != nil {
		t.Fatal(err)
	}
	d.run(chat.Number{Name: "front-desk", Phone: frontDesk}, chat.Number{Name: "sales", Phone: "+5511987650002"})
	d.pair("front-desk", d.account)
	d.pair("sales", other)
	d.account.FailLogin(503, 0, 0)
	d.account.Cut()
	d.waitState("front-desk", Reconnecting)
	ana := d.person(simulator.PersonOptions{})
	for range 3 {
		id := d.sent(ana.Send(other, simulator.Message{Text: "hello"}))
		d.hearKey(chat.Message{Number: "sales", ID: id}.Key())
	}
	if s := d.Number("sales").Status(); s.State != Connected {
		t.Errorf("the other number is %+v", s)
	}
	if d.counted("leadgate_number_connected", "number=sales") != 1 || d.counted("leadgate_number_connected", "number=front-desk") != 0 {
		t.Error("the gauges do not tell them apart")
	}
}

func TestAConnectionThatComesBackAtOnceIsNoNews(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	for range 3 {
		d.account.Cut()
		d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "still there?"})))
		d.waitState("front-desk", Connected)
	}
	d.expectTold(ChangeConnected)
}

func TestAnOutageIsToldAndNothingOfItIsLost(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.sim.Offline(true)
	d.expectTold(ChangeConnected, ChangeDisconnected)
	if s := d.Number("front-desk").Status(); s.State != Reconnecting || s.State.Ready() {
		t.Errorf("status %+v", s)
	}
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "hello?"}))
	d.sim.Offline(false)
	d.hear(id)
	d.expectTold(ChangeConnected, ChangeDisconnected, ChangeConnected)
}

func TestAServerThatIsAwayOrStrangeIsTriedAgain(t *testing.T) {
	for name, spoil := range map[string]func(*desk) (mend func()){
		"answers 503 to the request": func(d *desk) func() { d.sim.RefuseHTTP(503); return func() { d.sim.RefuseHTTP(0) } },
		"answers 403 to the request": func(d *desk) func() { d.sim.RefuseHTTP(403); return func() { d.sim.RefuseHTTP(0) } },
		"refuses the login for now":  func(d *desk) func() { d.account.FailLogin(503, 0, 0); return func() { d.account.FailLogin(0, 0, 0) } },
	} {
		t.Run(name, func(t *testing.T) {
			d := paired(t, simulator.Options{})
			mend := spoil(d)
			d.account.Cut()
			d.expectTold(ChangeConnected, ChangeDisconnected)
			mend()
			d.expectTold(ChangeConnected, ChangeDisconnected, ChangeConnected)
		})
	}
	for _, code := range []int{503, 515, 777} {
		d := paired(t, simulator.Options{})
		ana := d.person(simulator.PersonOptions{})
		d.account.StreamError(code)
		d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "after the error"})))
		d.stop()
	}
}

func TestARefusalThatNobodyExplainsIsShown(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.account.FailLogin(409, 0, 0)
	d.account.Cut()
	if s := d.waitState("front-desk", Refused); !strings.Contains(s.Sentence, "409") {
		t.Errorf("status %+v", s)
	}
}

func TestAChangeThatIsNotCommittedIsToldAgain(t *testing.T) {
	d := newDesk(t, simulator.Options{})
	d.ear.with(func() { d.ear.failTell = errStore })
	d.run()
	d.pair("front-desk", d.account)
	eventually(t, "telling fails", func() bool { return strings.Contains(d.log.String(), "change of connection not committed") })
	d.ear.with(func() { d.ear.failTell = nil })
	d.expectTold(ChangeConnected)
}

func TestAReloadBringsNumbersAndTakesThem(t *testing.T) {
	d := paired(t, simulator.Options{})
	other, err := d.sim.AddAccount(simulator.AccountOptions{Phone: "+5511987650002", Name: "Sales"})
	if err != nil {
		t.Fatal(err)
	}
	front := chat.Number{Name: "front-desk", Phone: frontDesk}
	before := d.Number("front-desk")
	d.SetNumbers([]chat.Number{front, {Name: "sales", Phone: "+5511987650002"}})
	d.pair("sales", other)
	if d.Number("front-desk") != before || before.Status().State != Connected {
		t.Error("the number that stayed was disturbed")
	}
	d.SetNumbers([]chat.Number{front})
	eventually(t, "the number is gone", func() bool { return !other.Connected() })
	if len(d.Status()) != 1 || d.Number("sales") != nil {
		t.Errorf("status %+v", d.Status())
	}
	d.SetNumbers([]chat.Number{front, {Name: "sales", Phone: "+5511987650002"}})
	d.waitState("sales", Connected)
}

func TestNothingIsLeftRunning(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.account.Cut()
	// whatsmeow's socket does not bear being closed from both ends at once.
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello again"})))
	d.stop()
	if d.account.Connected() {
		eventually(t, "the connection is closed", func() bool { return !d.account.Connected() })
	}
	// whatsmeow's own reader (readPump) may stay behind a connection that was cut, with a frame for a loop that has ended.
	eventually(t, "no goroutine of a number runs", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		running := strings.Contains(string(stacks), "whatsapp.(*Number)") || strings.Contains(string(stacks), "whatsapp.(*inbox)") ||
			strings.Contains(string(stacks), "keepAliveLoop")
		return !running
	})
}

func TestRunEndsAtOnceWhileTheServerIsMute(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.stop()
	d.sim.HalfOpen(true)
	d.run()
	eventually(t, "it dials", func() bool { return d.log.has("Dialing") })
	started := time.Now()
	d.stop()
	if took := time.Since(started); took > 2*disconnectWithin+leaveWithin {
		t.Errorf("took %v to end", took)
	}
	d.sim.HalfOpen(false)
}

func TestAConnectionThatBreaksDuringTheHandshakeIsNoticedAtOnce(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.stop()
	d.account.Offline(true)
	n := d.open().Number("front-desk")
	device, err := n.findDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.use(t.Context(), n.devices.load(device))
	for range 100 {
		if n.connect() != nil {
			continue
		}
		eventually(t, "the end of the connection is told", func() bool {
			return slices.ContainsFunc(n.takeNotices(), func(told notice) bool { return is[*events.Disconnected](told.event) })
		})
	}
}

func is[T any](event any) bool {
	_, ok := event.(T)
	return ok
}

func TestALoginWhoseConnectionBrokeMeanwhileIsNoConnection(t *testing.T) {
	n := newDesk(t, simulator.Options{}).open().Number("front-desk")
	n.use(t.Context(), n.devices.new())
	n.line.linked(noon)
	n.line.lost("cut", noon)
	n.hear(t.Context(), notice{n.cli, &events.Connected{}}, noon)
	if n.line.state != Reconnecting || n.line.dialAt.IsZero() {
		t.Errorf("is %q and dials at %v", n.line.state, n.line.dialAt)
	}
	n.line.online(noon)
	n.tendConnection(t.Context(), noon)
	if n.line.state != Reconnecting {
		t.Errorf("is %q without a connection", n.line.state)
	}
}

func TestAPanicInTheLoopOfANumberIsItsOwnTrouble(t *testing.T) {
	n := newDesk(t, simulator.Options{}).open().Number("front-desk")
	n.use(t.Context(), n.devices.new())
	n.device = types.NewJID("5511987650001", types.DefaultUserServer)
	n.listener = nil // telling it of a change panics
	n.line.replaced(noon)
	n.line.dialAt = time.Now().Add(time.Hour)
	next := n.survive(t.Context())
	if n.line.state != Reconnecting || n.cli != nil || time.Until(next) > 2*time.Second {
		t.Errorf("is %q and goes on at %v", n.line.state, next)
	}
}

func TestAnAddressThatCannotBeIsRefused(t *testing.T) {
	key := make([]byte, 32)
	for _, cfg := range []Config{
		{Server: "http://127.0.0.1:1", ServerKey: key},
		{Server: "127.0.0.1:1", ServerKey: key},
		{Server: "ws://", ServerKey: key},
		{Server: "ws://127.0.0.1:1/ws/chat"},
		{ServerKey: key},
		{Server: "ws://127.0.0.1:1/ws/chat", ServerKey: key[1:]},
	} {
		if _, err := newLink(cfg); err == nil || !strings.Contains(err.Error(), "whatsapp.server") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
