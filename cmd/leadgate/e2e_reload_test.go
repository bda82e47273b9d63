package main

import (
	"net/http"
	"strings"
	"testing"

	"leadgate/simulator"
)

const backOffice = "[[number]]\nname = \"back-office\"\nphone = \"+5511987650002\"\n"

func TestEndToEndAReloadPutsTheWholeNewConfigInForce(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	radio := r.person(simulator.PersonOptions{Phone: "+5511934000001", Name: "Radio"})
	r.says(radio, simulator.Message{Text: "The radio sent me"})
	r.worksOn("+5511934000002")
	if got := r.stage(radio.Phone()); got != "" {
		t.Fatalf("a phrase that is not in the config put somebody into %q", got)
	}

	second, office := newCRM(t), r.addAccount("+5511987650002")
	phrase := []string{`source = "Instagram"`, "source = \"Instagram\"\n    [[funnel.stage.trigger]]\n    phrase = \"The radio sent me\"\n    source = \"Radio\""}
	token := []string{`token_env = "RIG_TOKEN"`, `token = "a-token-that-is-new"`}
	more := backOffice + destination("second", second.url(), `"lead.created"`)
	r.configure(more, append(phrase, token...)...)
	r.reload()
	if status, _ := r.get("/api/v1/numbers", rigToken); status != http.StatusUnauthorized {
		t.Errorf("the old token is answered with %d", status)
	}
	r.token = "a-token-that-is-new"
	r.says(radio, simulator.Message{Text: "The radio sent me"})
	r.reaches(radio, "Lead Entry")
	r.eventually("the new destination is told", func() bool { return len(second.told("lead.created")) == 1 })
	if source := second.told("lead.created")[0].Data.Lead.Source; source == nil || *source != "Radio" {
		t.Errorf("the new destination is told of the source %v", source)
	}
	r.inState("back-office", "unpaired")
	r.pairNumber("back-office", office)
	somebody := r.person(simulator.PersonOptions{Phone: "+5511934000003"})
	if _, err := somebody.Send(office, simulator.Message{Text: instagram}); err != nil {
		t.Fatal(err)
	}
	r.reaches(somebody, "Lead Entry")

	r.configure(destination("second", second.url(), `"lead.created"`), append(phrase, token...)...)
	r.reload()
	r.eventually("the number that was taken out is gone", func() bool { _, there := r.numbers()["back-office"]; return !there && !office.Connected() })
	r.worksOn("+5511934000004")
	r.configure(more, append(phrase, token...)...)
	r.reload()
	r.wait("the number that comes back needs no pairing", office.WaitConnected)
	r.inState("back-office", "connected")
	r.isReady()
}

func TestEndToEndAFaultyConfigIsRefusedWholeAndTheOldOneWorksOn(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	const successful = "leadgate_config_last_reload_successful"
	if got := r.metric(successful); got != 1 {
		t.Errorf("%s is %v after the start", successful, got)
	}
	changes := []string{`token_env = "RIG_TOKEN"`, `token = "a-token-that-is-new"`, "I came from Instagram", "I came from the radio"}
	for name, fault := range map[string]string{
		"an unknown key":        "[[number]]\nname = \"other\"\nphone = \"+5511987650002\"\ncolour = \"red\"\n",
		"a syntax error":        "[[number\n",
		"an impossible value":   destination("other", "ftp://crm.example.com", `"lead.*"`),
		"a name that is unused": destination("other", "https://crm.example.com/", `"no.such.event"`),
	} {
		errors := strings.Count(r.log.String(), "level=ERROR")
		r.configure(fault, changes...)
		r.reload()
		if got := r.metric(successful); got != 0 {
			t.Errorf("%s is %v after %s", successful, got, name)
		}
		if got := strings.Count(r.log.String(), "level=ERROR") - errors; got != 1 {
			t.Errorf("%s is logged %d times", name, got)
		}
		if len(r.numbers()) != 1 { // with the old token
			t.Errorf("with %s there are the numbers %v", name, r.numbers())
		}
	}
	r.worksOn("+5511934100001") // with the old phrase
	if strings.Contains(r.log.String(), "a-token-that-is-new") {
		t.Error("the log holds a token")
	}
	r.configure("", changes...)
	r.reload()
	if got := r.metric(successful); got != 1 {
		t.Errorf("%s is %v after a sound config", successful, got)
	}
	radio := r.person(simulator.PersonOptions{Phone: "+5511934100002"})
	r.says(radio, simulator.Message{Text: "I came from the radio"})
	r.reaches(radio, "Lead Entry")
}

func TestEndToEndWhatAReloadCanNotChangeIsSaid(t *testing.T) {
	t.Parallel()
	r := newLivingRig(t)
	const waits = `msg="a change of the config waits for the next start of the daemon"`
	r.configure("", "I came from Instagram", "I came from the radio")
	r.reload()
	if strings.Contains(r.log.String(), waits) {
		t.Error("a change that is in force is said to wait")
	}
	r.configure("", `listen = "127.0.0.1:0"`, `listen = "127.0.0.2:0"`, "leadgate.db", "other.db", "[whatsapp]", "[whatsapp]\ndevice_name = \"desk\"")
	r.reload()
	for _, key := range []string{"store", "http.listen", "whatsapp"} {
		if !strings.Contains(r.log.String(), waits+" key="+key+"\n") {
			t.Errorf("nobody is told that the change of %s waits", key)
		}
	}
	r.worksOn("+5511934200001")
}
