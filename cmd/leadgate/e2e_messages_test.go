package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leadgate/simulator"
)

const (
	bought  = "Thank you for your purchase"
	ignored = "+5511936999999"
)

// newRigOfThreeStages is a rig whose funnel goes on to Sale, and which ignores somebody.
func newRigOfThreeStages(t *testing.T, options simulator.Options) *rig {
	t.Helper()
	r := newRigOn(t, &sqliteFile{}, options)
	const last = `phrase = "Thank you for scheduling with us"`
	r.configure("", last, last+"\n  [[funnel.stage]]\n  name = \"Sale\"\n    [[funnel.stage.trigger]]\n    phrase = \""+bought+"\"",
		`phone = "+5511987650001"`, "phone = \"+5511987650001\"\nignore = [\""+ignored+"\"]")
	r.start()
	r.pair()
	return r
}

// newcomer is somebody who has never written.
func (r *rig) newcomer() *simulator.Person {
	r.Helper()
	*r.newcomers++
	return r.person(simulator.PersonOptions{Phone: fmt.Sprintf("+5511936%06d", *r.newcomers), Name: "Newcomer"})
}

// eventsOf is what the CRM was told of a person, in order of first arrival.
func (r *rig) eventsOf(p *simulator.Person) []event {
	var all []event
	for _, e := range r.crm.told("*") {
		if e.Data.Lead.Phone != nil && *e.Data.Lead.Phone == p.Phone() {
			all = append(all, e)
		}
	}
	return all
}

// storyOf is the same in words.
func (r *rig) storyOf(p *simulator.Person) string {
	var all []string
	for _, e := range r.eventsOf(p) {
		all = append(all, strings.TrimSpace(e.Type+" "+e.Data.To))
	}
	return strings.Join(all, ", ")
}

const (
	enteredStory   = "lead.created, conversion.stage_changed Lead Entry"
	scheduledStory = enteredStory + ", conversion.stage_changed Scheduling"
	boughtStory    = scheduledStory + ", conversion.stage_changed Sale"
)

// isTold waits until the CRM was told the whole story of a person, and checks that it was told no more when all that
// came before has been handled.
func (r *rig) isTold(p *simulator.Person, story string) {
	r.Helper()
	r.eventually(fmt.Sprintf("the CRM is told %q of %s", story, p.Phone()), func() bool { return r.storyOf(p) == story })
	r.quiet()
	r.worksOn(r.newcomer().Phone())
	r.eventually("nothing is pending", func() bool { return r.count(`SELECT count(*) FROM delivery WHERE state = 'pending'`) == 0 })
	if got := r.storyOf(p); got != story {
		r.Errorf("the CRM is told %q of %s, want %q", got, p.Phone(), story)
	}
}

// isSilent checks that nobody is told of a person, when all that came before has been handled.
func (r *rig) isSilent(p *simulator.Person) {
	r.Helper()
	r.isTold(p, "")
	if got := r.count(`SELECT count(*) FROM lead WHERE phone = $1`, p.Phone()); got != 0 {
		r.Errorf("%s is a lead", p.Phone())
	}
}

