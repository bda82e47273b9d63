package bot

import (
	"encoding/json"
	"fmt"
	"strconv"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
)

// MetaPolicy says what Meta is told of; nil: nothing.
type MetaPolicy struct {
	WithoutClickID bool // leads whom no click brought are told of as well, by hashes of who they are
}

// tellMeta tells Meta of a lead who enters a stage, once in a visit: Meta does not recognise conversions of business
// messaging that it has had before. A visit begins with what touches the lead: an entry, a return, a new click.
func (b *builder) tellMeta(t conversion.Transition) {
	due := b.policy.Conversion.Meta(t.Funnel, t.To)
	if due == nil || b.policy.Meta == nil {
		return
	}
	click := ""
	if b.lead.Ad != nil {
		click = b.lead.Ad.ClickID
	}
	if click == "" && !b.policy.Meta.WithoutClickID {
		b.decision.unclicked++
		return
	}
	key := "meta/" + b.lead.ID + "/" + t.Funnel + "/" + t.To + "/" + strconv.FormatInt(b.lead.TouchedAt.UnixMicro(), 36)
	e := conversion.MetaEvent{
		ID: newID("evt", key), Name: due.Event, At: t.At, Value: due.Value, Stage: t.To, Source: b.lead.Source, ClickID: click,
		LeadID: b.lead.ID, Phone: b.lead.Phone, LeadName: b.lead.Name, Email: b.lead.Fields[chat.FieldEmail],
	}
	body, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("event for Meta: %v", err)) // strings and times: JSON has a form for each of them
	}
	b.effects = append(b.effects, delivery.Delivery{
		Destination: MetaDestination, Lane: b.lead.ID, Key: key, Body: body, About: b.lead.ID, CreatedAt: b.in.At,
	})
}
