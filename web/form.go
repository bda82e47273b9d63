package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"leadgate/bot"
	"leadgate/chat"
)

// A Form is a public form that creates leads.
type Form struct {
	Name    string
	Source  string            // of the leads that it brings
	Key     string            // public, part of its path
	Origins []string          // of the pages that it stands on; none: any
	Type    string            // of the opportunity that it creates; "" for none
	Stage   string            // of that opportunity; "": the first
	Title   string            // of that opportunity, with {lead.name} and {fields.X}; "" for none
	Fields  map[string]string // the form's fields by ours: "name", "phone", "email", and those of the lead
}

// Fields of a form that are more than a field of the lead.
const (
	formName  = "name"
	formPhone = "phone"
	formEmail = chat.FieldEmail
)

// honeypot is a field that people do not see and programs fill in. A form that means it otherwise has it among its Fields.
const honeypot = "website"

// formOutcome is what became of a form that somebody sent.
type formOutcome string

const (
	formTaken   formOutcome = "taken"
	formTrapped formOutcome = "trapped" // a program filled the honeypot
	formWrong   formOutcome = "wrong"   // something in it was wrong
	formLimited formOutcome = "limited" // its address sends too many
	formRefused formOutcome = "refused" // it stands on a page that it may not stand on
	formFailed  formOutcome = "failed"  // the daemon could not take it
)

// form is the form of a request's path. A key that is wrong is a form that does not exist, and takes as long.
func (s *site) form(r *http.Request) (Form, bool) {
	given := sha256.Sum256([]byte(r.PathValue("key")))
	var found Form
	match := false
	for _, f := range s.Forms() {
		key := sha256.Sum256([]byte(f.Key))
		if subtle.ConstantTimeCompare(given[:], key[:]) == 1 && f.Key != "" && f.Name == r.PathValue("name") {
			found, match = f, true
		}
	}
	return found, match
}

// allow lets the pages that a form stands on read its answers, and refuses all others.
func (f Form) allow(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	switch {
	case len(f.Origins) == 0:
		w.Header().Set("Access-Control-Allow-Origin", "*")
	case slices.ContainsFunc(f.Origins, func(o string) bool { return strings.EqualFold(o, origin) }):
		w.Header().Set("Access-Control-Allow-Origin", origin)
	default:
		return problem{Status: http.StatusForbidden, Detail: "the form does not stand on this page: its origins are others"}
	}
	return nil
}

// askForm answers OPTIONS /forms/{name}/{key}: a browser asks whether a page may send the form by a program.
func (s *site) askForm(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.form(r)
	if !ok {
		return unknownForm()
	}
	if err := f.allow(w, r); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", http.MethodPost)
	h.Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key")
	h.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func unknownForm() problem {
	return problem{Status: http.StatusNotFound, Detail: "there is no such form"}
}

// sendForm answers POST /forms/{name}/{key}: 201, whether the lead is new or not, which is nobody's business.
func (s *site) sendForm(w http.ResponseWriter, r *http.Request) error {
	f, known := s.form(r)
	var refused error
	if known {
		refused = f.allow(w, r)
	}
	if wait := s.limiter.take(visitor(r)); wait > 0 {
		s.metrics.form(f, formLimited)
		w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
		return problem{Status: http.StatusTooManyRequests, Detail: "too many forms from this address; try again in a moment"}
	}
	if !known {
		return unknownForm()
	}
	if refused != nil {
		s.metrics.form(f, formRefused)
		return refused
	}
	return s.once(w, r, "form/"+url.PathEscape(f.Name), func(w http.ResponseWriter, r *http.Request) error {
		outcome, err := s.takeForm(r, f)
		s.metrics.form(f, outcome)
		if err != nil {
			return err
		}
		if wantsPage(r) {
			s.writePage(w, http.StatusCreated, problem{})
			return nil
		}
		writeJSON(w, http.StatusCreated, map[string]string{"status": "ok"})
		return nil
	})
}

// takeForm has the lead of a form created or found.
func (s *site) takeForm(r *http.Request, f Form) (formOutcome, error) {
	given, err := formValues(r)
	if err != nil {
		return formWrong, err
	}
	if given[honeypot] != "" && !f.takes(honeypot) {
		return formTrapped, nil
	}
	create, err := s.formLead(f, given)
	if err != nil {
		return formWrong, err
	}
	key := inputKey(r)
	err = s.change(r, key, bot.Input{Create: &create}, nil)
	var p problem
	switch {
	case errors.As(err, &p) && p.Status == http.StatusConflict:
		return formWrong, wrong(f.Fields[formPhone], "is a phone of the business itself")
	case errors.As(err, &p):
		// The form asks for what the configuration does not have: whoever fills it in can't help that.
		s.Log.Error("a form can't be taken as it is configured", "form", f.Name, "err", err)
		return formFailed, problem{Status: http.StatusInternalServerError, Detail: "the daemon could not do that; its log says why"}
	case err != nil:
		return formFailed, err
	}
	return formTaken, nil
}

// takes reports whether a field of the form means something.
func (f Form) takes(theirs string) bool {
	for _, t := range f.Fields {
		if t == theirs {
			return true
		}
	}
	return false
}

// formLead is the lead that a form asks for.
func (s *site) formLead(f Form, given map[string]string) (bot.CreateLead, error) {
	create := bot.CreateLead{
		Name: given[f.Fields[formName]], Source: f.Source, Fields: map[string]string{},
		Cause: chat.Cause{Kind: chat.CauseAPI, By: "form " + f.Name},
	}
	phone, email := f.Fields[formPhone], f.Fields[formEmail]
	var err error
	if text := given[phone]; text != "" {
		if create.Phone, err = s.phoneOf(phone, text); err != nil {
			return create, err
		}
	}
	if text := given[email]; text != "" {
		if create.Email = chat.NormalEmail(text); create.Email == "" {
			return create, wrong(email, "is no e-mail address")
		}
	}
	if create.Phone == "" && create.Email == "" {
		return create, missing(phone, email)
	}
	for ours, theirs := range f.Fields {
		if value := given[theirs]; value != "" && !slices.Contains([]string{formName, formPhone, formEmail}, ours) {
			create.Fields[ours] = value
		}
	}
	if f.Type != "" {
		create.Opportunity = &bot.WantedOpportunity{Type: f.Type, Stage: f.Stage, Title: f.title(given)}
	}
	return create, nil
}

// missing is the problem of a form without a phone and an e-mail address, by the fields that it has for them.
func missing(phone, email string) problem {
	switch {
	case email == "":
		return wrong(phone, "is missing")
	case phone == "":
		return wrong(email, "is missing")
	}
	return wrong(phone, "is missing, and so is %s: one of them is needed", email)
}

// maxTitle bounds the title of an opportunity that a form creates, in characters.
const maxTitle = 200

// title fills in the form's template of an opportunity's title. Braces that hold no placeholder stay.
func (f Form) title(given map[string]string) string {
	placeholder := regexp.MustCompile(`\{[^{}]*\}`)
	filled := placeholder.ReplaceAllStringFunc(f.Title, func(p string) string {
		name := p[1 : len(p)-1]
		if name == "lead.name" {
			return given[f.Fields[formName]]
		}
		if field, is := strings.CutPrefix(name, "fields."); is {
			return given[f.Fields[field]]
		}
		return p
	})
	filled = strings.Join(strings.Fields(filled), " ")
	if utf8.RuneCountInString(filled) > maxTitle {
		filled = string([]rune(filled)[:maxTitle])
	}
	return filled
}
