package webhook_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/webhook"
	"leadgate/webhook/graph"
)

const (
	metaToken = "EAAGm0PX4ZCpsBAsesame"
	clickID   = "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0-eM-GABDLOPaOdRMv-_zfUQ2a"
)

func metaNow() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func metaConfig() webhook.MetaConfig {
	return webhook.MetaConfig{DatasetID: "1234567890", Token: metaToken, WABAID: "555", AllowPrivate: true}
}

// meta is a sender to a server that behaves like Meta's.
func meta(t *testing.T, change func(*webhook.MetaConfig)) (*webhook.Meta, *graph.Server) {
	t.Helper()
	server := graph.New(graph.Options{
		Dataset: "1234567890", Token: metaToken, Now: metaNow, Clicks: func(id string) bool { return id == clickID },
	})
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	c := metaConfig()
	c.Endpoint = listening.URL + "/v25.0"
	if change != nil {
		change(&c)
	}
	sender, faults := webhook.NewMeta(c, webhook.Options{Version: "1.2.3", Now: metaNow})
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	t.Cleanup(sender.Close)
	return sender, server
}

func toChat(c *webhook.MetaConfig) { c.WithoutClickID = "chat" }

// sale is a purchase of somebody whom an ad brought.
func sale() conversion.MetaEvent {
	return conversion.MetaEvent{
		ID: "evt_1", Name: "Purchase", At: metaNow().Add(-time.Hour), Value: &chat.Money{Minor: 15000, Currency: "BRL"}, Stage: "Sale",
		Source: "Instagram", ClickID: clickID, LeadID: "lead_1", Phone: "+5511987650001", LeadName: "Valéry  da Silva-Souza 🌻",
		Email: " John_Smith@gmail.com ",
	}
}

func metaDelivery(t *testing.T, e conversion.MetaEvent) delivery.Delivery {
	t.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return delivery.Delivery{Destination: "meta", Key: "meta/1", Body: body}
}

func TestALeadWhomAnAdBroughtIsToldOfByTheirClick(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*webhook.MetaConfig)
		user   map[string]any
	}{
		"with the account": {nil, map[string]any{"whatsapp_business_account_id": "555", "ctwa_clid": clickID}},
		"with the page": {
			func(c *webhook.MetaConfig) { c.WABAID, c.PageID, c.TestEventCode = "", "777", "TEST1" },
			map[string]any{"page_id": "777", "ctwa_clid": clickID},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sender, server := meta(t, test.change)
			if result := sender.Send(t.Context(), metaDelivery(t, sale())); result.Verdict != delivery.Done {
				t.Fatalf("%+v", result)
			}
			code := ""
			if test.change != nil {
				code = "TEST1"
			}
			want := []graph.Event{{
				Name: "Purchase", Time: metaNow().Add(-time.Hour).Unix(), ID: "evt_1", Action: "business_messaging", Channel: "whatsapp",
				User: test.user, Test: code,
				Custom: map[string]any{"value": 150.0, "currency": "BRL", "lead_stage": "Sale", "lead_source": "Instagram"},
			}}
			if got := server.Received(); !reflect.DeepEqual(got, want) {
				t.Errorf("Meta received %+v\nwant %+v", got, want)
			}
		})
	}
}

// The hashes of Meta's own examples are those of "Customer Information Parameters"; the others are of sha256sum.
func TestALeadWhomNoClickBroughtIsToldOfByHashes(t *testing.T) {
	sender, server := meta(t, toChat)
	e := sale()
	e.ClickID, e.Value, e.Name = "", nil, "QualifiedLead"
	if result := sender.Send(t.Context(), metaDelivery(t, e)); result.Verdict != delivery.Done {
		t.Fatalf("%+v", result)
	}
	american := e
	american.Phone, american.LeadName, american.Email = "+16505551212", "MARY", ""
	if result := sender.Send(t.Context(), metaDelivery(t, american)); result.Verdict != delivery.Done {
		t.Fatalf("%+v", result)
	}
	got := server.Received()
	if got[0].Action != "chat" || got[0].Channel != "" {
		t.Errorf("%+v", got[0])
	}
	for i, want := range []map[string]any{{
		"em": []any{"62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"},
		"fn": []any{"08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"},
		"ln": []any{sum("silvasouza")},
		"ph": []any{sum("5511987650001"), sum("551187650001")}, "country": []any{sum("br")}, "external_id": []any{sum("lead_1")},
	}, {
		"fn":      []any{"6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"},
		"ph":      []any{"e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"},
		"country": []any{"79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"}, "external_id": []any{sum("lead_1")},
	}} {
		if !reflect.DeepEqual(got[i].User, want) {
			t.Errorf("user_data %v\nwant      %v", got[i].User, want)
		}
	}
}

