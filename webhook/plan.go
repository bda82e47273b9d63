package webhook

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"text/template"

	"leadgate/fault"
)

// A plan is what templates have a destination do with an event: steps in their order.
type plan struct {
	steps  []*step
	with   map[string]string
	busy   *busy
	keeps  bool // what answers tell, or how far a delivery has come
	format place
}

// A step is one request.
type step struct {
	path    string // in the configuration
	name    string
	when    *template.Template // nil: always
	method  string
	asks    bool // changes nothing there
	url     *template.Template
	headers map[string]*template.Template
	body    *template.Template // nil: the event, or nothing where the method has no body
	origin  string             // scheme and host of the URL, which no event changes
	status  []int
	proof   *route
	equals  string
	capture map[string]route
}

type busy struct {
	at     route
	equals []string
}

// newPlan compiles a destination's templates and tries them on a sample of every event that it wants.
func newPlan(faults *fault.List, c Config, o Options) *plan {
	p := &plan{with: readWith(faults, c, o), format: inJSON}
	if c.Format == "xml" {
		p.format = inXML
	}
	compiler := &compiler{faults: faults, o: o, env: map[string]string{}, stages: c.StageIDs, define: c.define}
	if c.Busy != nil {
		at, problem := parseRoute(c.Busy.Path)
		if problem != "" {
			faults.Add(c.at("busy.path"), problem, `such as "error"`)
		}
		p.busy = &busy{at: at, equals: c.Busy.Equals}
	}
	for i, s := range c.stepConfigs() {
		at := ""
		if len(c.Steps) > 0 {
			at = fault.Index("step", i)
		}
		compiled := newStep(compiler, c, s, at, p.format)
		p.keeps = p.keeps || i > 0 || len(compiled.capture) > 0
		p.steps = append(p.steps, compiled)
	}
	if faults.Err() == nil {
		trial := trial{plan: p, c: c, compiler: compiler, private: c.AllowPrivate}
		trial.run(wanted(c.Events, o.EventTypes))
	}
	return p
}

// stepConfigs are the steps, or the one that the destination itself describes.
func (c Config) stepConfigs() []StepConfig {
	if len(c.Steps) > 0 {
		return c.Steps
	}
	return []StepConfig{{Method: c.Method, Body: c.Body, Capture: c.Capture}}
}

// at is where a fault stands: what a preset says is at "preset".
func (c Config) at(path string) string {
	head, _, _ := strings.Cut(path, ".")
	head, _, _ = strings.Cut(head, "[")
	if c.preset[head] {
		return "preset"
	}
	return path
}

func newStep(compiler *compiler, c Config, s StepConfig, at string, body place) *step {
	compiled := &step{path: at, name: s.Name, method: s.Method, headers: map[string]*template.Template{}, capture: map[string]route{}}
	where := func(key string) string { return c.at(fault.Join(at, key)) }
	if s.When != "" {
		compiled.when = compiler.compile(where("when"), s.When, inText)
	}
	switch s.Method {
	case "":
		compiled.method = http.MethodPost
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		compiler.faults.Add(where("method"), fmt.Sprintf("method %q is not one of GET, POST, PUT, PATCH and DELETE", s.Method), "")
	}
	compiled.asks = s.Asks || compiled.method == http.MethodGet
	urlAt, written := where("url"), s.URL
	if written == "" {
		urlAt, written = c.at("url"), c.URL
	}
	if written == "" {
		compiler.faults.Add(urlAt, "a request needs a URL", `such as url = "https://crm.example.com/leads"`)
	}
	compiled.url = compiler.compile(urlAt, written, inPath)
	for _, headers := range []struct {
		at     string
		values map[string]string
	}{{"headers", c.Headers}, {fault.Join(at, "headers"), s.Headers}} {
		if headers.at == "headers" && at == "" && len(compiled.headers) > 0 {
			continue
		}
		checkNames(compiler.faults, c.at(headers.at), headers.values)
		for name, value := range headers.values {
			compiled.headers[http.CanonicalHeaderKey(name)] = compiler.compile(c.at(headers.at)+"."+name, value, inHeader)
		}
	}
	if s.Body != "" {
		compiled.body = compiler.compile(where("body"), s.Body, body)
	}
	compiled.expects(compiler.faults, c, s, where)
	return compiled
}

