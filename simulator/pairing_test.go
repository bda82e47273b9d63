package simulator

import (
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"
)

func TestWhatsmeowPairsByQRAndLearnsWhoItIs(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := pairedMeow(t, s, a)
	if got := m.Store.ID.String(); got != "5511987650001:1@s.whatsapp.net" {
		t.Errorf("paired as %s", got)
	}
	if got, want := m.Store.LID.ToNonAD(), a.lid; got != want {
		t.Errorf("paired with LID %s, want %s", got, want)
	}
	if m.Store.BusinessName != "Front Desk" || m.Store.PushName != "Front Desk" || m.Store.Platform != "smba" {
		t.Errorf("business %q, push name %q, platform %q", m.Store.BusinessName, m.Store.PushName, m.Store.Platform)
	}
	if err := a.WaitConnected(t.Context()); err != nil {
		t.Error(err)
	}
	if err := m.SendPresence(t.Context(), types.PresenceAvailable); err != nil {
		t.Errorf("presence needs the push name: %v", err)
	}
	eventually(t, "all bootstrap messages acknowledged", func() bool { return s.devices()[0].waiting() == 0 })
}

func TestACodeOfAnotherServerOrAnotherCompanionCannotBeScanned(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := unpairedMeow(t, s)
	codes, err := m.GetQRChannel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	code := (<-codes).Code
	parts := strings.Split(code, ",")
	other := strings.Join([]string{parts[0], parts[2], parts[2], parts[3]}, ",")
	for _, text := range []string{"", "nonsense", "2@abc,x,y,z", strings.Replace(code, "2@", "2@x", 1), other} {
		if err := a.Scan(text); err == nil {
			t.Errorf("scanned %q", text)
		}
	}
	wrongSecret := strings.Join([]string{parts[0], parts[1], parts[2], parts[1]}, ",")
	if err := a.Scan(wrongSecret); err == nil || !strings.Contains(err.Error(), "hmac-mismatch") {
		t.Errorf("with another secret: %v", err)
	}
}

func TestAnUnlinkedCompanionIsLoggedOutAndCannotComeBack(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := pairedMeow(t, s, a)
	id := *m.Store.ID
	if err := a.Unlink(); err != nil {
		t.Fatal(err)
	}
	await[*events.LoggedOut](m, nil)
	if a.Connected() {
		t.Error("still connected")
	}
	if _, err := s.bundleOf(id); err == nil {
		t.Error("its keys are still handed out")
	}
}

func TestAPhoneThatUnlinkedWhileTheCompanionWasAwayRefusesItsLogin(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := pairedMeow(t, s, a).again(s)
	if err := a.Unlink(); err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	if out := await[*events.LoggedOut](m, nil); !out.OnConnect || out.Reason != events.ConnectFailureLoggedOut {
		t.Errorf("logged out with %+v", out)
	}
}

func TestALoginWithAnotherNoiseKeyIsRefused(t *testing.T) {
	s, a, _, m := trio(t, Options{})
	m = m.again(s)
	eventually(t, "it is gone", func() bool { return !a.Connected() })
	m.Store.NoiseKey = keys.NewKeyPair()
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.LoggedOut](m, nil)
	if a.Connected() {
		t.Error("logged in with a key that was never linked")
	}
}

func TestAConfirmationWithoutTheDevicesSignatureLinksNothing(t *testing.T) {
	a := newAccount(t, newServer(t, Options{}))
	w := &candidate{device: &device{account: a, identity: *keys.NewKeyPair().Pub}, details: []byte("details")}
	for name, signature := range map[string][]byte{"none": nil, "short": make([]byte, 12), "forged": make([]byte, 64)} {
		signed, err := proto.Marshal(&waAdv.ADVSignedDeviceIdentity{Details: w.details, DeviceSignature: signature})
		if err != nil {
			t.Fatal(err)
		}
		iq := &waBinary.Node{Tag: "iq", Content: []waBinary.Node{{
			Tag: "pair-device-sign", Content: []waBinary.Node{{Tag: "device-identity", Content: signed}},
		}}}
		if err := w.check(iq); err == nil {
			t.Errorf("confirmed with a signature that is %s", name)
		}
	}
}

func TestACompanionThatLogsItselfOutIsForgotten(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := pairedMeow(t, s, a)
	if err := m.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the device is gone", func() bool { return len(s.companions(a)) == 0 })
}

func TestWhatsmeowPairsByPhoneCode(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := unpairedMeow(t, s)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.QR](m, nil)
	if err := a.TypeCode("ABCDEFGH"); err == nil {
		t.Error("typed a code that nobody shows")
	}
	if _, err := m.PairPhone(t.Context(), "+5511987650001", true, whatsmeow.PairClientChrome, "leadgate"); err == nil {
		t.Error("a name that isn't Browser (System) was taken")
	}
	code, err := m.PairPhone(t.Context(), "+5511987650001", true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.TypeCode(strings.ToLower(code)); err != nil {
		t.Fatal(err)
	}
	await[*events.PairSuccess](m, nil)
	await[*events.Connected](m, nil)
	if m.Store.ID.User != "5511987650001" {
		t.Errorf("paired as %s", m.Store.ID)
	}
}

func TestTheWrongLettersDoNotPair(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	m := unpairedMeow(t, s)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.QR](m, nil)
	code, err := m.PairPhone(t.Context(), "+5511987650001", true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	wrong := "AAAA-AAAA"
	if code == wrong {
		wrong = "BBBB-BBBB"
	}
	if err := a.TypeCode(wrong); err == nil || !strings.Contains(err.Error(), "letters") {
		t.Errorf("wrong letters: %v", err)
	}
	if len(s.companions(a)) != 0 {
		t.Error("paired all the same")
	}
}
