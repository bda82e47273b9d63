package simulator

import (
	"strconv"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
)

// ShownKind says as what a phone shows a message.
type ShownKind string

// What a phone shows. The zero value means that it shows nothing at all.
const (
	ShownNothing  ShownKind = ""
	ShownText     ShownKind = "text"
	ShownMedia    ShownKind = "media" // a file, with Text as its caption
	ShownButtons  ShownKind = "buttons"
	ShownList     ShownKind = "list"
	ShownPoll     ShownKind = "poll"
	ShownReaction ShownKind = "reaction"
	ShownEdit     ShownKind = "edit"
	ShownRevoke   ShownKind = "revoke"
	ShownOther    ShownKind = "other" // anything else that leaves a bubble: a place, a contact, a call
)

// Shown is what a phone would show of a message: PROTOCOL.md 10, as far as anyone reports it.
type Shown struct {
	Kind ShownKind `json:"kind"`
	// Text is the text, caption, body of a menu, question of a poll, or emoji of a reaction.
	Text   string `json:"text,omitempty"`
	Title  string `json:"title,omitempty"`
	Footer string `json:"footer,omitempty"`
	// Button is the label that opens a list.
	Button  string        `json:"button,omitempty"`
	Options []ShownOption `json:"options,omitempty"`
	// Target is the id of the message that is edited, revoked or reacted to.
	Target string `json:"target,omitempty"`
}

// ShownOption is something that the person can tap.
type ShownOption struct {
	ID          string `json:"id,omitempty"` // empty in a poll
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Section     string `json:"section,omitempty"`
}

// Option finds an option by its title.
func (s Shown) Option(title string) (ShownOption, bool) {
	for _, o := range s.Options {
		if o.Title == title {
			return o, true
		}
	}
	return ShownOption{}, false
}

// marksFlow tells whether <biz> has the one form with which phones show an InteractiveMessage.
func marksFlow(stanza waBinary.Node) bool {
	biz := stanza.GetChildByTag("biz")
	interactive := biz.GetChildByTag("interactive")
	flow := interactive.GetChildByTag("native_flow")
	quality := biz.GetChildByTag("quality_control")
	stamp, err := strconv.ParseInt(attr(biz, "privacy_mode_ts"), 10, 64)
	return err == nil && stamp > 0 && attr(biz, "actual_actors") == "2" && attr(biz, "host_storage") == "2" &&
		attr(interactive, "type") == "native_flow" && attr(interactive, "v") == "1" &&
		attr(flow, "v") == "9" && attr(flow, "name") == "mixed" && attr(quality, "source_type") == "third_party"
}

// attr is an attribute of a decoded stanza as text, "" if it is missing.
func attr(n waBinary.Node, name string) string {
	text, _ := n.Attrs[name].(string)
	return text
}

// unwrap takes a message out of its envelopes and hands it the outermost context info. viewOnce tells whether one of them
// was view-once.
func unwrap(m *waE2E.Message) (inner *waE2E.Message, viewOnce bool) {
	info := m.GetMessageContextInfo()
	for {
		var next *waE2E.Message
		switch {
		case m.GetDeviceSentMessage().GetMessage() != nil:
			next = m.GetDeviceSentMessage().GetMessage()
		case m.GetEphemeralMessage().GetMessage() != nil:
			next = m.GetEphemeralMessage().GetMessage()
		case m.GetViewOnceMessage().GetMessage() != nil:
			next, viewOnce = m.GetViewOnceMessage().GetMessage(), true
		case m.GetViewOnceMessageV2().GetMessage() != nil:
			next, viewOnce = m.GetViewOnceMessageV2().GetMessage(), true
		case m.GetViewOnceMessageV2Extension().GetMessage() != nil:
			next, viewOnce = m.GetViewOnceMessageV2Extension().GetMessage(), true
		case m.GetDocumentWithCaptionMessage().GetMessage() != nil:
			next = m.GetDocumentWithCaptionMessage().GetMessage()
		case m.GetEditedMessage().GetMessage() != nil:
			next = m.GetEditedMessage().GetMessage()
		default:
			if m.GetMessageContextInfo() == nil && info != nil && m != nil {
				m.MessageContextInfo = info
			}
			return m, viewOnce
		}
		m = next
	}
}

