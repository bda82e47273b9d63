package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// trio is what most of these tests need: an account with a paired companion, and a person.
func trio(t *testing.T, opts Options) (*Server, *Account, *Person, *meow) {
	t.Helper()
	s := newServer(t, opts)
	a := newAccount(t, s)
	return s, a, newPerson(t, s, PersonOptions{}), pairedMeow(t, s, a)
}

func TestACutConnectionIsMadeAgainAndNothingIsLost(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	for i := range 3 {
		s.Cut()
		text := fmt.Sprint("after cut ", i)
		send(t, ana, a, text)
		awaitText(m, text)
	}
}

func TestWhileTheServerIsOfflineConnectionsFailAndTheQueueGrows(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	m = m.withoutReconnect(s)
	s.Offline(true)
	await[*events.Disconnected](m, nil)
	send(t, ana, a, "are you there?")
	if err := m.Connect(); err == nil {
		t.Fatal("connected to a server that is offline")
	}
	s.Offline(false)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	awaitText(m, "are you there?")
	if s.Counters()["connections_refused"] == 0 {
		t.Error("nothing was refused")
	}
}

func TestOneNumberCanBeOfflineAlone(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	b, err := s.AddAccount(AccountOptions{Phone: "+5511987650002", Name: "Back Office"})
	if err != nil {
		t.Fatal(err)
	}
	other := pairedMeow(t, s, b)
	if err := b.WaitConnected(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Offline(true)
	await[*events.Disconnected](m, nil)
	if a.Connected() || !b.Connected() || !other.IsConnected() {
		t.Error("the wrong number is offline")
	}
	a.Offline(false)
	await[*events.Connected](m, nil)
}

func TestConnectionsAreRefusedWithAnHTTPStatus(t *testing.T) {
	s, _, _, m := trio(t, Options{})
	m = m.again(s)
	s.RefuseHTTP(http.StatusServiceUnavailable)
	if err := m.Connect(); err == nil {
		t.Fatal("connected")
	}
	s.RefuseHTTP(0)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.Connected](m, nil)
}

func TestLoginsFailAsTheRealServerLetsThemFail(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	m = m.withoutReconnect(s)
	try := func(reason, code int, expire time.Duration) {
		t.Helper()
		m.Disconnect()
		a.FailLogin(reason, code, expire)
		if err := m.Connect(); err != nil {
			t.Fatal(err)
		}
	}
	try(402, 101, time.Hour)
	if ban := await[*events.TemporaryBan](m, nil); ban.Code != events.TempBanSentToTooManyPeople || ban.Expire != time.Hour {
		t.Errorf("ban: %+v", ban)
	}
	try(405, 0, 0)
	await[*events.ClientOutdated](m, nil)
	try(418, 0, 0)
	if failure := await[*events.ConnectFailure](m, nil); failure.Reason != 418 {
		t.Errorf("failure: %+v", failure)
	}
	try(503, 0, 0)
	await[*events.Disconnected](m, nil)
	try(0, 0, 0)
	await[*events.Connected](m, nil)
	try(401, 0, 0)
	await[*events.LoggedOut](m, nil)
}

func TestStreamErrorsAndConflictsEndAConnection(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	s.StreamError(503)
	await[*events.Disconnected](m, nil)
	await[*events.Connected](m, nil)
	a.StreamError(515)
	await[*events.Connected](m, nil)
	a.StreamError(999)
	if unknown := await[*events.StreamError](m, nil); unknown.Code != "999" {
		t.Errorf("stream error: %+v", unknown)
	}
	await[*events.Connected](m, nil)
	if err := a.Conflict("replaced"); err != nil {
		t.Fatal(err)
	}
	await[*events.StreamReplaced](m, nil)
	m = m.again(s)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.Connected](m, nil)
	if err := s.Conflict("device_removed"); err != nil {
		t.Fatal(err)
	}
	await[*events.LoggedOut](m, nil)
}

