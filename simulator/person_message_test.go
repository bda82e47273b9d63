package simulator

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"
	"google.golang.org/protobuf/proto"
)

// stage is a server with an account, a paired companion and Ana.
type stage struct {
	t    *testing.T
	s    *Server
	shop *Account
	meow *meow
	ana  *Person
}

func newStage(t *testing.T, ana PersonOptions) *stage {
	t.Helper()
	s := newServer(t, Options{Seed: 7})
	shop := newAccount(t, s)
	if ana.Name == "" {
		ana.Name = "Ana"
	}
	return &stage{t: t, s: s, shop: shop, meow: pairedMeow(t, s, shop), ana: newPerson(t, s, ana)}
}

// hears sends m as Ana and returns the companion's event of it.
func (st *stage) hears(m Message) *events.Message {
	st.t.Helper()
	id, err := st.ana.Send(st.shop, m)
	if err != nil {
		st.t.Fatal(err)
	}
	return st.event(id)
}

func (st *stage) event(id string) *events.Message {
	st.t.Helper()
	return await(st.meow, func(e *events.Message) bool { return e.Info.ID == id })
}

// says lets the companion write to Ana and returns what she received.
func (st *stage) says(m *waE2E.Message, extra ...whatsmeow.SendRequestExtra) Received {
	st.t.Helper()
	resp, err := st.meow.SendMessage(st.t.Context(), st.ana.lid, m, extra...)
	if err != nil {
		st.t.Fatal(err)
	}
	return st.received(resp.ID)
}

func (st *stage) received(id string) Received {
	st.t.Helper()
	ctx, cancel := context.WithTimeout(st.t.Context(), patience)
	defer cancel()
	r, err := st.ana.WaitReceived(ctx, func(r Received) bool { return r.ID == id })
	if err != nil {
		st.t.Fatal(err)
	}
	return r
}

func text(s string) *waE2E.Message { return &waE2E.Message{Conversation: proto.String(s)} }

func TestACompanionReadsWhatAPersonWritesAndThePersonItsAnswer(t *testing.T) {
	for name, options := range map[string]PersonOptions{
		"by LID": {}, "by phone": {ByPhone: true}, "LID alone": {HideAlternate: true},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, options)
			for i := range 3 {
				question, answer := fmt.Sprint("question ", i), fmt.Sprint("answer ", i)
				e := st.hears(Message{Text: question})
				if e.Message.GetConversation() != question || e.Info.PushName != "Ana" || e.Info.IsFromMe {
					t.Errorf("event = %v %+v", e.Message, e.Info)
				}
				checkAddress(t, st.ana, e.Info, options)
				if r := st.says(text(answer)); r.Text != answer || r.Shown.Text != answer || r.Copies != 1 ||
					r.From != st.shop.Phone() || r.To != st.ana.Phone() {
					t.Errorf("received %+v", r)
				}
				await(st.meow, func(e *events.Receipt) bool { return e.Type == types.ReceiptTypeDelivered && e.Chat == st.ana.lid })
			}
			if sent := st.shop.Received(); len(sent) != 3 || sent[2].Text != "answer 2" || sent[2].To != st.ana.Phone() {
				t.Errorf("the phone saw %+v", sent)
			}
			eventually(t, "all is acknowledged", func() bool { return st.s.companions(st.shop)[0].waiting() == 0 })
		})
	}
}

func checkAddress(t *testing.T, p *Person, info types.MessageInfo, options PersonOptions) {
	t.Helper()
	sender, alternate := p.lid, p.phone
	if options.ByPhone {
		sender, alternate = p.phone, p.lid
	}
	if options.HideAlternate {
		alternate = types.EmptyJID
	}
	if info.Sender != sender || info.Chat != sender || info.SenderAlt != alternate {
		t.Errorf("sender %s, chat %s, alternate %s; want %s and %s", info.Sender, info.Chat, info.SenderAlt, sender, alternate)
	}
}

