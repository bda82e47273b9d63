package webhook_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"leadgate/delivery"
	"leadgate/webhook"
)

var update = flag.Bool("update", false, "write the requests of the presets into testdata")

// A vendor answers as a system's documentation says. What is asked for and has no route is a 404.
type vendor struct {
	mu     sync.Mutex
	routes []route
	made   map[string]int // how often each thing was created
	lose   string         // the answer that tells of the creation of this thing is lost, once
}

type route struct {
	method, path string // a regular expression of the path with its query
	status       int
	answer       string // of a finding route: while there is no such thing
	found        string // of a finding route: when there is
	thing        string // what is found, or created when found is ""
}

func (v *vendor) serve(w http.ResponseWriter, r request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, route := range v.routes {
		if route.method != r.method || !regexp.MustCompile("^"+route.path+"$").MatchString(r.uri) {
			continue
		}
		answer := route.answer
		switch {
		case route.thing == "":
		case route.found == "":
			v.made[route.thing]++
			if v.lose == route.thing {
				v.lose = ""
				panic(http.ErrAbortHandler)
			}
		case v.made[route.thing] > 0:
			answer = route.found
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(max(route.status, http.StatusOK))
		_, _ = io.WriteString(w, answer)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

type presetCase struct {
	with   map[string]string // the server's address is put in for URL
	routes []route
}

func presetCases() map[string]presetCase {
	return map[string]presetCase{
		"bitrix24": {map[string]string{"portal": "URL", "user": "1", "secret": "s3cret"}, []route{
			{"GET", `/rest/1/s3cret/crm\.duplicate\.findbycomm\?entity_type=LEAD&type=PHONE&values\[\]=%2B5511987650001`, 200,
				`{"result":[]}`, `{"result":{"LEAD":[77]}}`, "lead"},
			{"POST", `/rest/1/s3cret/crm\.item\.add`, 200, `{"result":{"item":{"id":77}}}`, "", "lead"},
			{"POST", `/rest/1/s3cret/crm\.item\.update`, 200, `{"result":{"item":{"id":77}}}`, "", ""},
			{"POST", `/rest/1/s3cret/crm\.timeline\.comment\.add`, 200, `{"result":5}`, "", ""},
		}},
		"kommo": {map[string]string{"account": "URL", "token": "t0ken", "pipeline_id": "10", "status_id": "20"}, []route{
			{"GET", `/api/v4/leads\?limit=1&filter\[pipeline_id\]=10&query=5511987650001`, 200, ``, `{"_embedded":{"leads":[{"id":77}]}}`, "lead"},
			{"POST", `/api/v4/leads/complex`, 200, `[{"id":77,"contact_id":88,"merged":false}]`, "", "lead"},
			{"PATCH", `/api/v4/leads/77`, 200, `{"id":77}`, "", ""},
			{"POST", `/api/v4/leads/77/notes`, 200, `{"_embedded":{"notes":[{"id":1}]}}`, "", ""},
		}},
		"hubspot": {map[string]string{"api": "URL", "token": "t0ken", "stage": "appointmentscheduled"}, []route{
			{"POST", `/crm/v3/objects/contacts/batch/upsert`, 200, `{"status":"COMPLETE","results":[{"id":"88"}]}`, "", ""},
			{"GET", `/crm/v3/objects/contacts/88\?associations=deals`, 200, `{"id":"88"}`,
				`{"id":"88","associations":{"deals":{"results":[{"id":"77","type":"contact_to_deal"}]}}}`, "deal"},
			{"POST", `/crm/v3/objects/deals`, 201, `{"id":"77"}`, "", "deal"},
			{"PATCH", `/crm/v3/objects/deals/77`, 200, `{"id":"77"}`, "", ""},
			{"POST", `/crm/v3/objects/notes`, 201, `{"id":"9"}`, "", ""},
		}},
		"leadsquared": {map[string]string{"host": "URL", "access_key": "k", "secret_key": "s", "event_code": "12000"}, []route{
			{"POST", `/v2/OpportunityManagement\.svc/Capture\?accessKey=k&secretKey=s`, 200, `{"CreatedOpportunityId":"77"}`, "", ""},
		}},
		"pipedrive": {map[string]string{"company": "URL", "token": "t0ken", "stage_id": "20"}, []route{
			{"GET", `/api/v2/persons/search\?fields=phone&exact_match=true&limit=1&term=%2B5511987650001`, 200,
				`{"data":{"items":[]}}`, `{"data":{"items":[{"item":{"id":88}}]}}`, "person"},
			{"POST", `/api/v2/persons`, 201, `{"success":true,"data":{"id":88}}`, "", "person"},
			{"GET", `/api/v2/deals\?person_id=88&status=open&limit=1`, 200, `{"data":[]}`, `{"data":[{"id":77}]}`, "deal"},
			{"POST", `/api/v2/deals`, 201, `{"success":true,"data":{"id":77}}`, "", "deal"},
			{"PATCH", `/api/v2/deals/77`, 200, `{"success":true,"data":{"id":77}}`, "", ""},
			{"POST", `/v1/notes`, 201, `{"success":true,"data":{"id":1}}`, "", ""},
		}},
		"sendpulse": {map[string]string{"api": "URL", "token": "t0ken", "responsible_id": "3", "pipeline_id": "10", "step_id": "20"}, []route{
			{"POST", `/crm/v1/contacts/get-list`, 200, `{"data":{"total":0,"list":[]}}`, `{"data":{"total":1,"list":[{"id":88}]}}`, "contact"},
			{"POST", `/crm/v1/contacts/create`, 200, `{"data":{"id":88}}`, "", "contact"},
			{"POST", `/crm/v1/contacts/88/phones`, 200, `{"data":{"id":1}}`, "", ""},
			{"GET", `/crm/v1/contacts/88/deals`, 200, `{"data":[]}`, `{"data":[{"id":77}]}`, "deal"},
			{"POST", `/crm/v1/deals`, 200, `{"data":{"id":77}}`, "", "deal"},
			{"GET", `/crm/v1/deals/77`, 200, `{"data":{"id":77,"name":"Ana","price":12.5,"status":1}}`, "", ""},
			{"PUT", `/crm/v1/deals/77`, 200, `{"data":{"id":77}}`, "", ""},
			{"POST", `/crm/v1/deals/77/comments`, 200, `{"data":{"id":1}}`, "", ""},
		}},
		"chatwoot": {map[string]string{"server": "URL", "inbox": "inb0x"}, []route{
			{"POST", `/public/api/v1/inboxes/inb0x/contacts`, 200, `{"source_id":"lead_1","pubsub_token":"p"}`, "", ""},
			{"GET", `/public/api/v1/inboxes/inb0x/contacts/lead_1/conversations`, 200, `[]`, `[{"id":77}]`, "conversation"},
			{"POST", `/public/api/v1/inboxes/inb0x/contacts/lead_1/conversations`, 200, `{"id":77}`, "", "conversation"},
			{"PATCH", `/public/api/v1/inboxes/inb0x/contacts/lead_1`, 200, `{"id":1}`, "", ""},
			{"POST", `/public/api/v1/inboxes/inb0x/contacts/lead_1/conversations/77/messages`, 200, `{"id":1}`, "", ""},
		}},
		"leadconduit": {map[string]string{"endpoint": "URL/feedback"}, []route{
			{"POST", `/feedback\?event_id=5fd1`, 201, `{"outcome":"success","reason":null}`, "", ""},
		}},
		"leadconduit-xml": {map[string]string{"endpoint": "URL/feedback"}, []route{
			{"POST", `/feedback\?event_id=5fd1`, 201, `{"outcome":"success","reason":null}`, "", ""},
		}},
		"generic": {map[string]string{"url": "URL/webhook/1"}, []route{{"POST", `/webhook/1`, 200, ``, "", ""}}},
	}
}

// sender makes a Sender by a preset, as after a restart.
func (p presetCase) sender(t *testing.T, name, url string) *webhook.Sender {
	t.Helper()
	c := webhook.Config{Name: "crm", Preset: name, AllowPrivate: true, With: map[string]string{}, Rate: 1000, Burst: 100,
		StageIDs: map[string]string{"Sale": "30"}}
	for key, value := range p.with {
		c.With[key] = strings.ReplaceAll(value, "URL", url)
	}
	if strings.HasPrefix(name, "leadconduit") {
		c.StageIDs["Sale"] = "conversion"
	}
	return made(t, c)
}

// presetEvents are a new lead, a stage, and something to note; and a feedback.
func presetEvents() []delivery.Delivery {
	events := []delivery.Delivery{
		created(),
		told("evt_2", "conversion.stage_changed", `"funnel":"Sales","from":"Lead","to":"Sale",`),
		told("evt_3", "lead.returned", `"source":"Blog","phrase":"Hi",`),
		told("evt_4", "feedback.recorded", `"feedback":{"id":"fb_1","external_id":"1","kind":"return","reason":"Bad <phone>"},`),
	}
	for i := range events {
		events[i].Body = []byte(strings.Replace(string(events[i].Body), `"course":"Law"`, `"leadconduit_event_id":"5fd1"`, 1))
	}
	return events
}

// asked is what a preset's server is asked for each event that the preset wants.
func asked(t *testing.T, name string, p presetCase) string {
	t.Helper()
	v := &vendor{routes: p.routes, made: map[string]int{}}
	url, requests := recorder(t, v.serve)
	memory := &notebook{}
	sender := p.sender(t, name, url)
	sender.Remember(memory)
	var b strings.Builder
	seen := 0
	for _, d := range presetEvents() {
		kind := regexp.MustCompile(`"type":"([^"]*)"`).FindStringSubmatch(string(d.Body))[1]
		if wanted := sender.Events(); len(wanted) > 0 && !strings.Contains(strings.Join(wanted, " "), kind) {
			continue
		}
		fmt.Fprintf(&b, "# %s\n", kind)
		for range 2 { // the second time as after a crash before the first was settled
			if result := sender.Send(t.Context(), d); result.Verdict != delivery.Done {
				t.Fatalf("%s: %+v", kind, result)
			}
		}
		for _, r := range requests()[seen:] {
			fmt.Fprintf(&b, "%s %s\n", r.method, r.uri)
			for _, header := range []string{"Authorization", "X-Api-Token", "Content-Type", "Accept"} {
				if value := r.header.Get(header); value != "" {
					fmt.Fprintf(&b, "%s: %s\n", header, value)
				}
			}
			fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(r.body))
		}
		seen = len(requests())
	}
	return b.String()
}

// The files of testdata/preset were held against the vendors' documentation.
func TestEachPresetAsksWhatItsVendorDocuments(t *testing.T) {
	cases := presetCases()
	for _, name := range webhook.Presets() {
		t.Run(name, func(t *testing.T) {
			p, ok := cases[name]
			if !ok {
				t.Fatal("the preset has no test")
			}
			got, file := asked(t, name, p), filepath.Join("testdata", "preset", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("asked:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestAPresetCreatesNothingTwiceWhenAnAnswerIsLost(t *testing.T) {
	for name, p := range presetCases() {
		things := map[string]bool{}
		for _, r := range p.routes {
			if r.thing != "" {
				things[r.thing] = true
			}
		}
		for thing := range things {
			t.Run(name+" "+thing, func(t *testing.T) {
				v := &vendor{routes: p.routes, made: map[string]int{}, lose: thing}
				url, _ := recorder(t, v.serve)
				memory := &notebook{}
				for i := range 3 {
					sender := p.sender(t, name, url)
					sender.Remember(memory)
					if result := sender.Send(t.Context(), created()); (result.Verdict == delivery.Done) != (i > 0) {
						t.Errorf("attempt %d: %+v", i, result)
					}
				}
				if v.made[thing] != 1 {
					t.Errorf("%d of %s", v.made[thing], thing)
				}
			})
		}
	}
}
