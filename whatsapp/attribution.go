package whatsapp

import (
	"strings"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/reflect/protoreflect"

	"leadgate/chat"
)

// How WhatsApp marks what opened a chat, as seen on the wire.
const (
	conversionAd     = "FB_Ads"  // conversionSource, entryPointConversionExternalSource
	entryAd          = "ctwa_ad" // entryPointConversionSource, as the ones below
	entryStatus      = "status"
	entryLink        = "click_to_chat_link" // wa.me/<phone>
	entryMessageLink = "message_short_link" // wa.me/message/<code>
)

// attribution says what opened the chat by the message's own context; the context of a quoted message proves nothing.
//
// Anybody can attach the card of an ad, so a card counts only with a click id, or with an ad id and WhatsApp's mark of an
// ad entry. A reply to a status carries the card of an old ad, so no card beside a status counts. WhatsApp sometimes
// leaves the card out: the mark alone is an ad without details.
func attribution(c *waE2E.ContextInfo) (ad *chat.Ad, fromLink bool) {
	entry := c.GetEntryPointConversionSource()
	if c.GetRemoteJID() == types.StatusBroadcastJID.String() || entry == entryStatus {
		return nil, false
	}
	if entry == entryLink || entry == entryMessageLink {
		fromLink = true
	}
	marked := c.GetConversionSource() == conversionAd || entry == entryAd || c.GetEntryPointConversionExternalSource() == conversionAd
	card := c.GetExternalAdReply()
	switch {
	case card.GetCtwaClid() == "" && !marked:
		return nil, fromLink
	case card == nil:
		return &chat.Ad{SourceApp: valid(c.GetEntryPointConversionApp())}, fromLink
	}
	ad = &chat.Ad{
		SourceID:  valid(card.GetSourceID()),
		SourceURL: valid(card.GetSourceURL()),
		SourceApp: valid(card.GetSourceApp()),
		Headline:  valid(card.GetTitle()),
		ClickID:   valid(card.GetCtwaClid()),
	}
	if ad.SourceApp == "" {
		ad.SourceApp = valid(c.GetEntryPointConversionApp())
	}
	return ad, fromLink
}

func valid(s string) string { return strings.ToValidUTF8(s, "�") }

// contextOf is the context of a message's content, whatever kind of content it is; nil when it has none.
func contextOf(m *waE2E.Message) *waE2E.ContextInfo {
	content := m.ProtoReflect()
	fields := content.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Kind() != protoreflect.MessageKind || field.IsList() || !content.Has(field) {
			continue
		}
		carrier, ok := content.Get(field).Message().Interface().(interface{ GetContextInfo() *waE2E.ContextInfo })
		if ok && carrier.GetContextInfo() != nil {
			return carrier.GetContextInfo()
		}
	}
	return nil
}
