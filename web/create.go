package web

import (
	"context"
	"net/http"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/opportunity"
	"leadgate/store"
)

// createdLead is a lead whom a request has brought or found, with the opportunity that it asked for.
type createdLead struct {
	bot.LeadView
	Opportunity *opportunityItem `json:"opportunity"` // null: it asked for none
}

// createLead answers POST /leads: 201 with a new lead, 200 with the one who is known by the phone, else by the e-mail address.
func (s *site) createLead(w http.ResponseWriter, r *http.Request) error {
	var phone, email, name, source, funnel *string
	var values texts
	var kind string
	var value, title *string
	wanted := object{want: fields{"type": &kind, "value": &value, "name": &title}}
	err := body(r, fields{
		"phone": &phone, "email": &email, "name": &name, "source": &source, "fields": &values, "funnel": &funnel,
		"opportunity": &wanted,
	})
	if err != nil {
		return err
	}
	create := bot.CreateLead{Name: orEmpty(name), Source: orEmpty(source), Funnel: orEmpty(funnel), Cause: cause(r)}
	if err := s.reach(&create, orEmpty(phone), orEmpty(email), values); err != nil {
		return err
	}
	if wanted.given {
		create.Opportunity = &bot.WantedOpportunity{Type: kind, Value: orEmpty(value), Title: orEmpty(title)}
	}
	key := inputKey(r)
	err = s.change(r, key, bot.Input{Create: &create}, named{bot.ErrInvalid: "funnel", bot.ErrConflict: "phone"})
	if err != nil {
		return renamed(err, map[string]string{"type": "opportunity.type", "value": "opportunity.value"})
	}
	return s.writeCreated(w, r, key, create)
}

// reach reads by what a lead is found, and the fields of which one may be the e-mail address.
func (s *site) reach(create *bot.CreateLead, phone, email string, values texts) (err error) {
	emailField := "email"
	create.Fields = map[string]string{}
	for field, value := range values {
		switch {
		case value == nil:
		case field == chat.FieldEmail && email == "":
			email, emailField = *value, "fields."+field
		case field != chat.FieldEmail:
			create.Fields[field] = *value
		}
	}
	if phone == "" && email == "" {
		return wrong("phone", "is missing, and so is email: one of them is needed")
	}
	if phone != "" {
		if create.Phone, err = s.phoneOf("phone", phone); err != nil {
			return err
		}
	}
	if email != "" {
		if create.Email = chat.NormalEmail(email); create.Email == "" {
			return wrong(emailField, "is no e-mail address")
		}
	}
	return nil
}

// phoneOf reads a phone as people write it.
func (s *site) phoneOf(field, text string) (chat.Phone, error) {
	phone, err := chat.ParsePhone(text, s.Bot.Policy().Country)
	if err != nil {
		return "", wrong(field, "can't be read: %v", err)
	}
	return phone, nil
}

// writeCreated answers with the lead whom the input of a key has brought or found.
func (s *site) writeCreated(w http.ResponseWriter, r *http.Request, key string, create bot.CreateLead) error {
	lead, err := s.found(r.Context(), create)
	if err != nil {
		return err
	}
	item := createdLead{}
	if item.LeadView, err = s.viewLead(r.Context(), lead); err != nil {
		return err
	}
	if create.Opportunity != nil {
		if item.Opportunity, err = s.wantedBy(r.Context(), lead.ID, *create.Opportunity); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if lead.ID == bot.LeadID(key) {
		status = http.StatusCreated
	}
	writeJSON(w, status, item)
	return nil
}

// found is the lead whom a CreateLead has brought or found: who has the phone, when it names one.
func (s *site) found(ctx context.Context, create bot.CreateLead) (chat.Lead, error) {
	if create.Phone != "" {
		return s.Store.LeadByPhone(ctx, create.Phone)
	}
	return s.Store.LeadByEmail(ctx, create.Email)
}

// wantedBy is the open opportunity of a lead with a type and value; nil when somebody has closed it in between.
func (s *site) wantedBy(ctx context.Context, leadID string, want bot.WantedOpportunity) (*opportunityItem, error) {
	open, err := last(s.opportunitiesOf(ctx, store.OpportunityFilter{LeadID: leadID, Type: want.Type, Status: opportunity.Open}), opportunitySeq)
	if err != nil {
		return nil, err
	}
	for _, o := range open {
		if o.Value == want.Value {
			item := showOpportunity(o)
			return &item, nil
		}
	}
	return nil, nil
}
