package whatsapp

import (
	"strings"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"leadgate/chat"
)

// ignored says why a message does not count: SPEC section 4. It is a label of a metric.
type ignored string

// The reasons why a message does not count. The empty one: it counts.
const (
	counts            ignored = ""
	ignoredGroup      ignored = "group"
	ignoredBroadcast  ignored = "broadcast"
	ignoredStatus     ignored = "status"
	ignoredNewsletter ignored = "newsletter"
	ignoredBot        ignored = "bot"         // WhatsApp's own assistants
	ignoredSystem     ignored = "system"      // WhatsApp's announcements
	ignoredSelf       ignored = "self"        // the business's notes to itself
	ignoredReaction   ignored = "reaction"    // emoji on a message
	ignoredPollVote   ignored = "poll_vote"   // answers to polls that are not the daemon's, or can't be read
	ignoredCall       ignored = "call"        // and what is left of one in the chat
	ignoredProtocol   ignored = "protocol"    // what devices tell each other, revocations included
	ignoredUnknown    ignored = "unsupported" // content that no person writes, or that this version does not know
)

// audience tells by the addresses alone whether a message can count: it must be between one person and the number.
func audience(info *types.MessageInfo, own identity) ignored {
	switch info.Chat.Server {
	case types.GroupServer:
		return ignoredGroup
	case types.BroadcastServer:
		if info.Chat.User == types.StatusBroadcastJID.User {
			return ignoredStatus
		}
		return ignoredBroadcast
	case types.NewsletterServer:
		return ignoredNewsletter
	case types.BotServer:
		return ignoredBot
	}
	switch {
	case info.IsGroup:
		return ignoredGroup
	case info.Chat.IsBot(), info.Sender.IsBot():
		return ignoredBot
	case info.Chat.User == types.PSAJID.User, info.Chat.User == types.OfficialBusinessJID.User:
		return ignoredSystem
	case info.Category == "peer":
		return ignoredProtocol
	case !isPhone(info.Chat) && !isLID(info.Chat):
		return ignoredUnknown
	case info.IsFromMe && own.is(info.Chat):
		return ignoredSelf
	}
	return counts
}

// identity is who a number itself is.
type identity struct{ phone, lid string } // user parts; "" when not known

func (i identity) is(jid types.JID) bool {
	return isPhone(jid) && jid.User == i.phone || isLID(jid) && jid.User == i.lid
}

// The hosted servers hold the same users: their messages pass through Meta's Cloud API.
func isPhone(jid types.JID) bool {
	return jid.Server == types.DefaultUserServer || jid.Server == types.HostedServer || jid.Server == types.LegacyUserServer
}

func isLID(jid types.JID) bool {
	return jid.Server == types.HiddenUserServer || jid.Server == types.HostedLIDServer
}

// other is the person at the other end of a message as it is addressed, and their other address, which may be empty.
func other(info *types.MessageInfo) (addressed, alternate types.JID) {
	if info.IsFromMe {
		return info.Chat.ToNonAD(), info.RecipientAlt.ToNonAD()
	}
	return info.Sender.ToNonAD(), info.SenderAlt.ToNonAD()
}

// normalise frees a message of WhatsApp's wrappers, or says why it does not count. Who is the person at the other end,
// with phone and LID as far as they are known. Now replaces a time that WhatsApp can't have meant.
func normalise(number string, evt *events.Message, who chat.Person, now time.Time) (chat.Message, ignored) {
	found := read(evt.Message)
	if found.ignored == counts && evt.Info.ID == "" {
		found.ignored = ignoredUnknown
	}
	if found.ignored != counts {
		return chat.Message{}, found.ignored
	}
	m := envelope(number, evt, who, now)
	m.Text = valid(found.text)
	switch {
	case found.edits != "":
		m.ID, m.EditID = found.edits, evt.Info.ID
	case evt.IsEdit && evt.SourceWebMsg != nil:
		// whatsmeow has put the edited message's id into Info already (ParseWebMessage).
		m.EditID = evt.SourceWebMsg.GetKey().GetID()
	}
	if m.Direction == chat.Outbound {
		return m, counts
	}
	m.Ad, m.FromLink = attribution(found.context)
	if m.EditID == "" {
		m.Answer = found.answer
	}
	return m, counts
}

// envelope is what a message has whatever it holds.
func envelope(number string, evt *events.Message, who chat.Person, now time.Time) chat.Message {
	return chat.Message{
		Number: number, ID: evt.Info.ID, Person: who, Direction: directionOf(&evt.Info),
		SentAt: sentAt(evt.Info.Timestamp, now),
	}
}

// sentAt is WhatsApp's time of a message.
func sentAt(at, now time.Time) time.Time { return plausible(at, now).Truncate(time.Second) }

// plausible is a time that WhatsApp names. A clock may be off by hours, not by a day; what is further in the future, or older
// than WhatsApp, is no time.
func plausible(at, now time.Time) time.Time {
	if at.Year() < 2009 || at.After(now.Add(24*time.Hour)) {
		at = now
	}
	return at.UTC()
}

// profileName is the name that a person chose; WhatsApp writes "-" for none.
func profileName(info *types.MessageInfo) string {
	if info.IsFromMe || info.PushName == "-" {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(info.PushName, ""))
}

// content is what a message says.
type content struct {
	text    string
	context *waE2E.ContextInfo // what WhatsApp adds to it: quotes, ads; nil for nothing
	answer  *chat.Answer       // how it answers a menu; nil for no tap
	edits   string             // id of the message whose text this replaces; "" for a message of its own
	ignored ignored
}

// wrappersAtMost bounds the wrappers around one message. WhatsApp needs four; a sender can nest as many as fit.
const wrappersAtMost = 16