// expects compiles what the step wants of an answer.
func (st *step) expects(faults *fault.List, c Config, s StepConfig, where func(string) string) {
	success, at := s.Success, where("success")
	if success == nil {
		success, at = c.Success, c.at("success")
	}
	if success != nil {
		st.status, st.equals = success.Status, success.Equals
		for i, status := range success.Status {
			if status < 100 || status > 599 {
				faults.Add(at, fmt.Sprintf("status %d (number %d) is not one of HTTP", status, i+1), "")
			}
		}
		switch {
		case success.Path != "":
			proof, problem := parseRoute(success.Path)
			if problem != "" {
				faults.Add(at+".path", problem, `such as "result.ok"`)
			}
			st.proof = &proof
		case success.Equals != "":
			faults.Add(at+".equals", "equals needs the path of the value", `such as path = "result.ok"`)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Capture)) {
		path, problem := parseRoute(s.Capture[name])
		if strings.HasPrefix(name, ".") || name == "" {
			problem = fmt.Sprintf("%q can't be the name of a captured value", name)
		}
		if problem != "" {
			faults.Add(where("capture."+name), problem, `such as deal_id = "result.id"`)
		}
		st.capture[name] = path
	}
}

// checkNames checks the names of headers whose values are templates.
func checkNames(faults *fault.List, path string, headers map[string]string) {
	names := make(map[string]string, len(headers))
	for name := range headers {
		if http.CanonicalHeaderKey(name) != "Content-Type" {
			names[name] = ""
		}
	}
	var found fault.List
	checkHeaders(&found, names)
	for _, f := range found {
		faults.Add(path+strings.TrimPrefix(f.Path, "headers"), f.Problem, f.Hint)
	}
}

// readWith is what templates find in .with.
func readWith(faults *fault.List, c Config, o Options) map[string]string {
	with := maps.Clone(c.With)
	if with == nil {
		with = map[string]string{}
	}
	for _, source := range []struct {
		key   string
		names map[string]string
		read  func(string, Options) (string, string)
	}{{"with_env", c.WithEnv, fromEnv}, {"with_file", c.WithFile, fromFile}} {
		for _, name := range slices.Sorted(maps.Keys(source.names)) {
			value, problem := source.read(source.names[name], o)
			if _, twice := with[name]; twice && problem == "" {
				problem = fmt.Sprintf("%q is given twice", name)
			}
			if problem != "" {
				faults.Add(fault.Join(source.key, name), problem, "")
			}
			with[name] = value
		}
	}
	return with
}

// wanted are the types of events that match the patterns.
func wanted(patterns, types []string) []string {
	if len(patterns) == 0 {
		return types
	}
	return slices.DeleteFunc(slices.Clone(types), func(t string) bool {
		return !slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, err := path.Match(pattern, t)
			return ok && err == nil
		})
	})
}

// captures are the names that the steps capture.
func (p *plan) captures() []string {
	names := map[string]bool{}
	for _, st := range p.steps {
		for name := range st.capture {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// render is what a template prints.
func render(t *template.Template, data any) (string, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

// holds reports whether a step is to be done.
func (st *step) holds(data any) (bool, error) {
	if st.when == nil {
		return true, nil
	}
	printed, err := render(st.when, data)
	printed = strings.TrimSpace(printed)
	return printed != "" && printed != "false", err
}

// originOf is a URL's scheme and host.
func originOf(u *url.URL) string { return strings.ToLower(u.Scheme + "://" + u.Host) }
