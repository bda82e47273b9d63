package simulator

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// remote is a stage that is driven through the control API alone.
type remote struct {
	t    *testing.T
	s    *Server
	c    *Control
	shop string
	ana  string
	meow *meow
}

func newRemote(t *testing.T) *remote {
	t.Helper()
	s := newServer(t, Options{Seed: 3})
	ctx := t.Context()
	r := &remote{t: t, s: s, c: NewControl(s.ControlURL())}
	shop, err := r.c.AddAccount(ctx, AccountOptions{Phone: "+5511987650001", Name: "Front Desk"})
	r.must(err)
	ana, err := r.c.AddPerson(ctx, PersonOptions{Phone: "+5511912345678", Name: "Ana"})
	r.must(err)
	r.shop, r.ana = shop.Phone, ana.Phone
	r.meow = unpairedMeow(t, s)
	codes, err := r.meow.GetQRChannel(t.Context())
	r.must(err)
	r.must(r.meow.Connect())
	r.must(r.c.Scan(ctx, r.shop, (<-codes).Code))
	r.must(r.c.WaitConnected(ctx, r.shop))
	return r
}

func (r *remote) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *remote) hears(m Message) *events.Message {
	r.t.Helper()
	id, err := r.c.Send(r.t.Context(), r.ana, r.shop, m)
	r.must(err)
	return await(r.meow, func(e *events.Message) bool { return e.Info.ID == id })
}

func (r *remote) says(m *waE2E.Message, nodes ...waBinary.Node) Received {
	r.t.Helper()
	sent, err := r.meow.SendMessage(r.t.Context(), phoneOf(r.ana), m, whatsmeow.SendRequestExtra{AdditionalNodes: &nodes})
	r.must(err)
	got, err := r.c.WaitReceived(r.t.Context(), r.ana, func(got Received) bool { return got.ID == sent.ID })
	r.must(err)
	return got
}

