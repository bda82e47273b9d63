package simulator

import (
	"encoding/json"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCommon"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// disappearingTimer is how long messages of a disappearing chat live: 90 days in seconds, what phones offer as the longest.
const disappearingTimer = 90 * 24 * 60 * 60

// writing is the situation in which somebody writes a message.
type writing struct {
	self types.JID            // the writer's address, as the stanza's "from" has it
	chat types.JID            // the other side of the chat, as the writer addresses it
	mine func(id string) bool // tells whether the writer wrote that message
	got  *inbox               // what the writer received
	at   time.Time
	rand func(n int) []byte
}

// content builds what a phone would encrypt for m.
func (w writing) content(m Message) (*waE2E.Message, error) {
	var content *waE2E.Message
	var err error
	switch {
	case m.Raw != nil:
		content = proto.CloneOf(m.Raw)
	case m.RevokeOf != "":
		content = w.revoke(m.RevokeOf)
	case m.ReactTo != "":
		content = w.reaction(m)
	case m.Reply != nil:
		content, err = w.reply(*m.Reply)
	case m.EditOf != "":
		content = w.edit(m)
	default:
		content = w.words(m)
	}
	if err != nil {
		return nil, err
	}
	if m.ViewOnce {
		content = &waE2E.Message{ViewOnceMessageV2: &waE2E.FutureProofMessage{Message: content}}
	}
	if m.Disappearing {
		content = &waE2E.Message{EphemeralMessage: &waE2E.FutureProofMessage{Message: content}}
	}
	if content.MessageContextInfo == nil {
		content.MessageContextInfo = &waE2E.MessageContextInfo{MessageSecret: w.rand(32)}
	}
	return content, nil
}

// key names an earlier message of the chat.
func (w writing) key(id string) *waCommon.MessageKey {
	return &waCommon.MessageKey{
		RemoteJID: proto.String(w.chat.String()), FromMe: proto.Bool(w.mine(id)), ID: proto.String(id),
	}
}

func (w writing) revoke(id string) *waE2E.Message {
	key := w.key(id)
	key.FromMe = proto.Bool(true) // nobody else's messages can be deleted for everyone in a chat of two
	return &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_REVOKE.Enum(), Key: key,
	}}
}

func (w writing) edit(m Message) *waE2E.Message {
	key := w.key(m.EditOf)
	key.FromMe = proto.Bool(true)
	return &waE2E.Message{EditedMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
		ProtocolMessage: &waE2E.ProtocolMessage{
			Type: waE2E.ProtocolMessage_MESSAGE_EDIT.Enum(), Key: key,
			EditedMessage: w.words(m), TimestampMS: proto.Int64(w.at.UnixMilli()),
		},
	}}}
}

func (w writing) reaction(m Message) *waE2E.Message {
	return &waE2E.Message{ReactionMessage: &waE2E.ReactionMessage{
		Key: w.key(m.ReactTo), Text: proto.String(m.Reaction), SenderTimestampMS: proto.Int64(w.at.UnixMilli()),
	}}
}

// words is the text of m in the form that its other fields ask for.
func (w writing) words(m Message) *waE2E.Message {
	context := w.context(m)
	switch {
	case m.Caption:
		return &waE2E.Message{ImageMessage: &waE2E.ImageMessage{
			Caption: proto.String(m.Text), Mimetype: proto.String("image/jpeg"), FileLength: proto.Uint64(48_213),
			URL: proto.String(mediaURL), DirectPath: proto.String(mediaPath), MediaKey: w.rand(32), ContextInfo: context,
		}}
	case m.Video:
		return &waE2E.Message{VideoMessage: &waE2E.VideoMessage{
			Caption: proto.String(m.Text), Mimetype: proto.String("video/mp4"), FileLength: proto.Uint64(1_048_576),
			URL: proto.String(mediaURL), DirectPath: proto.String(mediaPath), MediaKey: w.rand(32), ContextInfo: context,
		}}
	case m.Document:
		return &waE2E.Message{DocumentWithCaptionMessage: &waE2E.FutureProofMessage{Message: &waE2E.Message{
			DocumentMessage: &waE2E.DocumentMessage{
				Caption: proto.String(m.Text), Mimetype: proto.String("application/pdf"), FileName: proto.String("document.pdf"),
				URL: proto.String(mediaURL), DirectPath: proto.String(mediaPath), MediaKey: w.rand(32), ContextInfo: context,
			},
		}}}
	case context != nil:
		return &waE2E.Message{ExtendedTextMessage: &waE2E.ExtendedTextMessage{Text: proto.String(m.Text), ContextInfo: context}}
	default:
		return &waE2E.Message{Conversation: proto.String(m.Text)}
	}
}

// Where media would be, if there were any.
const (
	mediaURL  = "https://mmg.whatsapp.net/v/t62/none.enc"
	mediaPath = "/v/t62/none.enc"
)

// context says where the message comes from and what it answers; nil when there is nothing to say.
func (w writing) context(m Message) *waE2E.ContextInfo {
	if m.Ad == nil && !m.ViaLink && m.Quote == "" && !m.Disappearing {
		return nil
	}
	c := &waE2E.ContextInfo{}
	if m.Disappearing {
		c.Expiration = proto.Uint32(disappearingTimer)
	}
	if m.Quote != "" {
		w.quote(c, m.Quote)
	}
	if m.ViaLink {
		c.EntryPointConversionSource = proto.String(entryLink)
		c.EntryPointConversionApp = proto.String("whatsapp")
		c.EntryPointConversionDelaySeconds = proto.Uint32(2)
	}
	if m.Ad != nil {
		m.Ad.context(c)
	}
	return c
}

