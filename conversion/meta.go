package conversion

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leadgate/chat"
	"leadgate/fault"
)

// metaEvents are the names that Meta takes for business messaging: Conversions API, "Business Messaging", supported events.
func metaEvents() []string {
	return []string{
		"Purchase", "LeadSubmitted", "InitiateCheckout", "AddToCart", "ViewContent", "OrderCreated", "OrderShipped", "OrderDelivered",
		"OrderCanceled", "OrderReturned", "CartAbandoned", "QualifiedLead", "RatingProvided", "ReviewProvided",
	}
}

// Meta is what Meta is to be told of a lead who enters a stage; nil when nothing.
func (p *Policy) Meta(funnel, stage string) *MetaDue { return p.meta[[2]string{funnel, stage}] }

// TellsMeta reports whether Meta is to be told of any stage.
func (p *Policy) TellsMeta() bool { return len(p.meta) > 0 }

// checkMeta checks what Meta is to be told of a stage, and takes it over.
func (c *checker) checkMeta(path, funnel, stage string, config *MetaConfig) {
	if config == nil {
		return
	}
	path = fault.Join(path, "meta")
	if !slices.Contains(metaEvents(), config.Event) {
		hint := "it is one of " + strings.Join(metaEvents(), ", ")
		if meant := fault.Nearest(config.Event, metaEvents()); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		c.add(fault.Join(path, "event"), fmt.Sprintf("Meta takes no event %q of business messaging", config.Event), hint)
	}
	due := &MetaDue{Event: config.Event}
	switch {
	case config.Value < 0:
		c.add(fault.Join(path, "value"), "a value below zero", "leave it out, or set what a lead at this stage is worth")
	case config.Value == 0 && config.Currency == "":
		if config.Event == "Purchase" {
			c.add(path, "a Purchase needs its value and currency", `for example value = 150.0, currency = "BRL"`)
		}
	case config.Value == 0 || config.Currency == "":
		c.add(path, "a value and its currency go together", `for example value = 150.0, currency = "BRL"`)
	default:
		value, err := chat.ParseMoney(strconv.FormatFloat(config.Value, 'f', -1, 64), config.Currency)
		if err != nil {
			c.add(path, err.Error(), "")
			return
		}
		due.Value = &value
	}
	if c.policy.meta == nil {
		c.policy.meta = map[[2]string]*MetaDue{}
	}
	c.policy.meta[[2]string{funnel, stage}] = due
}