func TestEndToEndEveryKindOfMessageCountsAsItShould(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	for name, test := range map[string]func(*rig){
		"phone-sent-message-moves-the-stage": func(r *rig) {
			p := r.newcomer()
			r.says(p, simulator.Message{Text: instagram})
			r.answers(p, simulator.Message{Text: scheduled})
			r.answers(p, simulator.Message{Text: bought})
			r.isTold(p, boughtStory)
			if e := r.eventsOf(p)[2]; e.Data.Cause.Kind != "outbound_phrase" || e.Data.From == nil || *e.Data.From != "Lead Entry" {
				r.Errorf("the CRM is told %+v", e)
			}
		},
		"caption-counts-without-media": func(r *rig) {
			for _, m := range []simulator.Message{
				{Text: instagram, Caption: true}, {Text: instagram, Video: true}, {Text: instagram, Document: true},
				{Text: instagram, Caption: true, ViewOnce: true}, {Text: instagram, Disappearing: true},
				{Text: instagram, Document: true, Disappearing: true},
			} {
				p := r.newcomer()
				r.says(p, m)
				m.Text = scheduled
				r.answers(p, m)
				r.isTold(p, scheduledStory)
			}
		},
		"edited-into-a-trigger": func(r *rig) {
			p := r.newcomer()
			id := r.says(p, simulator.Message{Text: "Hi, I came from Instogram"})
			r.says(p, simulator.Message{Text: instagram, EditOf: id})
			r.says(p, simulator.Message{Text: instagram + " yesterday", EditOf: id})
			id = r.answers(p, simulator.Message{Text: "Thank you for"})
			r.answers(p, simulator.Message{Text: scheduled, EditOf: id})
			r.answers(p, simulator.Message{Text: scheduled + " Bye!", EditOf: id})
			r.isTold(p, scheduledStory)
		},
		"a deleted message has counted": func(r *rig) {
			p := r.newcomer()
			id := r.says(p, simulator.Message{Text: instagram})
			r.says(p, simulator.Message{RevokeOf: id})
			r.isTold(p, enteredStory)
		},
		"groups-and-status-are-silent": func(r *rig) {
			p := r.newcomer()
			id := r.says(p, simulator.Message{Text: "Good morning"})
			r.says(p, simulator.Message{Text: instagram, Group: true})
			r.says(p, simulator.Message{Text: instagram, Status: true})
			r.says(p, simulator.Message{Reaction: "👍", ReactTo: id})
			r.isSilent(p)
		},
		"who is ignored is silent": func(r *rig) {
			p := r.person(simulator.PersonOptions{Phone: ignored, Name: "Mother"})
			r.says(p, simulator.Message{Text: instagram})
			r.answers(p, simulator.Message{Text: scheduled})
			r.isSilent(p)
		},
	} {
		t.Run(name, func(t *testing.T) { test(r.within(t)) })
	}
}

func TestEndToEndAnAdBringsALead(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	ad := simulator.Ad{ID: "120212345678901234", ClickID: "ARAkLkA8rmlFeiCktEJQ", Title: "Learn AI", URL: "https://fb.me/1"}
	cardless, decoration, sticky := simulator.Ad{Cardless: true}, ad, ad
	decoration.Decoration, decoration.ClickID = true, ""
	sticky.Sticky = true
	for name, c := range map[string]struct {
		message simulator.Message
		source  string // "": nobody is told
		click   string // "none": an ad without details
	}{
		"with its card":                          {simulator.Message{Text: "Hello", Ad: &ad}, "Meta Ads", ad.ClickID},
		"with a phrase":                          {simulator.Message{Text: instagram, Ad: &ad}, "Instagram", ad.ClickID},
		"without its card":                       {simulator.Message{Text: "Hello", Ad: &cardless}, "Meta Ads", "none"},
		"whose card anybody could have attached": {simulator.Message{Text: "Hello", Ad: &decoration}, "", ""},
		"of long ago, under a status":            {simulator.Message{Text: "Hello", Ad: &sticky}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := r.within(t), c.message
			p := r.newcomer()
			r.says(p, m)
			if c.source == "" {
				r.isSilent(p)
				return
			}
			r.isTold(p, enteredStory)
			r.cameBy(p, c.source, c.click)
		})
	}
	t.Run("ad-message-recovered-from-phone", func(t *testing.T) {
		r := r.within(t)
		const missing, recovered = `leadgate_messages_missing{number="front-desk"}`,
			`leadgate_messages_total{direction="inbound",number="front-desk",outcome="recovered"}`
		r.account.AnswerPlaceholders(false)
		p := r.newcomer()
		r.says(p, simulator.Message{Text: "Hello", Ad: &ad, Placeholder: true})
		r.eventually("the message is counted as missing", func() bool { return r.metric(missing) == 1 })
		r.worksOn(r.newcomer().Phone())
		if got := r.storyOf(p); got != "" {
			t.Errorf("the CRM is told %q of a message that has not come", got)
		}
		r.account.AnswerPlaceholders(true)
		r.isTold(p, enteredStory)
		r.cameBy(p, "Meta Ads", ad.ClickID)
		if got := r.metric(missing); got != 0 {
			t.Errorf("%v messages are missing", got)
		}
		if got := r.metric(recovered); got != 1 {
			t.Errorf("%v messages are counted as recovered", got)
		}
	})
}

