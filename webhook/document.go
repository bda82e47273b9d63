package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// A shape is an object of a sample: a template that asks it for a key that it does not have is wrong. In events as they
// come a missing key is null, because a later version may leave one out for an older template.
type shape map[string]any

// An open object is one of a sample whose keys are the operator's: it has every key, or none.
type open map[string]any

// decode is an event as templates see it. Whole numbers are int64, others keep the digits with which they were written.
func decode(body []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var event map[string]any
	if err := decoder.Decode(&event); err != nil {
		return nil, fmt.Errorf("read the event: %w", err)
	}
	for key, value := range event {
		event[key] = settled(value)
	}
	return event, nil
}

func settled(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case map[string]any:
		for key, part := range v {
			v[key] = settled(part)
		}
	case []any:
		for i, part := range v {
			v[i] = settled(part)
		}
	}
	return value
}

// leadOf is the id of the lead whom an event tells of; "" for nobody.
func leadOf(event map[string]any) string {
	id, _ := lookup(event, "data", "lead", "id").(string)
	return id
}

// lookup follows keys; what is not there is nil.
func lookup(value any, keys ...string) any {
	found, err := at(value, keys...)
	if err != nil {
		return nil
	}
	return found
}

// An unknownError names a field that no event of a type has.
type unknownError struct{ field string }

func (e *unknownError) Error() string { return fmt.Sprintf("there is no field %q", e.field) }

// at follows the keys of a template's field. Nothing has no fields, and each of them is nothing.
func at(value any, keys ...string) (any, error) {
	for i, key := range keys {
		switch v := value.(type) {
		case shape:
			next, known := v[key]
			if !known {
				return nil, &unknownError{"." + strings.Join(keys[:i+1], ".")}
			}
			value = next
		case open:
			value = v.get(key)
		case map[string]any:
			value = v[key]
		case map[string]string:
			if text, set := v[key]; set {
				value = text
			} else {
				value = nil
			}
		case nil:
			return nil, nil
		default:
			return nil, &unknownError{"." + strings.Join(keys[:i+1], ".")}
		}
	}
	return value, nil
}

// get is the value of a key of a sample: "1" can stand where a template prints a text and where it prints a number.
func (o open) get(string) any {
	if len(o) == 0 {
		return nil
	}
	return "1"
}

// index is a value of an object or a list whose key is not a name, or is in a variable; nothing where there is none.
func index(value, key any) any {
	if list, ok := value.([]any); ok {
		i, ok := key.(int)
		if !ok || i < 0 || i >= len(list) {
			return nil
		}
		return list[i]
	}
	return lookup(value, text(key))
}

// The objects of the samples, whole. SPEC section 8 has them.
const (
	sampleLead = `{"id": "lead_1", "name": "Ana", "phone": "+5511987650001", "source": "Instagram", "last_source": "Blog",
		"ad": {"source_id": "1", "source_url": "https://fb.me/1", "source_app": "instagram", "headline": "Courses", "ctwa_clid": "A1"},
		"fields": {}, "created_at": "2026-11-21T12:00:00.000Z", "stages": {}}`
	sampleOpportunity = `{"id": "opp_1", "type": "Course", "field": "course", "value": "Law", "stage": "Sale", "owner": "maria",
		"status": "open", "created_at": "2026-11-21T12:00:00.000Z"}`
	sampleChat = `{"id": "chat_1", "number": "main", "lead_id": "lead_1", "status": "assigned", "agent": "maria",
		"opened_at": "2026-11-21T12:00:00.000Z"}`
	sampleOption   = `{"label": "Law", "kind": "option", "type": "Course", "value": "Law", "opportunity_id": "opp_1"}`
	sampleAgent    = `{"name": "maria", "available": true}`
	sampleCause    = `{"kind": "manual", "by": "maria"}`
	samplePayment  = `{"id": "pay_1", "external_id": "1", "status": "new", "amount": 150.50, "currency": "BRL", "at": "2026-11-21T12:00:00.000Z"}`
	sampleFeedback = `{"id": "fb_1", "external_id": "1", "kind": "conversion", "reason": "Sale", "value": 150.50, "currency": "BRL",
		"at": "2026-11-21T12:00:00.000Z"}`
)

