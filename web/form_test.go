package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"leadgate/chat"
	"leadgate/web"
)

const (
	page    = "https://www.example.com"
	landing = "/forms/landing/pk_landing"
	encoded = "application/x-www-form-urlencoded"
)

// withForms gives the office a form that stands on one page, and one that stands anywhere.
func withForms(o *office) *office {
	fields := map[string]string{"name": "full_name", "phone": "whatsapp", "email": "mail", "course": "curso"}
	o.forms = []web.Form{
		{
			Name: "landing", Source: "Landing page", Key: "pk_landing", Origins: []string{page}, Type: "Course", Stage: "Scheduling",
			Title: "{fields.course} for {lead.name} {x}", Fields: fields,
		},
		{Name: "anywhere", Source: "Bio", Key: "pk_anywhere", Fields: map[string]string{"phone": "phone", "site": "website"}},
		{Name: "news", Source: "News", Key: "pk_news", Fields: map[string]string{"email": "email"}},
	}
	return o
}

func TestAFormBringsALead(t *testing.T) {
	for name, a := range map[string]ask{
		"JSON":       {body: `{"full_name": " Ana Lima ", "whatsapp": "(11) 91111-2222", "mail": "ANA@example.com", "curso": ["AI", "Data"], "csrf": 7}`},
		"urlencoded": {kind: encoded, body: "full_name=Ana+Lima&whatsapp=11911112222&mail=ana%40example.com&curso=AI&curso=Data&utm=x"},
	} {
		t.Run(name, func(t *testing.T) {
			o := withForms(newOffice(t))
			a.method, a.path, a.token, a.origin = "POST", landing, "none", page
			got := o.send(a)
			got.is(201)
			if got.header.Get("Access-Control-Allow-Origin") != page || got.header.Get("Vary") != "Origin" || got.raw != "{\"status\":\"ok\"}\n" {
				t.Errorf("answered %v %s", got.header, got.raw)
			}
			if again := o.send(a); again.status != 201 || again.raw != got.raw {
				t.Errorf("whether somebody is known is told to everybody: %d %s", again.status, again.raw)
			}
			leads := o.get("/leads")
			leads.has("items.1", "absent", "items.0.name", `"Ana Lima"`, "items.0.phone", `"`+ana+`"`, "items.0.source", `"Landing page"`,
				"items.0.fields", `{"course":"AI, Data","email":"ana@example.com"}`)
			o.get("/leads/"+leads.text("items.0.id")).has("transitions.0.cause", `{"by":"form landing","kind":"api"}`,
				"opportunities.0.title", `"AI, Data for Ana Lima {x}"`, "opportunities.0.stage", `"Scheduling"`, "opportunities.1", "absent")
		})
	}
}

func TestAFormIsTakenFromItsPagesAlone(t *testing.T) {
	o := withForms(newOffice(t))
	body := `{"whatsapp": "11911112222", "phone": "11911112222"}`
	for _, c := range []struct {
		name, path, origin string
		status             int
		allowed            string
	}{
		{"its page", landing, page, 201, page},
		{"another page", landing, "https://example.com", 403, ""},
		{"a page whose name begins like its own", landing, page + ".evil.test", 403, ""},
		{"no page", landing, "", 403, ""},
		{"a page without a name", landing, "null", 403, ""},
		{"a form of every page", "/forms/anywhere/pk_anywhere", "https://example.org", 201, "*"},
		{"a form of every page from none", "/forms/anywhere/pk_anywhere", "", 201, "*"},
		{"another form's key", "/forms/landing/pk_anywhere", page, 404, ""},
		{"the beginning of a key", "/forms/landing/pk_landin", page, 404, ""},
		{"no form", "/forms/x/pk_landing", page, 404, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o.now = o.now.Add(time.Minute)
			for _, method := range []string{"OPTIONS", "POST"} {
				a := ask{method: method, path: c.path, origin: c.origin, token: "none"}
				want := c.status
				if method == "POST" {
					a.body = body
				} else if want == 201 {
					want = 204
				}
				got := o.send(a)
				if got.status != want || got.header.Get("Access-Control-Allow-Origin") != c.allowed {
					t.Errorf("%s answered %d %v, want %d for %q", method, got.status, got.header, want, c.allowed)
				}
				if methods := got.header.Get("Access-Control-Allow-Methods"); (want == 204) != (methods == "POST") {
					t.Errorf("%s allows the methods %q", method, methods)
				}
			}
		})
	}
}