// quote adds the message that is answered, with its content where the writer has it.
func (w writing) quote(c *waE2E.ContextInfo, id string) {
	c.StanzaID = proto.String(id)
	c.Participant = proto.String(w.chat.String())
	if w.mine(id) {
		c.Participant = proto.String(w.self.String())
	}
	if r, ok := w.got.find(id); ok {
		quoted := proto.CloneOf(r.Message)
		quoted.MessageContextInfo = nil
		c.QuotedMessage = quoted
	}
}

// reply builds the answer to a menu or a vote.
func (w writing) reply(r Reply) (*waE2E.Message, error) {
	var context *waE2E.ContextInfo
	if r.To != "" {
		context = &waE2E.ContextInfo{}
		w.quote(context, r.To)
	}
	switch r.Kind {
	case ReplyPoll:
		poll, _ := w.got.find(r.To)
		update, err := vote(poll, w.chat, w.self, r.Options, w.at.UnixMilli())
		return &waE2E.Message{PollUpdateMessage: update}, err
	case ReplyList:
		return &waE2E.Message{ListResponseMessage: &waE2E.ListResponseMessage{
			Title: proto.String(r.Title), Description: textOrNil(r.Description), ContextInfo: context,
			ListType:          waE2E.ListResponseMessage_SINGLE_SELECT.Enum(),
			SingleSelectReply: &waE2E.ListResponseMessage_SingleSelectReply{SelectedRowID: proto.String(r.ID)},
		}}, nil
	case ReplyButton:
		return &waE2E.Message{ButtonsResponseMessage: &waE2E.ButtonsResponseMessage{
			SelectedButtonID: proto.String(r.ID), ContextInfo: context, Type: waE2E.ButtonsResponseMessage_DISPLAY_TEXT.Enum(),
			Response: &waE2E.ButtonsResponseMessage_SelectedDisplayText{SelectedDisplayText: r.Title},
		}}, nil
	case ReplyTemplate:
		return &waE2E.Message{TemplateButtonReplyMessage: &waE2E.TemplateButtonReplyMessage{
			SelectedID: proto.String(r.ID), SelectedDisplayText: proto.String(r.Title), ContextInfo: context,
		}}, nil
	default:
		return nativeReply(r, context), nil
	}
}

// nativeReply is the tap on a native-flow menu, whose id stands in JSON.
func nativeReply(r Reply, context *waE2E.ContextInfo) *waE2E.Message {
	name, params := "quick_reply", map[string]string{"id": r.ID}
	if r.Kind == ReplyNativeList {
		name, params = "menu_options", map[string]string{"selected_row_id": r.ID, "description": r.Description}
	}
	raw, err := json.Marshal(params)
	if err != nil {
		panic("a map of strings always encodes: " + err.Error())
	}
	return &waE2E.Message{InteractiveResponseMessage: &waE2E.InteractiveResponseMessage{
		Body:        &waE2E.InteractiveResponseMessage_Body{Text: proto.String(r.Title)},
		ContextInfo: context,
		InteractiveResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage_{
			NativeFlowResponseMessage: &waE2E.InteractiveResponseMessage_NativeFlowResponseMessage{
				Name: proto.String(name), ParamsJSON: proto.String(string(raw)), Version: proto.Int32(3),
			},
		},
	}}
}

// Values of a stanza's "edit".
const (
	editEdit   = "1"
	editRevoke = "7"
)

// mark writes into the attributes of <message> and <enc> what the server may know of the content.
func mark(content *waE2E.Message, stanza, enc waBinary.Attrs) {
	inner, _ := unwrap(proto.CloneOf(content))
	kind, media := "text", ""
	switch {
	case inner.GetProtocolMessage().GetType() == waE2E.ProtocolMessage_REVOKE && inner.GetProtocolMessage().GetKey() != nil:
		stanza["edit"] = editRevoke
	case inner.GetProtocolMessage().GetEditedMessage() != nil:
		stanza["edit"] = editEdit
	case inner.GetReactionMessage() != nil:
		kind = "reaction"
	case pollOf(inner) != nil, inner.GetPollUpdateMessage() != nil:
		kind = "poll"
	case inner.GetImageMessage() != nil:
		kind, media = "media", "image"
	case inner.GetVideoMessage() != nil:
		kind, media = "media", "video"
	case inner.GetDocumentMessage() != nil:
		kind, media = "media", "document"
	case inner.GetAudioMessage() != nil:
		kind, media = "media", "audio"
	case inner.GetListResponseMessage() != nil:
		kind, media = "media", "list_response"
	case inner.GetButtonsResponseMessage() != nil:
		kind, media = "media", "buttons_response"
	case inner.GetInteractiveResponseMessage() != nil:
		kind, media = "media", "native_flow_response"
	}
	stanza["type"] = kind
	if media != "" {
		enc["mediatype"] = media
	}
	if stanza["edit"] != nil || kind == "reaction" || inner.GetPollUpdateMessage() != nil {
		enc["decrypt-fail"] = "hide"
	}
}
