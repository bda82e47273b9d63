package simulator

import (
	"bytes"
	"database/sql"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/appstate"
	"go.mau.fi/whatsmeow/types/events"
)

func TestALabelOfTheCompanionReachesThePhoneAndTheOtherWayRound(t *testing.T) {
	_, a, ana, m := trio(t, Options{})
	ctx := t.Context()
	if err := m.SendAppState(ctx, appstate.BuildLabelEdit("7", "Scheduling", 3, false)); err != nil {
		t.Fatal(err)
	}
	if got := a.AppState("label_edit|7").GetLabelEditAction().GetName(); got != "Scheduling" {
		t.Errorf("the phone knows label 7 as %q", got)
	}
	if err := m.SendAppState(ctx, appstate.BuildLabelChat(ana.phone, "7", true)); err != nil {
		t.Fatal(err)
	}
	if !a.AppState("label_jid|7|" + ana.phone.String()).GetLabelAssociationAction().GetLabeled() {
		t.Error("the phone doesn't show the label at the chat")
	}
	if err := a.ChangeAppState(appstate.BuildLabelEdit("8", "Sale", 4, false)); err != nil {
		t.Fatal(err)
	}
	got := await(m, func(e *events.LabelEdit) bool { return e.LabelID == "8" })
	if got.Action.GetName() != "Sale" {
		t.Errorf("the companion knows label 8 as %q", got.Action.GetName())
	}
}

func TestAnotherCompanionIsToldOfAChange(t *testing.T) {
	s, a, _, one := trio(t, Options{})
	two := pairedMeow(t, s, a)
	told := s.Counters()["notifications_out"]
	if err := one.SendAppState(t.Context(), appstate.BuildLabelEdit("7", "Scheduling", 3, false)); err != nil {
		t.Fatal(err)
	}
	await(two, func(e *events.LabelEdit) bool { return e.LabelID == "7" })
	if n := s.Counters()["notifications_out"] - told; n != 1 {
		t.Errorf("%d companions were told, want the other one only", n)
	}
}

func TestAChangeThatThePhoneOvertakesIsRefusedAndTriedAgain(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	a.ConflictAppState(1)
	if err := m.SendAppState(t.Context(), appstate.BuildLabelEdit("7", "Scheduling", 3, false)); err != nil {
		t.Fatal(err)
	}
	if n := s.Counters()["app_state_conflicts"]; n != 1 {
		t.Errorf("%d conflicts", n)
	}
	if got := a.AppState("label_edit|7").GetLabelEditAction().GetName(); got != "Scheduling" {
		t.Errorf("the phone knows label 7 as %q", got)
	}
	a.ConflictAppState(2) // whatsmeow tries twice
	if err := m.SendAppState(t.Context(), appstate.BuildLabelEdit("8", "Sale", 3, false)); err == nil {
		t.Error("two conflicts in a row went unnoticed")
	}
}

func TestACompanionThatLostTheKeyAsksThePhoneForIt(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	m = m.again(s)
	db, err := sql.Open("sqlite3", m.file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "DELETE FROM whatsmeow_app_state_sync_keys"); err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.Connected](m, nil)
	if err := a.ChangeAppState(appstate.BuildLabelEdit("7", "Scheduling", 3, false)); err != nil {
		t.Fatal(err)
	}
	await(m, func(e *events.LabelEdit) bool { return e.LabelID == "7" })
}

func TestMediaGoesUpAndComesBack(t *testing.T) {
	_, _, _, m := trio(t, Options{})
	picture := bytes.Repeat([]byte("picture "), 1000)
	up, err := m.Upload(t.Context(), picture, whatsmeow.MediaImage)
	if err != nil {
		t.Fatal(err)
	}
	down, err := m.DownloadMediaWithPath(t.Context(), up.DirectPath, up.FileEncSHA256, up.FileSHA256, up.MediaKey, whatsmeow.MediaImage, "", false)
	if err != nil || !bytes.Equal(down, picture) {
		t.Errorf("came back as %d bytes: %v", len(down), err)
	}
}
