package whatsapp

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/keys"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
)

// pollOnThePhone is a poll that the business makes by hand.
func pollOnThePhone() *waE2E.Message {
	return &waE2E.Message{
		PollCreationMessageV3: &waE2E.PollCreationMessage{
			Name:    proto.String("When?"),
			Options: []*waE2E.PollCreationMessage_Option{{OptionName: proto.String("Monday")}, {OptionName: proto.String("Friday")}},
		},
		MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: bytes.Repeat([]byte{7}, 32)},
	}
}

func native(name, params string) *waE2E.Message {
	return &waE2E.Message{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{
		Body: &waE2E.InteractiveResponseMessage_Body{Text: proto.String("AI")},
		InteractiveResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage_{
			NativeFlowResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage{
				Name: proto.String(name), ParamsJSON: proto.String(params),
			},
		},
	}}
}

func TestATapIsReadInEveryFormThatPhonesReportItIn(t *testing.T) {
	quoting := &waE2E.ContextInfo{StanzaID: proto.String("MENU")}
	for name, test := range map[string]struct {
		message *waE2E.Message
		want    chat.Answer
	}{
		"an old list": {
			&waE2E.Message{ListResponseMessage: &waE2E.ListResponseMessage{
				Title: proto.String("AI"), ContextInfo: quoting,
				SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: proto.String("a")},
			}},
			chat.Answer{Form: chat.AnswerList, Option: "a", Menu: "MENU"},
		},
		"an old button": {
			&waE2E.Message{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{
				SelectedButtonID: proto.String("a"), ContextInfo: quoting,
				Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: "AI"},
			}},
			chat.Answer{Form: chat.AnswerButton, Option: "a", Menu: "MENU"},
		},
		"a template's button": {
			&waE2E.Message{TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{
				SelectedID: proto.String("a"), SelectedDisplayText: proto.String("AI"), ContextInfo: quoting,
			}},
			chat.Answer{Form: chat.AnswerButton, Option: "a", Menu: "MENU"},
		},
		"a native button":             {native("quick_reply", `{"id":"a"}`), chat.Answer{Form: chat.AnswerButton, Option: "a"}},
		"a native list":               {native("single_select", `{"id":"a"}`), chat.Answer{Form: chat.AnswerList, Option: "a"}},
		"a native list by row":        {native("menu_options", `{"selected_row_id":"a","description":"d"}`), chat.Answer{Form: chat.AnswerList, Option: "a"}},
		"a row under no known name":   {native("", `{"selected_row_id":"a"}`), chat.Answer{Form: chat.AnswerList, Option: "a"}},
		"no known name":               {native("cta", `{"id":"a"}`), chat.Answer{Form: chat.AnswerButton, Option: "a"}},
		"an id deeper within":         {native("single_select", `{"x":1,"reply":{"list":[{"id":"a"}]}}`), chat.Answer{Form: chat.AnswerList, Option: "a"}},
		"an id in JSON in a string":   {native("quick_reply", `{"params":"{\"id\":\"a\"}"}`), chat.Answer{Form: chat.AnswerButton, Option: "a"}},
		"an id that is above another": {native("quick_reply", `{"a":{"id":"b"},"id":"a"}`), chat.Answer{Form: chat.AnswerButton, Option: "a"}},
		"an id that is no text":       {native("quick_reply", `{"id":7}`), chat.Answer{Form: chat.AnswerButton}},
		"an id that is too deep":      {native("quick_reply", `[[[[{"id":"a"}]]]]`), chat.Answer{Form: chat.AnswerButton}},
		"malformed JSON":              {native("quick_reply", `{"id":"a"`), chat.Answer{Form: chat.AnswerButton}},
		"no JSON at all":              {native("single_select", ``), chat.Answer{Form: chat.AnswerList}},
		"an id that is no UTF-8":      {native("quick_reply", "{\"id\":\"a\xff\"}"), chat.Answer{Form: chat.AnswerButton, Option: "a�"}},
		"nothing of a native flow": {
			&waE2E.Message{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{}}, chat.Answer{Form: chat.AnswerButton},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(test.message)
			if got.answer == nil || got.ignored != counts || got.answer.Form != test.want.Form || got.answer.Option != test.want.Option || got.answer.Menu != test.want.Menu {
				t.Errorf("read as %+v, want %+v", got.answer, test.want)
			}
		})
	}
	if got := read(&waE2E.Message{Conversation: proto.String("1")}); got.answer != nil {
		t.Errorf("a text is read as %+v", got.answer)
	}
}

