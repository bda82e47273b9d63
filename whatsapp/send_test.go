package whatsapp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"

	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/simulator"
)

func body(out chat.Outgoing) []byte {
	encoded, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return encoded
}

func (d *desk) send(key string, say chat.Outgoing) delivery.Result {
	d.t.Helper()
	return d.Sender("front-desk").Send(d.t.Context(), delivery.Delivery{Key: key, Body: body(say)})
}

func TestASendIsDoneWhenTheServerAcknowledgedIt(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	if got := d.send("menu/1", chat.Outgoing{Phone: "+5511912345678", Text: "Which course?"}); got.Verdict != delivery.Done || got.Took <= 0 {
		t.Fatalf("got %+v", got)
	}
	r, err := ana.WaitReceived(t.Context(), func(r simulator.Received) bool { return r.Text == "Which course?" })
	if err != nil || r.ID != chat.MessageID("menu/1") || r.From != frontDesk {
		t.Errorf("received %+v, %v", r, err)
	}
	if got := d.send("menu/2", chat.Outgoing{LID: chat.LID(strings.TrimSuffix(ana.LID(), "@lid")), Text: "By lid"}); got.Verdict != delivery.Done {
		t.Errorf("got %+v", got)
	}
	if d.counted("leadgate_sends_total", "verdict=done") != 2 || d.counted("leadgate_send_queue") != 0 {
		t.Error("not counted")
	}
}

func TestARepeatedSendIsTheSameMessage(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	for range 2 {
		if got := d.send("menu/1", chat.Outgoing{Phone: "+5511912345678", Text: "Which course?"}); got.Verdict != delivery.Done {
			t.Fatalf("got %+v", got)
		}
	}
	if got := ana.Received(); len(got) != 1 || got[0].Copies != 2 {
		t.Errorf("received %+v", got)
	}
}

func TestALostAcknowledgementIsNoSuccess(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.account.AckLost(1)
	result := make(chan delivery.Result, 1)
	go func() { result <- d.send("menu/1", chat.Outgoing{Phone: "+5511912345678", Text: "Which course?"}) }()
	if _, err := ana.WaitReceived(t.Context(), func(simulator.Received) bool { return true }); err != nil {
		t.Fatal(err)
	}
	d.sim.Offline(true)
	if got := <-result; got.Verdict != delivery.Again || strings.Contains(got.Detail, "5511912345678") {
		t.Errorf("got %+v", got)
	}
	d.sim.Offline(false)
	d.waitOpen("front-desk")
	if got := d.send("menu/1", chat.Outgoing{Phone: "+5511912345678", Text: "Which course?"}); got.Verdict != delivery.Done {
		t.Errorf("got %+v", got)
	}
	if got := ana.Received(); len(got) != 1 {
		t.Errorf("received %+v", got)
	}
}

func TestSendingNeverStarvesReceiving(t *testing.T) {
	d := paired(t, simulator.Options{})
	ana := d.person(simulator.PersonOptions{})
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.account.AckLost(1)
	result := make(chan delivery.Result, 1)
	go func() { result <- d.send("slow", chat.Outgoing{Phone: "+5511912345678", Text: "slow"}) }()
	if _, err := ana.WaitReceived(t.Context(), func(simulator.Received) bool { return true }); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "meanwhile"})))
	}
	select {
	case got := <-result:
		t.Errorf("the send was over before: %+v", got)
	default:
	}
	d.sim.Offline(true)
	<-result
}

func TestARefusedMessageHasAVerdict(t *testing.T) {
	d := paired(t, simulator.Options{})
	d.person(simulator.PersonOptions{})
	for code, want := range map[int]delivery.Verdict{405: delivery.Reject, 479: delivery.Reject, 400: delivery.Reject, 429: delivery.Again, 503: delivery.Again} {
		d.account.AckError(code, 1)
		got := d.send(fmt.Sprintf("refused/%d", code), chat.Outgoing{Phone: "+5511912345678", Text: "hello"})
		if got.Verdict != want || got.Status != code || got.Detail == "" {
			t.Errorf("code %d: %+v", code, got)
		}
	}
}

func TestAPhoneThatIsNotOnWhatsAppIsNeverTriedAgain(t *testing.T) {
	d := paired(t, simulator.Options{})
	if got := d.send("k", chat.Outgoing{Phone: "+5511900000000", Text: "hello"}); got.Verdict != delivery.Never || got.Detail != "the phone is not on WhatsApp" {
		t.Errorf("got %+v", got)
	}
}

func TestABodyThatHoldsNoMessageIsNeverTriedAgain(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	for _, body := range []string{"", "{", "[]", `{"text":"hi"}`, `{"phone":"+5511912345678"}`} {
		if got := d.Sender("front-desk").Send(t.Context(), delivery.Delivery{Key: "k", Body: []byte(body)}); got.Verdict != delivery.Never {
			t.Errorf("%q: %+v", body, got)
		}
	}
}

func TestANumberThatIsAwaySendsLater(t *testing.T) {
	d := newDesk(t, simulator.Options{}).run()
	d.waitState("front-desk", Unpaired)
	if got := d.send("k", chat.Outgoing{Phone: "+5511912345678", Text: "hello"}); got.Verdict != delivery.Unsent || got.After == 0 || !strings.Contains(got.Detail, "paired") {
		t.Errorf("got %+v", got)
	}
	if got := d.Sender("nobody").Send(t.Context(), delivery.Delivery{Key: "k"}); got.Verdict != delivery.Unsent {
		t.Errorf("a number that is not there: %+v", got)
	}
}

func TestOneIdIsNeverSentTwiceAtATime(t *testing.T) {
	o := newOutbox()
	if !o.begin("A") || o.begin("A") || !o.begin("B") {
		t.Error("an id that is being sent is sent again")
	}
	o.end("A")
	if !o.begin("A") {
		t.Error("an id can't be sent again")
	}
}

func TestAMessageIdHasTheFormOfWhatsAppsOwn(t *testing.T) {
	if id := chat.MessageID("menu/1"); !strings.HasPrefix(id, whatsmeow.WebMessageIDPrefix) || len(id) != len((*whatsmeow.Client)(nil).GenerateMessageID()) {
		t.Errorf("got %q", id)
	}
}

func TestAnUnknownOutcomeIsTriedAgainAndTellsNoPhone(t *testing.T) {
	got := verdict(fmt.Errorf("send to 5511912345678@s.whatsapp.net: %w", whatsmeow.ErrMessageTimedOut))
	if got.Verdict != delivery.Again || strings.Contains(got.Detail, "5511912345678") {
		t.Errorf("got %+v", got)
	}
	if got := verdict(fmt.Errorf("ask whatsapp for the recipient: %w", whatsmeow.ErrNotConnected)); got.Verdict != delivery.Unsent || got.After <= 0 {
		t.Errorf("without a connection: %+v", got)
	}
	if got := verdict(fmt.Errorf("no LID found for 5511912345678@s.whatsapp.net from server")); got.Verdict != delivery.Never {
		t.Errorf("got %+v", got)
	}
}
