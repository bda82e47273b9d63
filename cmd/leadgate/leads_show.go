package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/routing"
	"leadgate/store"
)

type leadsShow struct {
	configFile
	outputFormat
	Lead string `arg:"" help:"The lead: their id, phone or e-mail address."`
}

// Run tells the story of a lead. It only reads, so the daemon may be running.
func (c *leadsShow) Run(ctx context.Context, p *process) error {
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	lead, err := findLead(ctx, st, cfg, c.Lead)
	if err != nil {
		return err
	}
	s := &story{store: st, lead: lead}
	if err := s.load(ctx); err != nil {
		return err
	}
	out := &storyPrinter{zone: cfg.Timezone}
	out.story(s)
	if c.Format != "table" {
		return c.print(p.stdout, listing{header: []string{"section", "at", "text"}, rows: out.rows(), items: s.item()})
	}
	return out.write(p.stdout)
}

// storyWidth is the width of a terminal, in characters.
const storyWidth = 80

// A storyLine is a line of a story; those below it that are deeper belong to it.
type storyLine struct {
	section string
	depth   int
	at      time.Time // zero: none
	label   string    // what the text is, in place of a time; "" for none
	text    string
}

// A storyPrinter makes lines of a story.
type storyPrinter struct {
	zone    *time.Location
	section string
	lines   []storyLine
}

func (p *storyPrinter) line(depth int, at time.Time, format string, args ...any) {
	p.lines = append(p.lines, storyLine{section: p.section, depth: depth, at: at, text: visible(fmt.Sprintf(format, args...))})
}

// fact is a line that says what it is.
func (p *storyPrinter) fact(label, text string) {
	p.lines = append(p.lines, storyLine{section: p.section, label: label, text: visible(text)})
}

