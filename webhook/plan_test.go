package webhook_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/bot"
	"leadgate/delivery"
	"leadgate/webhook"
)

// A notebook is a Memory on paper.
type notebook struct {
	mu     sync.Mutex
	values map[string]map[string]string
	broken error
}

func (n *notebook) Captured(_ context.Context, destination, lead string) (map[string]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.values[destination+"/"+lead]), n.broken
}

func (n *notebook) Capture(_ context.Context, destination, lead string, values map[string]string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken != nil {
		return n.broken
	}
	if n.values == nil {
		n.values = map[string]map[string]string{}
	}
	page := n.values[destination+"/"+lead]
	if page == nil {
		page = map[string]string{}
	}
	maps.Copy(page, values)
	n.values[destination+"/"+lead] = page
	return nil
}

// everyEvent is the options with every type there is.
func everyEvent() webhook.Options {
	o := options()
	o.EventTypes = nil
	for _, t := range bot.EventTypes() {
		o.EventTypes = append(o.EventTypes, string(t))
	}
	return o
}

// templated is a destination whose requests templates make.
func templated(url string) webhook.Config {
	return webhook.Config{Name: "crm", URL: url, AllowPrivate: true, Events: []string{"lead.created", "conversion.stage_changed"}}
}

func made(t testing.TB, c webhook.Config) *webhook.Sender {
	t.Helper()
	sender, faults := webhook.New(c, everyEvent())
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	t.Cleanup(sender.Close)
	return sender
}

// lead is an event of a type about Ana.
func told(id, eventType, data string) delivery.Delivery {
	return delivery.Delivery{Destination: "crm", Key: id, Body: []byte(`{"id":"` + id + `","type":"` + eventType +
		`","timestamp":"2026-11-21T12:00:00.000Z","data":{"number":"main",` + data + `"lead":{"id":"lead_1","name":"Ana \"<&> Silva",` +
		`"phone":"+5511987650001","source":"Instagram","last_source":null,"ad":null,"fields":{"course":"Law"},` +
		`"created_at":"2026-11-21T12:00:00.000Z","stages":{}},"cause":{"kind":"manual","by":"maria"}}}`)}
}

func created() delivery.Delivery { return told("evt_1", "lead.created", "") }

// A request is what a server was asked.
type request struct {
	method, uri, body string
	header            http.Header
}

