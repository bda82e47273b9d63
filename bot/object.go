package bot

import (
	"leadgate/autoresponse"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/opportunity"
)

// The objects of the contract, as events and the API show them. What is missing is null.

// LeadView is a lead as the outside sees it.
type LeadView struct {
	ID         string            `json:"id"`
	Name       *string           `json:"name"`
	Phone      *string           `json:"phone"`
	Source     *string           `json:"source"`
	LastSource *string           `json:"last_source"`
	Ad         *AdView           `json:"ad"`
	Fields     map[string]string `json:"fields"`
	CreatedAt  string            `json:"created_at"`
	Stages     map[string]string `json:"stages"` // funnel to stage
}

// AdView is the ad that brought a lead.
type AdView struct {
	SourceID  *string `json:"source_id"`
	SourceURL *string `json:"source_url"`
	SourceApp *string `json:"source_app"`
	Headline  *string `json:"headline"`
	ClickID   *string `json:"ctwa_clid"`
}

// OpportunityView is an opportunity as the outside sees it.
type OpportunityView struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"`
	Field     *string `json:"field"`
	Value     *string `json:"value"`
	Stage     string  `json:"stage"`
	Owner     *string `json:"owner"`
	Status    string  `json:"status"`
	CreatedAt string  `json:"created_at"`
}

// ChatView is a chat as the outside sees it.
type ChatView struct {
	ID       string  `json:"id"`
	Number   string  `json:"number"`
	LeadID   string  `json:"lead_id"`
	Status   string  `json:"status"`
	Agent    *string `json:"agent"`
	OpenedAt string  `json:"opened_at"`
}

// AgentView is an agent as the outside sees them.
type AgentView struct {
	Name      string `json:"name"`
	Available bool   `json:"available"`
}

// OptionView is an option of a menu as the outside sees it.
type OptionView struct {
	Label         string  `json:"label"`
	Kind          string  `json:"kind"`
	Type          *string `json:"type"`
	Value         *string `json:"value"`
	OpportunityID *string `json:"opportunity_id"`
}

// ViewLead shows a lead who stands where the transitions, those that count, have put them.
func ViewLead(l chat.Lead, transitions []conversion.Transition) LeadView {
	v := LeadView{
		ID: l.ID, Name: optional(l.Name), Phone: optional(string(l.Phone)),
		Source: optional(l.Source), LastSource: optional(l.LastSource),
		Fields: l.Fields, CreatedAt: timestamp(l.CreatedAt), Stages: stages(transitions),
	}
	if v.Fields == nil {
		v.Fields = map[string]string{}
	}
	if l.Ad != nil {
		v.Ad = &AdView{
			SourceID: optional(l.Ad.SourceID), SourceURL: optional(l.Ad.SourceURL), SourceApp: optional(l.Ad.SourceApp),
			Headline: optional(l.Ad.Headline), ClickID: optional(l.Ad.ClickID),
		}
	}
	return v
}

// ViewOpportunity shows an opportunity.
func ViewOpportunity(o opportunity.Opportunity) OpportunityView {
	return OpportunityView{
		ID: o.ID, Type: o.Type, Field: optional(o.Field), Value: optional(o.Value), Stage: o.Stage, Owner: optional(o.Owner),
		Status: string(o.Status), CreatedAt: timestamp(o.CreatedAt),
	}
}

// ViewChat shows a chat.
func ViewChat(c chat.Chat) ChatView {
	return ChatView{
		ID: c.ID, Number: c.Number, LeadID: c.LeadID, Status: string(c.Status), Agent: optional(c.Agent),
		OpenedAt: timestamp(c.OpenedAt),
	}
}

func viewOption(o autoresponse.Option) OptionView {
	return OptionView{
		Label: o.Label, Kind: string(o.Kind), Type: optional(o.Type), Value: optional(o.Value),
		OpportunityID: optional(o.Opportunity),
	}
}

