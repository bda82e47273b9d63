package whatsapp

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waWeb"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func text(s string) *waE2E.Message { return &waE2E.Message{Conversation: &s} }

func extended(s string, c *waE2E.ContextInfo) *waE2E.Message {
	return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: &s, ContextInfo: c}}
}

func wrapped(m *waE2E.Message) *waE2E.FutureProofMessage {
	return &waE2E.FutureProofMessage{Message: m}
}

func edit(id string, m *waE2E.Message) *waE2E.Message {
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: &waCommon.MessageKey{ID: &id}, EditedMessage: m,
	}}
}

// event is a message from Ana to the number, as whatsmeow hands it over.
func event(m *waE2E.Message) *events.Message {
	return (&events.Message{RawMessage: m, Info: types.MessageInfo{
		ID: "M1", Timestamp: noon.Add(400 * time.Millisecond), PushName: "Ana",
		MessageSource: types.MessageSource{Chat: types.NewJID("123", types.HiddenUserServer), Sender: types.NewJID("123", types.HiddenUserServer)},
	}}).UnwrapRaw()
}

func TestWhatAPersonWroteIsFreedOfItsWrappers(t *testing.T) {
	caption := proto.String("look")
	deep := text("deep")
	for range 10 {
		deep = &waE2E.Message{EphemeralMessage: wrapped(&waE2E.Message{ViewOnceMessage: wrapped(deep)})}
	}
	tests := []struct {
		name string
		m    *waE2E.Message
		want string
	}{
		{"a text", text("hello"), "hello"},
		{"an extended text", extended("hello", nil), "hello"},
		{"an empty text", text(""), ""},
		{"a picture's caption", &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: caption}}, "look"},
		{"a picture without one", &waE2E.Message{ImageMessage: &waE2E.ImageMessage{}}, ""},
		{"a video's caption", &waE2E.Message{VideoMessage: &waE2E.VideoMessage{Caption: caption}}, "look"},
		{"a document's caption", &waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{Caption: caption}}, "look"},
		{"a document in its wrapper", &waE2E.Message{DocumentWithCaptionMessage: wrapped(&waE2E.Message{DocumentMessage: &waE2E.DocumentMessage{Caption: caption}})}, "look"},
		{"a disappearing text", &waE2E.Message{EphemeralMessage: wrapped(text("gone soon"))}, "gone soon"},
		{"a view-once picture", &waE2E.Message{ViewOnceMessageV2: wrapped(&waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: caption}})}, "look"},
		{"a disappearing view-once video", &waE2E.Message{EphemeralMessage: wrapped(&waE2E.Message{ViewOnceMessage: wrapped(&waE2E.Message{VideoMessage: &waE2E.VideoMessage{Caption: caption}})})}, "look"},
		{"a copy of what the own phone sent", &waE2E.Message{DeviceSentMessage: &waE2E.DeviceSentMessage{Message: text("from the phone")}}, "from the phone"},
		{"a picture of an album", &waE2E.Message{AssociatedChildMessage: wrapped(&waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: caption}})}, "look"},
		{"a voice note", &waE2E.Message{AudioMessage: &waE2E.AudioMessage{}}, ""},
		{"a list's row", &waE2E.Message{ListResponseMessage: &waE2E.ListResponseMessage{Title: proto.String("AI")}}, "AI"},
		{"a button", &waE2E.Message{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: "AI"}}}, "AI"},
		{"a template's button", &waE2E.Message{TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{SelectedDisplayText: proto.String("AI")}}, "AI"},
		{"a native flow", &waE2E.Message{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{Body: &waE2E.InteractiveResponseMessage_Body{Text: proto.String("AI")}}}, "AI"},
		{"invalid UTF-8", text("a\xff\xfeb"), "a�b"},
		{"65,536 characters", text(strings.Repeat("ã", 65536)), strings.Repeat("ã", 65536)},
		{"only emoji", text("👍🏽🎉👨‍👩‍👧"), "👍🏽🎉👨‍👩‍👧"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, why := normalise("front-desk", event(tt.m), chat.Person{Phone: "+5511912345678"}, noon)
			if why != counts || m.Text != tt.want {
				t.Errorf("got %q, ignored for %q", m.Text, why)
			}
			if m.ID != "M1" || m.EditID != "" || m.Number != "front-desk" || m.Person.Phone != "+5511912345678" || !m.SentAt.Equal(noon) {
				t.Errorf("got %+v", m)
			}
		})
	}
	if _, why := normalise("front-desk", event(deep), chat.Person{}, noon); why != ignoredUnknown {
		t.Errorf("a message in 20 wrappers is ignored for %q", why)
	}
}

