package whatsapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"

	"leadgate/chat"
)

// errNoForm says that a menu has no form but its text.
var errNoForm = errors.New("the menu has no form but text")

// form is a menu in the form that phones show of what a linked device sends, with the nodes that its stanza needs.
func form(device *store.Device, id string, menu chat.Sheet, now time.Time) (*waE2E.Message, []waBinary.Node, error) {
	if len(menu.Rows) == 0 {
		return nil, nil, errNoForm
	}
	switch menu.Display {
	case chat.DisplayList:
		return interactive(menu, listButton(menu)), nativeFlow(now), nil
	case chat.DisplayButtons:
		return interactive(menu, replyButtons(menu)...), nativeFlow(now), nil
	case chat.DisplayPoll:
		poll, err := poll(device, id, menu)
		return poll, nil, err
	default:
		return nil, nil, errNoForm
	}
}

type flowButton = waE2E.InteractiveMessage_NativeFlowMessage_NativeFlowButton

// interactive is a menu as a native flow. It must not be wrapped as view-once: WhatsApp Web throws the buttons away then.
func interactive(menu chat.Sheet, buttons ...*flowButton) *waE2E.Message {
	m := &waE2E.InteractiveMessage{
		Body: &waE2E.InteractiveMessage_Body{Text: proto.String(menu.Body)},
		InteractiveMessage: &waE2E.InteractiveMessage_NativeFlowMessage_{
			NativeFlowMessage: &waE2E.InteractiveMessage_NativeFlowMessage{Buttons: buttons, MessageVersion: proto.Int32(1)},
		},
	}
	if menu.Header != "" {
		m.Header = &waE2E.InteractiveMessage_Header{Title: proto.String(menu.Header), HasMediaAttachment: proto.Bool(false)}
	}
	if menu.Footer != "" {
		m.Footer = &waE2E.InteractiveMessage_Footer{Text: proto.String(menu.Footer)}
	}
	return &waE2E.Message{InteractiveMessage: m}
}

// replyButtons are the rows of a menu as buttons.
func replyButtons(menu chat.Sheet) []*flowButton {
	buttons := make([]*flowButton, len(menu.Rows))
	for i, row := range menu.Rows {
		buttons[i] = button("quick_reply", struct {
			DisplayText string `json:"display_text"`
			ID          string `json:"id"`
		}{row.Label, row.ID})
	}
	return buttons
}

// A flowRow is a row of a list as phones read it.
type flowRow struct {
	Header      string `json:"header"`
	Title       string `json:"title"`
	Description string `json:"description"`
	ID          string `json:"id"`
}

type flowSection struct {
	Title string    `json:"title"`
	Rows  []flowRow `json:"rows"`
}

// listButton is the button that opens the rows of a menu as a list.
func listButton(menu chat.Sheet) *flowButton {
	section := flowSection{Title: menu.Title}
	for _, row := range menu.Rows {
		section.Rows = append(section.Rows, flowRow{Title: row.Label, Description: row.Description, ID: row.ID})
	}
	return button("single_select", struct {
		Title    string        `json:"title"`
		Sections []flowSection `json:"sections"`
	}{menu.Button, []flowSection{section}})
}

func button(name string, params any) *flowButton {
	encoded, err := json.Marshal(params)
	if err != nil {
		panic(fmt.Sprintf("encode strings: %v", err)) // they always can be
	}
	return &flowButton{Name: proto.String(name), ButtonParamsJSON: proto.String(string(encoded))}
}

// nativeFlow is the node without which no phone shows a native flow: PROTOCOL.md section 10, whatsmeow PR#1235.
func nativeFlow(now time.Time) []waBinary.Node {
	return []waBinary.Node{{
		Tag: "biz",
		Attrs: waBinary.Attrs{
			"actual_actors": "2", "host_storage": "2", "privacy_mode_ts": strconv.FormatInt(now.Unix(), 10),
		},
		Content: []waBinary.Node{
			{
				Tag: "interactive", Attrs: waBinary.Attrs{"type": "native_flow", "v": "1"},
				Content: []waBinary.Node{{Tag: "native_flow", Attrs: waBinary.Attrs{"v": "9", "name": "mixed"}}},
			},
			{Tag: "quality_control", Attrs: waBinary.Attrs{"source_type": "third_party"}},
		},
	}}
}

// poll is a menu as a poll of which one option can be chosen. What stands above and below a menu is part of its question.
func poll(device *store.Device, id string, menu chat.Sheet) (*waE2E.Message, error) {
	secret, err := pollSecret(device, id)
	if err != nil {
		return nil, err
	}
	var question []string
	for _, part := range []string{menu.Header, menu.Body, menu.Footer} {
		if part != "" {
			question = append(question, part)
		}
	}
	p := &waE2E.PollCreationMessage{
		Name: proto.String(strings.Join(question, "\n\n")), SelectableOptionsCount: proto.Uint32(1),
	}
	for _, row := range menu.Rows {
		p.Options = append(p.Options, &waE2E.PollCreationMessage_Option{OptionName: proto.String(row.Label)})
	}
	return &waE2E.Message{
		PollCreationMessage: p, MessageContextInfo: &waE2E.MessageContextInfo{MessageSecret: secret},
	}, nil
}
