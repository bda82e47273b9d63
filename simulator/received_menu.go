package simulator

import (
	"encoding/json"
	"fmt"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// showInteractive says what a phone shows of a native-flow menu. Without the marks in its stanza it shows nothing, and in
// a view-once envelope it shows the words but not the buttons: PROTOCOL.md 10.
func showInteractive(m *waE2E.InteractiveMessage, viewOnce, marked bool) Shown {
	if !marked || m.GetNativeFlowMessage() == nil {
		return Shown{}
	}
	shown := Shown{
		Kind: ShownText, Text: m.GetBody().GetText(), Title: m.GetHeader().GetTitle(), Footer: m.GetFooter().GetText(),
	}
	if viewOnce {
		return shown
	}
	for _, button := range m.GetNativeFlowMessage().GetButtons() {
		switch button.GetName() {
		case "quick_reply":
			var params struct {
				DisplayText string `json:"display_text"`
				ID          string `json:"id"`
			}
			if json.Unmarshal([]byte(button.GetButtonParamsJSON()), &params) != nil || params.DisplayText == "" {
				continue // a phone leaves out a button that it can't read
			}
			shown.Kind = ShownButtons
			shown.Options = append(shown.Options, ShownOption{ID: params.ID, Title: params.DisplayText})
		case "single_select":
			if label, rows := readList(button.GetButtonParamsJSON()); len(rows) > 0 {
				shown.Kind, shown.Button = ShownList, label
				shown.Options = append(shown.Options, rows...)
			}
		}
	}
	return shown
}

// readList reads the parameters of a single_select button.
func readList(raw string) (label string, rows []ShownOption) {
	var params struct {
		Title    string `json:"title"`
		Sections []struct {
			Title string `json:"title"`
			Rows  []struct {
				Title       string `json:"title"`
				Description string `json:"description"`
				ID          string `json:"id"`
			} `json:"rows"`
		} `json:"sections"`
	}
	if json.Unmarshal([]byte(raw), &params) != nil {
		return "", nil
	}
	for _, section := range params.Sections {
		for _, row := range section.Rows {
			rows = append(rows, ShownOption{ID: row.ID, Title: row.Title, Description: row.Description, Section: section.Title})
		}
	}
	return params.Title, rows
}

// Pick taps the option with that title in a menu or poll that the person received, and sends what their phone would send
// then. The error says that the message is unknown, or that the phone doesn't show such an option.
func (p *Person) Pick(from *Account, menuID, title string) (id string, err error) {
	menu, ok := p.inbox.find(menuID)
	if !ok {
		return "", fmt.Errorf("pick %q: the person received no message %q", title, menuID)
	}
	option, ok := menu.Shown.Option(title)
	if !ok {
		return "", fmt.Errorf("pick %q: message %q shows no such option", title, menuID)
	}
	reply := &Reply{To: menuID, ID: option.ID, Title: option.Title, Description: option.Description}
	switch menu.Shown.Kind {
	case ShownPoll:
		reply.Kind, reply.Options = ReplyPoll, []string{option.Title}
	case ShownList:
		reply.Kind = ReplyNativeList
	default:
		reply.Kind = ReplyNative
	}
	return p.Send(from, Message{Reply: reply})
}
