package whatsapp

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

// labelDesk is a business whose number labels its chats.
type labelDesk struct {
	*desk
	book labelTables
	ana  *simulator.Person
}

// labelling is the number of a labelDesk.
var labelling = chat.Number{Name: "front-desk", Phone: frontDesk, Pace: briskly, Labels: true}

// newLabelDesk opens a business that is not paired and does not run.
func newLabelDesk(t *testing.T) *labelDesk {
	t.Helper()
	d := &labelDesk{desk: newDesk(t, simulator.Options{}), book: newLabelTables(t)}
	d.adjust = func(cfg *Config) { cfg.Labels = d.book }
	d.ana = d.person(simulator.PersonOptions{})
	return d
}

// begin runs and pairs it, and waits until it knows the phone's labels.
func (d *labelDesk) begin() *labelDesk {
	d.t.Helper()
	d.run(labelling)
	d.pair("front-desk", d.account)
	d.learned()
	return d
}

func (d *labelDesk) learned() {
	d.t.Helper()
	d.waitOpen("front-desk")
	eventually(d.t, "the labels are known", d.Number("front-desk").labels.hasItLearned)
}

// stage is the labelling of somebody at a stage of a funnel of three.
func (d *labelDesk) stage(at string) chat.Labelling {
	others := slices.DeleteFunc([]string{"Lead Entry", "Scheduling", "Sale"}, func(other string) bool { return other == at })
	return chat.Labelling{Phone: chat.Phone(d.ana.Phone()), Label: at, Others: others}
}

func (d *labelDesk) attempt(want chat.Labelling, attempt int) delivery.Result {
	d.t.Helper()
	body, err := json.Marshal(want)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.Labeller("front-desk").Send(d.t.Context(), delivery.Delivery{Key: "label", Body: body, Attempt: attempt})
}

// carry labels a chat and demands that it is done.
func (d *labelDesk) carry(want chat.Labelling) {
	d.t.Helper()
	if got := d.attempt(want, 1); got.Verdict != delivery.Done {
		d.t.Fatalf("labelled %+v: %+v", want, got)
	}
}

// shown demands what the phone shows at Ana's chat.
func (d *labelDesk) shown(want ...string) {
	d.t.Helper()
	if got := d.account.Labels(d.ana); !slices.Equal(got, want) {
		d.t.Errorf("the phone shows %q, want %q", got, want)
	}
}

// byHand labels Ana's chat on the phone.
func (d *labelDesk) byHand(name string, on bool) {
	d.t.Helper()
	if err := d.account.Label(d.ana, name, on); err != nil {
		d.t.Fatal(err)
	}
}

// change lets the phone change its app state.
func (d *labelDesk) change(patch appstate.PatchInfo) {
	d.t.Helper()
	if err := d.account.ChangeAppState(patch); err != nil {
		d.t.Fatal(err)
	}
}

// heard waits until so many changes of labels came to an outcome.
func (d *labelDesk) heard(o labelOutcome, n float64) {
	d.t.Helper()
	eventually(d.t, strconv.Itoa(int(n))+" changes of labels are "+string(o), func() bool {
		return d.counted("leadgate_label_changes_total", "number=front-desk", "outcome="+string(o)) == n
	})
}

// told waits until the Listener was told so many changes, and no more.
func (d *labelDesk) told(n int) []chat.LabelChange {
	d.t.Helper()
	eventually(d.t, strconv.Itoa(n)+" changes of labels are told", func() bool { return len(d.ear.labels.changes()) >= n })
	got := d.ear.labels.changes()
	if len(got) != n {
		d.t.Fatalf("told %+v, want %d", got, n)
	}
	return got
}

// sentPatches is how many changes of app state the phone has taken from the daemon.
func (d *labelDesk) sentPatches() int64 { return d.sim.Counters()["app_state_changes"] }

func TestALabelIsMadeWhenThePhoneHasNoneOfItsName(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Lead Entry"))
	d.shown("Lead Entry")
	if n := d.sentPatches(); n != 1 {
		t.Errorf("made and put on with %d patches", n)
	}
	d.heard(labelOwn, 2)
	d.told(0)
	if n := d.counted("leadgate_labellings_total", "number=front-desk", "verdict=done"); n != 1 {
		t.Errorf("%v labellings are counted", n)
	}
}

