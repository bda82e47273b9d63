package whatsapp

import (
	"encoding/json"
	"maps"
	"slices"

	"go.mau.fi/whatsmeow/proto/waE2E"

	"leadgate/chat"
)

// answerOf is how a tap answers a menu, in whatever form the phone reports it; nil when the message is no tap.
func answerOf(m *waE2E.Message) *chat.Answer {
	var a chat.Answer
	switch {
	case m.GetListResponseMessage() != nil:
		a.Form, a.Option = chat.AnswerList, m.GetListResponseMessage().GetSingleSelectReply().GetSelectedRowID()
	case m.GetButtonsResponseMessage() != nil:
		a.Form, a.Option = chat.AnswerButton, m.GetButtonsResponseMessage().GetSelectedButtonID()
	case m.GetTemplateButtonReplyMessage() != nil:
		a.Form, a.Option = chat.AnswerButton, m.GetTemplateButtonReplyMessage().GetSelectedID()
	case m.GetInteractiveResponseMessage() != nil:
		a.Form, a.Option = nativeAnswer(m.GetInteractiveResponseMessage().GetNativeFlowResponseMessage())
	default:
		return nil
	}
	a.Option, a.Menu = valid(a.Option), valid(contextOf(m).GetStanzaID())
	return &a
}

// nativeAnswer reads the tap on a native flow, whose id stands in JSON: under "id" or, of a list, "selected_row_id".
// Malformed JSON has no id.
func nativeAnswer(m *waE2E.InteractiveResponseMessage_NativeFlowResponseMessage) (chat.AnswerForm, string) {
	form := chat.AnswerButton
	if m.GetName() == "single_select" || m.GetName() == "menu_options" {
		form = chat.AnswerList
	}
	var params any
	if json.Unmarshal([]byte(m.GetParamsJSON()), &params) != nil {
		return form, ""
	}
	key, id := findID(params, nestedAtMost)
	if key == rowKey {
		form = chat.AnswerList
	}
	return form, id
}

// rowKey is where the id of a list's row stands.
const rowKey = "selected_row_id"

// nestedAtMost bounds how deep an id is looked for.
const nestedAtMost = 4

// findID looks for an id in what a phone reports: at the top first, then in what lies within, JSON in strings among it.
func findID(value any, depth int) (key, id string) {
	if depth == 0 {
		return "", ""
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range []string{"id", rowKey} {
			if id, ok := value[key].(string); ok && id != "" {
				return key, id
			}
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if key, id := findID(value[name], depth-1); id != "" {
				return key, id
			}
		}
	case []any:
		for _, element := range value {
			if key, id := findID(element, depth-1); id != "" {
				return key, id
			}
		}
	case string:
		var inner any
		if json.Unmarshal([]byte(value), &inner) == nil {
			return findID(inner, depth-1)
		}
	}
	return "", ""
}
