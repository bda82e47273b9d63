package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/config"
	"leadgate/conversion"
	"leadgate/store"
)

type leadsCommand struct {
	List   leadsList   `cmd:"" default:"withargs" help:"List leads, newest last."`
	Show   leadsShow   `cmd:"" help:"Tell all that is known of a lead: where they came from, where they are, and why."`
	Stage  leadsStage  `cmd:"" help:"Move a lead to a stage."`
	Merge  leadsMerge  `cmd:"" help:"Make one lead part of another, with nothing lost."`
	Erase  leadsErase  `cmd:"" help:"Remove all that identifies a lead; the counts stay."`
	Export leadsExport `cmd:"" help:"Write out all leads, with their stages and fields."`
}

// leadsWhich is what leads are selected by.
type leadsWhich struct {
	Source string `placeholder:"SOURCE" help:"Only those whom this source brought first."`
	Funnel string `placeholder:"FUNNEL" help:"Only those in this funnel."`
	Stage  string `placeholder:"STAGE" help:"Only those at this stage of the funnel, which need not be named if it is the only one."`
}

// filter checks the names against the config: one that it does not have finds nobody.
func (w *leadsWhich) filter(cfg *config.Config) (store.LeadFilter, error) {
	f := store.LeadFilter{Source: w.Source, Funnel: w.Funnel, Stage: w.Stage}
	if w.Funnel == "" && w.Stage == "" {
		return f, nil
	}
	funnel, err := funnelOf(cfg, w.Funnel)
	if err != nil {
		return f, err
	}
	f.Funnel = funnel.Name
	if w.Stage != "" && !slices.Contains(funnel.Stages, w.Stage) {
		return f, noStage(funnel, w.Stage)
	}
	return f, nil
}

// funnelOf is the funnel of a name, or the only one.
func funnelOf(cfg *config.Config, name string) (conversion.Funnel, error) {
	funnels := cfg.Conversion.Funnels()
	names := make([]string, len(funnels))
	for i, f := range funnels {
		if f.Name == name || name == "" && len(funnels) == 1 {
			return f, nil
		}
		names[i] = f.Name
	}
	if name == "" && len(names) > 0 {
		return conversion.Funnel{}, usageError{fmt.Errorf("say which funnel: %s", insteadOf("", names))}
	}
	return conversion.Funnel{}, fmt.Errorf("no funnel is called %q; %s", name, insteadOf(name, names))
}

func noStage(funnel conversion.Funnel, stage string) error {
	return fmt.Errorf("funnel %q has no stage %q; %s", funnel.Name, stage, insteadOf(stage, funnel.Stages))
}

type leadsList struct {
	configFile
	leadsWhich
	outputFormat
	Phone  string `placeholder:"PHONE" help:"Only the one who has this phone."`
	Search string `placeholder:"TEXT" help:"Only those with this in their name or phone."`
	Limit  int    `default:"100" placeholder:"N" help:"How many at most; ${default} by default."`
}

