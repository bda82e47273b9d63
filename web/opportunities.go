package web

import (
	"context"
	"net/http"

	"leadgate/bot"
	"leadgate/opportunity"
	"leadgate/store"
)

// opportunities answers GET /opportunities, in the order in which they were recorded.
func (s *site) opportunities(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r, "lead", "type", "status", "owner")
	if err != nil {
		return err
	}
	status, err := oneOf(l, "status", opportunity.Open, opportunity.Won, opportunity.Lost)
	if err != nil {
		return err
	}
	f := store.OpportunityFilter{
		LeadID: l.filter["lead"], Type: l.filter["type"], Status: status, Owner: l.filter["owner"],
	}
	found, next, err := page(l, s.opportunitiesOf(r.Context(), f), opportunitySeq)
	if err != nil {
		return err
	}
	writeList(w, show(found, showOpportunity), next)
	return nil
}

func (s *site) opportunitiesOf(ctx context.Context, f store.OpportunityFilter) reader[store.Opportunity] {
	return func(after int64, limit int) ([]store.Opportunity, error) {
		f := f
		f.After = after
		return s.Store.Opportunities(ctx, f, limit)
	}
}

func opportunitySeq(o store.Opportunity) int64 { return o.Seq }

// createOpportunity answers POST /opportunities: 201 with the new one.
func (s *site) createOpportunity(w http.ResponseWriter, r *http.Request) error {
	var lead, kind string
	var value, owner *string
	if err := body(r, fields{"lead_id": &lead, "type": &kind, "value": &value, "owner": &owner}); err != nil {
		return err
	}
	key := inputKey(r)
	err := s.change(r, key, bot.Input{Opportunity: &bot.NewOpportunity{
		LeadID: lead, Type: kind, Value: orEmpty(value), Owner: orEmpty(owner), Cause: cause(r),
	}}, named{bot.ErrNoLead: "lead_id", bot.ErrNoAgent: "owner"})
	if err != nil {
		return err
	}
	return s.writeOpportunity(w, r, bot.OpportunityID(key), http.StatusCreated)
}

// changeOpportunity answers PATCH /opportunities/{id}. What is not given stays; an owner that is null is nobody.
func (s *site) changeOpportunity(w http.ResponseWriter, r *http.Request) error {
	var stage, owner, status settable
	if err := body(r, fields{"stage": &stage, "owner": &owner, "status": &status}); err != nil {
		return err
	}
	if !stage.given && !owner.given && !status.given {
		return wrong("stage", "is missing, and so are owner and status: nothing is to be changed")
	}
	key := inputKey(r)
	id := r.PathValue("id")
	err := s.change(r, key, bot.Input{Change: &bot.ChangeOpportunity{
		OpportunityID: id, Stage: stage.pointer(), Owner: owner.pointer(), Status: status.pointer(), Cause: cause(r),
	}}, named{bot.ErrNoAgent: "owner"})
	if err != nil {
		return err
	}
	return s.writeOpportunity(w, r, id, http.StatusOK)
}

// writeOpportunity answers with an opportunity as it is now.
func (s *site) writeOpportunity(w http.ResponseWriter, r *http.Request, id string, status int) error {
	found, err := s.Store.Opportunities(r.Context(), store.OpportunityFilter{ID: id}, 1)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return unknown("opportunity", id)
	}
	writeJSON(w, status, showOpportunity(found[0]))
	return nil
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
