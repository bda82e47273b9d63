package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"leadgate/conversion"
)

// The request of the Conversions API: "Server Event Parameters" and "Conversions API for Business Messaging".
type (
	metaRequest struct {
		Data          []metaEvent `json:"data"`
		TestEventCode string      `json:"test_event_code,omitempty"`
	}
	metaEvent struct {
		Name    string     `json:"event_name"`
		Time    int64      `json:"event_time"` // Unix seconds
		ID      string     `json:"event_id"`
		Action  string     `json:"action_source"`
		Channel string     `json:"messaging_channel,omitempty"` // of business messaging alone
		User    metaUser   `json:"user_data"`
		Custom  metaCustom `json:"custom_data"`
	}
	// metaUser is who the event is about. Lists hold SHA-256 in lower hex; the ids are as they are.
	metaUser struct {
		WABAID     string   `json:"whatsapp_business_account_id,omitempty"`
		PageID     string   `json:"page_id,omitempty"`
		ClickID    string   `json:"ctwa_clid,omitempty"`
		Phone      []string `json:"ph,omitempty"`
		Email      []string `json:"em,omitempty"`
		FirstName  []string `json:"fn,omitempty"`
		LastName   []string `json:"ln,omitempty"`
		Country    []string `json:"country,omitempty"`
		ExternalID []string `json:"external_id,omitempty"`
	}
	metaCustom struct {
		Value    json.Number `json:"value,omitempty"`
		Currency string      `json:"currency,omitempty"`
		Stage    string      `json:"lead_stage"`
		Source   string      `json:"lead_source,omitempty"`
	}
)

// event is an event in Meta's form, or why there is none. Meta refuses times to come, which a phone's clock may have.
func (m *Meta) event(e conversion.MetaEvent, now time.Time) (event metaEvent, problem string) {
	event = metaEvent{
		Name: e.Name, Time: min(e.At.Unix(), now.Unix()), ID: e.ID, Custom: metaCustom{Stage: e.Stage, Source: e.Source},
	}
	if e.Value != nil {
		event.Custom.Value, event.Custom.Currency = json.Number(e.Value.Decimal()), e.Value.Currency
	}
	if e.ClickID != "" && (m.config.WABAID != "" || m.config.PageID != "") {
		event.Action, event.Channel = "business_messaging", "whatsapp"
		event.User = metaUser{ClickID: e.ClickID, WABAID: m.config.WABAID}
		if m.config.WABAID == "" {
			event.User.PageID = m.config.PageID
		}
		return event, ""
	}
	switch {
	case !m.config.Chat():
		return event, "no click brought the lead, and without_click_id is skip"
	case e.Phone == "" && strings.TrimSpace(e.Email) == "":
		return event, "nothing is known of the lead by which Meta could match them"
	}
	event.Action, event.User = "chat", hashed(e)
	return event, ""
}

// hashed is who a lead is, by Meta's rules: "Customer Information Parameters".
func hashed(e conversion.MetaEvent) metaUser {
	first, last := splitName(e.LeadName)
	user := metaUser{
		Email:      hashes(strings.ToLower(strings.TrimSpace(e.Email))),
		FirstName:  hashes(plainName(first)),
		LastName:   hashes(plainName(last)),
		Country:    hashes(countryOf(string(e.Phone))),
		ExternalID: hashes(strings.ToLower(strings.TrimSpace(e.LeadID))),
	}
	for _, digits := range e.Phone.Spellings() {
		user.Phone = append(user.Phone, hashes(strings.TrimLeft(digits, "0"))...)
	}
	return user
}

// hashes is the hash of a normalized value; none of "".
func hashes(value string) []string {
	if value == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(value))
	return []string{hex.EncodeToString(sum[:])}
}

// splitName takes the first word of a name for the first name and the last for the last; one word is a first name.
func splitName(name string) (first, last string) {
	words := strings.Fields(name)
	for len(words) > 0 && plainName(words[len(words)-1]) == "" {
		words = words[:len(words)-1] // an emoji is no name
	}
	switch len(words) {
	case 0:
		return "", ""
	case 1:
		return words[0], ""
	}
	return words[0], words[len(words)-1]
}

// plainName is a name in lower case, of letters alone, in UTF-8.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// countryOf is the country of a phone as two small letters; "" when its code belongs to none.
func countryOf(phone string) string {
	number, err := phonenumbers.Parse(phone, "")
	if err != nil {
		return ""
	}
	region := phonenumbers.GetRegionCodeForNumber(number)
	if region == "" {
		region = phonenumbers.GetRegionCodeForCountryCode(int(number.GetCountryCode()))
	}
	if len(region) != 2 || region == "ZZ" {
		return "" // 001 is no country, but a network of the whole world
	}
	return strings.ToLower(region)
}