func TestAHalfOpenConnectionSwallowsEverythingUntilTheClientComesAnew(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	if err := say(t, m, ana.phone, "before"); err != nil {
		t.Fatal(err)
	}
	taken := s.Counters()["messages_in"]
	a.HalfOpen(true)
	send(t, ana, a, "into the void")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := m.SendMessage(ctx, ana.phone, &waE2E.Message{Conversation: proto.String("anybody?")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a message into a dead connection: %v", err)
	}
	if !m.IsConnected() || s.Counters()["messages_in"] != taken {
		t.Error("the connection isn't half open")
	}
	for len(m.events) > 0 {
		if e, ok := (<-m.events).(*events.Message); ok {
			t.Errorf("%q came through", textOfEvent(e))
		}
	}
	a.HalfOpen(false)
	m.ResetConnection()
	awaitText(m, "into the void")
}

func TestAcksAreLostLateOrErrors(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	sendFor := func(d time.Duration, text string) error {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		_, err := m.SendMessage(ctx, ana.phone, &waE2E.Message{Conversation: proto.String(text)})
		return err
	}
	if err := sendFor(patience, "hello"); err != nil {
		t.Fatal(err)
	}
	a.AckLost(1)
	if err := sendFor(300*time.Millisecond, "lost"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without an ack: %v", err)
	}
	saw(t, ana, "lost")
	a.AckError(463, 1)
	if err := sendFor(patience, "refused"); !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		t.Errorf("with an error: %v", err)
	}
	s.AckDelay(150 * time.Millisecond)
	began := time.Now()
	if err := sendFor(patience, "late"); err != nil || time.Since(began) < 150*time.Millisecond {
		t.Errorf("late ack: %v after %s", err, time.Since(began))
	}
	s.AckDelay(0)
	saw(t, ana, "late")
	for _, got := range ana.Received() {
		if got.Text == "refused" {
			t.Error("a refused message was delivered")
		}
	}
}

func TestPrekeysRunOutAndAreRefilled(t *testing.T) {
	s, a, ana, m := trio(t, Options{})
	d := a.companion(1)
	if n := d.preKeyCount(); n < 800 {
		t.Fatalf("%d prekeys after pairing", n)
	}
	a.DrainPrekeys()
	send(t, ana, a, "without a one-time key")
	awaitText(m, "without a one-time key")
	m = m.again(s)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.Connected](m, nil)
	if n := d.preKeyCount(); n != 50 {
		t.Errorf("%d prekeys after the next login, want 50", n)
	}
	for d.preKeyCount() > lowWater {
		if _, err := s.fetchBundle(d); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "told that few are left, it uploads more", func() bool { return d.preKeyCount() == lowWater+50 })
}

func TestNastinessLosesNothingAndRepeatsBySeed(t *testing.T) {
	s, a, ana, m := trio(t, Options{Seed: 42, Nasty: true})
	const n = 60
	for i := range n {
		send(t, ana, a, fmt.Sprint("message ", i))
	}
	missing := map[string]bool{}
	for i := range n {
		missing[fmt.Sprint("message ", i)] = true
	}
	for len(missing) > 0 {
		delete(missing, textOfEvent(await[*events.Message](m, nil)))
	}
	eventually(t, "everything is acknowledged", func() bool { return a.companion(1).waiting() == 0 })
	counts := s.Counters()
	if counts["messages_damaged"] == 0 || counts["messages_doubled"] == 0 {
		t.Errorf("not nasty at all: %v", counts)
	}
	one, two := newDraws(42), newDraws(42)
	for range 100 {
		if one.below(1000) != two.below(1000) {
			t.Fatal("two draws of one seed differ")
		}
	}
}

func TestDamageSpoilsTheMACAndNothingElse(t *testing.T) {
	ana, rui := newEndpoint(nil), newEndpoint(nil)
	fetch := func() (keyBundle, error) { return rui.bundle(), nil }
	kind, ciphertext, err := ana.encrypt(signalAddress{"2_1", 0}, fetch, []byte("hello"))
	if err != nil || kind != encPreKey {
		t.Fatal(kind, err)
	}
	intact := bytes.Clone(ciphertext)
	stanza := damage(waBinary.Node{Tag: "message", Content: []waBinary.Node{
		{Tag: "enc", Attrs: waBinary.Attrs{"type": kind}, Content: ciphertext}, {Tag: "other", Content: []byte("x")},
	}})
	if !bytes.Equal(ciphertext, intact) {
		t.Error("the sender's own copy was damaged")
	}
	damaged := bytesOf(stanza.GetChildByTag("enc"))
	inner, spoilt := innerMessage(intact), innerMessage(damaged)
	if !bytes.Equal(inner[:len(inner)-1], spoilt[:len(spoilt)-1]) || inner[len(inner)-1] == spoilt[len(spoilt)-1] {
		t.Errorf("damaged elsewhere:\n%x\n%x", inner, spoilt)
	}
	if _, err := rui.decrypt(signalAddress{"1_1", 0}, kind, damaged); err == nil {
		t.Error("read all the same")
	}
	if text, err := rui.decrypt(signalAddress{"1_1", 0}, kind, intact); err != nil || string(text) != "hello" {
		t.Errorf("the intact one: %q, %v", text, err)
	}
	for _, odd := range []waBinary.Node{{}, {Content: []waBinary.Node{{Tag: "enc"}}}, {Content: []waBinary.Node{
		{Tag: "enc", Attrs: waBinary.Attrs{"type": "pkmsg"}, Content: []byte{0x33}},
	}}} {
		damage(odd) // doesn't panic
	}
}