func TestTheOtherPathsAreNotOpenToPages(t *testing.T) {
	o := withForms(newOffice(t))
	got := o.send(ask{method: "OPTIONS", path: "/leads", origin: page, token: "none"})
	if got.status != 403 || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("answered %d %v", got.status, got.header)
	}
	o.send(ask{method: "GET", path: landing, token: "none"}).is(405)
}

func TestAFormThatIsWrongIsToldByItsOwnField(t *testing.T) {
	o := withForms(newOffice(t))
	long := strings.Repeat("x", 4001)
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`"f%d": 1`, i)
	}
	for _, c := range []struct {
		name, path, body, kind string
		status                 int
		field, says            string
	}{
		{"nobody", landing, `{"full_name": "Ana"}`, "", 422, "whatsapp", "mail"},
		{"nobody of a form with e-mail alone", "/forms/news/pk_news", `{"email": " "}`, "", 422, "email", "missing"},
		{"nobody of a form with phones alone", "/forms/anywhere/pk_anywhere", `{"email": "ana@example.com"}`, "", 422, "phone", "missing"},
		{"a field without a name", "/forms/news/pk_news", `{"": "11911112222"}`, "", 422, "email", "missing"},
		{"a phone that is none", landing, "whatsapp=12&mail=ana%40example.com", encoded, 422, "whatsapp", "can't be read"},
		{"an e-mail that is none", landing, `{"whatsapp": "11911112222", "mail": "ana"}`, "", 422, "mail", "no e-mail address"},
		{"an agent", landing, `{"whatsapp": "+5511988880001"}`, "", 422, "whatsapp", "business itself"},
		{"an object", landing, `{"whatsapp": {"number": 1}}`, "", 422, "whatsapp", "a text"},
		{"a list of lists", landing, `{"whatsapp": [["1"]]}`, "", 422, "whatsapp", "a text"},
		{"a list", landing, `[]`, "", 422, "", "object"},
		{"no JSON", landing, `{`, "", 400, "", "not JSON"},
		{"no form", landing, `a=%zz`, encoded, 400, "", "can't be read"},
		{"no text", landing, `full_name=%ff`, encoded, 422, "full_name", "UTF-8"},
		{"a NUL", landing, `full_name=%00`, encoded, 422, "full_name", "NUL"},
		{"a long text", landing, `{"curso": "` + long + `"}`, "", 422, "curso", "4000"},
		{"many fields", landing, `{` + strings.Join(many, ",") + `}`, "", 422, "", "100"},
		{"too long", landing, `{"curso": "` + strings.Repeat("x", 64<<10) + `"}`, "", 413, "", "64 KiB"},
		{"parts", landing, `--x--`, "multipart/form-data; boundary=x", 415, "", "urlencoded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o.now = o.now.Add(time.Minute)
			got := o.send(ask{method: "POST", path: c.path, body: c.body, kind: c.kind, origin: page, token: "none"})
			field := "absent"
			if c.field != "" {
				field = fmt.Sprintf("%q", c.field)
			}
			if got.status != c.status || got.at("field") != field || !strings.Contains(got.at("detail"), c.says) {
				t.Errorf("answered %d %s, want %d of %s: %s", got.status, got.raw, c.status, field, c.says)
			}
		})
	}
	o.get("/leads").has("items", "[]")
}

