package bot

import (
	"path"
	"slices"
	"time"

	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/opportunity"
	"leadgate/routing"
)

// A Policy is the configuration in force, checked. It is never changed; a reload replaces it as a whole.
type Policy struct {
	Conversion    *conversion.Policy
	Opportunities *opportunity.Policy
	Responses     *autoresponse.Policy
	Routing       *routing.Policy
	Language      string         // of the daemon's own words: "en" or "pt"
	Country       string         // how phones without a country code are read; "" when they need one
	Zone          *time.Location // in which times are told; nil: UTC
	Numbers       []chat.Number
	Subscriptions []Subscription
	Meta          *MetaPolicy // nil: Meta is told nothing
	FeedbackStage string      // the stage that a conversion reported by feedback sets; "" for none
}

// A Subscription says which events go to a destination.
type Subscription struct {
	Destination string
	Events      []string // patterns such as "lead.*"; empty: all
	Rules       []Rule   // an event goes out when any of them holds; none: every one does
}

// Wants reports whether the destination is told of an event.
func (s Subscription) Wants(e Event) bool {
	typed := len(s.Events) == 0 || slices.ContainsFunc(s.Events, func(pattern string) bool {
		ok, err := path.Match(pattern, string(e.Type))
		return ok && err == nil
	})
	return typed && (len(s.Rules) == 0 || slices.ContainsFunc(s.Rules, func(r Rule) bool { return r.holds(e.Facts) }))
}

// ignores reports whether a person can't be a lead of the number: somebody on its ignore list, or one of the business's
// own numbers.
func (p *Policy) ignores(number string, phone chat.Phone) bool {
	if phone == "" {
		return false
	}
	return slices.ContainsFunc(p.Numbers, func(n chat.Number) bool {
		return n.Phone == phone || n.Name == number && slices.Contains(n.Ignore, phone)
	})
}

// deliveries are the rows that carry the events of an input out, one for each event and destination that wants it.
// Their bodies are the events', which the store keeps once.
func (p *Policy) deliveries(in Input, events []Event) []delivery.Delivery {
	var rows []delivery.Delivery
	for _, e := range events {
		for _, s := range p.Subscriptions {
			if s.Wants(e) {
				rows = append(rows, delivery.Delivery{Destination: s.Destination, Lane: e.Lane(), Key: e.ID, CreatedAt: in.At})
			}
		}
	}
	return rows
}

// clock is a time as people of the business read it: the day is named when it is another than now's.
func (p *Policy) clock(at, now time.Time) string {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	at, now = at.In(zone), now.In(zone)
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return at.Format("15:04")
	}
	return at.Format("2006-01-02 15:04")
}
