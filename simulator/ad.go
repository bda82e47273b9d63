package simulator

import (
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

// Ad is the advertisement from which a chat was opened, as it stands in the first message's context. Empty fields are
// left out of the context; App defaults to "instagram", Source to "ad".
type Ad struct {
	// ID is the ad's (or post's) number at Meta, ClickID the ctwa_clid of this tap.
	ID      string `json:"id,omitempty"`
	ClickID string `json:"click_id,omitempty"`
	Title   string `json:"title,omitempty"`
	Body    string `json:"body,omitempty"`
	URL     string `json:"url,omitempty"`
	Ref     string `json:"ref,omitempty"`
	// Source is "ad" or "post", App the app it was shown in.
	Source string `json:"source,omitempty"`
	App    string `json:"app,omitempty"`
	// Payload is the opaque ctwaPayload, which conversionData repeats.
	Payload string `json:"payload,omitempty"`
	// Cardless leaves the card out, and with it ID and ClickID: only the marks of an ad remain, as some chats arrive.
	Cardless bool `json:"cardless,omitempty"`
	// Sticky makes the card an old one that a reply to a status drags along: it says nothing about this message.
	Sticky bool `json:"sticky,omitempty"`
	// Decoration leaves the marks of an ad out: the card alone, as spammers paste it under anything.
	Decoration bool `json:"decoration,omitempty"`
}

// Marks as seen on the wire: INTEGRATIONS.md B1.
const (
	sourceFacebookAds = "FB_Ads"
	entryAd           = "ctwa_ad"
	entryLink         = "click_to_chat_link"
	entryStatus       = "status"
	statusChat        = "status@broadcast"
)

// context writes the ad into a message's context.
func (ad *Ad) context(c *waE2E.ContextInfo) {
	app := orDefault(ad.App, "instagram")
	if !ad.Decoration {
		c.ConversionSource = proto.String(sourceFacebookAds)
		c.ConversionDelaySeconds = proto.Uint32(4)
		c.EntryPointConversionSource = proto.String(entryAd)
		c.EntryPointConversionApp = proto.String(app)
		c.EntryPointConversionDelaySeconds = proto.Uint32(4)
		c.EntryPointConversionExternalSource = proto.String(sourceFacebookAds)
		c.CtwaSignals = proto.String("all,all")
		if ad.Payload != "" {
			c.ConversionData, c.CtwaPayload = []byte(ad.Payload), []byte(ad.Payload)
		}
	}
	if ad.Sticky {
		c.RemoteJID = proto.String(statusChat)
		c.EntryPointConversionSource = proto.String(entryStatus)
	}
	if ad.Cardless {
		return
	}
	c.ExternalAdReply = &waE2E.ContextInfo_ExternalAdReplyInfo{
		Title:                 textOrNil(ad.Title),
		Body:                  textOrNil(ad.Body),
		MediaType:             waE2E.ContextInfo_ExternalAdReplyInfo_IMAGE.Enum(),
		SourceType:            proto.String(orDefault(ad.Source, "ad")),
		SourceID:              textOrNil(ad.ID),
		SourceURL:             textOrNil(ad.URL),
		CtwaClid:              textOrNil(ad.ClickID),
		Ref:                   textOrNil(ad.Ref),
		SourceApp:             proto.String(app),
		RenderLargerThumbnail: proto.Bool(true),
		ShowAdAttribution:     proto.Bool(!ad.Decoration),
	}
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