func TestEndToEndAnAdMessageThatThePhoneHandsOverAfterARestartCounts(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	r.account.AnswerPlaceholders(false)
	p := r.newcomer()
	r.says(p, simulator.Message{Text: "Hello", Ad: &simulator.Ad{ID: "1", ClickID: "click", Title: "AI"}, Placeholder: true})
	r.eventually("the message is missing", func() bool { return r.metric(`leadgate_messages_missing{number="front-desk"}`) == 1 })
	r.stop()
	if got := r.count(`SELECT count(*) FROM set_aside`); got != 1 {
		t.Errorf("%d messages are shown as set aside, want the one that has not come", got)
	}
	r.account.AnswerPlaceholders(true)
	r.restart()
	r.isTold(p, enteredStory)
	r.cameBy(p, "Meta Ads", "click")
	if got := r.count(`SELECT count(*) FROM set_aside`); got != 0 {
		t.Errorf("%d messages are shown as set aside, though they came", got)
	}
}

func TestEndToEndAFollowUpThatComesBeforeTheAdMessageThatItFollowsCounts(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	r.account.AnswerPlaceholders(false)
	p := r.newcomer()
	r.says(p, simulator.Message{
		Text: "Hello", Ad: &simulator.Ad{ID: "1", ClickID: "click", Title: "AI"}, Placeholder: true, At: time.Now().Add(-2 * time.Hour),
	})
	r.eventually("the message is missing", func() bool { return r.metric(`leadgate_messages_missing{number="front-desk"}`) == 1 })
	r.answers(p, simulator.Message{Text: phoneAnswers, At: time.Now().Add(-time.Hour)})
	r.quiet()
	if got := r.storyOf(p); got != "" {
		t.Errorf("the CRM is told %q of somebody who is no lead yet", got)
	}
	r.account.AnswerPlaceholders(true)
	r.isTold(p, scheduledStory)
}

// cameBy checks what the CRM was told of where a lead came from.
func (r *rig) cameBy(p *simulator.Person, source, click string) {
	r.Helper()
	lead := r.eventsOf(p)[0].Data.Lead
	if lead.Source == nil || *lead.Source != source {
		r.Errorf("the source is %v, want %q", lead.Source, source)
	}
	switch {
	case lead.Ad == nil:
		r.Error("the lead has no ad")
	case click == "none":
		if lead.Ad.ClickID != nil || lead.Ad.SourceID != nil {
			r.Errorf("the ad is %+v", lead.Ad)
		}
	case lead.Ad.ClickID == nil || *lead.Ad.ClickID != click || lead.Ad.SourceID == nil || lead.Ad.Headline == nil:
		r.Errorf("the ad is %+v", lead.Ad)
	}
}

func TestEndToEndAMessageWrittenOnAnotherLinkedDeviceMovesTheStage(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	p := r.newcomer()
	r.says(p, simulator.Message{Text: instagram})
	r.reaches(p, "Lead Entry")
	write := r.linkAnotherDevice()
	write(p, scheduled)
	r.isTold(p, scheduledStory)
}

// linkAnotherDevice links a bare whatsmeow client to the account, and returns how to write with it.
func (r *rig) linkAnotherDevice() (write func(to *simulator.Person, text string)) {
	r.Helper()
	key := r.simulator.RootKey()
	cmd := exec.Command(os.Args[0], r.simulator.URL(), hex.EncodeToString(key[:]), filepath.Join(r.dir, "another.db"))
	cmd.Env = append(os.Environ(), asBare+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		r.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { end(cmd, syscall.SIGKILL) })
	qr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		r.Fatal(err)
	}
	if err := r.account.Scan(strings.TrimSpace(qr)); err != nil {
		r.Fatal(err)
	}
	return func(to *simulator.Person, text string) {
		if _, err := io.WriteString(in, strings.TrimPrefix(to.Phone(), "+")+" "+text+"\n"); err != nil {
			r.Fatal(err)
		}
	}
}