// recorder is a server that keeps what it was asked and lets answer answer.
func recorder(t testing.TB, answer func(http.ResponseWriter, request)) (url string, asked func() []request) {
	var mu sync.Mutex
	var kept []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := request{r.Method, r.RequestURI, string(body), r.Header}
		mu.Lock()
		kept = append(kept, got)
		mu.Unlock()
		if answer != nil {
			answer(w, got)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []request {
		mu.Lock()
		defer mu.Unlock()
		return append([]request(nil), kept...)
	}
}

func TestATemplateIsEscapedForWhereItStands(t *testing.T) {
	url, asked := recorder(t, nil)
	c := templated(url + `/people/{{.data.lead.name}}?phone={{.data.lead.phone}}&n={{.data.lead.name}}`)
	c.Method = "PUT"
	c.Headers = map[string]string{"X-Name": "{{.data.lead.name}}", "X-Key": `{{env "WORD"}}`}
	c.Body = `{"name": "{{.data.lead.name}}", "same": {{json .data.lead.name}}, "digits": "{{digits .data.lead.phone}}",
		"who": "{{default "nobody" .data.lead.last_source | upper}}", "day": "{{date "02/01/2006" .timestamp}}",
		"gone": "{{.data.lead.ad.headline}}", "course": "{{.data.lead.fields.course}}{{.data.lead.fields.none}}",
		"raw": {{raw (json .data.lead.fields)}}}`
	if result := made(t, c).Send(t.Context(), created()); result.Verdict != delivery.Done {
		t.Fatalf("%+v", result)
	}
	got := asked()[0]
	if got.method != "PUT" || got.uri != "/people/Ana%20%22%3C&%3E%20Silva?phone=%2B5511987650001&n=Ana%20%22%3C%26%3E%20Silva" {
		t.Errorf("%s %s", got.method, got.uri)
	}
	if got.header.Get("X-Name") != `Ana "<&> Silva` || got.header.Get("X-Key") != "sesame" || got.header.Get("Webhook-Signature") != "" {
		t.Errorf("headers %v", got.header)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("%v in %s", err, got.body)
	}
	for key, want := range map[string]string{
		"name": `Ana "<&> Silva`, "same": `Ana "<&> Silva`, "digits": "5511987650001", "who": "NOBODY", "day": "21/11/2026", "gone": "",
		"course": "Law",
	} {
		if body[key] != want {
			t.Errorf("%s is %q, want %q", key, body[key], want)
		}
	}
}

// Whatever a lead's name is, the document has the same tree.
func TestNoNameBreaksOutOfATemplate(t *testing.T) {
	url, asked := recorder(t, nil)
	asJSON, asXML := templated(url), templated(url)
	asJSON.Body = `{"name": "{{.data.lead.name}}", "end": 1}`
	asXML.Format, asXML.Body = "xml", `<a name="{{.data.lead.name}}"><n>{{.data.lead.name}}</n><end/></a>`
	senders := []*webhook.Sender{made(t, asJSON), made(t, asXML)}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringOf(rapid.SampledFrom([]rune("a\"'\\<>&{}]\n\t\x00é🌻%"))).Draw(rt, "name")
		quoted, _ := json.Marshal(name)
		d := delivery.Delivery{Key: "evt_1", Body: []byte(`{"type":"lead.created","data":{"lead":{"id":"lead_1","name":` + string(quoted) + `}}}`)}
		for _, sender := range senders {
			if result := sender.Send(t.Context(), d); result.Verdict != delivery.Done {
				rt.Fatalf("%+v", result)
			}
		}
		requests := asked()
		var document struct {
			Name string `json:"name"`
			End  int    `json:"end"`
		}
		if err := json.Unmarshal([]byte(requests[len(requests)-2].body), &document); err != nil || document.Name != name || document.End != 1 {
			rt.Fatalf("%v: %+v", err, document)
		}
		var element struct {
			Name string    `xml:"name,attr"`
			N    string    `xml:"n"`
			End  *struct{} `xml:"end"`
		}
		if err := xml.Unmarshal([]byte(requests[len(requests)-1].body), &element); err != nil || element.End == nil {
			rt.Fatalf("%v: %+v", err, element)
		}
		if !strings.Contains(name, "\x00") && (element.N != name || element.Name != name) {
			rt.Fatalf("%q became %q", name, element.N)
		}
	})
}

