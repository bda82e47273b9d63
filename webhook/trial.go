package webhook

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"text/template"

	"leadgate/fault"
)

// A trial runs a plan's templates on samples, so that what can't work is a fault of the configuration and not a dead
// delivery.
type trial struct {
	plan     *plan
	c        Config
	compiler *compiler
	private  bool
	reported map[string]bool
}

// run tries events of these types: each whole and with null wherever that may be, before anything was captured and after.
func (t *trial) run(types []string) {
	t.reported = map[string]bool{}
	stage := ""
	if names := t.compiler.stageNames(); len(names) > 0 {
		stage = names[0]
	}
	var whole []shape
	for _, eventType := range types {
		for _, full := range []bool{true, false} {
			event := sample(eventType, stage, full)
			if event == nil {
				continue
			}
			for _, known := range []bool{true, false} {
				s := sampleScope(event, t.plan.captures(), known, t.plan.with)
				if full && known {
					whole = append(whole, s)
				}
				t.try(eventType, s)
			}
		}
	}
	t.checkFields(whole)
	for _, st := range t.plan.steps {
		t.settleOrigin(st, whole)
	}
}

// settleOrigin finds the host of a step that no sample needs, as one may be that is only for a certain source.
func (t *trial) settleOrigin(st *step, whole []shape) {
	path := t.c.at(fault.Join(st.path, "url"))
	for _, s := range whole {
		printed, err := render(st.url, s)
		if err != nil {
			continue
		}
		var found fault.List
		if target := checkURL(&found, path, printed, t.private); target != nil {
			if st.origin == "" {
				st.origin = originOf(target)
			}
			if st.origin != originOf(target) {
				t.add(path, "an event can't decide which host it is sent to", "")
			}
		}
	}
	if st.origin == "" && t.compiler.faults.Err() == nil {
		t.add(path, "the template makes no address for any event that the destination wants", "")
	}
}

// checkFields finds fields that no wanted event has, in branches that the samples did not enter.
func (t *trial) checkFields(whole []shape) {
	for _, f := range t.compiler.fields {
		if len(whole) == 0 || slices.ContainsFunc(whole, func(s shape) bool {
			_, err := at(s, f.keys...)
			return err == nil
		}) {
			continue
		}
		t.add(f.path, fmt.Sprintf("line %d: there is no field %q", f.line, "."+strings.Join(f.keys, ".")), "")
	}
}

// add notes a problem once, for the first event that shows it; "" for one that needs no event.
func (t *trial) add(path, problem, eventType string) {
	if t.reported[path+problem] {
		return
	}
	t.reported[path+problem] = true
	if eventType != "" {
		problem += ", in a " + eventType
	}
	t.compiler.faults.Add(path, problem, "")
}

// try runs the steps that a sample needs.
func (t *trial) try(eventType string, data shape) {
	for _, st := range t.plan.steps {
		where := func(key string) string { return t.c.at(fault.Join(st.path, key)) }
		if st.when != nil {
			if _, ok := t.print(where("when"), eventType, st.when, data); !ok {
				continue
			}
		}
		if holds, err := st.holds(data); err != nil || !holds {
			continue
		}
		t.tryURL(where("url"), eventType, st, data)
		for name, header := range st.headers {
			t.print(where("headers."+name), eventType, header, data)
		}
		if st.body != nil {
			t.tryBody(where("body"), eventType, st, data)
		}
		if captured, ok := data["captured"].(shape); ok {
			st.tell(captured)
		}
	}
}

// tell captures what every answer to the step has.
func (st *step) tell(captured shape) {
	for name, at := range st.capture {
		if !at.optional {
			captured[name] = "1"
		}
	}
}

func (t *trial) tryBody(path, eventType string, st *step, data shape) {
	body, ok := t.print(path, eventType, st.body, data)
	if !ok {
		return
	}
	if problem := wellFormed([]byte(body), t.plan.format); problem != "" {
		t.add(path, problem, eventType)
	}
}

func (t *trial) print(path, eventType string, of *template.Template, data shape) (string, bool) {
	printed, err := render(of, data)
	if err != nil {
		t.add(path, said(err), eventType)
	}
	return printed, err == nil
}

func (t *trial) tryURL(path, eventType string, st *step, data shape) {
	printed, ok := t.print(path, eventType, st.url, data)
	if !ok {
		return
	}
	var found fault.List
	target := checkURL(&found, path, printed, t.private)
	for _, f := range found {
		if f.Warning {
			continue
		}
		// The address may hold a secret that a template put there.
		t.add(path, "the template makes no address that can be called: "+withoutAddress(f, printed), eventType)
	}
	if target == nil {
		return
	}
	if st.origin == "" {
		st.origin = originOf(target)
	}
	if st.origin != originOf(target) {
		t.add(path, "an event can't decide which host it is sent to", "")
	}
}

// withoutAddress is a fault's problem without the address that it quotes.
func withoutAddress(f fault.Fault, address string) string {
	for _, quoted := range []string{fmt.Sprintf("%q", redacted(address)), redacted(address)} {
		f.Problem = strings.ReplaceAll(f.Problem, quoted, "it")
	}
	if f.Hint != "" {
		f.Problem += "; " + f.Hint
	}
	return f.Problem
}

// urlOf is the address of a step's request for an event; the problem when there is none.
func (st *step) urlOf(data any) (target *url.URL, problem string) {
	printed, err := render(st.url, data)
	if err != nil {
		return nil, "url: " + lineOf(err) + "the template can't be filled in"
	}
	target, err = url.Parse(printed)
	switch {
	case err != nil, target.User != nil, target.Fragment != "":
		return nil, "url: what the template prints is no address"
	case originOf(target) != st.origin:
		return nil, "url: an event can't decide which host it is sent to"
	}
	return target, ""
}
