package web

import (
	"net/http"
	"slices"

	"leadgate/bot"
	"leadgate/conversion"
)

// updateLead answers PATCH /leads/{id}: a name, and fields of which null takes one away. What is not given stays.
func (s *site) updateLead(w http.ResponseWriter, r *http.Request) error {
	var name settable
	var values texts
	if err := body(r, fields{"name": &name, "fields": &values}); err != nil {
		return err
	}
	if !name.given && len(values) == 0 {
		return wrong("name", "is missing, and so is fields: nothing is to be changed")
	}
	return s.changeLead(w, r, nil, func(id string) bot.Input {
		return bot.Input{Update: &bot.UpdateLead{LeadID: id, Name: name.pointer(), Fields: values, Cause: cause(r)}}
	})
}

// eraseLead answers DELETE /leads/{id}.
func (s *site) eraseLead(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	return s.changeLead(w, r, nil, func(id string) bot.Input {
		return bot.Input{Erase: &bot.EraseLead{LeadID: id, Cause: cause(r)}}
	})
}

// mergeLeads answers POST /leads/{id}/merge: the path's lead becomes part of another, who is the answer.
func (s *site) mergeLeads(w http.ResponseWriter, r *http.Request) error {
	var into string
	if err := body(r, fields{"into": &into}); err != nil {
		return err
	}
	if into == r.PathValue("id") {
		return wrong("into", "is the lead itself")
	}
	if _, err := s.knownLead(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return s.changeLead(w, r, named{bot.ErrNoLead: "into"}, func(id string) bot.Input {
		return bot.Input{Merge: &bot.MergeLeads{LeadID: id, Into: into, Cause: cause(r)}}
	})
}

// moveLead answers POST /leads/{id}/stage.
func (s *site) moveLead(w http.ResponseWriter, r *http.Request) error {
	var funnel, stage string
	if err := body(r, fields{"funnel": &funnel, "stage": &stage}); err != nil {
		return err
	}
	field := "funnel"
	isIt := func(f conversion.Funnel) bool { return f.Name == funnel }
	if slices.ContainsFunc(s.Bot.Policy().Conversion.Funnels(), isIt) {
		field = "stage"
	}
	return s.changeLead(w, r, named{bot.ErrInvalid: field}, func(id string) bot.Input {
		return bot.Input{Move: &bot.Move{LeadID: id, Funnel: funnel, Stage: stage, Cause: cause(r)}}
	})
}

// deleteTransition answers DELETE /leads/{id}/transitions/{transition}.
func (s *site) deleteTransition(w http.ResponseWriter, r *http.Request) error {
	if err := body(r, nil); err != nil {
		return err
	}
	return s.changeLead(w, r, nil, func(id string) bot.Input {
		return bot.Input{Delete: &bot.DeleteTransition{LeadID: id, TransitionID: r.PathValue("transition"), Cause: cause(r)}}
	})
}

// changeLead has the path's lead changed, and answers with the lead as they are then.
func (s *site) changeLead(w http.ResponseWriter, r *http.Request, by named, input func(id string) bot.Input) error {
	key := inputKey(r)
	id := r.PathValue("id")
	if err := s.change(r, key, input(id), by); err != nil {
		return err
	}
	return s.writeLead(w, r, id)
}
