package main

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"leadgate/chat"
	"leadgate/store"
)

func showSource(stat store.SourceStat) sourceItem {
	return sourceItem{
		Source: optional(stat.Source), Leads: stat.Leads, Won: stat.Won,
		Stages: mapped(stat.Stages, func(n store.StageCount) stageCount { return stageCount(n) }),
		Paid: mapped(stat.Paid, func(m chat.Money) paidItem {
			return paidItem{Amount: json.Number(m.Decimal()), Currency: m.Currency}
		}),
	}
}

type paidItem struct {
	Amount   json.Number `json:"amount"` // decimal, in the major unit
	Currency string      `json:"currency"`
}

type reportAgents struct{ reportWhich }

// agentItem is an item of GET /api/v1/reports/agents.
type agentItem struct {
	Agent    string   `json:"agent"`
	Taken    int      `json:"taken"`
	Answered int      `json:"answered"`
	Seconds  *float64 `json:"seconds"` // from being given a chat to the first answer, on average
}

// Run reports on agents.
func (c *reportAgents) Run(ctx context.Context, p *process) error {
	r, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	found, err := r.store.AgentsReport(ctx, r.ReportFilter)
	if err != nil {
		return err
	}
	l := listing{header: []string{"agent", "taken", "answered", "seconds"}, none: "No agent was given a chat.", counts: true}
	if c.Format == "table" {
		l.header[3] = "answer_after"
	}
	items := []agentItem{}
	for _, stat := range found {
		item := agentItem{Agent: stat.Agent, Taken: stat.Taken, Answered: stat.Answered}
		after := ""
		if stat.Answered > 0 {
			seconds := stat.Mean.Seconds()
			item.Seconds = &seconds
			after = strconv.FormatFloat(seconds, 'f', -1, 64)
			if c.Format == "table" {
				after = stat.Mean.Round(time.Second).String()
			}
		}
		items = append(items, item)
		l.rows = append(l.rows, []string{stat.Agent, strconv.Itoa(stat.Taken), strconv.Itoa(stat.Answered), after})
	}
	l.items = page(items)
	return c.print(p.stdout, l)
}

type reportIntegrations struct{ reportWhich }

// integrationItem is an item of GET /api/v1/reports/integrations.
type integrationItem struct {
	Direction string `json:"direction"`
	What      string `json:"what"`
	Name      string `json:"name"`
	Count     int    `json:"count"`
}

// Run reports on what came in and went out.
func (c *reportIntegrations) Run(ctx context.Context, p *process) error {
	r, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer r.close()
	found, err := r.store.IntegrationsReport(ctx, r.ReportFilter)
	if err != nil {
		return err
	}
	l := listing{
		header: []string{"direction", "what", "name", "count"}, none: "Nothing came in or went out.",
		items: page(mapped(found, func(stat store.IntegrationStat) integrationItem { return integrationItem(stat) })),
	}
	for _, stat := range found {
		l.rows = append(l.rows, []string{stat.Direction, stat.What, stat.Name, strconv.Itoa(stat.Count)})
	}
	return c.print(p.stdout, l)
}
