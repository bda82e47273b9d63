package webhook_test

import (
	"net/http"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"leadgate/delivery"
	"leadgate/webhook"
)

func TestAnEventAsXMLIsTheSameTreeSignedAlike(t *testing.T) {
	url, asked := recorder(t, nil)
	sender := senderTo(t, url, func(c *webhook.Config, _ *webhook.Options) { c.Format = "xml" })
	d := delivery.Delivery{Key: "evt_1", Body: []byte(`{"id":"evt_1","data":{"lead":{"name":"A <&> B","phone":null,"fields":{"full name":"Ana","xmlish":"1"}},` +
		`"step":2,"amount":150.00,"ok":true,"options":[{"label":"Law"},{"label":""}],"none":[]}}`)}
	if result := sender.Send(t.Context(), d); result.Verdict != delivery.Done {
		t.Fatalf("%+v", result)
	}
	got := asked()[0]
	want := `<?xml version="1.0" encoding="UTF-8"?>
<event><id>evt_1</id><data><lead><name>A &lt;&amp;&gt; B</name><phone nil="true"></phone><fields><entry name="full name">Ana</entry>` +
		`<entry name="xmlish">1</entry></fields></lead><step>2</step><amount>150.00</amount><ok>true</ok>` +
		`<options><item><label>Law</label></item><item><label></label></item></options><none></none></data></event>`
	if got.body != want {
		t.Errorf("sent %s\nwant %s", got.body, want)
	}
	if got.header.Get("Content-Type") != "application/xml" {
		t.Errorf("headers %v", got.header)
	}
	verifier, err := standardwebhooks.NewWebhook(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte(got.body), got.header); err != nil {
		t.Error(err)
	}
	if result := sender.Send(t.Context(), delivery.Delivery{Key: "evt_2", Body: []byte(`{"a":`)}); result.Verdict != delivery.Never {
		t.Errorf("%+v", result)
	}
}

func TestBothSecretsSignWhileBothAreGiven(t *testing.T) {
	url, asked := recorder(t, nil)
	sender := senderTo(t, url, func(c *webhook.Config, _ *webhook.Options) { c.Previous = whsec(24) })
	sender.Send(t.Context(), event())
	header := asked()[0].header
	if got := strings.Fields(header.Get("Webhook-Signature")); len(got) != 2 {
		t.Fatalf("signatures %q", got)
	}
	for _, secret := range []string{vectorSecret, whsec(24)} {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify(event().Body, header); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryFaultOfARule(t *testing.T) {
	o := options()
	o.Known = webhook.Names{Funnels: []string{"Sales"}, Stages: []string{"Lead", "Sale"}, Sources: []string{"Instagram"}, Types: []string{"Course"}}
	c := crm()
	c.Rules = []webhook.RuleConfig{
		{Funnel: "Sales", Stages: []string{"Sale"}, Sources: []string{"Instagram"}, Types: []string{"Course"}, Reasons: []string{"any"}},
		{Funnel: "Salse", Stages: []string{"Lead", "Sael"}, Sources: []string{"Blog"}, Types: []string{"House"}},
		{},
	}
	_, faults := webhook.New(c, o)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != "rule[1].funnel rule[1].stages[1] rule[1].sources[0] rule[1].types[0] rule[2]" {
		t.Fatalf("faults at %s:\n%s", got, faults)
	}
	if !strings.Contains(faults.Error(), `did you mean "Sales"?`) || !faults[4].Warning {
		t.Error(faults)
	}
	c.Rules[1] = webhook.RuleConfig{Funnel: "any"}
	if _, faults = webhook.New(c, options()); faults.Err() != nil {
		t.Errorf("names that are not given are checked: %v", faults)
	}
}

func TestAStandardSecretSignsATemplateToo(t *testing.T) {
	url, asked := recorder(t, func(w http.ResponseWriter, _ request) { w.WriteHeader(http.StatusNoContent) })
	c := templated(url)
	c.Body, c.SecretEnv = `{"a": 1}`, "CRM_SECRET"
	if result := made(t, c).Send(t.Context(), created()); result.Verdict != delivery.Done {
		t.Fatalf("%+v", result)
	}
	verifier, err := standardwebhooks.NewWebhook(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte(`{"a": 1}`), asked()[0].header); err != nil {
		t.Error(err)
	}
}