func TestACompanionIsToldWhatThePhoneWrote(t *testing.T) {
	for name, options := range map[string]PersonOptions{"by LID": {}, "by phone": {ByPhone: true}} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, options)
			id, err := st.shop.Send(st.ana, Message{Text: "Your time is: 3:00 PM"})
			if err != nil {
				t.Fatal(err)
			}
			e := st.event(id)
			chat, alternate := st.ana.lid, st.ana.phone
			if options.ByPhone {
				chat, alternate = alternate, chat
			}
			if !e.Info.IsFromMe || e.Info.Chat != chat || e.Info.RecipientAlt != alternate || e.Info.DeviceSentMeta == nil {
				t.Errorf("info = %+v", e.Info)
			}
			if textOfEvent(e) != "Your time is: 3:00 PM" {
				t.Errorf("message = %v", e.Message)
			}
			if r := st.received(id); r.Shown.Text != "Your time is: 3:00 PM" {
				t.Errorf("Ana received %+v", r)
			}
		})
	}
}

func TestThePhoneKnowsWhoseMessageItReactsTo(t *testing.T) {
	st := newStage(t, PersonOptions{})
	own, err := st.shop.Send(st.ana, Message{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	for id, mine := range map[string]bool{
		st.hears(Message{Text: "hi"}).Info.ID: false, own: true, st.says(text("from the companion")).ID: true,
	} {
		reaction, err := st.shop.Send(st.ana, Message{Reaction: "👍", ReactTo: id})
		if err != nil {
			t.Fatal(err)
		}
		if key := st.event(reaction).Message.GetReactionMessage().GetKey(); key.GetID() != id || key.GetFromMe() != mine {
			t.Errorf("reaction's key = %v, want %s with fromMe %v", key, id, mine)
		}
	}
}

func TestMessagesThatWaitedArriveInOrder(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.meow.Disconnect()
	for i := range 5 {
		if _, err := st.ana.Send(st.shop, Message{Text: fmt.Sprint("waiting ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.meow.Connect(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if e := await[*events.Message](st.meow, nil); textOfEvent(e) != fmt.Sprint("waiting ", i) {
			t.Errorf("message %d is %q", i, textOfEvent(e))
		}
	}
}

func TestEveryFormOfAMessageIsUnderstood(t *testing.T) {
	st := newStage(t, PersonOptions{})
	first := st.hears(Message{Text: "first"}).Info.ID
	long := strings.Repeat("ä", 65_536)
	broken := "caf\xe9 \xff"
	for name, c := range map[string]struct {
		message Message
		holds   func(*events.Message) bool
	}{
		"picture": {Message{Text: "a", Caption: true}, func(e *events.Message) bool {
			return e.Message.GetImageMessage().GetCaption() == "a" && e.Info.MediaType == "image" && e.Info.Type == "media"
		}},
		"video": {Message{Text: "a", Video: true}, func(e *events.Message) bool {
			return e.Message.GetVideoMessage().GetCaption() == "a"
		}},
		"document": {Message{Text: "a", Document: true}, func(e *events.Message) bool {
			return e.Message.GetDocumentMessage().GetCaption() == "a" && e.IsDocumentWithCaption
		}},
		"view once": {Message{Text: "a", Caption: true, ViewOnce: true}, func(e *events.Message) bool {
			return e.Message.GetImageMessage().GetCaption() == "a" && e.IsViewOnce
		}},
		"disappearing": {Message{Text: "a", Disappearing: true}, func(e *events.Message) bool {
			return textOfEvent(e) == "a" && e.IsEphemeral
		}},
		"long": {Message{Text: long}, func(e *events.Message) bool { return textOfEvent(e) == long }},
		"invalid UTF-8": {Message{Text: broken}, func(e *events.Message) bool {
			return textOfEvent(e) == broken
		}},
		"edit": {Message{Text: "a", EditOf: first}, func(e *events.Message) bool {
			p := e.Message.GetProtocolMessage()
			return e.IsEdit && e.Info.Edit == types.EditAttributeMessageEdit && p.GetKey().GetID() == first &&
				p.GetEditedMessage().GetConversation() == "a"
		}},
		"revoke": {Message{RevokeOf: first}, func(e *events.Message) bool {
			p := e.Message.GetProtocolMessage()
			return e.Info.Edit == types.EditAttributeSenderRevoke && p.GetType() == waE2E.ProtocolMessage_REVOKE && p.GetKey().GetID() == first
		}},
		"reaction": {Message{Reaction: "👍", ReactTo: first}, func(e *events.Message) bool {
			r := e.Message.GetReactionMessage()
			return e.Info.Type == "reaction" && r.GetText() == "👍" && r.GetKey().GetID() == first && r.GetKey().GetFromMe()
		}},
		"quote": {Message{Text: "a", Quote: first}, func(e *events.Message) bool {
			return e.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID() == first
		}},
		"list": {Message{Reply: &Reply{Kind: ReplyList, ID: "x", Title: "X"}}, func(e *events.Message) bool {
			return e.Message.GetListResponseMessage().GetSingleSelectReply().GetSelectedRowID() == "x"
		}},
		"button": {Message{Reply: &Reply{Kind: ReplyButton, ID: "x", Title: "X"}}, func(e *events.Message) bool {
			return e.Message.GetButtonsResponseMessage().GetSelectedButtonID() == "x"
		}},
		"template": {Message{Reply: &Reply{Kind: ReplyTemplate, ID: "x", Title: "X"}}, func(e *events.Message) bool {
			return e.Message.GetTemplateButtonReplyMessage().GetSelectedID() == "x"
		}},
		"native": {Message{Reply: &Reply{Kind: ReplyNative, ID: "x", Title: "X"}}, func(e *events.Message) bool {
			return e.Message.GetInteractiveResponseMessage().GetNativeFlowResponseMessage().GetParamsJSON() == `{"id":"x"}`
		}},
		"native list": {Message{Reply: &Reply{Kind: ReplyNativeList, ID: "x", Title: "X"}}, func(e *events.Message) bool {
			flow := e.Message.GetInteractiveResponseMessage().GetNativeFlowResponseMessage()
			return flow.GetParamsJSON() == `{"description":"","selected_row_id":"x"}`
		}},
		"raw": {Message{Raw: &waE2E.Message{LocationMessage: &waE2E.LocationMessage{Name: proto.String("here")}}}, func(e *events.Message) bool {
			return e.Message.GetLocationMessage().GetName() == "here"
		}},
		"group": {Message{Text: "a", Group: true}, func(e *events.Message) bool {
			return e.Info.IsGroup && e.Info.Chat == group() && e.Info.Sender == st.ana.lid && e.Info.SenderAlt == st.ana.phone
		}},
		"status": {Message{Text: "a", Status: true}, func(e *events.Message) bool {
			return e.Info.Chat == types.StatusBroadcastJID && e.Info.Sender == st.ana.lid
		}},
	} {
		if e := st.hears(c.message); !c.holds(e) {
			t.Errorf("%s arrived as %v %+v", name, e.Message, e.Info)
		}
	}
}

func TestAMessageThatIsNoProtobufIsRefusedAndStopsNothing(t *testing.T) {
	st := newStage(t, PersonOptions{})
	if _, err := st.ana.Send(st.shop, Message{Garbage: []byte{0xff, 0xff, 0xff}}); err != nil {
		t.Fatal(err)
	}
	st.hears(Message{Text: "after it"})
	eventually(t, "the companion refuses it", func() bool { return st.s.Counters()["refused_by_client"] == 1 })
}

func TestAnAdArrivesWithItsCardOrWithoutIt(t *testing.T) {
	st := newStage(t, PersonOptions{})
	ad := Ad{ID: "120210000000001", ClickID: "ARxyz", Title: "Spring", URL: "https://fb.me/abc", Payload: "AfjQ"}
	cardless, sticky, decoration := ad, ad, Ad{Title: "Free money", Decoration: true}
	cardless.Cardless, sticky.Sticky = true, true
	for name, c := range map[string]struct {
		ad    Ad
		holds func(*waE2E.ContextInfo) bool
	}{
		"full": {ad, func(c *waE2E.ContextInfo) bool {
			card := c.GetExternalAdReply()
			return c.GetConversionSource() == "FB_Ads" && c.GetEntryPointConversionSource() == "ctwa_ad" &&
				card.GetSourceID() == ad.ID && card.GetCtwaClid() == ad.ClickID && card.GetSourceType() == "ad" &&
				card.GetSourceURL() == ad.URL && card.GetTitle() == ad.Title && card.GetSourceApp() == "instagram"
		}},
		"cardless": {cardless, func(c *waE2E.ContextInfo) bool {
			return c.GetExternalAdReply() == nil && c.GetConversionSource() == "FB_Ads" && string(c.GetCtwaPayload()) == "AfjQ"
		}},
		"sticky": {sticky, func(c *waE2E.ContextInfo) bool {
			return c.GetRemoteJID() == "status@broadcast" && c.GetExternalAdReply().GetSourceID() == ad.ID &&
				c.GetEntryPointConversionSource() == "status"
		}},
		"decoration": {decoration, func(c *waE2E.ContextInfo) bool {
			return c.GetExternalAdReply().GetTitle() == "Free money" && c.GetConversionSource() == "" && c.GetExternalAdReply().CtwaClid == nil
		}},
	} {
		e := st.hears(Message{Text: "hi", Ad: &c.ad})
		if context := e.Message.GetExtendedTextMessage().GetContextInfo(); textOfEvent(e) != "hi" || !c.holds(context) {
			t.Errorf("%s ad arrived as %v", name, e.Message)
		}
	}
	e := st.hears(Message{Text: "hi", ViaLink: true})
	if c := e.Message.GetExtendedTextMessage().GetContextInfo(); c.GetEntryPointConversionSource() != "click_to_chat_link" {
		t.Errorf("a message by a link arrived as %v", e.Message)
	}
}

func TestAContradictoryMessageIsRefused(t *testing.T) {
	st := &stage{s: newServer(t, Options{})}
	shop, ana := newAccount(t, st.s), newPerson(t, st.s, PersonOptions{})
	for _, m := range []Message{
		{EditOf: "a", RevokeOf: "b"}, {Reaction: "x"}, {Group: true, Status: true}, {Caption: true, Video: true},
		{Reply: &Reply{Kind: "smoke"}}, {Reply: &Reply{Kind: ReplyList}}, {Reply: &Reply{Kind: ReplyPoll}},
		{Reply: &Reply{Kind: ReplyPoll, To: "never received"}},
	} {
		if _, err := ana.Send(shop, m); err == nil {
			t.Errorf("sent %+v", m)
		}
	}
	if _, err := shop.Send(ana, Message{Group: true}); err == nil {
		t.Error("the phone posted in a group")
	}
}

func TestAPersonWithoutOneTimeKeysCanBeWrittenTo(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.ana.DrainPrekeys(true)
	st.says(text("hello"))
	st.hears(Message{Text: "hi"})
}

func TestACompanionWithoutPrekeysCanBeWrittenTo(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.shop.DrainPrekeys()
	st.hears(Message{Text: "hi"})
	st.says(text("hello"))
}

func TestTheSameIDTwiceIsTwoCopiesOfOneMessage(t *testing.T) {
	st := newStage(t, PersonOptions{})
	id := st.meow.GenerateMessageID()
	for range 2 {
		st.says(text("once"), whatsmeow.SendRequestExtra{ID: id})
	}
	eventually(t, "two copies", func() bool { return st.received(id).Copies == 2 })
	if n := len(st.ana.Received()); n != 1 {
		t.Errorf("messages received = %d, want 1", n)
	}
}

func TestAFreshDuplicateIsAnotherEventWithTheSameID(t *testing.T) {
	st := newStage(t, PersonOptions{})
	st.shop.DuplicateNext(true)
	id := st.hears(Message{Text: "twice"}).Info.ID
	if e := st.event(id); textOfEvent(e) != "twice" {
		t.Errorf("second event = %v", e.Message)
	}
}

func TestReadReceiptsReachTheCompanion(t *testing.T) {
	st := newStage(t, PersonOptions{})
	first, second := st.says(text("a")), st.says(text("b"))
	if err := st.ana.Read(st.shop, first.ID, second.ID); err != nil {
		t.Fatal(err)
	}
	e := await(st.meow, func(e *events.Receipt) bool { return e.Type == types.ReceiptTypeRead })
	if len(e.MessageIDs) != 2 || e.MessageIDs[0] != first.ID || e.MessageIDs[1] != second.ID || e.Chat != st.ana.lid {
		t.Errorf("receipt = %+v", e)
	}
	if err := st.ana.Read(st.shop, "unknown"); err == nil {
		t.Error("read a message that never arrived")
	}
}
