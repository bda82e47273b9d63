package simulator

import (
	"bytes"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"google.golang.org/protobuf/proto"
)

func TestAVoteIsReadByTheCompanion(t *testing.T) {
	for name, options := range map[string]PersonOptions{"by LID": {}, "by phone": {ByPhone: true}} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, options)
			st.hears(Message{Text: "hi"})
			poll := st.says(st.meow.BuildPollCreation("Which?", []string{"Red", "Blue"}, 1))
			if poll.Shown.Kind != ShownPoll || poll.Shown.Text != "Which?" || len(poll.Shown.Options) != 2 {
				t.Fatalf("shown = %+v", poll.Shown)
			}
			e := st.hears(Message{Reply: &Reply{Kind: ReplyPoll, To: poll.ID, Options: []string{"Blue"}}})
			if author := e.Message.GetPollUpdateMessage().GetPollCreationMessageKey().GetRemoteJID(); author != st.shop.LID() {
				t.Errorf("author of the poll = %q, want %q", author, st.shop.LID())
			}
			vote, err := st.meow.DecryptPollVote(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			want := whatsmeow.HashPollOptions([]string{"Blue"})
			if len(vote.GetSelectedOptions()) != 1 || !bytes.Equal(vote.GetSelectedOptions()[0], want[0]) {
				t.Errorf("vote = %v", vote)
			}
			if _, err := st.ana.Send(st.shop, Message{Reply: &Reply{Kind: ReplyPoll, To: poll.ID, Options: []string{"Green"}}}); err == nil {
				t.Error("voted for an option that the poll doesn't have")
			}
		})
	}
}

// flowMenu is a native-flow menu and its <biz> node, as PROTOCOL.md 10 has them.
func flowMenu() (*waE2E.Message, waBinary.Node) {
	button := func(name, params string) *waE2E.InteractiveMessage_NativeFlowMessage_NativeFlowButton {
		return &waE2E.InteractiveMessage_NativeFlowMessage_NativeFlowButton{Name: &name, ButtonParamsJSON: &params}
	}
	m := &waE2E.Message{InteractiveMessage: &waE2E.InteractiveMessage{
		Body:   &waE2E.InteractiveMessage_Body{Text: proto.String("How can we help?")},
		Footer: &waE2E.InteractiveMessage_Footer{Text: proto.String("Front Desk")},
		InteractiveMessage: &waE2E.InteractiveMessage_NativeFlowMessage_{NativeFlowMessage: &waE2E.InteractiveMessage_NativeFlowMessage{
			Buttons: []*waE2E.InteractiveMessage_NativeFlowMessage_NativeFlowButton{
				button("single_select", `{"title":"Choose","sections":[{"title":"All","rows":[{"header":"","title":"Prices","description":"of all","id":"p"}]}]}`),
			},
		}},
	}}
	biz := waBinary.Node{
		Tag: "biz", Attrs: waBinary.Attrs{"actual_actors": "2", "host_storage": "2", "privacy_mode_ts": "1760000000"},
		Content: []waBinary.Node{
			{Tag: "interactive", Attrs: waBinary.Attrs{"type": "native_flow", "v": "1"}, Content: []waBinary.Node{
				{Tag: "native_flow", Attrs: waBinary.Attrs{"v": "9", "name": "mixed"}},
			}},
			{Tag: "quality_control", Attrs: waBinary.Attrs{"source_type": "third_party"}},
		},
	}
	return m, biz
}

func TestAMenuIsShownOnlyInTheFormThatPhonesShow(t *testing.T) {
	st := newStage(t, PersonOptions{})
	menu, biz := flowMenu()
	nodes := whatsmeow.SendRequestExtra{AdditionalNodes: &[]waBinary.Node{biz}}
	shown := st.says(menu, nodes).Shown
	if shown.Kind != ShownList || shown.Text != "How can we help?" || shown.Button != "Choose" || shown.Footer != "Front Desk" ||
		len(shown.Options) != 1 || shown.Options[0] != (ShownOption{ID: "p", Title: "Prices", Description: "of all", Section: "All"}) {
		t.Errorf("with its marks: %+v", shown)
	}
	if shown := st.says(menu).Shown; shown.Kind != ShownNothing {
		t.Errorf("without its marks: %+v", shown)
	}
	wrapped := &waE2E.Message{ViewOnceMessage: &waE2E.FutureProofMessage{Message: menu}}
	if shown := st.says(wrapped, nodes).Shown; shown.Kind != ShownText || shown.Options != nil {
		t.Errorf("in a view-once envelope: %+v", shown)
	}
	st.ana.AskAgain(1)
	if shown := st.says(menu, nodes).Shown; shown.Kind != ShownList {
		t.Errorf("after a retry: %+v", shown)
	}
	buttons := &waE2E.Message{ButtonsMessage: &waE2E.ButtonsMessage{ContentText: proto.String("?")}}
	if _, err := st.meow.SendMessage(t.Context(), st.ana.lid, buttons); err == nil || !strings.Contains(err.Error(), "405") {
		t.Errorf("legacy buttons: %v", err)
	}
}

func TestAllMarksOfAMenuAreNeeded(t *testing.T) {
	whole := func() waBinary.Node {
		_, biz := flowMenu()
		return waBinary.Node{Tag: "message", Content: []waBinary.Node{biz}}
	}
	if !marksFlow(whole()) {
		t.Fatal("the whole form isn't recognised")
	}
	marks := 0
	for _, path := range [][]string{{"biz"}, {"biz", "interactive"}, {"biz", "interactive", "native_flow"}, {"biz", "quality_control"}} {
		stanza := whole()
		node := stanza.GetChildByTag(path...)
		for name := range node.Attrs {
			marks++
			stanza := whole()
			node := stanza.GetChildByTag(path...)
			delete(node.Attrs, name)
			if marksFlow(stanza) {
				t.Errorf("recognised without %s of %v", name, path)
			}
		}
	}
	if marks != 8 {
		t.Errorf("tried %d marks, want 8", marks)
	}
	if marksFlow(waBinary.Node{Tag: "message"}) {
		t.Error("recognised without <biz>")
	}
}