// show says what a phone shows of m, a message without its wrappers. stanza is the <message> that carried it.
func show(m *waE2E.Message, viewOnce bool, stanza waBinary.Node) Shown {
	switch {
	case m.GetInteractiveMessage() != nil:
		return showInteractive(m.GetInteractiveMessage(), viewOnce, marksFlow(stanza))
	case m.GetListMessage() != nil, m.GetButtonsMessage() != nil, m.GetTemplateMessage() != nil:
		return Shown{} // the old forms: accepted from linked devices or not, no phone shows them
	case pollOf(m) != nil:
		return showPoll(pollOf(m))
	case m.GetReactionMessage() != nil:
		r := m.GetReactionMessage()
		return Shown{Kind: ShownReaction, Text: r.GetText(), Target: r.GetKey().GetID()}
	case m.GetProtocolMessage() != nil:
		return showProtocol(m.GetProtocolMessage())
	}
	text, media := textOf(m)
	switch {
	case media:
		return Shown{Kind: ShownMedia, Text: text}
	case text != "":
		return Shown{Kind: ShownText, Text: text}
	case m.GetSenderKeyDistributionMessage() != nil || m.GetPollUpdateMessage() != nil:
		return Shown{}
	default:
		return Shown{Kind: ShownOther}
	}
}

func showProtocol(p *waE2E.ProtocolMessage) Shown {
	switch p.GetType() {
	case waE2E.ProtocolMessage_REVOKE:
		return Shown{Kind: ShownRevoke, Target: p.GetKey().GetID()}
	case waE2E.ProtocolMessage_MESSAGE_EDIT:
		text, _ := textOf(p.GetEditedMessage())
		return Shown{Kind: ShownEdit, Text: text, Target: p.GetKey().GetID()}
	default:
		return Shown{}
	}
}

func pollOf(m *waE2E.Message) *waE2E.PollCreationMessage {
	for _, poll := range []*waE2E.PollCreationMessage{
		m.GetPollCreationMessage(), m.GetPollCreationMessageV2(), m.GetPollCreationMessageV3(), m.GetPollCreationMessageV5(),
	} {
		if poll != nil {
			return poll
		}
	}
	return nil
}

func showPoll(poll *waE2E.PollCreationMessage) Shown {
	shown := Shown{Kind: ShownPoll, Text: poll.GetName()}
	for _, o := range poll.GetOptions() {
		shown.Options = append(shown.Options, ShownOption{Title: o.GetOptionName()})
	}
	return shown
}

// textOf returns the words of a message, shown or not, and whether they are the caption of a file.
func textOf(m *waE2E.Message) (text string, media bool) {
	switch {
	case m.GetConversation() != "":
		return m.GetConversation(), false
	case m.GetExtendedTextMessage() != nil:
		return m.GetExtendedTextMessage().GetText(), false
	case m.GetImageMessage() != nil:
		return m.GetImageMessage().GetCaption(), true
	case m.GetVideoMessage() != nil:
		return m.GetVideoMessage().GetCaption(), true
	case m.GetDocumentMessage() != nil:
		return m.GetDocumentMessage().GetCaption(), true
	case m.GetAudioMessage() != nil, m.GetStickerMessage() != nil:
		return "", true
	case m.GetInteractiveMessage() != nil:
		return m.GetInteractiveMessage().GetBody().GetText(), false
	case m.GetListMessage() != nil:
		return m.GetListMessage().GetDescription(), false
	case m.GetButtonsMessage() != nil:
		return m.GetButtonsMessage().GetContentText(), false
	case pollOf(m) != nil:
		return pollOf(m).GetName(), false
	case m.GetProtocolMessage().GetEditedMessage() != nil:
		return textOf(m.GetProtocolMessage().GetEditedMessage())
	case m.GetReactionMessage() != nil:
		return m.GetReactionMessage().GetText(), false
	default:
		return "", false
	}
}