// sampleData is the data of an event of a type, whole; "" for a type that is not known.
func sampleData(eventType string) string {
	lead, withLead := `"lead": `+sampleLead, `, "lead": `+sampleLead
	opportunity := `, "opportunity": ` + sampleOpportunity
	cause := `, "cause": ` + sampleCause
	conversation := `"chat": ` + sampleChat + withLead
	switch eventType {
	case "lead.created":
		return lead + cause
	case "lead.updated", "lead.erased":
		return lead
	case "lead.merged":
		return lead + `, "merged_id": "lead_2"`
	case "lead.returned":
		return lead + `, "source": "Blog", "phrase": "Hi", "message_id": "3EB0"`
	case "conversion.stage_changed":
		return `"funnel": "Sales", "from": "Lead", "to": "Sale", "phrase": "Hi", "message_id": "3EB0", "transition_id": "tr_1"` + withLead + cause
	case "conversion.transition_deleted":
		return `"funnel": "Sales", "transition_id": "tr_1", "stage": "Sale"` + withLead
	case "opportunity.created", "opportunity.stage_changed", "opportunity.owner_changed", "opportunity.closed":
		return lead + opportunity + cause
	case "menu.sent":
		return conversation + `, "menu": "first", "options": [` + sampleOption + `]`
	case "menu.answered":
		return conversation + `, "menu": "first", "answer": "list", "option": ` + sampleOption
	case "chat.waiting":
		return conversation + opportunity
	case "chat.assigned":
		return conversation + opportunity + `, "rule": "courses", "step": 1, "target": "maria", "agent": ` + sampleAgent
	case "chat.escalated":
		return conversation + opportunity + `, "agent": ` + sampleAgent
	case "chat.closed":
		return conversation + opportunity + cause
	case "agent.availability_changed":
		return `"available": true, "agent": ` + sampleAgent + cause
	case "payment.recorded":
		return lead + opportunity + `, "payment": ` + samplePayment
	case "feedback.recorded":
		return lead + `, "feedback": ` + sampleFeedback
	case "number.connected", "number.disconnected", "number.logged_out":
		return `"reason": "phone"`
	}
	return ""
}

// nullable are the values that may be null, by the object that holds them.
func nullable() map[string][]string {
	return map[string][]string{
		"data":        {"number", "from", "phrase", "message_id", "opportunity", "rule", "target", "reason", "cause"},
		"lead":        {"name", "phone", "source", "last_source", "ad"},
		"opportunity": {"field", "value", "owner"},
		"chat":        {"agent"},
		"option":      {"type", "value", "opportunity_id"},
		"feedback":    {"reason", "value", "currency"},
	}
}

// sample is an event of a type: with everything that it can have, or with null where that may be. Nil when the type is
// not known. Where the stage of an event stands the sample has the one that is given, if one is.
func sample(eventType, stage string, full bool) shape {
	data := sampleData(eventType)
	if data == "" {
		return nil
	}
	event, err := decode([]byte(`{"id": "evt_1", "type": "` + eventType + `", "timestamp": "2026-11-21T12:00:00.000Z", ` +
		`"data": {"number": "main", ` + data + `}}`))
	if err != nil {
		panic(fmt.Sprintf("sample of %s: %v", eventType, err)) // a constant; every type is tested
	}
	shaped, _ := shapeOf("", event, full).(shape)
	if stage != "" {
		for _, holder := range []any{shaped["data"], lookup(shaped["data"], "opportunity")} {
			if object, ok := holder.(shape); ok {
				for _, key := range []string{"to", "stage"} {
					if _, has := object[key]; has {
						object[key] = stage
					}
				}
			}
		}
	}
	return shaped
}

func shapeOf(name string, value any, full bool) any {
	switch v := value.(type) {
	case map[string]any:
		if name == "fields" || name == "stages" {
			if full {
				return open{"name": "1"}
			}
			return open{}
		}
		object := make(shape, len(v))
		for key, part := range v {
			object[key] = shapeOf(key, part, full)
		}
		if !full {
			for _, key := range nullable()[name] {
				if _, has := object[key]; has {
					object[key] = nil
				}
			}
		}
		return object
	case []any:
		for i, part := range v {
			v[i] = shapeOf("option", part, full)
		}
	}
	return value
}

// scope is what a template sees: the event, what answers told before, and what the configuration gives.
func scope(event map[string]any, captured, with map[string]string) map[string]any {
	s := maps.Clone(event)
	s["captured"], s["with"] = captured, with
	return s
}

// sampleScope is scope for a sample: of the captured values each has its own name for value, or none has one.
func sampleScope(event shape, captured []string, known bool, with map[string]string) shape {
	s, told, given := maps.Clone(event), shape{}, shape{}
	for _, name := range captured {
		told[name] = nil
		if known {
			told[name] = "1"
		}
	}
	for name, value := range with {
		given[name] = value
	}
	s["captured"], s["with"] = told, given
	return s
}
