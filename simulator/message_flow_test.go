package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// send lets a person write a text.
func send(t testing.TB, from *Person, to *Account, text string) (id string) {
	t.Helper()
	id, err := from.Send(to, Message{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// say lets the companion write a text.
func say(t testing.TB, m *meow, to types.JID, text string) error {
	t.Helper()
	_, err := m.SendMessage(t.Context(), to, &waE2E.Message{Conversation: proto.String(text)})
	return err
}

// saw waits until the person has received the text.
func saw(t testing.TB, p *Person, text string) Received {
	t.Helper()
	got, err := p.WaitReceived(t.Context(), func(r Received) bool { return r.Text == text })
	if err != nil {
		t.Fatalf("%q didn't arrive: %v", text, err)
	}
	return got
}

func TestAPersonAndTheBusinessTalkAndThePhoneSeesIt(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{Name: "Ana"})
	m := pairedMeow(t, s, a)
	send(t, ana, a, "Hi, I came from Instagram")
	got := awaitText(m, "Hi, I came from Instagram")
	if got.Info.PushName != "Ana" || got.Info.Sender != ana.lid || got.Info.SenderAlt != ana.phone || got.Info.IsFromMe {
		t.Errorf("arrived as %+v", got.Info)
	}
	if err := say(t, m, ana.phone, "Hello Ana"); err != nil {
		t.Fatal(err)
	}
	saw(t, ana, "Hello Ana")
	if _, err := a.WaitReceived(t.Context(), func(r Received) bool { return r.Text == "Hello Ana" }); err != nil {
		t.Errorf("the phone: %v", err)
	}
	if _, err := a.Send(ana, Message{Text: "Your time is: 3:00 PM"}); err != nil {
		t.Fatal(err)
	}
	own := awaitText(m, "Your time is: 3:00 PM")
	if !own.Info.IsFromMe || own.Info.Chat != ana.lid || own.Info.RecipientAlt != ana.phone {
		t.Errorf("the phone's own message arrived as %+v", own.Info)
	}
	saw(t, ana, "Your time is: 3:00 PM")
	eventually(t, "everything is acknowledged", func() bool { return a.companion(1).waiting() == 0 })
}

func TestAnAckComesBeforeTheReceiptAndAfterTheDelivery(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	if err := say(t, m, ana.phone, "one"); err != nil {
		t.Fatal(err)
	}
	if len(ana.Received()) != 1 {
		t.Error("acknowledged before it was delivered")
	}
	await[*events.Receipt](m, nil)
	lines := s.Trace()
	ack := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, `> <ack class="message"`) })
	receipt := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "> <receipt") })
	if ack < 0 || receipt < ack {
		t.Errorf("ack at line %d, receipt at %d", ack, receipt)
	}
}