func TestOnlyWhatALeadTapsIsAnAnswer(t *testing.T) {
	evt := &events.Message{Message: native("quick_reply", `{"id":"a"}`)}
	evt.Info.ID, evt.Info.IsFromMe = "M", true
	if m, _ := normalise("front-desk", evt, chat.Person{}, noon); m.Answer != nil {
		t.Errorf("the business answers with %+v", m.Answer)
	}
	evt.Info.IsFromMe = false
	if m, _ := normalise("front-desk", evt, chat.Person{}, noon); m.Answer == nil || m.Text != "AI" {
		t.Errorf("the lead answers with %+v", m)
	}
}

// voting is a device with a poll of its own, and votes on it.
type voting struct {
	device *store.Device
	poll   string
	sender types.JID
	alt    types.JID
}

func newVoting() voting {
	jid, lid := types.NewADJID("5511987650001", 0, 1), types.NewJID("100001", types.HiddenUserServer)
	lid.Device = 1
	return voting{
		device: &store.Device{NoiseKey: keys.NewKeyPair(), ID: &jid, LID: lid}, poll: "3EB0AA",
		sender: types.NewJID("200002", types.HiddenUserServer), alt: types.NewADJID("5511912345678", 0, 3),
	}
}

// cast is a vote of which author and voter call themselves what they like.
func (v voting) cast(t *testing.T, author, voter types.JID, content []byte) *events.Message {
	t.Helper()
	secret, err := pollSecret(v.device, v.poll)
	if err != nil {
		t.Fatal(err)
	}
	from := voter.ToNonAD().String()
	key, err := hkdf.Key(sha256.New, secret, nil, v.poll+author.ToNonAD().String()+from+"Poll Vote", 32)
	if err != nil {
		t.Fatal(err)
	}
	iv := bytes.Repeat([]byte{1}, ivLength)
	sealed, err := gcmutil.Encrypt(key, iv, content, []byte(v.poll+"\x00"+from))
	if err != nil {
		t.Fatal(err)
	}
	evt := &events.Message{Message: &waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{
		PollCreationMessageKey: &waCommon.MessageKey{ID: proto.String(v.poll)},
		Vote:                   &waE2E.PollEncValue{EncIV: iv, EncPayload: sealed},
	}}}
	evt.Info.Sender, evt.Info.SenderAlt, evt.Info.Chat, evt.Info.ID = v.sender, v.alt, v.sender, "VOTE"
	return evt
}

func TestAVoteIsReadByWhateverNamesThePhoneHasUsed(t *testing.T) {
	v := newVoting()
	sum := sha256.Sum256([]byte("AI"))
	ballot, err := proto.Marshal(&waE2E.PollVoteMessage{SelectedOptions: [][]byte{sum[:]}})
	if err != nil {
		t.Fatal(err)
	}
	for _, author := range []types.JID{v.device.GetLID(), v.device.GetJID()} {
		for _, voter := range []types.JID{v.sender, v.alt} {
			a := voteOf(v.device, v.cast(t, author, voter, ballot))
			if a == nil || a.Menu != v.poll || len(a.Votes) != 1 || a.Votes[0] != hex.EncodeToString(sum[:]) {
				t.Errorf("%s for a poll of %s: %+v", voter, author, a)
			}
		}
	}
}

func TestWhatIsNoVoteOfALeadOnOurPollIsNone(t *testing.T) {
	v := newVoting()
	good := func() *events.Message { return v.cast(t, v.device.GetLID(), v.sender, nil) }
	if voteOf(v.device, good()) == nil {
		t.Fatal("the vote itself is none")
	}
	other := newVoting()
	own := good()
	own.Info.IsFromMe = true
	short := good()
	short.Message.PollUpdateMessage.Vote.EncIV = []byte{1}
	empty := good()
	empty.Message.PollUpdateMessage.Vote = nil
	elsewhere := good()
	elsewhere.Message.PollUpdateMessage.PollCreationMessageKey.ID = proto.String("3EB0BB")
	for name, evt := range map[string]*events.Message{
		"the business's own":        own,
		"of a poll of another link": other.cast(t, v.device.GetLID(), v.sender, nil),
		"by somebody else":          v.cast(t, v.device.GetLID(), types.NewJID("300003", types.HiddenUserServer), nil),
		"with a short nonce":        short,
		"without content":           empty,
		"of another poll":           elsewhere,
		"that holds no ballot":      v.cast(t, v.device.GetLID(), v.sender, []byte{0xff}),
		"that is a text":            {Message: &waE2E.Message{Conversation: proto.String("AI")}},
	} {
		if a := voteOf(v.device, evt); a != nil {
			t.Errorf("a vote %s is read as %+v", name, a)
		}
	}
}