// label-follows-stage-and-back
func TestTheLabelFollowsTheStageAndALabelPutOnByHandIsTold(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.hear(d.sent(d.ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.carry(d.stage("Lead Entry"))
	d.carry(d.stage("Scheduling"))
	d.shown("Scheduling")
	if n := d.sentPatches(); n != 2 {
		t.Errorf("%d patches for two stages", n)
	}
	d.byHand("Sale", true)
	got := d.told(1)[0]
	if got.Number != "front-desk" || got.Label != "Sale" || !got.On || got.Person.Phone != chat.Phone(d.ana.Phone()) ||
		string(got.Person.LID)+"@lid" != d.ana.LID() || got.At.IsZero() || got.At.Location() != time.UTC {
		t.Errorf("told %+v", got)
	}
	d.shown("Sale", "Scheduling")
	d.carry(d.stage("Sale"))
	d.shown("Sale")
	d.byHand("Sale", false)
	if got := d.told(2)[1]; got.On || got.Label != "Sale" {
		t.Errorf("told %+v", got)
	}
	d.carry(chat.Labelling{LID: got.Person.LID, Others: []string{"Sale"}})
	d.shown()
	if n := d.sentPatches(); n != 3 {
		t.Errorf("%d patches: what is so already was sent", n)
	}
}

func TestWhatTheDaemonItselfLabelsIsNeverTold(t *testing.T) {
	d := newLabelDesk(t).begin()
	for _, at := range []string{"Lead Entry", "Scheduling", "Sale", "Lead Entry", "Sale", "Scheduling"} {
		d.carry(d.stage(at))
	}
	d.shown("Scheduling")
	d.heard(labelOwn, 3+1+5*2) // labels made, the first put on, five times one off and one on
	d.told(0)
	d.carry(d.stage("Scheduling"))
	if n := d.sentPatches(); n != 6 {
		t.Errorf("%d patches: the book does not say what the phone shows", n)
	}
}

func TestNewsOfAnOwnChangeThatComesLateIsNone(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Lead Entry"))
	d.carry(d.stage("Scheduling"))
	n := d.Number("front-desk")
	n.labels.mu.Lock()
	first := n.labels.own[1] // that Lead Entry was put on
	n.labels.mu.Unlock()
	late := d.put(strings.Split(first.index, "|")[1], true, time.UnixMilli(first.at))
	n.labels.hear(t.Context(), n.clientNow(), late)
	d.told(0)
	late.Timestamp = late.Timestamp.Add(time.Second)
	n.labels.hear(t.Context(), n.clientNow(), late)
	if got := d.told(1)[0]; got.Label != "Lead Entry" || !got.On {
		t.Errorf("a change at another time is told as %+v", got)
	}
}

// put is news that a label was put on Ana's chat, or taken off it.
func (d *labelDesk) put(labelID string, on bool, at time.Time) *events.LabelAssociationChat {
	d.t.Helper()
	jid, err := types.ParseJID(d.ana.LID())
	if err != nil {
		d.t.Fatal(err)
	}
	action := appstate.BuildLabelChat(jid, labelID, on).Mutations[0].Value.GetLabelAssociationAction()
	return &events.LabelAssociationChat{JID: jid, LabelID: labelID, Timestamp: at, Action: action}
}

// Changes that follow each other closely come over several goroutines.
func TestChangesOfLabelsThatOvertakeEachOtherComeToTheSame(t *testing.T) {
	d := newLabelDesk(t).begin()
	n, now := d.Number("front-desk"), time.Now()
	edit := func(id, name string, at time.Time) *events.LabelEdit {
		action := appstate.BuildLabelEdit(id, name, 0, false).Mutations[0].Value.GetLabelEditAction()
		return &events.LabelEdit{LabelID: id, Timestamp: at, Action: action}
	}
	for _, evt := range []any{
		d.put("1", true, now.Add(time.Second)), edit("1", "Sale", now), // made, and put on at once
		edit("2", "Scheduling", now.Add(time.Second)), edit("2", "Mine", now), // renamed
		d.put("2", false, now.Add(time.Second)), d.put("2", true, now), // put on and taken off
	} {
		n.labels.hear(t.Context(), n.clientNow(), evt)
	}
	if got := d.told(1)[0]; got.Label != "Sale" || !got.On {
		t.Errorf("told %+v", got)
	}
	if label, err := n.labels.find(t.Context(), "2"); err != nil || label.Name != "Scheduling" {
		t.Errorf("label 2 is %+v, %v", label, err)
	}
	if ids, err := d.book.Labelled(t.Context(), "front-desk", d.ana.LID()); err != nil || !slices.Equal(ids, []string{"1"}) {
		t.Errorf("the book says %q, %v", ids, err)
	}
}

func TestALabelThatThePhoneHasIsUsedWhoeverMadeIt(t *testing.T) {
	d := newLabelDesk(t)
	d.change(appstate.BuildLabelEdit("3", " scheduling", 1, false))
	d.byHand("Lead Entry", true)
	d.begin()
	d.carry(d.stage("Lead Entry"))
	if n := d.sentPatches(); n != 0 {
		t.Errorf("%d patches for a label that was on before the pairing", n)
	}
	d.carry(d.stage("Scheduling"))
	d.shown(" scheduling")
	d.change(appstate.BuildLabelEdit("9", "Sale", 1, false))
	d.heard(labelEdited, 3)
	d.carry(d.stage("Sale"))
	d.shown("Sale")
	if d.account.AppState("label_edit|10") != nil {
		t.Error("a label was made that the phone had")
	}
	d.told(0)
}

func TestALabelIsFoundUnderPhoneAndLid(t *testing.T) {
	d := newLabelDesk(t)
	phone := types.NewJID(strings.TrimPrefix(d.ana.Phone(), "+"), types.DefaultUserServer)
	d.begin()
	d.hear(d.sent(d.ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.change(appstate.BuildLabelEdit("1", "Sale", 1, false))
	d.change(appstate.BuildLabelChat(phone, "1", true))
	if got := d.told(1)[0]; string(got.Person.LID)+"@lid" != d.ana.LID() || got.Person.Phone != chat.Phone(d.ana.Phone()) {
		t.Errorf("told %+v", got)
	}
	d.byHand("Sale", true) // under the LID
	d.heard(labelKnown, 1)
	d.carry(d.stage("Scheduling"))
	d.shown("Scheduling")
	if d.account.AppState("label_jid|1|" + phone.String()).GetLabelAssociationAction().GetLabeled() {
		t.Error("the old label is still on under the phone")
	}
	d.told(1)
}

func TestALabelOnAGroupIsNobodys(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.byHand("Sale", true)
	d.told(1)
	for _, jid := range []string{"120363000000000001@g.us", strings.TrimPrefix(frontDesk, "+") + "@s.whatsapp.net"} {
		to, err := types.ParseJID(jid)
		if err != nil {
			t.Fatal(err)
		}
		d.change(appstate.BuildLabelChat(to, "1", true))
	}
	d.heard(labelForeign, 2)
	d.told(1)
}

func TestALabelThatWasDeletedIsMadeAgain(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Sale"))
	d.change(appstate.BuildLabelEdit("1", "Sale", 0, true))
	d.heard(labelEdited, 1)
	d.shown()
	d.carry(d.stage("Sale"))
	d.shown("Sale")
	if d.account.AppState("label_edit|2").GetLabelEditAction().GetName() != "Sale" {
		t.Error("the id of the deleted label is used again")
	}
	d.told(0)
}

func TestARenamedLabelIsKnownByItsNewName(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Scheduling"))
	d.change(appstate.BuildLabelEdit("1", "Sale", 0, false))
	d.heard(labelEdited, 1)
	d.told(0)
	d.byHand("Sale", false)
	if got := d.told(1)[0]; got.Label != "Sale" || got.On {
		t.Errorf("told %+v", got)
	}
}

func TestTheAppsOwnListsCarryNoStage(t *testing.T) {
	d := newLabelDesk(t).begin()
	patch := appstate.BuildLabelEdit("1", "Sale", 0, false)
	patch.Mutations[0].Value.LabelEditAction.Type = waSyncAction.LabelEditAction_FAVORITES.Enum()
	d.change(patch)
	d.heard(labelEdited, 1)
	d.carry(d.stage("Sale"))
	if got := d.account.AppState("label_edit|2").GetLabelEditAction().GetName(); got != "Sale" {
		t.Errorf("label 2 is %q", got)
	}
}

func TestWhatThePhoneLabelsWhileTheDaemonIsAwayIsTold(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.carry(d.stage("Scheduling"))
	d.heard(labelOwn, 2)
	d.stop()
	d.byHand("Sale", true)
	d.byHand("Scheduling", false)
	d.run(labelling)
	got := d.told(2)
	if got[0].Label != "Sale" || !got[0].On || got[1].Label != "Scheduling" || got[1].On {
		t.Errorf("told %+v", got)
	}
	d.learned()
	d.carry(d.stage("Sale"))
	if n := d.sentPatches(); n != 1 {
		t.Errorf("%d patches", n)
	}
}

func TestALabelThatTheStoreDoesNotTakeIsToldAgainInOrder(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.ear.labels.failWith(func(chat.LabelChange) error { return errors.New("disk full") })
	d.byHand("Sale", true)
	eventually(t, "it is refused", func() bool { return d.counted("leadgate_label_changes_total", "outcome=failed") > 0 })
	if ids, err := d.book.Labelled(t.Context(), "front-desk", d.ana.LID()); err != nil || len(ids) != 0 {
		t.Errorf("the book has %q before the Listener (%v)", ids, err)
	}
	if got := d.attempt(d.stage("Sale"), 1); got.Verdict != delivery.Unsent || got.After == 0 {
		t.Errorf("labelled before that: %+v", got)
	}
	d.byHand("Sale", false)
	n := d.Number("front-desk").labels
	eventually(t, "both wait", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.heard) == 2
	})
	d.ear.labels.failWith(nil)
	if got := d.told(2); !got[0].On || got[1].On {
		t.Errorf("told %+v", got)
	}
}

func TestALabelThatCanNotBeHandledHoldsNothingUp(t *testing.T) {
	d := newLabelDesk(t).begin()
	d.ear.labels.failWith(func(change chat.LabelChange) error {
		switch change.Label {
		case "Sale":
			return ErrPoison
		case "Scheduling":
			panic("no such stage")
		}
		return nil
	})
	d.byHand("Sale", true)
	d.byHand("Scheduling", true)
	d.byHand("Lead Entry", true)
	if got := d.told(1)[0]; got.Label != "Lead Entry" {
		t.Errorf("told %+v", got)
	}
	d.heard(labelDropped, 2)
}

func TestTheMetricsOfLabelsAreWellFormed(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	m.labels.heard.WithLabelValues("front-desk", string(labelTold)).Inc()
	m.labels.sent.WithLabelValues("front-desk", string(delivery.Done)).Inc()
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
