package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/store"
)

const storyConfig = `
timezone = "America/Sao_Paulo"
country = "BR"
[store]
url = "sqlite:leadgate.db"
[feedback]
conversion = "Sale"
[[number]]
name = "front-desk"
phone = "+5511987650001"
[[funnel]]
name = "Sales"
  [[funnel.stage]]
  name = "Lead Entry"
    [[funnel.stage.trigger]]
    phrase = "I came from Instagram and wanted to know more about the courses that begin in spring"
    source = "Instagram"
  [[funnel.stage]]
  name = "Sale"
[[agent]]
name = "maria"
phone = "+5511988880001"
hours = ["mon-fri 09:00-18:00"]
[[agent]]
name = "joao"
phone = "+5511988880002"
[[group]]
name = "counsellors"
members = ["maria"]
[[rule]]
name = "courses"
targets = ["owner", "group:counsellors", "agent:joao"]
[[opportunity_type]]
name = "Postgraduate Course"
field = "Course"
values = ["AI"]
rule = "courses"
payments = { succeeded = "Sale" }
stages = ["Lead Entry", "Sale"]
[[autoresponse]]
number = "front-desk"
audience = "leads"
create_opportunity = true
default_type = "Postgraduate Course"
default_rule = "courses"
[[destination]]
name = "crm"
url = "https://crm.example.com/hooks/leadgate"
secret = "` + rigSecret + `"
`

// storied is a config file beside whose store one lead has been through everything, and may be
// the same person as another.
func storied(t *testing.T) (file string, lead chat.Lead) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "leadgate.toml")
	if err := os.WriteFile(file, []byte(storyConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), cfg.Store.URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}()
	deciding := bot.New(st, cfg.Policy(), nil, prometheus.NewRegistry())
	at := messagesAt() // a Saturday: maria has no hours
	do := func(in bot.Input) {
		t.Helper()
		in.At = at
		if in.Key == "" {
			in.Key = fmt.Sprint("story/", at.Unix())
		}
		if err := deciding.Handle(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour)
	}
	hi := chat.Message{
		Number: "front-desk", ID: "3EB0A9C7D2E4F6", Person: chat.Person{Phone: anaPhone, Name: "Ana"}, Direction: chat.Inbound, SentAt: at,
		Text: "Hi, I came from Instagram and wanted to know more about the courses that begin in spring",
		Ad:   &chat.Ad{SourceID: "120210", SourceApp: "instagram", Headline: "Learn AI", ClickID: "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0-eM-GABDLOPaOdRMv-_zfUQ2a"},
	}
	do(bot.Input{Key: hi.Key(), Message: &hi})
	if lead, err = st.LeadByPhone(t.Context(), anaPhone); err != nil || !lead.Known() {
		t.Fatal(lead, err)
	}
	course := "AI"
	do(bot.Input{Update: &bot.UpdateLead{LeadID: lead.ID, Fields: map[string]*string{"course": &course}, Cause: byHand()}})
	do(bot.Input{Move: &bot.Move{LeadID: lead.ID, Funnel: "Sales", Stage: "Sale", Cause: byHand()}})
	moved, err := st.Transitions(t.Context(), lead.ID, false)
	if err != nil || len(moved) != 2 {
		t.Fatal(moved, err)
	}
	do(bot.Input{Delete: &bot.DeleteTransition{LeadID: lead.ID, TransitionID: moved[1].ID, Cause: byHand()}})
	do(bot.Input{Payment: &bot.Payment{
		ExternalID: "order-1", Status: bot.PaymentSucceeded, Amount: chat.Money{Minor: 15000, Currency: "BRL"}, At: at, Phone: anaPhone,
		Cause: chat.Cause{Kind: chat.CauseAPI, By: "shop"},
	}})
	do(bot.Input{Feedback: &bot.Feedback{
		ExternalID: "sold-1", Kind: bot.FeedbackConversion, Reason: "signed", Value: chat.Money{Minor: 15000, Currency: "BRL"}, At: at,
		Phone: anaPhone, Cause: chat.Cause{Kind: chat.CauseAPI, By: "crm"},
	}})
	do(bot.Input{Create: &bot.CreateLead{
		Email: "ana@example.com", Name: "Ana B.", Source: "Landing page", Fields: map[string]string{"city": "Recife"}, Cause: byHand(),
	}})
	return file, lead
}

