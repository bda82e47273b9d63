package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadgate/delivery"
)

// doneKey is under which a Memory keeps the event that was last being sent to a destination about a lead, and how many of
// its steps are done. Deliveries about one lead leave one after the other: of the others nothing has to be known.
const doneKey = ".done"

// A passage is a delivery on its way through a plan.
type passage struct {
	d        delivery.Delivery
	event    map[string]any
	lead     string // "": nobody about whom anything can be kept
	captured map[string]string
}

// carry does the steps that an event needs and that an earlier attempt has not done.
func (s *Sender) carry(ctx context.Context, d delivery.Delivery) delivery.Result {
	event, err := decode(d.Body)
	if err != nil {
		return delivery.Result{Verdict: delivery.Never, Detail: "the event is not JSON"}
	}
	p := &passage{d: d, event: event, lead: leadOf(event), captured: map[string]string{}}
	if s.plan.keeps && p.lead != "" {
		if s.memory == nil {
			return delivery.Result{Verdict: delivery.Unsent, After: time.Minute, Detail: "nothing keeps what the answers tell"}
		}
		if p.captured, err = s.memory.Captured(ctx, s.name, p.lead); err != nil {
			return delivery.Result{Verdict: delivery.Unsent, After: time.Minute, Detail: "what earlier answers told can't be read"}
		}
		if p.captured == nil {
			p.captured = map[string]string{}
		}
	}
	result := delivery.Result{Verdict: delivery.Done, Detail: "nothing is to be sent for this event"}
	done := p.done()
	for i, st := range s.plan.steps {
		if i < done && !st.asks {
			continue
		}
		data := scope(p.event, p.captured, s.plan.with)
		holds, err := st.holds(data)
		if err != nil {
			return st.named(delivery.Result{Verdict: delivery.Never, Detail: "when: " + lineOf(err) + "the template can't be filled in"})
		}
		if !holds {
			continue
		}
		told := map[string]string{}
		if result = s.do(ctx, st, p, data, told); result.Verdict != delivery.Done {
			return st.named(result)
		}
		if kept := s.keep(ctx, p, max(done, i+1), told); kept != nil {
			return st.named(*kept)
		}
	}
	return result
}

// done is how many steps an earlier attempt has done. Those that only ask are done again: what they would find may be what
// an attempt has created whose answer was lost.
func (p *passage) done() int {
	id, steps, _ := strings.Cut(p.captured[doneKey], " ")
	done, err := strconv.Atoi(steps)
	if id != p.d.Key || err != nil {
		return 0
	}
	return done
}

// keep remembers at once what an answer told, and that the step is done.
func (s *Sender) keep(ctx context.Context, p *passage, done int, told map[string]string) *delivery.Result {
	maps.Copy(p.captured, told)
	if !s.plan.keeps || p.lead == "" {
		return nil
	}
	told[doneKey] = p.d.Key + " " + strconv.Itoa(done)
	// What has been done has been done, though the attempt's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	if err := s.memory.Capture(ctx, s.name, p.lead, told); err != nil {
		return &delivery.Result{Verdict: delivery.Again, Detail: "what the answer told can't be kept"}
	}
	return nil
}

func (st *step) named(r delivery.Result) delivery.Result {
	if st.name != "" {
		r.Detail = fmt.Sprintf("step %q: %s", st.name, r.Detail)
	}
	return r
}

// do makes one request and puts what its answer tells into told.
func (s *Sender) do(ctx context.Context, st *step, p *passage, data any, told map[string]string) delivery.Result {
	request, problem := s.stepRequest(st, p, data)
	if problem != "" {
		return delivery.Result{Verdict: delivery.Never, Detail: problem}
	}
	if r := s.wait(ctx); r != nil {
		return *r
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.transport.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return s.failed(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return verdict(answer.StatusCode, "", s.now())
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return s.failed(ctx, err)
	}
	return s.plan.judge(st, answer, body, s.now(), told)
}

// stepRequest makes a step's request, or says why that can't be made.
func (s *Sender) stepRequest(st *step, p *passage, data any) (request *http.Request, problem string) {
	target, problem := st.urlOf(data)
	if problem != "" {
		return nil, problem
	}
	body := p.d.Body
	switch {
	case st.body != nil:
		printed, err := render(st.body, data)
		if err != nil {
			return nil, "body: " + lineOf(err) + "the template can't be filled in"
		}
		if problem = wellFormed([]byte(printed), s.plan.format); problem != "" {
			return nil, "body: " + problem
		}
		body = []byte(printed)
	case st.method == http.MethodGet || st.method == http.MethodDelete:
		body = nil
	case s.xml:
		var err error
		if body, err = eventXML(body); err != nil {
			return nil, "the event is not JSON"
		}
	}
	request, err := http.NewRequest(st.method, target.String(), bytes.NewReader(body)) //nolint:noctx // the caller gives it one
	if err != nil {
		return nil, "url: what the template prints is no address"
	}
	maps.Copy(request.Header, s.header)
	if body == nil {
		delete(request.Header, "Content-Type")
	}
	for name, value := range st.headers {
		printed, err := render(value, data)
		if err != nil {
			return nil, "headers." + name + ": " + lineOf(err) + "the template can't be filled in"
		}
		request.Header[name] = []string{strings.TrimSpace(printed)}
	}
	s.sign(request.Header, p.d.Key, s.now().Unix(), body)
	return request, ""
}

// judge says what an answer to a step means, and takes out of it what is to be kept. What the answer says is not repeated.
func (p *plan) judge(st *step, answer *http.Response, body []byte, now time.Time, told map[string]string) delivery.Result {
	result := verdict(answer.StatusCode, answer.Header.Get("Retry-After"), now)
	tree := readAnswer(answer.Header.Get("Content-Type"), body)
	if p.busy != nil {
		if said, ok := plain(p.busy.at.find(tree)); ok && slices.Contains(p.busy.equals, said) {
			result.Verdict, result.After = delivery.Again, parseRetryAfter(answer.Header.Get("Retry-After"), now)
			result.Detail += ": it was asked too often"
			return result
		}
	}
	accepted := result.Verdict == delivery.Done && len(st.status) == 0 || slices.Contains(st.status, answer.StatusCode)
	if !accepted {
		if result.Verdict == delivery.Done {
			result.Verdict = delivery.Reject
			result.Detail += ", which is not what success says"
		}
		return result
	}
	result.Verdict, result.After = delivery.Done, 0
	if st.proof != nil {
		said, ok := plain(st.proof.find(tree))
		if !ok || st.equals != "" && said != st.equals {
			result.Verdict = delivery.Reject
			result.Detail += fmt.Sprintf(", but its %s is not what success says", st.proof.written)
			return result
		}
	}
	for _, name := range slices.Sorted(maps.Keys(st.capture)) {
		at := st.capture[name]
		value, ok := plain(at.find(tree))
		switch {
		case ok:
			told[name] = value
		case !at.optional:
			result.Verdict = delivery.Reject
			result.Detail += fmt.Sprintf(", but without the %s that is to be captured", at.written)
			return result
		}
	}
	return result
}