func TestEveryFaultOfATemplate(t *testing.T) {
	body := func(text string) func(*webhook.Config) {
		return func(c *webhook.Config) { c.Body = text }
	}
	for name, test := range map[string]struct {
		change        func(*webhook.Config)
		path, problem string
	}{
		"broken":                   {body("{\n\"a\": \"{{.data\"}"), "body", "line 2: "},
		"unknown function":         {body(`{{shout .type}}`), "body", `line 1: function "shout" not defined`},
		"unknown field":            {body("{\n\"a\": \"{{.data.lead.nmae}}\"}"), "body", `line 2: there is no field ".data.lead.nmae"`},
		"unknown at the top":       {body(`"{{.dta}}"`), "body", `there is no field ".dta"`},
		"in a branch never taken":  {body("{{if eq .data.lead.source \"Blog\"}}\n\"{{.data.lead.nmae}}\"{{else}}1{{end}}"), "body", `line 2: there is no field ".data.lead.nmae"`},
		"by a variable":            {body(`{{range $k, $v := .data.lead.fields}}{{$.data.lead.nmae}}{{end}}1`), "body", `".data.lead.nmae"`},
		"a field of another event": {body(`"{{.data.to}}"`), "body", `there is no field ".data.to", in a lead.created`},
		"not captured":             {body(`"{{.captured.deal_id}}"`), "body", `".captured.deal_id"`},
		"not given":                {body(`"{{.with.portal}}"`), "body", `".with.portal"`},
		"not JSON":                 {body("{\n\"a\": {{.type}}}"), "body", "not JSON in line 2"},
		"not JSON when null":       {body(`{"a": {{raw .data.lead.phone}}}`), "body", "not JSON in line 1"},
		"not XML":                  {func(c *webhook.Config) { c.Format, c.Body = "xml", "<a>\n</b>" }, "body", "not XML in line 2"},
		"a variable not set":       {body(`"{{env "CRM_KYE"}}"`), "body", `"CRM_KYE" is not set`},
		"a variable of an event":   {body(`"{{env .type}}"`), "body", "name of one variable"},
		"when":                     {func(c *webhook.Config) { c.Steps = []webhook.StepConfig{{When: "{{.typ}}"}} }, "step[0].when", `".typ"`},
		"a header":                 {func(c *webhook.Config) { c.Headers = map[string]string{"X-A": "{{.typ}}"} }, "headers.X-A", `".typ"`},
		"a header of ours":         {func(c *webhook.Config) { c.Headers = map[string]string{"Host": "{{.type}}"} }, "headers.Host", "leadgate itself"},
		"a step's URL":             {func(c *webhook.Config) { c.Steps = []webhook.StepConfig{{URL: "crm/{{.type}}"}} }, "step[0].url", "no address that can be called"},
		"an event's host":          {func(c *webhook.Config) { c.URL = "https://{{digits .data.lead.phone}}.example.com/{{.type}}" }, "url", "which host"},
		"an event's host, rarely": {func(c *webhook.Config) {
			c.Steps = []webhook.StepConfig{{When: `{{eq .data.lead.source "Blog"}}`, URL: "https://{{.id}}.{{.type}}.example.com"}}
		}, "step[0].url", "which host"},
		"a field given a name":        {body(`{"a": {{.data.lead.fields.price}}}`), "body", "not JSON in line 1"},
		"metadata":                    {func(c *webhook.Config) { c.URL = "http://169.254.169.254/{{.type}}" }, "url", "link-local"},
		"a method":                    {func(c *webhook.Config) { c.Method = "BREW" }, "method", `"BREW"`},
		"a path to capture":           {func(c *webhook.Config) { c.Capture = map[string]string{"id": "result..id"} }, "capture.id", `"result..id"`},
		"a path of success":           {func(c *webhook.Config) { c.Success = &webhook.SuccessConfig{Path: "a[0]"} }, "success.path", `"a[0]"`},
		"equals without a path":       {func(c *webhook.Config) { c.Success = &webhook.SuccessConfig{Equals: "1"} }, "success.equals", "path"},
		"a status":                    {func(c *webhook.Config) { c.Success = &webhook.SuccessConfig{Status: []int{200, 20}} }, "success", "status 20"},
		"a path of busy":              {func(c *webhook.Config) { c.Busy = &webhook.BusyConfig{} }, "busy.path", `""`},
		"a rate":                      {func(c *webhook.Config) { c.Rate, c.Method = -1, "PUT" }, "rate", "-1"},
		"a burst alone":               {func(c *webhook.Config) { c.Burst, c.Method = 3, "PUT" }, "burst", "without a rate"},
		"a format":                    {func(c *webhook.Config) { c.Format, c.Method = "yaml", "PUT" }, "format", `"yaml"`},
		"a preset":                    {func(c *webhook.Config) { c.Preset, c.Method = "genric", "PUT" }, "preset", `"genric"`},
		"a preset without parameters": {func(c *webhook.Config) { c.Preset = "generic" }, "with", `needs "url"`},
	} {
		t.Run(name, func(t *testing.T) {
			c := templated("https://crm.example.com/{{.type}}")
			test.change(&c)
			sender, faults := webhook.New(c, everyEvent())
			if sender != nil || len(faults.Errors()) == 0 {
				t.Fatalf("sender %v, faults %v", sender, faults)
			}
			if got := faults.Errors()[0]; got.Path != test.path || !strings.Contains(got.Problem, test.problem) {
				t.Errorf("fault %q, want one at %q that says %q", got, test.path, test.problem)
			}
			if len(faults.Errors()) > 1 {
				t.Errorf("more than one fault:\n%v", faults)
			}
		})
	}
}