func TestEndToEndMessagesOfAnOutageCountAtTheirOwnTimes(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	began := time.Now().UTC().Truncate(time.Second).Add(-10 * time.Hour)
	at := func(hours int) time.Time { return began.Add(time.Duration(hours) * time.Hour) }
	p, late := r.newcomer(), r.newcomer()
	r.account.Offline(true)
	r.says(p, simulator.Message{Text: instagram, At: at(1)})
	r.answers(p, simulator.Message{Text: scheduled, At: at(2)})
	r.answers(late, simulator.Message{Text: scheduled, At: at(3)}) // before they entered: it does not count
	r.says(late, simulator.Message{Text: instagram, At: at(4)})
	r.answers(p, simulator.Message{Text: bought, At: at(5)})
	r.account.Offline(false)
	r.isTold(p, boughtStory)
	r.isTold(late, enteredStory)
	for i, e := range r.eventsOf(p) {
		if want := at([]int{1, 1, 2, 5}[i]); !e.Timestamp.Equal(want) {
			t.Errorf("%s %s happened at %v, want %v", e.Type, e.Data.To, e.Timestamp, want)
		}
	}
	reordered := r.newcomer()
	r.says(reordered, simulator.Message{Text: instagram, At: at(1)})
	r.isTold(reordered, enteredStory)
	r.account.ReorderNext(2)
	r.answers(reordered, simulator.Message{Text: scheduled, At: at(6)})
	r.answers(reordered, simulator.Message{Text: bought, At: at(7)})
	r.eventually("both have moved the lead", func() bool { return strings.Count(r.storyOf(reordered), "stage_changed") == 3 })
	if got := r.stage(reordered.Phone()); got != "Sale" {
		t.Errorf("after messages in the wrong order the lead stands in %q", got)
	}
}

func TestEndToEndSameMessageTwice(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	for _, fresh := range []bool{false, true} {
		p := r.newcomer()
		r.account.DuplicateNext(fresh)
		r.says(p, simulator.Message{Text: instagram})
		r.account.DuplicateNext(fresh)
		r.answers(p, simulator.Message{Text: scheduled})
		r.isTold(p, scheduledStory)
	}
	p := r.newcomer()
	r.says(p, simulator.Message{Text: instagram, ID: "3EB0AAAAAAAAAAAAAAAA"})
	r.isTold(p, enteredStory)
	r.says(p, simulator.Message{Text: instagram, ID: "3EB0AAAAAAAAAAAAAAAA"})
	r.isTold(p, enteredStory) // and no lead.returned
}

func TestEndToEndUndecryptableThenRecovered(t *testing.T) {
	t.Parallel()
	r := newRigOfThreeStages(t, simulator.Options{Seed: 1})
	p := r.newcomer()
	r.account.UndecryptableNext(1)
	r.says(p, simulator.Message{Text: instagram})
	r.isTold(p, enteredStory)
	r.account.UndecryptableNext(1)
	r.answers(p, simulator.Message{Text: scheduled})
	r.isTold(p, scheduledStory)
	for _, direction := range []string{"inbound", "outbound"} {
		for _, outcome := range []string{"undecryptable", "recovered"} {
			series := fmt.Sprintf(`leadgate_messages_total{direction=%q,number="front-desk",outcome=%q}`, direction, outcome)
			if got := r.metric(series); got != 1 {
				t.Errorf("%s is %v", series, got)
			}
		}
	}
	if got := r.metric(`leadgate_messages_missing{number="front-desk"}`); got != 0 {
		t.Errorf("%v messages are missing", got)
	}
}