func TestTheStoryOfALeadSaysWhyTheyAreWhereTheyAre(t *testing.T) {
	file, lead := storied(t)
	told, errs, code := command(t, "leads", "show", "-c", file, lead.ID)
	if code != exitDone || errs != "" {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	t.Logf("\n%s", told)
	for _, want := range []string{
		"Ana\n", "  phone        +5511911112222\n", `"Learn AI", on instagram, id 120210,`, "  course       AI\n",
		"  stands at    Sales: Sale\n", "courses that begin in spring\", message 3EB0A9C7D2E4F6, number\n          front-desk\n",
		`Sales: from "Lead Entry" to "Sale"` + "\n      by hand (command line)\n      deleted on 2026-11-21 12:00:00 -03:00: it does not count\n",
		"a conversion (crm)\n", "to joao by rule \"courses\", step 2 (agent:joao)", "passed over: owner: the opportunity has none\n",
		"passed over: group counsellors: maria outside hours\n", "order-1: 150.00 BRL, succeeded\n", "sold-1: conversion, 150.00 BRL, signed\n",
		"  2026-11-21 13:00:00  payment.recorded evt_", "\n      crm: pending (delivery ", "whatsapp:front-desk: pending",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for line := range strings.Lines(told) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 && strings.Count(strings.TrimSpace(line), " ") > 0 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	asJSON, _, _ := command(t, "leads", "show", "-c", file, lead.ID, "--format", "json")
	var item storyItem
	if err := json.Unmarshal([]byte(asJSON), &item); err != nil {
		t.Fatal(err)
	}
	if len(item.Transitions) != 3 || item.Transitions[1].DeletedAt == nil || len(item.Payments) != 1 || len(item.Feedback) != 1 ||
		len(item.Chats) != 1 || len(item.Chats[0].Assignments) != 1 || len(item.Chats[0].Assignments[0].Passed) != 2 || item.FirstAd == nil {
		t.Errorf("as JSON it is %s", asJSON)
	}
}

func TestAMergedLeadIsFoundByEverythingThatTheTwoWereKnownBy(t *testing.T) {
	file, lead := storied(t)
	said, errs, code := command(t, "leads", "merge", "-c", file, "ana@example.com", anaPhone)
	if code != exitDone || !strings.HasPrefix(said, "Ana B. (lead_") || !strings.Contains(said, ") is part of Ana ("+lead.ID+") now.") {
		t.Fatalf("exit code %d: %s%s", code, said, errs)
	}
	for _, known := range []string{"ana@example.com", "11911112222", lead.ID} {
		told, errs, _ := command(t, "leads", "show", "-c", file, known)
		if !strings.HasPrefix(told, "Ana B.\n") || !strings.Contains(told, "  city         Recife\n") || !strings.Contains(told, lead.ID) {
			t.Errorf("by %s one finds %s%s", known, told, errs)
		}
	}
	exported, _, _ := command(t, "leads", "export", "-c", file)
	want := `,Ana B.,+5511911112222,Instagram,Landing page,120210,,instagram,Learn AI,`
	if lines := strings.Split(exported, "\n"); len(lines) != 3 || !strings.HasSuffix(lines[0], ",stage: Sales,field: city,field: course,field: email") ||
		!strings.Contains(lines[1], want) || !strings.HasSuffix(lines[1], ",Lead Entry,Recife,AI,ana@example.com") {
		t.Errorf("exported is\n%s", exported)
	}
	asJSON, _, _ := command(t, "leads", "export", "-c", file, "--format", "json")
	var all struct{ Items []bot.LeadView }
	if err := json.Unmarshal([]byte(asJSON), &all); err != nil || len(all.Items) != 1 || all.Items[0].Fields["city"] != "Recife" {
		t.Errorf("as JSON it is %v, %s", err, asJSON)
	}
}

func TestErasingAsksAndOnlyYesErases(t *testing.T) {
	file, lead := storied(t)
	for _, answer := range []struct{ key, says, ended string }{
		{"Enter", "nothing was erased; type yes if it is meant", "[ended 1]"},
		{"yes", "Erased " + lead.ID + ": name, phone, fields, ad, words in 1 chat", "[ended 0]"},
	} {
		erase := exec.Command(os.Args[0], "leads", "erase", "-c", file, anaPhone)
		erase.Env, erase.Dir = append(os.Environ(), asLeadgate+"=1"), t.TempDir()
		terminal := inTerminal(t, erase, 80, 20)
		terminal.shows("Erase Ana (" + lead.ID + ", +5511911112222)?")
		terminal.shows("Type yes:")
		terminal.types(answer.key)
		if answer.key == "yes" {
			terminal.types("Enter")
		}
		screen := strings.Join(terminal.shows(answer.ended), "\n")
		if !strings.Contains(strings.ReplaceAll(screen, "\n", ""), answer.says) {
			t.Errorf("%s: the terminal shows\n%s", answer.key, screen)
		}
	}
	if said, errs, code := command(t, "leads", "erase", "-c", file, "--yes", lead.ID); code != exitProblem || !strings.Contains(errs, "was erased on") {
		t.Errorf("again: exit code %d: %s%s", code, said, errs)
	}
}
