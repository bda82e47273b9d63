package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"leadgate/bot"
	"leadgate/chat"
)

// A verbs table says how a statement goes on after its first word. A verb whose parser is nil is one of the language that
// this version does not have yet.
type verbs struct {
	kind  string // what the words of the table are, for errors
	parse func(w word, l *line) (action, error)
}

// table makes the parser of a table.
func table(kind string, parsers map[string]func(*line) (action, error)) verbs {
	return verbs{kind: kind, parse: func(w word, l *line) (action, error) {
		parse, known := parsers[w.text]
		switch {
		case w.kind != bareWord || w.text == "":
			return nil, fmt.Errorf("%s is missing", kind)
		case known && parse == nil:
			return nil, fmt.Errorf("%s %q is not available in this version", kind, w.text)
		case !known:
			return nil, unknown(kind, w.text, slices.Sorted(maps.Keys(parsers)))
		}
		return parse(l)
	}}
}

func actions() verbs {
	return table("action", map[string]func(*line) (action, error){
		"at":      parseAt,
		"after":   parseAfter,
		"lead":    parseLead,
		"phone":   parsePhone,
		"number":  parseNumber,
		"restart": func(*line) (action, error) { return &restart{}, nil },
		"expect":  func(l *line) (action, error) { return expectations().parse(l.next(), l) },
		"agent":   parseAgent,
		"api":     parseCall,
	})
}

func expectations() verbs {
	return table("expectation", map[string]func(*line) (action, error){
		"lead":          parseExpectLead,
		"no":            func(l *line) (action, error) { return absences().parse(l.next(), l) },
		"stage":         parseExpectStage,
		"funnel":        parseExpectFunnel,
		"event":         parseExpectEvent,
		"nothing":       parseExpectNothing,
		"opportunity":   parseExpectOpportunity,
		"opportunities": parseExpectOpportunities,
		"waiting":       parseExpectChat(chat.ChatWaiting),
		"closed":        parseExpectChat(chat.ChatClosed),
		"menu-open":     parseExpectChat(chat.ChatMenu),
		"label":         parseExpectLabel(false),
		"assigned":      parseExpectAssigned,
		"menu":          parseExpectMenu,
		"message":       parseExpectMessage,
		"answer":        parseExpectAnswer,
		"meta":          parseExpectMeta,
	})
}

func absences() verbs {
	return table("absence", map[string]func(*line) (action, error){
		"lead":  parseExpectNoLead,
		"event": parseExpectNoEvent,
		"label": parseExpectLabel(true),
		"meta":  func(*line) (action, error) { return &expectMeta{}, nil },
	})
}

// parseLead reads what a lead does: writes, edits, or has its last message delivered again.
func parseLead(l *line) (action, error) {
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	switch {
	case l.accept("again"):
		return &again{who: who}, nil
	case l.accept("edits"):
		text, err := l.message()
		return &edit{who: who, text: text}, err
	case l.accept("picks"):
		return parsePick(who, l)
	}
	w := &leadWrites{who: who}
	if l.peek().kind == quotedText {
		w.name = l.next().text
	}
	if err := w.modifiers(l); err != nil {
		return nil, err
	}
	w.text, err = l.message()
	return w, err
}

// modifiers reads what stands between a lead's name and the colon, in any order, each once.
func (w *leadWrites) modifiers(l *line) error {
	seen := make(map[string]bool)
	for l.left() {
		m := l.next()
		if seen[m.text] {
			return fmt.Errorf("%q is there twice", m.text)
		}
		seen[m.text] = true
		var err error
		switch m.text {
		case "to":
			w.to, err = l.value("the name of a number")
		case "ad":
			w.ad = &ad{}
			if w.ad.unknown = l.accept("unknown"); w.ad.unknown {
				break
			}
			if w.ad.id, err = l.value("the id of an ad"); err == nil && l.accept("click") {
				w.ad.click, err = l.value("the id of a click")
			}
		case "caption":
		case "via":
			if !l.accept("link") {
				err = errors.New(`"via" goes on with "link"`)
			}
			w.link = true
		case "hidden":
			w.hidden = true
		default:
			err = unknown("modifier", m.text, []string{"to", "ad", "caption", "via", "hidden", "edits", "again", "picks"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parsePhone reads what the business writes on its phone.
func parsePhone(l *line) (action, error) {
	number, err := l.value("the name of a number")
	if err != nil {
		return nil, err
	}
	switch w := l.next(); w.text {
	case "to":
	case "labels", "unlabels":
		return parseLabels(number, w.text == "labels", l)
	default:
		return nil, fmt.Errorf(`"to", "labels" or "unlabels" and a phone are missing after %q`, number)
	}
	who, err := l.phone()
	if err != nil {
		return nil, err
	}
	text, err := l.message()
	return &businessWrites{number: number, who: who, text: text}, err
}

func parseNumber(l *line) (action, error) {
	name, err := l.value("the name of a number")
	if err != nil {
		return nil, err
	}
	switch w := l.next(); w.text {
	case "offline":
		return &connection{number: name}, nil
	case "online":
		return &connection{number: name, online: true}, nil
	default:
		return nil, fmt.Errorf(`"offline" or "online" is missing after %q`, name)
	}
}

// eventType takes the type of an event.
func (l *line) eventType() (bot.EventType, error) {
	text, err := l.value("the type of an event")
	if err != nil {
		return "", err
	}
	var known []string
	for _, t := range bot.EventTypes() {
		if string(t) == text {
			return t, nil
		}
		known = append(known, string(t))
	}
	return "", unknown("event", text, known)
}