// findOrCreate is a destination that finds a person, creates them if they are not there, and writes a note.
func findOrCreate(url string) webhook.Config {
	c := templated("")
	c.Steps = []webhook.StepConfig{
		{
			Name: "find", When: `{{not .captured.id}}`, Method: "GET", URL: url + "/people?phone={{.data.lead.phone}}",
			Capture: map[string]string{"id": "items.0.id?"},
		},
		{
			Name: "create", When: `{{not .captured.id}}`, URL: url + "/people", Body: `{"name": "{{.data.lead.name}}"}`,
			Success: &webhook.SuccessConfig{Status: []int{201}, Path: "ok", Equals: "true"}, Capture: map[string]string{"id": "id"},
		},
		{Name: "note", URL: url + "/people/{{.captured.id}}/notes", Body: `{"text": "{{.type}}"}`},
	}
	return c
}

// office answers the requests of findOrCreate. It knows nobody until they are created.
type office struct {
	mu     sync.Mutex
	people int
	notes  int
	lose   string // the answer to this path is lost
}

func (o *office) answer(w http.ResponseWriter, r request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case r.method == "GET" && o.people > 0:
		_, _ = io.WriteString(w, `{"items":[{"id":77}]}`)
	case r.method == "GET":
		_, _ = io.WriteString(w, `{"items":[]}`)
	case r.uri == "/people":
		o.people++
		w.WriteHeader(http.StatusCreated)
		if o.lose == r.uri {
			o.lose = ""
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"ok":true,"id":77}`)
	case r.uri == "/people/77/notes":
		if o.lose == r.uri {
			o.lose = ""
			panic(http.ErrAbortHandler)
		}
		o.notes++
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestStepsFindOrCreateAndRememberWhatTheyWereTold(t *testing.T) {
	o, memory := &office{}, &notebook{}
	url, asked := recorder(t, o.answer)
	sender := made(t, findOrCreate(url))
	sender.Remember(memory)
	for i, d := range []delivery.Delivery{created(), told("evt_2", "conversion.stage_changed", `"to":"Sale",`)} {
		if result := sender.Send(t.Context(), d); result.Verdict != delivery.Done || result.Status != 200 {
			t.Fatalf("delivery %d: %+v", i, result)
		}
	}
	var got []string
	for _, r := range asked() {
		got = append(got, r.method+" "+r.uri)
	}
	want := "GET /people?phone=%2B5511987650001, POST /people, POST /people/77/notes, POST /people/77/notes"
	if strings.Join(got, ", ") != want {
		t.Errorf("asked %s\nwant  %s", strings.Join(got, ", "), want)
	}
}

func TestARepeatAfterACrashCreatesNothingTwice(t *testing.T) {
	for _, lose := range []string{"/people", "/people/77/notes"} {
		o, memory := &office{lose: lose}, &notebook{}
		url, _ := recorder(t, o.answer)
		for i := range 3 {
			sender := made(t, findOrCreate(url)) // as after a restart
			sender.Remember(memory)
			result := sender.Send(t.Context(), created())
			if (result.Verdict == delivery.Done) != (i > 0) {
				t.Errorf("%s, attempt %d: %+v", lose, i, result)
			}
		}
		if o.people != 1 || o.notes != 1 {
			t.Errorf("%s lost: %d people and %d notes", lose, o.people, o.notes)
		}
	}
}

func TestWithoutAMemoryNothingIsSent(t *testing.T) {
	url, asked := recorder(t, (&office{}).answer)
	sender := made(t, findOrCreate(url))
	if result := sender.Send(t.Context(), created()); result.Verdict != delivery.Unsent || len(asked()) > 0 {
		t.Errorf("%+v", result)
	}
	sender.Remember(&notebook{broken: errors.New("disk full")})
	if result := sender.Send(t.Context(), created()); result.Verdict != delivery.Unsent || len(asked()) > 0 {
		t.Errorf("%+v", result)
	}
}

func TestWhatCountsAsDone(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		kind   string
		body   string
		want   delivery.Verdict
	}{
		"as success says":              {201, "application/json", `{"ok":true,"id":"7"}`, delivery.Done},
		"as success says, in XML":      {201, "text/xml", `<?xml version="1.0"?><ok>true</ok><id>7</id>`, delivery.Done},
		"another status":               {200, "application/json", `{"ok":true,"id":"7"}`, delivery.Reject},
		"another value":                {201, "application/json", `{"ok":false,"id":"7","secret":"sesame"}`, delivery.Reject},
		"no value":                     {201, "application/json", `{}`, delivery.Reject},
		"nothing to capture":           {201, "application/json", `{"ok":true,"id":{}}`, delivery.Reject},
		"not JSON":                     {201, "application/json", `sesame`, delivery.Reject},
		"longer than is read":          {201, "application/json", `{"ok":true,"id":"7","x":"` + strings.Repeat("x", 70<<10) + `"}`, delivery.Reject},
		"a busy destination":           {400, "application/json", `{"error":"QUERY_LIMIT_EXCEEDED"}`, delivery.Again},
		"a wrong request":              {422, "application/json", `{"error":"sesame"}`, delivery.Reject},
		"a gone destination":           {410, "application/json", ``, delivery.Disable},
		"a destination under the rain": {500, "application/json", ``, delivery.Again},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := recorder(t, func(w http.ResponseWriter, _ request) {
				w.Header().Set("Content-Type", test.kind)
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			c := templated(url)
			c.Success = &webhook.SuccessConfig{Status: []int{201}, Path: "ok", Equals: "true"}
			c.Busy = &webhook.BusyConfig{Path: "error", Equals: []string{"QUERY_LIMIT_EXCEEDED"}}
			c.Capture = map[string]string{"id": "id"}
			sender := made(t, c)
			sender.Remember(&notebook{})
			result := sender.Send(t.Context(), created())
			if result.Verdict != test.want || strings.Contains(result.Detail, "sesame") || test.status == 400 && result.After != 7*time.Second {
				t.Errorf("%+v, want %s", result, test.want)
			}
		})
	}
}

func TestAnEventThatATemplateCantSayIsDeadAtOnce(t *testing.T) {
	url, asked := recorder(t, nil)
	c := templated(url + `/{{.data.lead.name}}`)
	c.Events = []string{"lead.created"}
	c.Body = "{\n\"course\": {{default \"null\" .data.lead.fields.price}}}"
	sender := made(t, c)
	d := created()
	d.Body = []byte(strings.Replace(string(d.Body), `"course":"Law"`, `"price":"1, sesame"`, 1))
	if result := sender.Send(t.Context(), d); result.Verdict != delivery.Never || result.Detail != "body: what it prints is not JSON in line 2" {
		t.Errorf("%+v", result)
	}
	d.Body = []byte(strings.Replace(string(created().Body), `Ana \"<&> Silva`, `..`, 1))
	if result := sender.Send(t.Context(), d); result.Verdict != delivery.Never || !strings.HasPrefix(result.Detail, "url: line 1: ") {
		t.Errorf("%+v", result)
	}
	if len(asked()) > 0 {
		t.Errorf("asked %v", asked())
	}
}