func TestWhatNobodyWroteDoesNotCount(t *testing.T) {
	tests := []struct {
		m    *waE2E.Message
		want ignored
	}{
		{nil, ignoredUnknown},
		{&waE2E.Message{}, ignoredUnknown},
		{&waE2E.Message{SenderKeyDistributionMessage: &waE2E.SenderKeyDistributionMessage{}}, ignoredUnknown},
		{&waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{Text: proto.String("👍")}}, ignoredReaction},
		{&waE2E.Message{PollUpdateMessage: &waE2E.PollUpdateMessage{}}, ignoredPollVote},
		{&waE2E.Message{CallLogMesssage: &waE2E.CallLogMessage{}}, ignoredCall},
		{&waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_REVOKE.Enum()}}, ignoredProtocol},
		{&waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum()}}, ignoredProtocol},
		{&waE2E.Message{AlbumMessage: &waE2E.AlbumMessage{}}, ignoredProtocol},
		{&waE2E.Message{StatusMentionMessage: wrapped(text("x"))}, ignoredStatus},
	}
	for _, tt := range tests {
		if _, why := normalise("front-desk", event(tt.m), chat.Person{}, noon); why != tt.want {
			t.Errorf("%v is ignored for %q, want %q", tt.m, why, tt.want)
		}
	}
}

func TestAnEditNamesTheMessageThatItReplacesAndItself(t *testing.T) {
	byPhone := event(text("better"))
	byPhone.IsEdit, byPhone.Info.ID = true, "M0"
	byPhone.SourceWebMsg = &waWeb.WebMessageInfo{Key: &waCommon.MessageKey{ID: proto.String("M1")}}
	for name, evt := range map[string]*events.Message{
		"bare":                      event(edit("M0", text("better"))),
		"wrapped":                   event(&waE2E.Message{EditedMessage: wrapped(edit("M0", extended("better", nil)))}),
		"of a disappearing message": event(&waE2E.Message{EphemeralMessage: wrapped(&waE2E.Message{EditedMessage: wrapped(edit("M0", text("better")))})}),
		"of a caption":              event(edit("M0", &waE2E.Message{ImageMessage: &waE2E.ImageMessage{Caption: proto.String("better")}})),
		"sent again by the phone":   byPhone,
	} {
		m, why := normalise("front-desk", evt, chat.Person{}, noon)
		if why != counts || m.ID != "M0" || m.EditID != "M1" || m.Text != "better" {
			t.Errorf("an edit %s: %+v, ignored for %q", name, m, why)
		}
	}
}

func TestOnlyChatsWithOnePersonCount(t *testing.T) {
	own := identity{phone: "5511987650001", lid: "999"}
	jid := types.NewJID
	tests := []struct {
		chat types.JID
		me   bool
		want ignored
	}{
		{jid("5511912345678", types.DefaultUserServer), false, counts},
		{jid("123", types.HiddenUserServer), true, counts},
		{jid("123", types.HostedLIDServer), false, counts},
		{jid("120363", types.GroupServer), false, ignoredGroup},
		{types.StatusBroadcastJID, false, ignoredStatus},
		{jid("1700", types.BroadcastServer), true, ignoredBroadcast},
		{jid("120", types.NewsletterServer), false, ignoredNewsletter},
		{types.NewMetaAIJID, true, ignoredBot},
		{types.MetaAIJID, true, ignoredBot},
		{types.PSAJID, false, ignoredSystem},
		{jid("5511987650001", types.DefaultUserServer), true, ignoredSelf},
		{jid("999", types.HiddenUserServer), true, ignoredSelf},
		{jid("1", types.MessengerServer), false, ignoredUnknown},
		{types.EmptyJID, false, ignoredUnknown},
	}
	for _, tt := range tests {
		info := &types.MessageInfo{MessageSource: types.MessageSource{Chat: tt.chat, Sender: tt.chat, IsFromMe: tt.me}}
		if got := audience(info, own); got != tt.want {
			t.Errorf("a message in %s (own: %v) is ignored for %q, want %q", tt.chat, tt.me, got, tt.want)
		}
	}
	peer := &types.MessageInfo{Category: "peer", MessageSource: types.MessageSource{Chat: jid("123", types.HiddenUserServer)}}
	if got := audience(peer, own); got != ignoredProtocol {
		t.Errorf("a message between own devices is ignored for %q", got)
	}
}

func TestATimeThatCannotBeIsReplaced(t *testing.T) {
	for _, at := range []time.Time{{}, time.Unix(0, 0), noon.Add(48 * time.Hour), time.Unix(1<<60, 0)} {
		if got := sentAt(at, noon); !got.Equal(noon) {
			t.Errorf("a message of %v is taken for one of %v", at, got)
		}
	}
	if old := noon.AddDate(-1, 0, 0); !sentAt(old, noon).Equal(old) {
		t.Error("an old message lost its time")
	}
}

