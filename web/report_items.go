package web

import (
	"encoding/json"
	"net/http"

	"leadgate/chat"
	"leadgate/store"
)

// sourceItem is what came of the leads of a source.
type sourceItem struct {
	Source *string      `json:"source"` // null: of leads without one
	Leads  int          `json:"leads"`
	Stages []stageCount `json:"stages"`
	Won    int          `json:"won"`  // opportunities
	Paid   []paidItem   `json:"paid"` // succeeded payments, by currency
}

type stageCount struct {
	Stage string `json:"stage"`
	Leads int    `json:"leads"`
}

type paidItem struct {
	Amount   json.Number `json:"amount"` // decimal, in the major unit
	Currency string      `json:"currency"`
}

func showSource(stat store.SourceStat) sourceItem {
	return sourceItem{
		Source: optional(stat.Source), Leads: stat.Leads, Won: stat.Won,
		Stages: show(stat.Stages, func(n store.StageCount) stageCount { return stageCount(n) }),
		Paid: show(stat.Paid, func(m chat.Money) paidItem {
			return paidItem{Amount: json.Number(m.Decimal()), Currency: m.Currency}
		}),
	}
}

// reportSources answers GET /reports/sources, the source with the most leads first.
func (s *site) reportSources(w http.ResponseWriter, r *http.Request) error {
	report, err := s.reportOf(r)
	if err != nil {
		return err
	}
	found, err := s.Store.SourcesReport(r.Context(), report.ReportFilter, report.stages)
	if err != nil {
		return err
	}
	writeList(w, show(found, showSource), 0)
	return nil
}

// agentStat is how an agent does.
type agentStat struct {
	Agent    string   `json:"agent"`
	Taken    int      `json:"taken"`          // chats that they were given
	Answered int      `json:"answered"`       // of these
	Seconds  *float64 `json:"answer_seconds"` // from being given a chat to the first answer, on average; null: none was answered
}

func showAgentStat(stat store.AgentStat) agentStat {
	item := agentStat{Agent: stat.Agent, Taken: stat.Taken, Answered: stat.Answered}
	if stat.Answered > 0 {
		seconds := stat.Mean.Seconds()
		item.Seconds = &seconds
	}
	return item
}

// reportAgents answers GET /reports/agents, by name.
func (s *site) reportAgents(w http.ResponseWriter, r *http.Request) error {
	report, err := s.reportOf(r)
	if err != nil {
		return err
	}
	found, err := s.Store.AgentsReport(r.Context(), report.ReportFilter)
	if err != nil {
		return err
	}
	writeList(w, show(found, showAgentStat), 0)
	return nil
}

// integrationItem is how much of one thing came in or went out.
type integrationItem struct {
	Direction string `json:"direction"` // in, out
	What      string `json:"what"`      // in: source, lead, payment, feedback, message; out: delivered, dead
	Name      string `json:"name"`      // the source, the token or form, or the destination
	Count     int    `json:"count"`
}

// reportIntegrations answers GET /reports/integrations.
func (s *site) reportIntegrations(w http.ResponseWriter, r *http.Request) error {
	report, err := s.reportOf(r)
	if err != nil {
		return err
	}
	found, err := s.Store.IntegrationsReport(r.Context(), report.ReportFilter)
	if err != nil {
		return err
	}
	writeList(w, show(found, func(stat store.IntegrationStat) integrationItem { return integrationItem(stat) }), 0)
	return nil
}