func viewOptions(options []autoresponse.Option) []OptionView {
	views := make([]OptionView, len(options))
	for i, o := range options {
		views[i] = viewOption(o)
	}
	return views
}

// stages is where the transitions put a lead, by funnel.
func stages(transitions []conversion.Transition) map[string]string {
	at := map[string]string{}
	for _, t := range transitions {
		if _, done := at[t.Funnel]; !done {
			at[t.Funnel] = conversion.Standing(transitions, t.Funnel)
		}
	}
	return at
}

// optional is nil for what is missing.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// The data of the events.
type (
	createdData struct {
		Number *string     `json:"number"`
		Lead   LeadView    `json:"lead"`
		Cause  *chat.Cause `json:"cause"`
	}
	leadData struct {
		Number *string  `json:"number"`
		Lead   LeadView `json:"lead"`
	}
	mergedData struct {
		Number   *string  `json:"number"`
		Lead     LeadView `json:"lead"`
		MergedID string   `json:"merged_id"`
	}
	returnedData struct {
		Number    *string  `json:"number"`
		Lead      LeadView `json:"lead"`
		Source    string   `json:"source"`
		Phrase    *string  `json:"phrase"`
		MessageID *string  `json:"message_id"`
	}
	stageData struct {
		Number       *string    `json:"number"`
		Lead         LeadView   `json:"lead"`
		Funnel       string     `json:"funnel"`
		From         *string    `json:"from"`
		To           string     `json:"to"`
		Cause        chat.Cause `json:"cause"`
		Phrase       *string    `json:"phrase"`
		MessageID    *string    `json:"message_id"`
		TransitionID string     `json:"transition_id"`
	}
	deletedData struct {
		Number       *string  `json:"number"`
		Lead         LeadView `json:"lead"`
		Funnel       string   `json:"funnel"`
		TransitionID string   `json:"transition_id"`
		Stage        string   `json:"stage"`
	}
	opportunityData struct {
		Number      *string         `json:"number"`
		Opportunity OpportunityView `json:"opportunity"`
		Lead        LeadView        `json:"lead"`
		Cause       chat.Cause      `json:"cause"`
	}
	menuSentData struct {
		Number  *string      `json:"number"`
		Chat    ChatView     `json:"chat"`
		Lead    LeadView     `json:"lead"`
		Menu    string       `json:"menu"`
		Options []OptionView `json:"options"`
	}
	menuAnsweredData struct {
		Number *string    `json:"number"`
		Chat   ChatView   `json:"chat"`
		Lead   LeadView   `json:"lead"`
		Menu   string     `json:"menu"`
		Option OptionView `json:"option"`
		Answer string     `json:"answer"`
	}
	chatData struct {
		Number      *string          `json:"number"`
		Chat        ChatView         `json:"chat"`
		Lead        LeadView         `json:"lead"`
		Opportunity *OpportunityView `json:"opportunity"`
	}
	assignedData struct {
		chatData
		Agent  AgentView `json:"agent"`
		Rule   *string   `json:"rule"`
		Step   int       `json:"step"`
		Target *string   `json:"target"`
	}
	escalatedData struct {
		chatData
		Agent AgentView `json:"agent"`
	}
	closedData struct {
		chatData
		Cause chat.Cause `json:"cause"`
	}
	availabilityData struct {
		Number    *string    `json:"number"`
		Agent     AgentView  `json:"agent"`
		Available bool       `json:"available"`
		Cause     chat.Cause `json:"cause"`
	}
	paymentData struct {
		Number      *string          `json:"number"`
		Payment     PaymentView      `json:"payment"`
		Lead        LeadView         `json:"lead"`
		Opportunity *OpportunityView `json:"opportunity"`
	}
	feedbackData struct {
		Number   *string      `json:"number"`
		Feedback FeedbackView `json:"feedback"`
		Lead     LeadView     `json:"lead"`
	}
	numberData struct {
		Number string  `json:"number"`
		Reason *string `json:"reason"`
	}
)
