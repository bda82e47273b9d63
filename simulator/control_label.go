package simulator

import (
	"context"
	"net/http"
	"net/url"
)

// controlLabel is a request to put a label on the chat with a person, or to take it off.
type controlLabel struct {
	To    string `json:"to"`
	Label string `json:"label"`
	On    bool   `json:"on"`
}

func (s *Server) controlLabel(r *http.Request) (any, error) {
	var body controlLabel
	a, err := s.accountBody(r, &body)
	if err != nil {
		return nil, err
	}
	to, err := s.personOf(body.To)
	if err != nil {
		return nil, err
	}
	return nil, a.Label(to, body.Label, body.On)
}

func (s *Server) controlLabels(r *http.Request) (any, error) {
	a, err := s.accountOf(r.PathValue("phone"))
	if err != nil {
		return nil, err
	}
	of, err := s.personOf(r.URL.Query().Get("of"))
	if err != nil {
		return nil, err
	}
	return a.Labels(of), nil
}

// Label is Account.Label.
func (c *Control) Label(ctx context.Context, account, person, label string, on bool) error {
	return c.order(ctx, pathOf("/accounts", account, "label"), controlLabel{person, label, on})
}

// Labels is Account.Labels.
func (c *Control) Labels(ctx context.Context, account, person string) ([]string, error) {
	return controlGet[[]string](ctx, c, pathOf("/accounts", account, "labels")+"?of="+url.QueryEscape(person))
}
