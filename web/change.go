package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/fault"
)

// tokenKey is the key under which a request's context holds the name of its token.
type tokenKey struct{}

func withToken(r *http.Request, t Token) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), tokenKey{}, t.Name))
}

// cause is who makes the changes of a request: the name of its token.
func cause(r *http.Request) chat.Cause {
	name, _ := r.Context().Value(tokenKey{}).(string)
	return chat.Cause{Kind: chat.CauseAPI, By: name}
}

// named says by which field of a request's body a refusal comes; what is not in it, the path names.
type named map[error]string

// change has an input decided and committed, under the request's inputKey. The error is a problem when the bot refuses it.
func (s *site) change(r *http.Request, key string, in bot.Input, by named) error {
	in.Key, in.At = key, s.Now().UTC()
	return refusal(s.Bot.Handle(r.Context(), in), by)
}

// refusal is the problem of what the bot has refused; any other error stays what it is.
func refusal(err error, by named) error {
	if err == nil {
		return nil
	}
	for _, missing := range []error{bot.ErrNoLead, bot.ErrNoTransition, bot.ErrNoChat, bot.ErrNoOpportunity, bot.ErrNoAgent} {
		if !errors.Is(err, missing) {
			continue
		}
		if field := by[missing]; field != "" {
			return wrong(field, "is refused: %v", err)
		}
		return problem{Status: http.StatusNotFound, Detail: err.Error()}
	}
	var f fault.Fault
	switch {
	case errors.Is(err, bot.ErrConflict) && by[bot.ErrConflict] != "":
		return problem{Status: http.StatusConflict, Field: by[bot.ErrConflict], Detail: err.Error()}
	case errors.Is(err, bot.ErrConflict):
		return problem{Status: http.StatusConflict, Detail: err.Error()}
	case errors.As(err, &f):
		field := cmp.Or(f.Path, by[bot.ErrInvalid])
		f.Path = ""
		return wrong(field, "is refused: %v", f)
	case errors.Is(err, bot.ErrInvalid):
		return wrong(by[bot.ErrInvalid], "is refused: %v", err)
	}
	return err
}

// renamed is a problem whose field the request's body calls otherwise than the bot does.
func renamed(err error, names map[string]string) error {
	var p problem
	if !errors.As(err, &p) || names[p.Field] == "" {
		return err
	}
	p.Detail, p.Field = names[p.Field]+strings.TrimPrefix(p.Detail, p.Field), names[p.Field]
	return p
}