func TestNoEventDecidesWhichHostItIsSentTo(t *testing.T) {
	url, asked := recorder(t, nil)
	sender := made(t, templated(`{{if eq .data.lead.fields.course "Law"}}http://127.0.0.1:1{{else}}`+url+`{{end}}/`))
	result := sender.Send(t.Context(), created())
	if result.Verdict != delivery.Never || !strings.Contains(result.Detail, "which host") || len(asked()) > 0 {
		t.Errorf("%+v", result)
	}
}

func TestTheRateOfADestinationIsKept(t *testing.T) {
	url, asked := recorder(t, nil)
	now := metaNow()
	c, o := templated(url), everyEvent()
	c.Rate, c.Burst, c.Method = 0.1, 2, "POST"
	o.Now = func() time.Time { return now }
	sender, faults := webhook.New(c, o)
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	var waits []time.Duration
	for range 4 {
		if result := sender.Send(t.Context(), created()); result.Verdict == delivery.Unsent {
			waits = append(waits, result.After)
		}
	}
	if len(asked()) != 2 || len(waits) != 2 || waits[0] != 10*time.Second || waits[1] != 20*time.Second {
		t.Errorf("%d left, the others wait %s", len(asked()), waits)
	}
	now = now.Add(10 * time.Second)
	if result := sender.Send(t.Context(), created()); result.Verdict != delivery.Done {
		t.Errorf("%+v", result)
	}
	if result := sender.Send(t.Context(), created()); result.Verdict != delivery.Unsent {
		t.Errorf("%+v", result)
	}
}