// read finds what a person wrote in a message.
func read(m *waE2E.Message) content {
	var edits string
	for range wrappersAtMost {
		if protocol := m.GetProtocolMessage(); protocol != nil {
			isEdit := protocol.GetType() == waE2E.ProtocolMessage_MESSAGE_EDIT && protocol.GetKey().GetID() != ""
			if !isEdit || protocol.GetEditedMessage() == nil {
				return content{ignored: ignoredProtocol}
			}
			edits, m = protocol.GetKey().GetID(), protocol.GetEditedMessage()
			continue
		}
		inner := unwrap(m)
		if inner == nil {
			found := readBare(m)
			found.edits = edits
			return found
		}
		m = inner
	}
	return content{ignored: ignoredUnknown}
}

// unwrap is the message in a message, nil when it is not wrapped.
func unwrap(m *waE2E.Message) *waE2E.Message {
	if inner := m.GetDeviceSentMessage().GetMessage(); inner != nil {
		return inner
	}
	for _, wrapper := range []*waE2E.FutureProofMessage{
		m.GetEphemeralMessage(), m.GetViewOnceMessage(), m.GetViewOnceMessageV2(), m.GetViewOnceMessageV2Extension(),
		m.GetDocumentWithCaptionMessage(), m.GetEditedMessage(), m.GetAssociatedChildMessage(), m.GetLottieStickerMessage(),
		m.GetSpoilerMessage(), m.GetBotInvokeMessage(), m.GetPollCreationMessageV4(),
	} {
		if inner := wrapper.GetMessage(); inner != nil {
			return inner
		}
	}
	return nil
}

// readBare reads a message that is not wrapped.
func readBare(m *waE2E.Message) content {
	if why := notWritten(m); why != counts {
		return content{ignored: why}
	}
	text, written := textOf(m)
	if !written && !isWordless(m) {
		return content{ignored: ignoredUnknown}
	}
	return content{text: text, context: contextOf(m), answer: answerOf(m)}
}

// textOf is the text of a message or the caption of its picture, and of an answer what the person saw on what they tapped.
func textOf(m *waE2E.Message) (string, bool) {
	switch {
	case m.GetExtendedTextMessage() != nil:
		return m.GetExtendedTextMessage().GetText(), true
	case m.GetImageMessage() != nil:
		return m.GetImageMessage().GetCaption(), true
	case m.GetVideoMessage() != nil:
		return m.GetVideoMessage().GetCaption(), true
	case m.GetPtvMessage() != nil:
		return m.GetPtvMessage().GetCaption(), true
	case m.GetDocumentMessage() != nil:
		return m.GetDocumentMessage().GetCaption(), true
	case m.GetListResponseMessage() != nil:
		return m.GetListResponseMessage().GetTitle(), true
	case m.GetButtonsResponseMessage() != nil:
		return m.GetButtonsResponseMessage().GetSelectedDisplayText(), true
	case m.GetTemplateButtonReplyMessage() != nil:
		return m.GetTemplateButtonReplyMessage().GetSelectedDisplayText(), true
	case m.GetInteractiveResponseMessage() != nil:
		return m.GetInteractiveResponseMessage().GetBody().GetText(), true
	case m != nil && m.Conversation != nil:
		return m.GetConversation(), true
	}
	return "", false
}

// notWritten says why a message is nothing that a person wrote; counts when it may be.
func notWritten(m *waE2E.Message) ignored {
	switch {
	case m.GetReactionMessage() != nil, m.GetEncReactionMessage() != nil:
		return ignoredReaction
	case m.GetPollUpdateMessage() != nil, m.GetPollAddOptionMessage() != nil:
		return ignoredPollVote
	case m.GetCall() != nil, m.GetCallLogMesssage() != nil, m.GetBcallMessage() != nil,
		m.GetScheduledCallCreationMessage() != nil, m.GetScheduledCallEditMessage() != nil:
		return ignoredCall
	case m.GetStatusMentionMessage() != nil, m.GetGroupStatusMentionMessage() != nil, m.GetStatusNotificationMessage() != nil:
		return ignoredStatus
	case m.GetKeepInChatMessage() != nil, m.GetPinInChatMessage() != nil, m.GetStickerSyncRmrMessage() != nil,
		m.GetPlaceholderMessage() != nil, m.GetSecretEncryptedMessage() != nil, m.GetMessageHistoryBundle() != nil,
		m.GetMessageHistoryNotice() != nil, m.GetAlbumMessage() != nil: // an album announces the pictures that follow it
		return ignoredProtocol
	}
	return counts
}

// isWordless reports whether a person sent something without words: they wrote to the number all the same.
func isWordless(m *waE2E.Message) bool {
	return m.GetAudioMessage() != nil || m.GetStickerMessage() != nil || m.GetStickerPackMessage() != nil ||
		m.GetLocationMessage() != nil || m.GetLiveLocationMessage() != nil ||
		m.GetContactMessage() != nil || m.GetContactsArrayMessage() != nil ||
		m.GetProductMessage() != nil || m.GetOrderMessage() != nil || m.GetInvoiceMessage() != nil ||
		m.GetPollCreationMessage() != nil || m.GetPollCreationMessageV2() != nil || m.GetPollCreationMessageV3() != nil ||
		m.GetPollCreationMessageV5() != nil || m.GetPollCreationMessageV6() != nil ||
		m.GetEventMessage() != nil || m.GetGroupInviteMessage() != nil || m.GetRequestPhoneNumberMessage() != nil ||
		m.GetSendPaymentMessage() != nil || m.GetRequestPaymentMessage() != nil || m.GetPaymentInviteMessage() != nil ||
		m.GetListMessage() != nil || m.GetButtonsMessage() != nil || m.GetTemplateMessage() != nil || m.GetInteractiveMessage() != nil
}