func TestWhatMetaIsNeverSent(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*webhook.MetaConfig)
		event  func(*conversion.MetaEvent)
		detail string
	}{
		"nearly seven days old": {nil, func(e *conversion.MetaEvent) { e.At = metaNow().Add(-7*24*time.Hour + 59*time.Minute) }, "seven days"},
		"without a click id":    {nil, func(e *conversion.MetaEvent) { e.ClickID = "" }, "skip"},
		"of nobody":             {toChat, func(e *conversion.MetaEvent) { e.ClickID, e.Phone, e.Email = "", "", " " }, "nothing is known"},
	} {
		t.Run(name, func(t *testing.T) {
			sender, server := meta(t, test.change)
			e := sale()
			test.event(&e)
			result := sender.Send(t.Context(), metaDelivery(t, e))
			if result.Verdict != delivery.Never || !strings.Contains(result.Detail, test.detail) || len(server.Received()) > 0 {
				t.Errorf("%+v", result)
			}
		})
	}
	sender, server := meta(t, nil)
	e := sale()
	e.At = metaNow().Add(-7*24*time.Hour + 61*time.Minute)
	late := e
	late.At = metaNow().Add(time.Hour)
	for _, e := range []conversion.MetaEvent{e, late} {
		if result := sender.Send(t.Context(), metaDelivery(t, e)); result.Verdict != delivery.Done {
			t.Errorf("%+v", result)
		}
	}
	if got := server.Received()[1].Time; got != metaNow().Unix() {
		t.Errorf("a time to come is sent as %d", got)
	}
	if result := sender.Send(t.Context(), delivery.Delivery{Body: []byte("{")}); result.Verdict != delivery.Never {
		t.Errorf("%+v", result)
	}
}

func TestWhatMetasAnswersMean(t *testing.T) {
	code := func(status, code, subcode int) graph.Failure {
		return graph.Failure{Status: status, Error: graph.Error{Type: "OAuthException", Code: code, Subcode: subcode}}
	}
	with := func(f graph.Failure, header, value string) graph.Failure {
		f.Header = map[string]string{header: value}
		return f
	}
	usage := `{"1":[{"type":"ads_management","estimated_time_to_regain_access":19}],"2":[{"estimated_time_to_regain_access":3}]}`
	transient := code(400, 100, 0)
	transient.Error.Transient = true
	for name, test := range map[string]struct {
		failure graph.Failure
		want    delivery.Verdict
		after   time.Duration
	}{
		"unknown error":              {code(500, 1, 0), delivery.Again, 0},
		"service is down":            {code(400, 2, 0), delivery.Again, 0},
		"said to be transient":       {transient, delivery.Again, 0},
		"throttled":                  {code(400, 4, 0), delivery.Again, time.Minute},
		"throttled, with minutes":    {with(code(400, 80004, 0), "X-Business-Use-Case-Usage", usage), delivery.Again, 19 * time.Minute},
		"throttled, with seconds":    {with(code(429, 613, 0), "Retry-After", "90"), delivery.Again, 90 * time.Second},
		"blocked for a while":        {code(400, 368, 0), delivery.Again, time.Minute},
		"429 of a proxy":             {graph.Failure{Status: 429, Body: "slow down"}, delivery.Again, time.Minute},
		"502 of a proxy":             {graph.Failure{Status: 502, Body: "<html>"}, delivery.Again, 0},
		"200 of a proxy":             {graph.Failure{Status: 200, Body: "<html>"}, delivery.Again, 0},
		"nothing received":           {graph.Failure{Status: 200, Body: `{"events_received":0}`}, delivery.Reject, 0},
		"expired token":              {code(401, 190, 463), delivery.Disable, 0},
		"expired token, transient":   {graph.Failure{Status: 400, Error: graph.Error{Code: 190, Transient: true}}, delivery.Disable, 0},
		"session":                    {code(400, 102, 0), delivery.Disable, 0},
		"permission":                 {code(403, 10, 0), delivery.Disable, 0},
		"another permission":         {code(403, 299, 0), delivery.Disable, 0},
		"OAuthException alone":       {code(400, 0, 0), delivery.Disable, 0},
		"401 without an explanation": {graph.Failure{Status: 401, Body: "no"}, delivery.Disable, 0},
		"no such dataset":            {code(400, 100, 33), delivery.Never, 0},
		"too old":                    {code(400, 100, 2804003), delivery.Never, 0},
		"duplicate":                  {code(400, 506, 0), delivery.Never, 0},
		"a code of another day":      {code(400, 9999, 0), delivery.Reject, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sender, server := meta(t, nil)
			server.Fail(test.failure)
			result := sender.Send(t.Context(), metaDelivery(t, sale()))
			if result.Verdict != test.want || result.After != test.after || result.Detail == "" {
				t.Errorf("%+v, want %s after %s", result, test.want, test.after)
			}
			if result = sender.Send(t.Context(), metaDelivery(t, sale())); result.Verdict != delivery.Done {
				t.Errorf("afterwards: %+v", result)
			}
		})
	}
}