func TestAConversationIsPlayedOverHTTP(t *testing.T) {
	r := newRemote(t)
	server, err := r.c.Server(r.t.Context())
	r.must(err)
	if key := r.s.RootKey(); server.URL != r.s.URL() || server.RootKey != hex.EncodeToString(key[:]) {
		t.Errorf("server = %+v", server)
	}
	broken := "caf\xe9"
	if e := r.hears(Message{Text: broken}); textOfEvent(e) != broken {
		t.Errorf("text = %q", textOfEvent(e))
	}
	raw := &waE2E.Message{LocationMessage: &waE2E.LocationMessage{Name: proto.String("here")}}
	if e := r.hears(Message{Raw: raw}); e.Message.GetLocationMessage().GetName() != "here" {
		t.Errorf("raw = %v", e.Message)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if e := r.hears(Message{Text: "hi", At: at, Ad: &Ad{ID: "1", ClickID: "c"}}); !e.Info.Timestamp.Equal(at) ||
		e.Message.GetExtendedTextMessage().GetContextInfo().GetExternalAdReply().GetCtwaClid() != "c" {
		t.Errorf("event = %v %+v", e.Message, e.Info)
	}
	got := r.says(text("hello " + broken))
	if got.Text != "hello "+broken || got.From != r.shop || got.To != r.ana || got.Message.GetConversation() != got.Text {
		t.Errorf("received %+v", got)
	}
	r.must(r.c.Read(r.t.Context(), r.ana, r.shop, got.ID))
	await(r.meow, func(e *events.Receipt) bool { return e.Type == "read" })
	id, err := r.c.PhoneSend(r.t.Context(), r.shop, r.ana, Message{Text: "from the phone"})
	r.must(err)
	if e := await(r.meow, func(e *events.Message) bool { return e.Info.ID == id }); !e.Info.IsFromMe {
		t.Errorf("info = %+v", e.Info)
	}
	sent, err := r.c.PhoneWaitReceived(r.t.Context(), r.shop, nil)
	if err != nil || sent.ID != got.ID {
		t.Errorf("the phone saw %+v, %v", sent, err)
	}
	if all, err := r.c.Received(r.t.Context(), r.ana); err != nil || len(all) != 2 {
		t.Errorf("Ana received %+v, %v", all, err)
	}
	first, err := controlGet[controlReceived](t.Context(), r.c, pathOf("/people", r.ana, "received")+"?after=1")
	if err != nil || len(first.Received) != 1 || first.Received[0].ID != id || first.Next != 2 {
		t.Errorf("after the first arrival: %+v, %v", first, err)
	}
}

func TestAMenuIsPickedFromOverHTTP(t *testing.T) {
	r := newRemote(t)
	menu, biz := flowMenu()
	shown := r.says(menu, biz)
	id, err := r.c.Pick(r.t.Context(), r.ana, r.shop, shown.ID, "Prices")
	r.must(err)
	e := await(r.meow, func(e *events.Message) bool { return e.Info.ID == id })
	if flow := e.Message.GetInteractiveResponseMessage().GetNativeFlowResponseMessage(); !strings.Contains(flow.GetParamsJSON(), `"p"`) {
		t.Errorf("reply = %v", e.Message)
	}
	if _, err := r.c.Pick(r.t.Context(), r.ana, r.shop, shown.ID, "Nothing"); err == nil {
		t.Error("picked an option that isn't there")
	}
	poll := r.says(r.meow.BuildPollCreation("Which?", []string{"Red", "Blue"}, 1))
	_, err = r.c.Pick(r.t.Context(), r.ana, r.shop, poll.ID, "Red")
	r.must(err)
	e = await(r.meow, func(e *events.Message) bool { return e.Message.GetPollUpdateMessage() != nil })
	if _, err := r.meow.DecryptPollVote(t.Context(), e); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreInflictedOverHTTP(t *testing.T) {
	r := newRemote(t)
	r.must(r.c.AccountFault(r.t.Context(), r.shop, Fault{Name: "AckError", Code: 500, N: 1}))
	if _, err := r.meow.SendMessage(r.t.Context(), phoneOf(r.ana), text("refused")); err == nil || !strings.Contains(err.Error(), "500") {
		t.Errorf("send = %v, want error 500", err)
	}
	r.must(r.c.PersonFault(r.t.Context(), r.ana, Fault{Name: "AskAgain", N: 1}))
	r.says(text("twice"))
	r.must(r.c.AccountFault(r.t.Context(), r.shop, Fault{Name: "AnswerPlaceholders", On: true}))
	r.must(r.c.Fault(r.t.Context(), Fault{Name: "AckDelay", Delay: Duration(time.Millisecond)}))
	if err := r.c.Fault(r.t.Context(), Fault{Name: "Earthquake"}); err == nil || !strings.Contains(err.Error(), "Offline") {
		t.Errorf("an unknown fault: %v", err)
	}
	r.must(r.c.Fault(r.t.Context(), Fault{Name: "Cut"}))
	await[*events.Disconnected](r.meow, nil)
	counters, err := r.c.Counters(r.t.Context())
	if err != nil || counters["retries_asked"] != 1 {
		t.Errorf("counters = %v, %v", counters, err)
	}
	if trace, err := r.c.Trace(r.t.Context()); err != nil || len(trace) == 0 {
		t.Errorf("trace = %d lines, %v", len(trace), err)
	}
	if list, err := r.c.Unanswered(r.t.Context()); err != nil || list == nil || len(list) != 0 {
		t.Errorf("unanswered = %v, %v", list, err)
	}
	r.must(r.c.Unlink(r.t.Context(), r.shop))
	if accounts, err := r.c.Accounts(r.t.Context()); err != nil || len(accounts) != 1 || accounts[0].Connected {
		t.Errorf("accounts = %+v, %v", accounts, err)
	}
}

// TestEveryFaultOfTheServerHasItsCall keeps the list of faults in the control API complete: each reaches its method.
func TestEveryFaultOfTheServerHasItsCall(t *testing.T) {
	s := newServer(t, Options{})
	calls := s.faults.calls()
	for _, name := range []string{
		"Cut", "Offline", "RefuseHTTP", "FailLogin", "StreamError", "Conflict", "HalfOpen", "AckLost", "AckDelay", "AckError",
		"DuplicateNext", "ReorderNext", "UndecryptableNext", "DrainPrekeys", "ConflictAppState", "RefuseForms", "LockReachOut",
		"HideQueueEnd",
	} {
		call, ok := calls[name]
		if !ok {
			t.Errorf("no call for %s", name)
		} else if err := call(Fault{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheControlAPISaysWhatIsWrong(t *testing.T) {
	s := newServer(t, Options{})
	c := NewControl(s.ControlURL() + "/")
	if _, err := c.AddPerson(t.Context(), PersonOptions{Phone: "+5511912345678"}); err != nil {
		t.Fatal(err)
	}
	for _, request := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/people/999999/received", "", 404, `no person with phone \"999999\"`},
		{"GET", "/people/nobody/received", "", 400, "want 5 to 15 digits"},
		{"GET", "/people/5511912345678/received?wait=soon", "", 400, "want a duration"},
		{"GET", "/people/5511912345678/received?after=x", "", 400, "want a number"},
		{"POST", "/people", `{"phone":"+5511912345679","street":"x"}`, 400, "street"},
		{"POST", "/people", `{`, 400, "read request"},
		{"POST", "/people/5511912345678/send", `{"to":"+5511900000000","message":{"text":"hi"}}`, 404, "no account"},
		{"POST", "/people/5511912345678/send", `{"to":"+5511900000000","message":{"txt":"hi"}}`, 400, "txt"},
		{"POST", "/people", strings.Repeat(" ", maxControlBody+1), 413, "too large"},
		{"PUT", "/people", "", 405, ""},
		{"GET", "/nothing", "", 404, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), request.method, s.ControlURL()+request.path, strings.NewReader(request.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != request.status || !strings.Contains(string(answer), request.says) {
			t.Errorf("%s %s = %d %s, want %d %q", request.method, request.path, response.StatusCode, answer, request.status, request.says)
		}
	}
}

func TestTheControlAPIListsItself(t *testing.T) {
	s := newServer(t, Options{})
	index, err := controlGet[map[string]string](t.Context(), NewControl(s.ControlURL()), "/")
	if err != nil {
		t.Fatal(err)
	}
	if len(index) != len(s.controlRoutes()) || index["GET /control/trace"] == "" {
		t.Errorf("index = %v", index)
	}
}

func TestAWaitForAMessageEndsWithItsContext(t *testing.T) {
	s := newServer(t, Options{})
	p := newPerson(t, s, PersonOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.WaitReceived(ctx, nil); err == nil {
		t.Error("waiting in Go returned a message")
	}
	if _, err := NewControl(s.ControlURL()).WaitReceived(ctx, p.Phone(), nil); err == nil {
		t.Error("waiting over HTTP returned a message")
	}
}

func TestAMessageSurvivesJSON(t *testing.T) {
	for _, m := range []Message{
		{}, {Text: "plain", At: time.Unix(1_760_000_000, 0).UTC()}, {Text: "\xff"}, {Garbage: []byte{1}},
		{Reply: &Reply{Kind: ReplyPoll, To: "x", Options: []string{"a"}}}, {Ad: &Ad{Cardless: true}},
		{Raw: text("raw")},
	} {
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Message
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		again, err := json.Marshal(back)
		if err != nil || !bytes.Equal(again, raw) || back.Text != m.Text || !proto.Equal(back.Raw, m.Raw) {
			t.Errorf("%s became %s, %v", raw, again, err)
		}
	}
}