// write prints the lines for a terminal, broken between words.
func (p *storyPrinter) write(w io.Writer) error {
	var b strings.Builder
	section := ""
	for _, l := range p.lines {
		if l.section != section {
			if section != "" {
				fmt.Fprintln(&b)
			}
			section = l.section
			fmt.Fprintln(&b, visible(section))
		}
		begins := strings.Repeat("    ", l.depth) + "  "
		goesOn := begins + "    "
		switch {
		case l.label != "":
			begins += fmt.Sprintf("%-13s", visible(l.label))
			goesOn = "  " + strings.Repeat(" ", 13)
		case !l.at.IsZero():
			begins += l.at.In(p.zone).Format(time.DateTime) + "  "
			goesOn = strings.Repeat(" ", len(begins))
		}
		for i, text := range wrap(l.text, storyWidth-len(goesOn)) {
			if i == 0 {
				fmt.Fprintln(&b, begins+text)
				continue
			}
			fmt.Fprintln(&b, goesOn+text)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// rows are the lines as CSV has them: what is deeper stands behind what it belongs to.
func (p *storyPrinter) rows() (rows [][]string) {
	for _, l := range p.lines {
		at := ""
		if !l.at.IsZero() {
			at = moment(l.at)
		}
		if last := len(rows) - 1; l.depth > 0 && at == "" && last >= 0 {
			rows[last][2] += "; " + l.text
			continue
		}
		section, text := l.section, l.text
		if l.label != "" {
			section, text = "Lead", l.label+": "+text
		}
		rows = append(rows, []string{section, at, text})
	}
	return rows
}

func (p *storyPrinter) story(s *story) {
	p.person(s)
	p.transitions(s.transitions)
	p.opportunities(s.opportunities)
	p.chats(s)
	p.outcome(s)
	p.events(s)
}

// person tells who it is.
func (p *storyPrinter) person(s *story) {
	l := s.lead
	p.section = who(l)
	for _, fact := range []struct{ name, text string }{
		{"id", l.ID}, {"phone", string(l.Phone)}, {"LID", string(l.LID)}, {"source", l.Source},
		{"last source", l.LastSource}, {"first ad", adText(l.FirstAd)}, {"ad", adText(l.Ad)},
		{"wrote to", strings.Join(l.Numbers, ", ")}, {"stands at", stagesOf(s.view)}, {"known since", p.clock(l.CreatedAt)},
		{"erased", p.clock(l.ErasedAt)},
	} {
		switch {
		case fact.text == "", fact.name == "last source" && l.LastSource == l.Source:
		case fact.name == "first ad" && adText(l.FirstAd) == adText(l.Ad):
		default:
			p.fact(fact.name, fact.text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.Fields)) {
		p.fact(name, l.Fields[name])
	}
}

// clock is a time in the config's zone; "" for none.
func (p *storyPrinter) clock(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(p.zone).Format(time.DateTime + " -07:00")
}

func adText(ad *chat.Ad) string {
	if ad == nil {
		return ""
	}
	var parts []string
	for _, part := range []struct{ name, text string }{
		{"", quotedOr(ad.Headline)}, {"on ", ad.SourceApp}, {"id ", ad.SourceID}, {"click ", ad.ClickID}, {"", ad.SourceURL},
	} {
		if part.text != "" {
			parts = append(parts, part.name+part.text)
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "one of which WhatsApp told nothing")
}

// quotedOr is a text in quotes, or nothing.
func quotedOr(text string) string {
	if text == "" {
		return ""
	}
	return `"` + text + `"`
}

func (p *storyPrinter) transitions(all []store.Transition) {
	p.section = "Transitions"
	for _, t := range all {
		if t.From == "" {
			p.line(0, t.At, "%s: enters at %q", t.Funnel, t.To)
		} else {
			p.line(0, t.At, "%s: from %q to %q", t.Funnel, t.From, t.To)
		}
		p.line(1, time.Time{}, "%s", because(t))
		if !t.DeletedAt.IsZero() {
			p.line(1, time.Time{}, "deleted on %s: it does not count", p.clock(t.DeletedAt))
		}
		p.line(1, time.Time{}, "%s", t.ID)
	}
}

// because says why a lead was moved: who did what, and by which message.
func because(t store.Transition) string {
	why := causeText(t.Cause)
	switch t.Cause.Kind {
	case chat.CauseInboundPhrase:
		why = fmt.Sprintf("they wrote %q", t.Phrase)
	case chat.CauseOutboundPhrase:
		why = fmt.Sprintf("the business wrote %q", t.Phrase)
	}
	if t.MessageID != "" {
		why += ", message " + t.MessageID
	}
	if t.Number != "" {
		why += ", number " + t.Number
	}
	return why
}

// causeText says in words what made a change.
func causeText(c chat.Cause) string {
	by := map[chat.CauseKind]string{
		chat.CauseInboundPhrase: "a phrase of theirs", chat.CauseOutboundPhrase: "a phrase of the business",
		chat.CauseAd: "an ad brought them", chat.CauseUntracked: "they wrote, without phrase or ad",
		chat.CauseMenu: "the menu", chat.CauseManual: "by hand", chat.CauseAPI: "through the API",
		chat.CausePayment: "a payment", chat.CauseConversion: "a conversion", chat.CauseAgent: "an agent",
		chat.CauseTimeout: "time ran out",
	}[c.Kind]
	by = cmp.Or(by, string(c.Kind))
	if c.By != "" {
		by += " (" + c.By + ")"
	}
	return by
}

func (p *storyPrinter) opportunities(all []store.Opportunity) {
	p.section = "Opportunities"
	for _, o := range all {
		p.line(0, o.CreatedAt, "%s: %s at %q, owner %s", wants(o), o.Status, o.Stage, cmp.Or(o.Owner, "nobody"))
		p.line(1, time.Time{}, "%s", o.ID)
	}
}

// wants is what an opportunity is about.
func wants(o store.Opportunity) string {
	text := o.Type
	if o.Value != "" {
		text += ", " + o.Value
	}
	if o.Title != "" {
		text += " (" + o.Title + ")"
	}
	return text
}

func (p *storyPrinter) chats(s *story) {
	p.section = "Chats"
	about := map[string]string{}
	for _, o := range s.opportunities {
		about[o.ID] = wants(o)
	}
	for _, c := range s.chats {
		state := string(c.Status)
		if c.Agent != "" {
			state += ", " + c.Agent
		}
		p.line(0, c.OpenedAt, "on %s: %s", c.Number, state)
		if c.Chat.Opportunity != "" {
			p.line(1, time.Time{}, "about %s", cmp.Or(about[c.Chat.Opportunity], c.Chat.Opportunity))
		}
		for _, a := range s.assignments[c.ID] {
			p.assignment(a)
		}
		if c.Status == chat.ChatWaiting {
			p.line(1, c.Place.Since, "waits%s", byRule(c.Place))
			p.passed(c.Place)
		}
		if !c.ClosedAt.IsZero() {
			p.line(1, c.ClosedAt, "closed")
		}
		p.line(1, time.Time{}, "%s", c.ID)
	}
}

func (p *storyPrinter) assignment(a bot.Assignment) {
	target := ""
	if a.Place.Target != "" {
		target = fmt.Sprintf(", step %d (%s)", a.Place.Step, a.Place.Target)
	}
	p.line(1, a.At, "to %s%s%s; %s", a.Agent, byRule(a.Place), target, causeText(a.Cause))
	p.passed(a.Place)
}

func byRule(place routing.Place) string {
	if place.Rule == "" {
		return ""
	}
	return fmt.Sprintf(" by rule %q", place.Rule)
}

// passed tells who was passed over, and who had the chat before.
func (p *storyPrinter) passed(place routing.Place) {
	for _, asked := range place.Asked {
		p.line(2, time.Time{}, "%s had it until %s", asked.Agent, p.clock(asked.At))
	}
	for _, over := range passedOver(place) {
		p.line(2, time.Time{}, "passed over: %s", over)
	}
}

// outcome tells of payments and feedback.
func (p *storyPrinter) outcome(s *story) {
	p.section = "Payments"
	for _, each := range s.payments {
		p.line(0, each.At, "%s: %s %s, %s", each.ExternalID, each.Amount.Decimal(), each.Amount.Currency, each.Status)
	}
	p.section = "Feedback"
	for _, f := range s.feedback {
		text := fmt.Sprintf("%s: %s", f.ExternalID, f.Kind)
		if f.Value != (chat.Money{}) {
			text += fmt.Sprintf(", %s %s", f.Value.Decimal(), f.Value.Currency)
		}
		if f.Reason != "" {
			text += ", " + f.Reason
		}
		p.line(0, f.At, "%s", text)
	}
}

func (p *storyPrinter) events(s *story) {
	p.section = "Events"
	for _, e := range s.events {
		p.line(0, e.At, "%s %s", e.Type, e.ID)
		for _, d := range s.carrying[e.ID] {
			p.delivery(1, d)
		}
	}
	p.section = "Messages and labels"
	for _, d := range s.carrying[""] {
		p.delivery(0, d)
	}
}

// delivery tells what became of something on its way.
func (p *storyPrinter) delivery(depth int, d store.Delivery) {
	text := fmt.Sprintf("%s: %s", d.Destination, d.State)
	if d.Attempt > 0 {
		text += " after " + counted(d.Attempt, "attempt")
	}
	if d.Detail != "" {
		text += ": " + d.Detail
	}
	at := time.Time{}
	if depth == 0 {
		at = d.CreatedAt
	}
	p.line(depth, at, "%s (delivery %d)", text, d.ID)
}

// passedOver are those who did not get a chat, and why.
func passedOver(place routing.Place) []string {
	return mapped(place.Passed, routing.Passed.String)
}

// mapped is what a function makes of each.
func mapped[T, V any](all []T, one func(T) V) []V {
	made := make([]V, len(all))
	for i, each := range all {
		made[i] = one(each)
	}
	return made
}

// moment is a time as the contract writes it: RFC 3339 in UTC with milliseconds.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func optionalMoment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := moment(t)
	return &text
}
