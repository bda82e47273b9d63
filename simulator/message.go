package simulator

import (
	"errors"
	"fmt"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// Message is what a person or the phone of an account writes. The zero value of each field leaves its feature out. At most
// one of EditOf, RevokeOf, Reaction, Reply, Raw and Garbage may be set.
type Message struct {
	// ID is the message id; "" lets the simulator draw one. Giving one id twice sends a second message with that id.
	ID string `json:"id,omitempty"`
	// Text is what is written, or the caption under a picture, video or document. It may be any bytes, not only UTF-8.
	Text string `json:"text,omitempty"`
	// Caption, Video and Document make Text the caption of a picture, a video, a document. No file exists behind them.
	Caption  bool `json:"caption,omitempty"`
	Video    bool `json:"video,omitempty"`
	Document bool `json:"document,omitempty"`
	// At is the time that the stanza carries; zero means Options.Now.
	At time.Time `json:"at,omitzero"`

	// EditOf is the id of an earlier message that Text replaces; RevokeOf one that is deleted for everyone.
	EditOf   string `json:"edit_of,omitempty"`
	RevokeOf string `json:"revoke_of,omitempty"`
	// Quote is the id of a message that this one answers.
	Quote string `json:"quote,omitempty"`

	// Ad says that the chat was opened from an advertisement, ViaLink that it was opened from a wa.me link.
	Ad      *Ad  `json:"ad,omitempty"`
	ViaLink bool `json:"via_link,omitempty"`

	// ViewOnce and Disappearing wrap the message in the envelope of that name.
	ViewOnce     bool `json:"view_once,omitempty"`
	Disappearing bool `json:"disappearing,omitempty"`

	// Reply answers a menu or votes in a poll.
	Reply *Reply `json:"reply,omitempty"`
	// Reaction is an emoji under the message ReactTo; "" with a ReactTo takes an earlier reaction back.
	Reaction string `json:"reaction,omitempty"`
	ReactTo  string `json:"react_to,omitempty"`

	// Placeholder makes the message arrive as <unavailable>, as the first message from an ad often does; the companion gets
	// the text from its phone, see Account.AnswerPlaceholders.
	Placeholder bool `json:"placeholder,omitempty"`
	// Group posts in a group that the account is in, Status posts a status update.
	Group  bool `json:"group,omitempty"`
	Status bool `json:"status,omitempty"`

	// Raw is any other content. Garbage is encrypted instead of a protobuf.
	Raw     *waE2E.Message `json:"-"`
	Garbage []byte         `json:"garbage,omitempty"`
}

// ReplyKind names the form in which a phone reports a tap on a menu. All of them are seen from real phones.
type ReplyKind string

// The forms of replies.
const (
	ReplyList       ReplyKind = "list"        // ListResponseMessage
	ReplyButton     ReplyKind = "button"      // ButtonsResponseMessage
	ReplyNative     ReplyKind = "native"      // InteractiveResponseMessage of a button, with "id"
	ReplyNativeList ReplyKind = "native_list" // InteractiveResponseMessage of a list, with "selected_row_id"
	ReplyTemplate   ReplyKind = "template"    // TemplateButtonReplyMessage
	ReplyPoll       ReplyKind = "poll"        // an encrypted vote
)

// Reply is an answer to a menu or poll that was received.
type Reply struct {
	Kind ReplyKind `json:"kind"`
	// To is the id of the menu or poll. A vote needs it: the poll must have been received.
	To string `json:"to,omitempty"`
	// ID and Title are those of the option that was tapped, Description that of a list's row.
	ID          string `json:"id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Options are the labels voted for; none takes an earlier vote back.
	Options []string `json:"options,omitempty"`
}

// check refuses contradictions, so that a test never sends something else than it says.
func (m Message) check() error {
	set := 0
	for _, given := range []bool{
		m.EditOf != "", m.RevokeOf != "", m.Reaction != "" || m.ReactTo != "", m.Reply != nil, m.Raw != nil, m.Garbage != nil,
	} {
		if given {
			set++
		}
	}
	if set > 1 {
		return errors.New("message: at most one of edit, revoke, reaction, reply, raw and garbage")
	}
	if m.Reaction != "" && m.ReactTo == "" {
		return errors.New("message: a reaction needs the id it reacts to")
	}
	if m.Group && m.Status {
		return errors.New("message: a post is for a group or a status, not both")
	}
	if b2i(m.Caption)+b2i(m.Video)+b2i(m.Document) > 1 {
		return errors.New("message: at most one of caption, video and document")
	}
	if m.Reply == nil {
		return nil
	}
	switch m.Reply.Kind {
	case ReplyList, ReplyButton, ReplyNative, ReplyNativeList, ReplyTemplate:
		if m.Reply.ID == "" {
			return fmt.Errorf("message: a %s reply needs the id of an option", m.Reply.Kind)
		}
	case ReplyPoll:
		if m.Reply.To == "" {
			return errors.New("message: a vote needs the id of the poll")
		}
	default:
		return fmt.Errorf("message: unknown kind of reply %q", m.Reply.Kind)
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