func TestAProgramThatFillsTheTrapIsThankedAndForgotten(t *testing.T) {
	o := withForms(newOffice(t))
	got := o.send(ask{method: "POST", path: landing, body: `{"whatsapp": "11911112222", "website": "http://spam.test"}`, origin: page, token: "none"})
	got.is(201)
	o.get("/leads").has("items", "[]")
	o.send(ask{method: "POST", path: "/forms/anywhere/pk_anywhere", body: `{"phone": "11911112222", "website": "example.com"}`, token: "none"}).is(201)
	o.get("/leads").has("items.0.fields", `{"site":"example.com"}`)
	want := `
# HELP leadgate_form_requests_total Public forms that somebody sent, by form and outcome (taken, trapped, wrong, limited, refused, failed).
# TYPE leadgate_form_requests_total counter
leadgate_form_requests_total{form="anywhere",outcome="taken"} 1
leadgate_form_requests_total{form="landing",outcome="trapped"} 1
`
	if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "leadgate_form_requests_total"); err != nil {
		t.Error(err)
	}
}

func TestAnAddressSendsFiveFormsAtOnceAndTenAMinute(t *testing.T) {
	o := withForms(newOffice(t))
	send := func(forwarded string) answer {
		return o.send(ask{
			method: "POST", path: landing, body: `{"whatsapp": "11911112222"}`, origin: page, token: "none", forwarded: forwarded,
		})
	}
	for range 5 {
		send("").is(201)
	}
	got := send("")
	if got.status != 429 || got.header.Get("Retry-After") != "7" || got.header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("the sixth at once answered %d %v", got.status, got.header)
	}
	send("198.51.100.7").is(201) // through the proxy on this machine
	o.now = o.now.Add(6 * time.Second)
	send("").is(201)
	send("").is(429)
	o.now = o.now.Add(time.Hour)
	for i := range 6 {
		// What a client claims stands before what the proxy has seen, and one connection has many addresses.
		got := send(fmt.Sprintf("203.0.113.%d, 2001:db8::%d", i, i))
		if want := map[bool]int{true: 201, false: 429}[i < 5]; got.status != want {
			t.Errorf("form %d of a network answered %d, want %d", i, got.status, want)
		}
	}
}

func TestAPersonWithoutAProgramIsShownAPage(t *testing.T) {
	for language, want := range map[string][3]string{
		"en": {"Thank you!", "Something is wrong with “whatsapp”", "get in touch with us another way"},
		"pt": {"Obrigado!", "Há algo errado em “whatsapp”", "de outra forma"},
	} {
		t.Run(language, func(t *testing.T) {
			o := withForms(newOffice(t))
			policy := *o.bot.Policy()
			policy.Language = language
			o.bot.SetPolicy(&policy)
			for i, a := range []ask{
				{body: "whatsapp=11911112222", origin: page}, {body: "whatsapp=1<b>", origin: page}, {body: "whatsapp=11911112222"},
			} {
				a.method, a.path, a.kind, a.token = "POST", landing, encoded, "none"
				a.accept = "text/html,application/xhtml+xml,*/*;q=0.8"
				got := o.send(a)
				if status := []int{201, 422, 403}[i]; got.status != status || !strings.Contains(got.raw, want[i]) ||
					!strings.Contains(got.raw, `<html lang="`+language+`">`) || got.header.Get("Content-Type") != "text/html; charset=utf-8" {
					t.Errorf("answered %d %v %s", got.status, got.header, got.raw)
				}
			}
		})
	}
}

func TestAFormIsTakenOnceUnderItsKey(t *testing.T) {
	o := withForms(newOffice(t))
	for _, phone := range []string{ana, bia} {
		o.send(ask{method: "POST", path: landing, body: `{"whatsapp": "` + phone + `"}`, origin: page, token: "none", key: phone}).is(201)
		o.send(ask{method: "POST", path: "/leads", body: `{"phone": "` + phone + `", "source": "CRM"}`, key: phone}).is(200)
	}
	for _, phone := range []chat.Phone{ana, bia} {
		lead, err := o.store.LeadByPhone(t.Context(), phone)
		if err != nil || lead.Source != "Landing page" || lead.LastSource != "CRM" {
			t.Errorf("%s is %+v, %v", phone, lead, err)
		}
	}
	if strings.Contains(o.log.String(), "11911112222") {
		t.Errorf("the log holds a phone: %s", o.log.String())
	}
}
