package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"leadgate/opportunity"
	"leadgate/store"
)

// A template is a path or a JSON value in which {lead PHONE} and its like stand for ids that are known when it is played.
type template []piece

// A piece is a text as it stands, or a reference.
type piece struct {
	text      string
	reference *reference // nil: the text
	as        form
}

// A form says where a reference stands, and so how its value is written there.
type form int

const (
	inPath   form = iota
	inString      // of JSON
	asValue       // of JSON
)

// A reference stands for an id, or for a part of the last answer.
type reference struct {
	kind string // "lead", "chat", "transition", "opportunity" or "answer"
	who  phone
	name string   // the stage of a transition, the value of an opportunity
	path []string // of an answer
}

// referenceSize is the size in bytes of the reference that a text begins with; 0 when it begins with none.
func referenceSize(text string) int {
	begins := slices.ContainsFunc([]string{"lead ", "chat ", "transition ", "opportunity ", "answer."}, func(kind string) bool {
		return strings.HasPrefix(text, "{"+kind)
	})
	if !begins {
		return 0
	}
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return i + 1
		}
	}
	return 0
}

// parseReference reads what stands between the braces.
func parseReference(text string) (*reference, error) {
	l, err := split(text)
	if err != nil {
		return nil, err
	}
	first := l.next()
	if path, ok := strings.CutPrefix(first.text, "answer."); ok {
		r := &reference{kind: "answer", path: pathSteps(path)}
		if r.path == nil || l.left() {
			return nil, fmt.Errorf("{%s} names no part of an answer, like {answer.id}", text)
		}
		return r, nil
	}
	r := &reference{kind: first.text}
	if r.who, err = l.phone(); err != nil {
		return nil, fmt.Errorf("{%s}: %w", text, err)
	}
	switch r.kind {
	case "transition":
		r.name, err = l.value("the name of a stage")
	case "opportunity":
		r.name, err = l.value("the value of an opportunity")
	}
	if err == nil && l.left() {
		err = fmt.Errorf("%q is too much here", l.next().text)
	}
	if err != nil {
		return nil, fmt.Errorf("{%s}: %w", text, err)
	}
	return r, nil
}

// jsonSize is the size in bytes of the JSON value or the reference that a text begins with.
func jsonSize(text string) (int, error) {
	probe := []byte(text) // with a string in the place of every reference
	quoted, depth := false, 0
scan:
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '{' && referenceSize(text[i:]) > 0:
			size := referenceSize(text[i:])
			copy(probe[i:], strings.Repeat("x", size))
			if !quoted {
				probe[i], probe[i+size-1] = '"', '"'
			}
			if depth == 0 && !quoted {
				return size, nil
			}
			i += size - 1
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				break scan
			}
		}
	}
	var raw json.RawMessage
	decoder := json.NewDecoder(strings.NewReader(string(probe)))
	if err := decoder.Decode(&raw); err != nil {
		return 0, fmt.Errorf("%q begins no JSON value: %w", text[:1], err)
	}
	return int(decoder.InputOffset()), nil
}

// parseTemplate takes a path, or a JSON value that can be read, apart.
func parseTemplate(text string, isJSON bool) (template, error) {
	var t template
	quoted, done := false, 0
	for i := 0; i < len(text); i++ {
		size := 0
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && isJSON:
			quoted = !quoted
		case c == '{':
			size = referenceSize(text[i:])
		}
		if size == 0 {
			continue
		}
		as, inner := inPath, text[i+1:i+size-1]
		switch {
		case quoted:
			as, inner = inString, strings.ReplaceAll(inner, `\"`, `"`)
		case isJSON:
			as = asValue
		}
		r, err := parseReference(inner)
		if err != nil {
			return nil, err
		}
		t = append(t, piece{text: text[done:i]}, piece{reference: r, as: as})
		i += size - 1
		done = i + 1
	}
	return append(t, piece{text: text[done:]}), nil
}

func (t template) check(c *checker) {
	for _, piece := range t {
		if r := piece.reference; r != nil && r.kind != "answer" {
			r.who.check(c)
			if r.kind == "transition" {
				c.stage("", r.name)
			}
		}
	}
}

// expand is the template with the values of this moment.
func (p *player) expand(ctx context.Context, t template) (string, error) {
	var text strings.Builder
	for _, piece := range t {
		if piece.reference == nil {
			text.WriteString(piece.text)
			continue
		}
		value, err := p.value(ctx, piece.reference)
		if err != nil {
			return "", err
		}
		text.WriteString(piece.as.write(value))
	}
	return text.String(), nil
}

func (f form) write(value any) string {
	text, isText := value.(string)
	if !isText {
		text = written(value)
	}
	switch f {
	case inPath:
		return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	case inString:
		return strings.TrimSuffix(strings.TrimPrefix(written(text), `"`), `"`)
	default:
		return written(value)
	}
}

// value is what a reference stands for.
func (p *player) value(ctx context.Context, r *reference) (any, error) {
	if r.kind == "answer" {
		if p.answer == nil {
			return nil, errors.New("there is no answer yet: call the API before")
		}
		if got, there := part(p.answer.document, r.path); there {
			return got, nil
		}
		return nil, fmt.Errorf("the last answer has no %s; it was %s", strings.Join(r.path, "."), p.answer)
	}
	lead, err := p.lead(ctx, r.who)
	if err != nil {
		return nil, err
	}
	if !lead.Known() {
		return nil, fmt.Errorf("there is no lead %s", r.who.written)
	}
	switch r.kind {
	case "chat":
		return p.chatID(ctx, r.who, lead.ID)
	case "transition":
		return p.transitionID(ctx, r, lead.ID)
	case "opportunity":
		return p.opportunityID(ctx, r, lead.ID)
	default:
		return lead.ID, nil
	}
}

// chatID is the lead's open chat, or the last one that was.
func (p *player) chatID(ctx context.Context, who phone, leadID string) (string, error) {
	chats, err := p.chats(ctx, leadID)
	if err != nil {
		return "", err
	}
	if len(chats) == 0 {
		return "", fmt.Errorf("lead %s has no chat", who.written)
	}
	for _, c := range slices.Backward(chats) {
		if c.Open() {
			return c.ID, nil
		}
	}
	return chats[len(chats)-1].ID, nil
}

// transitionID is the lead's last transition to the stage, among those that count.
func (p *player) transitionID(ctx context.Context, r *reference, leadID string) (string, error) {
	kept, err := p.store.Transitions(ctx, leadID, false)
	if err != nil {
		return "", err
	}
	for _, t := range slices.Backward(kept) {
		if t.To == r.name {
			return t.ID, nil
		}
	}
	return "", fmt.Errorf("lead %s has no transition to %q", r.who.written, r.name)
}

// opportunityID is the lead's last opportunity of the value, or of the type, an open one before others.
func (p *player) opportunityID(ctx context.Context, r *reference, leadID string) (string, error) {
	all, err := p.store.Opportunities(ctx, store.OpportunityFilter{LeadID: leadID}, everything)
	if err != nil {
		return "", err
	}
	id := ""
	for _, o := range all {
		if (o.Value == r.name || o.Value == "" && o.Type == r.name) && (id == "" || o.Status == opportunity.Open) {
			id = o.ID
		}
	}
	if id == "" {
		return "", fmt.Errorf("lead %s has no opportunity %q; there are %s", r.who.written, r.name, describeOpportunities(all))
	}
	return id, nil
}