func TestWhatIsSentToAnAbsentCompanionWaitsInOrderWithAPreview(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana, rui := newPerson(t, s, PersonOptions{}), newPerson(t, s, PersonOptions{Phone: "+351911111111"})
	m := pairedMeow(t, s, a).again(s)
	eventually(t, "it is gone", func() bool { return !a.Connected() })
	for i := range 5 {
		send(t, ana, a, fmt.Sprint("ana ", i))
		send(t, rui, a, fmt.Sprint("rui ", i))
	}
	if _, err := a.Send(ana, Message{Text: "from the phone"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	preview := await[*events.OfflineSyncPreview](m, nil)
	if preview.Total != 11 || preview.Messages != 11 {
		t.Errorf("preview: %+v", preview)
	}
	for i := range 5 {
		for _, who := range []string{"ana ", "rui "} {
			if got := textOfEvent(await[*events.Message](m, nil)); got != fmt.Sprint(who, i) {
				t.Errorf("got %q, want %q", got, fmt.Sprint(who, i))
			}
		}
	}
	awaitText(m, "from the phone")
	if done := await[*events.OfflineSyncCompleted](m, nil); done.Count != 11 {
		t.Errorf("completed with %d", done.Count)
	}
	eventually(t, "the queue is empty", func() bool { return a.companion(1).waiting() == 0 })
	for i := range 11 {
		numbered := func(line string) bool { return strings.Contains(line, fmt.Sprintf(`offline="%d"`, i)) }
		if !slices.ContainsFunc(s.Trace(), numbered) {
			t.Errorf("no stanza was number %d of the queue", i)
		}
	}
}

func TestAMessageThatTheHandlerRefusesComesAgainOnTheNextConnectionByteForByte(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	refused := make(chan struct{}, 10)
	m.refuse = func(event any) bool {
		if _, ok := event.(*events.Message); ok {
			refused <- struct{}{}
			return true
		}
		return false
	}
	id := send(t, ana, a, "again, please")
	<-refused
	if got := a.companion(1).waiting(); got != 1 {
		t.Fatalf("%d stanzas wait, want the refused one", got)
	}
	m = m.again(s)
	if err := m.Connect(); err != nil {
		t.Fatal(err)
	}
	if got := awaitText(m, "again, please"); got.Info.ID != id || got.RetryCount != 0 {
		t.Errorf("came as %q, retry %d", got.Info.ID, got.RetryCount)
	}
	eventually(t, "it is acknowledged", func() bool { return a.companion(1).waiting() == 0 })
	if n := s.Counters()["retries_in"]; n != 0 {
		t.Errorf("%d retry receipts: the ciphertext was another one", n)
	}
}

func TestAMessageDeliveredTwiceWithOneCiphertextIsOneEvent(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	a.DuplicateNext(false)
	send(t, ana, a, "twice")
	send(t, ana, a, "end")
	awaitText(m, "twice")
	if got := textOfEvent(await[*events.Message](m, nil)); got != "end" {
		t.Errorf("then came %q", got)
	}
	eventually(t, "both are acknowledged", func() bool { return a.companion(1).waiting() == 0 })
}

func TestAMessageEncryptedTwiceIsTwoEventsWithOneID(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	s.DuplicateNext(true)
	id := send(t, ana, a, "twice")
	for range 2 {
		if got := awaitText(m, "twice"); got.Info.ID != id {
			t.Errorf("id %q, want %q", got.Info.ID, id)
		}
	}
}

func TestAnUndecryptableMessageIsAskedForAgainAndArrives(t *testing.T) {
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("first message of a session: %t", first), func(t *testing.T) {
			s := newServer(t, Options{})
			a := newAccount(t, s)
			ana := newPerson(t, s, PersonOptions{})
			m := pairedMeow(t, s, a)
			if !first {
				send(t, ana, a, "hello")
				awaitText(m, "hello")
				if err := say(t, m, ana.phone, "hello"); err != nil {
					t.Fatal(err)
				}
			}
			a.AnswerPlaceholders(false) // only a retry brings it
			a.UndecryptableNext(1)
			id := send(t, ana, a, "garbled at first")
			await[*events.UndecryptableMessage](m, nil)
			if got := awaitText(m, "garbled at first"); got.Info.ID != id {
				t.Errorf("came as %q, want %q", got.Info.ID, id)
			}
			eventually(t, "all is acknowledged", func() bool { return a.companion(1).waiting() == 0 })
			if s.Counters()["retries_in"] == 0 {
				t.Error("nobody asked for it again")
			}
		})
	}
}

func TestThePhonesOwnMessageThatCannotBeReadIsAskedForAgain(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	a.AnswerPlaceholders(false)
	s.UndecryptableNext(1)
	if _, err := a.Send(ana, Message{Text: "from the phone"}); err != nil {
		t.Fatal(err)
	}
	await[*events.UndecryptableMessage](m, nil)
	if got := awaitText(m, "from the phone"); !got.Info.IsFromMe {
		t.Errorf("came as %+v", got.Info)
	}
}

