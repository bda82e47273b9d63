package simulator

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types/events"
)

func TestALabelThatIsPutOnOnThePhoneReachesTheCompanion(t *testing.T) {
	_, a, ana, m := trio(t, Options{})
	if err := a.Label(ana, "Sale", true); err != nil {
		t.Fatal(err)
	}
	made := await(m, func(e *events.LabelEdit) bool { return e.Action.GetName() == "Sale" })
	put := await(m, func(e *events.LabelAssociationChat) bool { return e.LabelID == made.LabelID })
	if put.JID.String() != ana.LID() || !put.Action.GetLabeled() || !slices.Equal(a.Labels(ana), []string{"Sale"}) {
		t.Errorf("put on %+v, the phone shows %q", put, a.Labels(ana))
	}
	if err := a.Label(ana, "Sale", false); err != nil {
		t.Fatal(err)
	}
	off := await(m, func(e *events.LabelAssociationChat) bool { return !e.Action.GetLabeled() })
	if off.LabelID != made.LabelID || len(a.Labels(ana)) != 0 {
		t.Errorf("taken off %+v, the phone shows %q", off, a.Labels(ana))
	}
}

func TestThePhoneShowsNoLabelThatIsDeletedOrUnderThePhone(t *testing.T) {
	_, a, ana, m := trio(t, Options{})
	if err := a.Label(ana, "Sale", true); err != nil {
		t.Fatal(err)
	}
	await(m, func(e *events.LabelAssociationChat) bool { return e.LabelID == "1" })
	if err := m.SendAppState(t.Context(), appstate.BuildLabelChat(ana.phone, "1", true)); err != nil {
		t.Fatal(err)
	}
	if err := a.ChangeAppState(appstate.BuildLabelEdit("2", "Scheduling", 1, false)); err != nil {
		t.Fatal(err)
	}
	await(m, func(e *events.LabelEdit) bool { return e.LabelID == "2" })
	if err := m.SendAppState(t.Context(), appstate.BuildLabelChat(ana.phone, "2", true)); err != nil {
		t.Fatal(err)
	}
	if got := a.Labels(ana); !slices.Equal(got, []string{"Sale"}) {
		t.Errorf("the phone shows %q", got)
	}
	if err := a.ChangeAppState(appstate.BuildLabelEdit("1", "Sale", 1, true)); err != nil {
		t.Fatal(err)
	}
	if got := a.Labels(ana); len(got) != 0 {
		t.Errorf("the phone shows %q", got)
	}
}

func TestARefusedChangeOfAppStateIsNotMade(t *testing.T) {
	_, a, _, m := trio(t, Options{})
	a.RefuseAppState(400, 1)
	patch := appstate.BuildLabelEdit("7", "Scheduling", 3, false)
	if err := m.SendAppState(t.Context(), patch); !errors.Is(err, whatsmeow.ErrAppStateUpdate) || a.AppState("label_edit|7") != nil {
		t.Errorf("got %v", err)
	}
	if err := m.SendAppState(t.Context(), patch); err != nil || a.AppState("label_edit|7") == nil {
		t.Errorf("got %v", err)
	}
}

func TestAChangeOfAppStateIsMadeThoughItsAnswerIsLost(t *testing.T) {
	_, a, _, m := trio(t, Options{})
	a.LoseAppStateAnswer(1)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- m.SendAppState(ctx, appstate.BuildLabelEdit("7", "Scheduling", 3, false)) }()
	eventually(t, "the phone has the label", func() bool { return a.AppState("label_edit|7") != nil })
	cancel()
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := m.SendAppState(t.Context(), appstate.BuildLabelEdit("8", "Sale", 3, false)); err != nil {
		t.Error(err)
	}
	await(m, func(e *events.LabelEdit) bool { return e.LabelID == "7" })
}

func TestAPhoneThatIsAsleepSharesItsKeyLate(t *testing.T) {
	s := newServer(t, Options{})
	a, err := s.AddAccount(AccountOptions{Phone: "+5511987650001", Name: "Front Desk"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.HoldStateKeys(true); err != nil {
		t.Fatal(err)
	}
	m := unpairedMeow(t, s)
	codes, err := m.GetQRChannel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	if err := a.Scan((<-codes).Code); err != nil {
		t.Fatal(err)
	}
	await(m, func(e *events.HistorySync) bool { return len(e.Data.GetPushnames()) > 0 }) // what follows the key
	patch := appstate.BuildLabelEdit("7", "Scheduling", 3, false)
	if err := m.SendAppState(t.Context(), patch); err == nil {
		t.Error("a companion without the key has changed the app state")
	}
	if err := a.HoldStateKeys(false); err != nil {
		t.Fatal(err)
	}
	await(m, func(e *events.AppStateSyncComplete) bool { return e.Name == appstate.WAPatchRegular })
	if err := m.SendAppState(t.Context(), patch); err != nil {
		t.Error(err)
	}
}

func TestLabelsArePutOnOverHTTP(t *testing.T) {
	r := newRemote(t)
	ctx := t.Context()
	await(r.meow, func(e *events.AppStateSyncComplete) bool { return e.Name == appstate.WAPatchRegular })
	r.must(r.c.Label(ctx, r.shop, r.ana, "Sale", true))
	await(r.meow, func(e *events.LabelAssociationChat) bool { return e.Action.GetLabeled() })
	got, err := r.c.Labels(ctx, r.shop, r.ana)
	if err != nil || !slices.Equal(got, []string{"Sale"}) {
		t.Errorf("the phone shows %q, %v", got, err)
	}
	r.must(r.c.AccountFault(ctx, r.shop, Fault{Name: "RefuseAppState", Code: 400, N: 1}))
	r.must(r.c.AccountFault(ctx, r.shop, Fault{Name: "HoldStateKeys"}))
	if err := r.meow.SendAppState(ctx, appstate.BuildLabelEdit("7", "Scheduling", 3, false)); err == nil {
		t.Error("the fault of the control API did nothing")
	}
	if err := r.c.Label(ctx, r.shop, "+5511900000009", "Sale", true); err == nil {
		t.Error("somebody unknown was labelled")
	}
	if _, err := r.c.Labels(ctx, r.shop, "+5511900000009"); err == nil {
		t.Error("somebody unknown has labels")
	}
}
