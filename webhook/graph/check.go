package graph

import (
	"regexp"
	"slices"
	"time"
)

// Subcodes of error 100.
const (
	tooOld       = 2804003
	unknownEvent = 2804066
	unknownClick = 2804087
)

// check says why Meta would refuse an event; nil when it would not.
func (s *Server) check(e Event) *Failure {
	now, at := s.options.Now(), time.Unix(e.Time, 0)
	switch {
	case e.Name == "" || e.Action == "" || e.User == nil:
		return invalid(0, "an event needs event_name, action_source and user_data")
	case e.Time <= 0 || at.After(now.Add(time.Minute)):
		return invalid(0, "event_time is not a time that has been")
	case now.Sub(at) > 7*24*time.Hour:
		return invalid(tooOld, "The timestamp for this event is too far in the past.")
	case e.Name == "Purchase" && (e.Custom["value"] == nil || e.Custom["currency"] == nil):
		return invalid(0, "a Purchase needs value and currency")
	}
	if value, given := e.Custom["value"]; given {
		if _, number := value.(float64); !number {
			return invalid(0, "value is not a number")
		}
	}
	if e.Action == "business_messaging" {
		return s.checkMessaging(e)
	}
	if !slices.Contains(actions(), e.Action) || e.Channel != "" {
		return invalid(0, "action_source and messaging_channel do not go together")
	}
	return checkHashed(e.User)
}

// actions are the values of action_source besides business_messaging.
func actions() []string {
	return []string{"email", "website", "app", "phone_call", "chat", "physical_store", "system_generated", "other"}
}

// messagingEvents are the names that business messaging takes.
func messagingEvents() []string {
	return []string{
		"Purchase", "LeadSubmitted", "InitiateCheckout", "AddToCart", "ViewContent", "OrderCreated", "OrderShipped", "OrderDelivered",
		"OrderCanceled", "OrderReturned", "CartAbandoned", "QualifiedLead", "RatingProvided", "ReviewProvided",
	}
}

func (s *Server) checkMessaging(e Event) *Failure {
	click, _ := e.User["ctwa_clid"].(string)
	waba, _ := e.User["whatsapp_business_account_id"].(string)
	page, _ := e.User["page_id"].(string)
	switch {
	case !slices.Contains(messagingEvents(), e.Name):
		return invalid(unknownEvent, "This event name is not supported for business messaging.")
	case e.Channel != "whatsapp" || (waba == "") == (page == ""):
		return invalid(0, "an event of WhatsApp needs its channel and one of whatsapp_business_account_id and page_id")
	case click == "" || !s.options.Clicks(click):
		return invalid(unknownClick, "Messaging Event Invalid Ctwa Clid: the ctwa_clid "+click+" is not valid.")
	}
	return nil
}

// checkHashed refuses what is not hashed, keys that are not known, and a user of whom nothing is said.
func checkHashed(user map[string]any) *Failure {
	keys := []string{"ph", "em", "fn", "ln", "country", "external_id"}
	hash := regexp.MustCompile(`^[0-9a-f]{64}$`)
	matched := false
	for key, value := range user {
		values, list := value.([]any)
		if !slices.Contains(keys, key) || !list || len(values) == 0 {
			return invalid(0, "user_data."+key+" is not known, or no list")
		}
		for _, v := range values {
			if text, ok := v.(string); !ok || !hash.MatchString(text) {
				return invalid(0, "user_data."+key+" is not hashed")
			}
		}
		matched = matched || key == "ph" || key == "em"
	}
	if !matched {
		return invalid(0, "user_data has nothing to match on")
	}
	return nil
}