// Run lists leads. It only reads, so the daemon may be running.
func (c *leadsList) Run(ctx context.Context, p *process) error {
	if c.Limit < 1 {
		return usageError{fmt.Errorf("--limit %d shows nothing; write 1 or more", c.Limit)}
	}
	cfg, st, err := openReading(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // it only read
	filter, err := c.filter(cfg)
	if err != nil {
		return err
	}
	filter.Text = c.Search
	if c.Phone != "" {
		lead, err := leadByPhone(ctx, st, cfg, c.Phone)
		if err != nil {
			return err
		}
		filter.Phone = lead.Phone
	}
	newestFirst, more, err := st.Leads(ctx, filter, 0, c.Limit)
	if err != nil {
		return err
	}
	slices.Reverse(newestFirst)
	views := make([]bot.LeadView, len(newestFirst))
	for i, l := range newestFirst {
		if views[i], err = viewLead(ctx, st, l); err != nil {
			return err
		}
	}
	if err := c.print(p.stdout, leadListing(views)); err != nil {
		return err
	}
	if more != 0 {
		fmt.Fprintf(p.stderr, "leadgate: there are more than these %d; narrow them down, or give a higher --limit\n", len(views))
	}
	return nil
}

func leadListing(views []bot.LeadView) listing {
	l := listing{header: leadHeader(), items: page(views), none: "No leads."}
	for _, v := range views {
		l.rows = append(l.rows, leadRow(v))
	}
	return l
}

func leadHeader() []string {
	return []string{"name", "phone", "source", "last_source", "stages", "created_at", "id"}
}

func leadRow(v bot.LeadView) []string {
	return []string{
		value(v.Name), value(v.Phone), value(v.Source), value(v.LastSource), stagesOf(v), v.CreatedAt, v.ID,
	}
}

// stagesOf is where a lead stands, in words: "Sales: Scheduling; Support: New".
func stagesOf(v bot.LeadView) string {
	var all []string
	for funnel, stage := range v.Stages {
		all = append(all, funnel+": "+stage)
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// openReading reads the config and opens its store to look into it, beside the daemon or without.
func openReading(ctx context.Context, file string) (*config.Config, *store.Store, error) {
	cfg, err := loadConfig(file)
	if err != nil {
		return nil, nil, err
	}
	st, err := store.Open(ctx, cfg.Store.URL, store.Options{ReadOnly: true})
	return cfg, st, err
}

// viewLead shows a lead where they stand now.
func viewLead(ctx context.Context, st *store.Store, l chat.Lead) (bot.LeadView, error) {
	counting, err := counting(ctx, st, l.ID)
	if err != nil {
		return bot.LeadView{}, err
	}
	return bot.ViewLead(l, counting), nil
}

// counting are the transitions of a lead that were not deleted.
func counting(ctx context.Context, st *store.Store, leadID string) ([]conversion.Transition, error) {
	kept, err := st.Transitions(ctx, leadID, false)
	if err != nil {
		return nil, err
	}
	all := make([]conversion.Transition, len(kept))
	for i, t := range kept {
		all[i] = t.Transition
	}
	return all, nil
}

// findLead is the lead whom somebody names at the command line: by id, phone, or e-mail address.
func findLead(ctx context.Context, st *store.Store, cfg *config.Config, named string) (lead chat.Lead, err error) {
	switch email := chat.NormalEmail(named); {
	case strings.HasPrefix(named, "lead_"):
		lead, err = st.LeadByID(ctx, named)
	case email != "":
		lead, err = st.LeadByEmail(ctx, email)
	default:
		return leadByPhone(ctx, st, cfg, named)
	}
	if err == nil && !lead.Known() {
		err = noLead(named)
	}
	return lead, err
}

func leadByPhone(ctx context.Context, st *store.Store, cfg *config.Config, text string) (chat.Lead, error) {
	phone, err := chat.ParsePhone(text, cfg.Country)
	if err != nil {
		return chat.Lead{}, fmt.Errorf("%q is no id, phone or e-mail address of a lead: %w", text, err)
	}
	lead, err := st.LeadByPhone(ctx, phone)
	if err == nil && !lead.Known() {
		err = noLead(text)
	}
	return lead, err
}

func noLead(named string) error {
	return fmt.Errorf("no lead is known by %q; leadgate leads list shows who is", named)
}

// who is a lead in a sentence: their name, else phone, else id.
func who(l chat.Lead) string {
	switch {
	case l.Name != "":
		return l.Name
	case l.Phone != "":
		return string(l.Phone)
	}
	return l.ID
}

// notErased is an error for somebody of whom nothing is left to work with.
func notErased(l chat.Lead) error {
	if l.ErasedAt.IsZero() {
		return nil
	}
	return fmt.Errorf("lead %q was erased on %s; nothing can be done with them", l.ID, l.ErasedAt.Format(time.DateOnly))
}
