package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"leadgate/fault"
	"leadgate/opportunity"
)

// outcomes checks what the business's systems and pages may bring: feedback and forms.
func (c *checker) outcomes(config *Config, f *file) {
	if stage := f.Feedback.Conversion; stage != "" {
		if stages := everyStage(f); slices.Contains(stages, stage) {
			config.FeedbackStage = stage
		} else {
			c.faults.Add("feedback.conversion", fmt.Sprintf("no funnel has a stage %q", stage), fault.Suggest(stage, "stage", stages))
		}
	}
	names := newNames(c, "form")
	for i, t := range f.Forms {
		path := fault.Index("form", i)
		names.add(path, t.Name)
		c.form(path, config, t)
		config.Forms = append(config.Forms, Form(t))
	}
}

func (c *checker) form(path string, config *Config, t formTable) {
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`).MatchString(t.Key) {
		c.faults.Add(fault.Join(path, "key"), fmt.Sprintf("form %q has no key that can stand in its path", t.Name),
			"8 to 64 letters, digits, - and _; make one with: openssl rand -hex 12")
	}
	if strings.TrimSpace(t.Source) == "" {
		c.faults.Add(fault.Join(path, "source"), fmt.Sprintf("form %q has no source", t.Name), `name where its leads come from: source = "Landing page"`)
	}
	for i, origin := range t.Origins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			c.faults.Add(fault.Index(fault.Join(path, "origins"), i), fmt.Sprintf("%q is no origin of a page", origin),
				`scheme and host alone, as in "https://www.example.com"`)
		}
	}
	if t.Fields["phone"] == "" && t.Fields["email"] == "" {
		c.faults.Add(fault.Join(path, "fields"), fmt.Sprintf("form %q names neither a phone nor an e-mail address", t.Name),
			`by one of them a lead is known: fields = { phone = "whatsapp" }`)
	}
	c.formType(path, config, t)
	c.formTitle(fault.Join(path, "title"), t)
}

// formType checks the opportunity that a form creates.
func (c *checker) formType(path string, config *Config, t formTable) {
	if t.Type == "" {
		if t.Stage != "" {
			c.faults.Add(fault.Join(path, "stage"), "a stage without the type of an opportunity", "name the type too, or remove the stage")
		}
		return
	}
	if config.Opportunities == nil {
		return // which the types' own faults say
	}
	kind, found := config.Opportunities.Type(t.Type)
	if !found {
		c.faults.Add(fault.Join(path, "type"), fmt.Sprintf("opportunity type %q is not configured", t.Type),
			fault.Suggest(t.Type, "opportunity type", typeNames(config.Opportunities)))
		return
	}
	if t.Stage != "" && !slices.Contains(kind.Stages, t.Stage) {
		c.faults.Add(fault.Join(path, "stage"), fmt.Sprintf("opportunity type %q has no stage %q", t.Type, t.Stage), fault.Suggest(t.Stage, "stage", kind.Stages))
	}
}

// formTitle checks the placeholders of a title.
func (c *checker) formTitle(path string, t formTable) {
	known := []string{"lead.name"}
	for _, ours := range slices.Sorted(maps.Keys(t.Fields)) {
		known = append(known, "fields."+ours)
	}
	for _, placeholder := range regexp.MustCompile(`\{([^{}]*)\}`).FindAllStringSubmatch(t.Title, -1) {
		if !slices.Contains(known, placeholder[1]) {
			c.faults.Add(path, fmt.Sprintf("unknown placeholder {%s}", shorten(placeholder[1])), fault.Suggest(placeholder[1], "placeholder", known))
		}
	}
}

func typeNames(p *opportunity.Policy) []string {
	var names []string
	for _, t := range p.Types() {
		names = append(names, t.Name)
	}
	return names
}

func everyStage(f *file) []string {
	var stages []string
	for _, funnel := range f.Funnels {
		for _, s := range funnel.Stages {
			stages = append(stages, s.Name)
		}
	}
	return stages
}
