package web

import (
	"net/http"
	"slices"
	"strings"
)

// apiRoot is where the API is.
const apiRoot = "/api/v1"

// formPath is where a public form is sent to.
const formPath = "/forms/{name}/{key}"

// A route is one thing that the API does.
type route struct {
	method string
	path   string // below apiRoot
	scope  scope  // that a token needs for it
	handle handler
}

// A handler answers a request, or returns why not: a problem, or any other error when it is the daemon's own.
type handler func(http.ResponseWriter, *http.Request) error

// routes is the API, whole.
func (s *site) routes() []route {
	return []route{
		{http.MethodGet, "/leads", read, s.leads},
		{http.MethodPost, "/leads", write, s.createLead},
		{http.MethodGet, "/leads/{id}", read, s.lead},
		{http.MethodPatch, "/leads/{id}", write, s.updateLead},
		{http.MethodDelete, "/leads/{id}", write, s.eraseLead},
		{http.MethodPost, "/leads/{id}/merge", write, s.mergeLeads},
		{http.MethodPost, "/leads/{id}/stage", write, s.moveLead},
		{http.MethodDelete, "/leads/{id}/transitions/{transition}", write, s.deleteTransition},
		{http.MethodGet, "/opportunities", read, s.opportunities},
		{http.MethodPost, "/opportunities", write, s.createOpportunity},
		{http.MethodPatch, "/opportunities/{id}", write, s.changeOpportunity},
		{http.MethodGet, "/chats", read, s.chats},
		{http.MethodPost, "/chats/{id}/assign", write, s.assignChat},
		{http.MethodPost, "/chats/{id}/pass", write, s.passChat},
		{http.MethodPost, "/chats/{id}/close", write, s.closeChat},
		{http.MethodGet, "/agents", read, s.agents},
		{http.MethodPatch, "/agents/{name}", write, s.changeAgent},
		{http.MethodPost, "/messages", write, s.say},
		{http.MethodPost, "/payments", write, s.recordPayment},
		{http.MethodPost, "/feedback", write, s.recordFeedback},
		{http.MethodPost, formPath, open, s.sendForm},
		{http.MethodOptions, formPath, open, s.askForm},
		{http.MethodGet, "/events", read, s.events},
		{http.MethodGet, "/deliveries", read, s.deliveries},
		{http.MethodPost, "/deliveries/{id}/retry", write, s.retryDelivery},
		{http.MethodGet, "/reports/funnel", read, s.reportFunnel},
		{http.MethodGet, "/reports/cohort", read, s.reportCohort},
		{http.MethodGet, "/reports/sources", read, s.reportSources},
		{http.MethodGet, "/reports/agents", read, s.reportAgents},
		{http.MethodGet, "/reports/integrations", read, s.reportIntegrations},
		{http.MethodGet, "/links", read, s.links},
		{http.MethodGet, "/numbers", read, s.numbers},
		{http.MethodPost, "/numbers/{name}/pair", write, s.pair},
		{http.MethodPost, "/numbers/{name}/logout", write, s.logout},
		{http.MethodPost, "/reload", write, s.reload},
		{http.MethodGet, "/openapi.json", read, s.openAPI},
	}
}

// mount puts the API into the site. Whoever has a token is told of a path that does not take a method, and of one that does
// not exist.
func (s *site) mount(mux *http.ServeMux) {
	methods := map[string][]string{}
	for _, route := range s.routes() {
		path := apiRoot + route.path
		mux.Handle(route.method+" "+path, s.api(route.scope, route.handle))
		methods[path] = append(methods[path], route.method)
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		need := read
		if path == apiRoot+formPath {
			need = open
		}
		mux.Handle(path, s.api(need, func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return problem{
				Status: http.StatusMethodNotAllowed,
				Detail: "this path does not take " + r.Method + "; it takes " + strings.Join(allowed, ", "),
			}
		}))
	}
	mux.Handle("/api/", s.api(read, func(http.ResponseWriter, *http.Request) error {
		return problem{Status: http.StatusNotFound, Detail: "there is no such path in the API"}
	}))
}