func TestAnAdIsKnownByItsClickOrItsMarkAndNotByItsCard(t *testing.T) {
	mark := func(c *waE2E.ContextInfo) *waE2E.ContextInfo {
		c.ConversionSource, c.EntryPointConversionSource = proto.String("FB_Ads"), proto.String("ctwa_ad")
		c.EntryPointConversionApp = proto.String("facebook")
		return c
	}
	card := func(id, click string) *waE2E.ContextInfo {
		return &waE2E.ContextInfo{ExternalAdReply: &waE2E.ContextInfo_ExternalAdReplyInfo{
			SourceID: &id, CtwaClid: &click, SourceURL: proto.String("https://fb.me/x"), SourceApp: proto.String("instagram"), Title: proto.String("Learn AI"),
		}}
	}
	sticky := mark(card("77", "clid"))
	sticky.RemoteJID = proto.String("status@broadcast")
	byStatus := card("77", "clid")
	byStatus.EntryPointConversionSource = proto.String("status")
	whole := chat.Ad{SourceID: "77", SourceURL: "https://fb.me/x", SourceApp: "instagram", Headline: "Learn AI", ClickID: "clid"}
	noClick, noID := whole, whole
	noClick.ClickID, noID.SourceID = "", ""
	noIDs := noClick
	noIDs.SourceID = ""
	tests := []struct {
		name    string
		context *waE2E.ContextInfo
		want    *chat.Ad
	}{
		{"nothing", nil, nil},
		{"a whole card with the mark", mark(card("77", "clid")), &whole},
		{"a click id alone", card("", "clid"), &noID},
		{"an ad id with the mark", mark(card("77", "")), &noClick},
		{"an ad id without the mark", card("77", ""), nil},
		{"a card without any id", card("", ""), nil},
		{"a card without any id, with the mark", mark(card("", "")), &noIDs},
		{"the mark without a card", mark(&waE2E.ContextInfo{}), &chat.Ad{SourceApp: "facebook"}},
		{"the card of an old ad in a reply to a status", sticky, nil},
		{"an entry by a status", byStatus, nil},
		{"the ad of a quoted message", &waE2E.ContextInfo{QuotedMessage: extended("q", mark(card("77", "clid")))}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := normalise("front-desk", event(extended("hi", tt.context)), chat.Person{}, noon)
			if show(m.Ad) != show(tt.want) {
				t.Errorf("got %s, want %s", show(m.Ad), show(tt.want))
			}
		})
	}
	picture := event(&waE2E.Message{ImageMessage: &waE2E.ImageMessage{ContextInfo: mark(card("77", "clid"))}})
	if m, _ := normalise("front-desk", picture, chat.Person{}, noon); show(m.Ad) != show(&whole) {
		t.Errorf("a picture from an ad: %s", show(m.Ad))
	}
	own := event(extended("hi", mark(card("77", "clid"))))
	own.Info.IsFromMe = true
	if m, _ := normalise("front-desk", own, chat.Person{}, noon); m.Ad != nil || m.Direction != chat.Outbound {
		t.Errorf("what the business writes comes from no ad: %+v", m)
	}
}

func show(ad *chat.Ad) string {
	if ad == nil {
		return "no ad"
	}
	return fmt.Sprintf("%+v", *ad)
}

func TestALinkThatOpenedTheChatIsNoted(t *testing.T) {
	for entry, want := range map[string]bool{"click_to_chat_link": true, "message_short_link": true, "global_search_new_chat": false, "": false} {
		m, _ := normalise("front-desk", event(extended("hi", &waE2E.ContextInfo{EntryPointConversionSource: &entry})), chat.Person{}, noon)
		if m.FromLink != want {
			t.Errorf("entry %q: from a link %v", entry, m.FromLink)
		}
	}
}

func FuzzAnyMessageIsReadOrIgnored(f *testing.F) {
	for _, m := range []*waE2E.Message{text("hello"), edit("M0", text("x")), extended("a\xff", &waE2E.ContextInfo{}), {EphemeralMessage: wrapped(text("x"))}} {
		seed, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed, "Ana")
	}
	f.Fuzz(func(t *testing.T, encoded []byte, name string) {
		var m waE2E.Message
		if proto.Unmarshal(encoded, &m) != nil {
			return
		}
		evt := event(&m)
		evt.Info.PushName = name
		got, why := normalise("front-desk", evt, chat.Person{Name: profileName(&evt.Info)}, noon)
		if why != counts {
			return
		}
		if !utf8.ValidString(got.Text) || !utf8.ValidString(got.Person.Name) {
			t.Errorf("invalid text in %+v", got)
		}
		if got.ID == "" {
			t.Error("a message without an id counts")
		}
		if ad := got.Ad; ad != nil && !utf8.ValidString(ad.SourceID+ad.SourceURL+ad.SourceApp+ad.Headline+ad.ClickID) {
			t.Errorf("invalid text in %+v", ad)
		}
	})
}
