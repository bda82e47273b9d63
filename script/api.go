package script

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// call is `api METHOD PATH [key "K"] [as WHO] [JSON]`.
type call struct {
	method string
	path   template
	key    string
	as     string   // "": whoever may write; else "read" or "nobody"
	body   template // nil: none
}

// apiRoot is what stands before the path of a call.
const apiRoot = "/api/v1"

func parseCall(l *line) (action, error) {
	c := &call{}
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}
	var err error
	if c.method, err = l.value("a method, like POST,"); err != nil {
		return nil, err
	}
	if !has(methods, c.method) {
		return nil, unknown("method", c.method, methods)
	}
	if c.path, err = parsePath(l); err != nil {
		return nil, err
	}
	for l.left() {
		switch w := l.next(); {
		case w.kind == jsonValue && c.body == nil:
			c.body, err = parseTemplate(w.text, true)
		case w.kind == bareWord && w.text == "key" && c.key == "":
			c.key, err = l.value("an idempotency key")
		case w.kind == bareWord && w.text == "as" && c.as == "":
			if c.as, err = l.value("read or nobody"); err == nil && !has(callers(), c.as) {
				err = unknown("caller", c.as, callers())
			}
		default:
			err = fmt.Errorf("%q can't stand here: what follows the path is a key, as, or a JSON value", w.text)
		}
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// callers are those who call the API besides the one who may write.
func callers() []string { return []string{"read", "nobody"} }

func parsePath(l *line) (template, error) {
	path, err := l.value("a path, like /leads,")
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(path, apiRoot+"/"):
		return nil, fmt.Errorf("the path is what follows %s: %s", apiRoot, strings.TrimPrefix(path, apiRoot))
	case !strings.HasPrefix(path, "/"):
		return nil, fmt.Errorf("%q is no path, like /leads", path)
	}
	return parseTemplate(path, false)
}

func (a *call) check(c *checker) {
	a.path.check(c)
	a.body.check(c)
}

func (a *call) play(ctx context.Context, p *player) error {
	request, err := a.request(ctx, p)
	if err != nil {
		return err
	}
	r := &recorder{header: make(http.Header), status: http.StatusOK}
	p.site.ServeHTTP(r, request)
	p.answer = &answer{status: r.status, text: strings.TrimSpace(r.body.String())}
	if p.answer.text != "" {
		if err := json.Unmarshal(r.body.Bytes(), &p.answer.document); err != nil {
			p.answer.document = p.answer.text
		}
	}
	return p.carryOn(ctx)
}

// request is the call as it is made now.
func (a *call) request(ctx context.Context, p *player) (*http.Request, error) {
	path, err := p.expand(ctx, a.path)
	if err != nil {
		return nil, err
	}
	// In the query of a URL a plus is a blank; in a script it is the plus of a phone.
	before, query, _ := strings.Cut(path, "?")
	url := apiRoot + before + "?" + strings.NewReplacer("+", "%2B", " ", "%20").Replace(query)
	body, err := p.expand(ctx, a.body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, a.method, url, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", path, err)
	}
	request.RemoteAddr = "127.0.0.1:1"
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.key != "" {
		request.Header.Set("Idempotency-Key", a.key)
	}
	if a.as != "nobody" {
		request.Header.Set("Authorization", "Bearer "+secretOf(a.as))
	}
	return request, nil
}

// A recorder keeps what a handler answers.
type recorder struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.written {
		r.status, r.written = status, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.written = true
	return r.body.Write(b)
}

// An answer is what the API has said.
type answer struct {
	status   int
	text     string
	document any // nil when it is empty
}

// String is the answer in words.
func (a *answer) String() string {
	if a.text == "" {
		return strconv.Itoa(a.status)
	}
	return fmt.Sprintf("%d %s", a.status, a.text)
}

// expectAnswer is "expect answer STATUS [PATH VALUE]…".
type expectAnswer struct {
	status int
	values []pathValue
}

func (*expectAnswer) expects() {}

func parseExpectAnswer(l *line) (action, error) {
	e := &expectAnswer{}
	var err error
	if e.status, err = l.count("HTTP status"); err != nil {
		return nil, err
	}
	e.values, err = parsePathValues(l)
	return e, err
}

func (e *expectAnswer) check(c *checker) { checkValues(c, e.values) }

func (e *expectAnswer) play(ctx context.Context, p *player) error {
	if p.answer == nil {
		return errors.New("there is no answer yet: call the API before")
	}
	values, err := p.resolve(ctx, e.values)
	if err != nil {
		return err
	}
	if p.answer.status == e.status && fit(p.answer.document, values) {
		return nil
	}
	happened := p.answer.String()
	if p.answer.status == e.status {
		happened = strconv.Itoa(e.status) + found(p.answer.document, values)
	}
	return &Failure{Expected: "the answer " + strconv.Itoa(e.status) + inWords(values), Happened: "it was " + happened}
}