func TestNothingOfALeadOrATokenIsInADetail(t *testing.T) {
	for name, change := range map[string]func(*webhook.MetaConfig){
		"click unknown": nil, "token refused": func(c *webhook.MetaConfig) { c.Token = metaToken + "2" }, "nobody there": func(c *webhook.MetaConfig) { c.Endpoint = "http://127.0.0.1:1/v25.0" },
	} {
		t.Run(name, func(t *testing.T) {
			sender, server := meta(t, change)
			server.Fail(graph.Failure{Status: 400, Error: graph.Error{
				Code: 100, Message: "no " + metaToken + " " + clickID + " +5511987650001 551187650001 John_Smith lead_1 " + sum("lead_1"),
			}})
			for range 2 {
				e := sale()
				if e.ClickID += "2"; name != "click unknown" {
					e.ClickID = clickID
				}
				result := sender.Send(t.Context(), metaDelivery(t, e))
				for _, secret := range []string{"sesame", clickID[:20], "87650001", "lead_1", sum("lead_1")} {
					if strings.Contains(result.Detail, secret) {
						t.Errorf("the detail tells %s: %s", secret, result.Detail)
					}
				}
				if result.Verdict == delivery.Done {
					t.Errorf("%+v", result)
				}
			}
		})
	}
}

func TestEveryFaultOfMeta(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*webhook.MetaConfig)
		path   string
	}{
		"no dataset":        {func(c *webhook.MetaConfig) { c.DatasetID = "" }, "dataset_id"},
		"a dataset's name":  {func(c *webhook.MetaConfig) { c.DatasetID = "../me" }, "dataset_id"},
		"a page's name":     {func(c *webhook.MetaConfig) { c.PageID = "acme" }, "page_id"},
		"no ids":            {func(c *webhook.MetaConfig) { c.WABAID = "" }, "page_id"},
		"no token":          {func(c *webhook.MetaConfig) { c.Token = "" }, "token"},
		"two tokens":        {func(c *webhook.MetaConfig) { c.TokenEnv = "META_TOKEN" }, "token_env"},
		"a token not set":   {func(c *webhook.MetaConfig) { c.Token, c.TokenEnv = "", "META_TOKEN" }, "token_env"},
		"two lines":         {func(c *webhook.MetaConfig) { c.Token = "a\r\nb" }, "token"},
		"another word":      {func(c *webhook.MetaConfig) { c.WithoutClickID = "hash" }, "without_click_id"},
		"no endpoint":       {func(c *webhook.MetaConfig) { c.Endpoint = "graph.facebook.com" }, "endpoint"},
		"a local endpoint":  {func(c *webhook.MetaConfig) { c.AllowPrivate, c.Endpoint = false, "http://127.0.0.1:1/v25.0" }, "endpoint"},
		"metadata, allowed": {func(c *webhook.MetaConfig) { c.Endpoint = "http://169.254.169.254/v25.0" }, "endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			c := metaConfig()
			test.change(&c)
			sender, faults := webhook.NewMeta(c, webhook.Options{LookupEnv: func(string) (string, bool) { return "", false }})
			if sender != nil || len(faults.Errors()) != 1 || faults.Errors()[0].Path != test.path {
				t.Errorf("sender %v, faults:\n%v\nwant one at %s", sender, faults, test.path)
			}
		})
	}
	c := metaConfig()
	c.WABAID, c.WithoutClickID = "", "chat"
	if sender, faults := webhook.NewMeta(c, webhook.Options{}); sender == nil || len(faults) != 1 || !faults[0].Warning {
		t.Errorf("leads by hashes alone: %v", faults)
	}
}

func TestALostAnswerMayCountTwice(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(server.Close)
	sender, _ := meta(t, func(c *webhook.MetaConfig) { c.Endpoint = server.URL })
	result := sender.Send(t.Context(), metaDelivery(t, sale()))
	if result.Verdict != delivery.Again || !strings.Contains(result.Detail, "counts twice") {
		t.Errorf("%+v", result)
	}
}