func TestMessagesHeldBackArriveInReverse(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	a.ReorderNext(3)
	for _, text := range []string{"1", "2", "3", "4"} {
		send(t, ana, a, text)
	}
	for _, want := range []string{"3", "2", "1", "4"} {
		if got := textOfEvent(await[*events.Message](m, nil)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestASecondLoginReplacesTheFirst(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	first := pairedMeow(t, s, a)
	second := newMeow(t, s, first.Store)
	if err := second.Connect(); err != nil {
		t.Fatal(err)
	}
	await[*events.StreamReplaced](first, nil)
	await[*events.Connected](second, nil)
	send(t, ana, a, "who hears me?")
	awaitText(second, "who hears me?")
}

func TestTwoCompanionsOfOneNumberBothHearAndSeeEachOther(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	one := pairedMeow(t, s, a)
	two := pairedMeow(t, s, a)
	send(t, ana, a, "to both")
	awaitText(one, "to both")
	awaitText(two, "to both")
	if err := say(t, one, ana.phone, "from one"); err != nil {
		t.Fatal(err)
	}
	got := awaitText(two, "from one")
	if !got.Info.IsFromMe || got.Info.Chat != ana.lid || got.Info.Sender.Device != 1 {
		t.Errorf("the other companion's message came as %+v", got.Info)
	}
}

func TestSeveralNumbersLiveInOneServer(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	b, err := s.AddAccount(AccountOptions{Phone: "+5511987650002", Name: "Back Office"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddAccount(AccountOptions{Phone: "5511987650002"}); err == nil {
		t.Error("one phone, two accounts")
	}
	ana := newPerson(t, s, PersonOptions{})
	one, two := pairedMeow(t, s, a), pairedMeow(t, s, b)
	send(t, ana, a, "to a")
	send(t, ana, b, "to b")
	awaitText(one, "to a")
	awaitText(two, "to b")
	a.Cut()
	await[*events.Disconnected](one, nil)
	if !b.Connected() {
		t.Error("the other number was cut too")
	}
}

func TestWhoeverIsUnknownCannotBeWrittenToAndIsNotOnWhatsApp(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	if err := say(t, m, phoneOf("+4915112345678"), "anybody there?"); err == nil {
		t.Error("a message to nobody was accepted")
	}
	answers, err := m.IsOnWhatsApp(t.Context(), []string{ana.Phone(), "+4915112345678"})
	if err != nil {
		t.Fatal(err)
	}
	if len(answers) != 2 || !answers[0].IsIn || answers[0].JID != ana.lid || answers[1].IsIn {
		t.Errorf("answers: %+v", answers)
	}
	info, err := m.GetUserInfo(t.Context(), []types.JID{ana.phone, a.phone})
	if err != nil {
		t.Fatal(err)
	}
	if info[ana.phone].LID != ana.lid || len(info[ana.phone].Devices) != 1 || len(info[a.phone].Devices) != 2 {
		t.Errorf("user info: %+v", info)
	}
}

func TestEverydayQueriesAreAnswered(t *testing.T) {
	s := newServer(t, Options{})
	a := newAccount(t, s)
	ana := newPerson(t, s, PersonOptions{})
	m := pairedMeow(t, s, a)
	ctx := t.Context()
	settings, err := m.TryFetchPrivacySettings(ctx, true)
	if err != nil || settings.ReadReceipts != types.PrivacySettingAll {
		t.Errorf("privacy: %+v, %v", settings, err)
	}
	if _, err := m.GetBlocklist(ctx); err != nil {
		t.Errorf("blocklist: %v", err)
	}
	if _, err := m.GetBusinessProfile(ctx, ana.phone); err != nil {
		t.Errorf("business profile: %v", err)
	}
	if _, err := m.GetJoinedGroups(ctx); err != nil {
		t.Errorf("groups: %v", err)
	}
	if _, err := m.GetProfilePictureInfo(ctx, ana.phone, nil); err == nil {
		t.Error("a picture that nobody has")
	}
	if err := m.MarkRead(ctx, []string{"X"}, s.now(), ana.lid, ana.lid); err != nil {
		t.Errorf("mark read: %v", err)
	}
	if err := m.SendChatPresence(ctx, ana.lid, types.ChatPresenceComposing, types.ChatPresenceMediaText); err != nil {
		t.Errorf("typing: %v", err)
	}
}
