package config

import (
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"

	"leadgate/bot"
	"leadgate/fault"
	"leadgate/webhook"
)

// A Destination is where events go.
type Destination struct {
	Name   string
	Events []string // patterns such as "lead.*"; empty: all
	Rules  []bot.Rule
	Sender *webhook.Sender
}

// Meta is how Meta's Conversions API is told.
type Meta struct {
	WithoutClickID bool // of leads whom no click brought as well
	Sender         *webhook.Meta
}

// eventTypes are the events that a destination may ask for.
func eventTypes() []string {
	var types []string
	for _, t := range bot.EventTypes() {
		types = append(types, string(t))
	}
	slices.Sort(types)
	return types
}

// options are what every sender is made with.
func (c *checker) options() webhook.Options {
	return webhook.Options{Version: version(), EventTypes: eventTypes(), LookupEnv: c.env, ReadFile: c.readFile}
}

// meta makes the sender of conversions to Meta; nil when Meta is told nothing.
func (c *checker) meta(config *Config, table *webhook.MetaConfig) {
	tells := config.Conversion != nil && config.Conversion.TellsMeta()
	switch {
	case table == nil && tells:
		c.faults.Warn("funnel", "stages have a meta event, but nothing says which dataset of Meta's it is for", "add [meta] with its dataset_id and token")
	case table != nil && config.Conversion != nil && !tells:
		c.faults.Warn("meta", "Meta is told nothing: no stage has a meta event", `add meta = { event = "QualifiedLead" } to a [[funnel.stage]]`)
	}
	if table == nil {
		return
	}
	sender, faults := webhook.NewMeta(*table, c.options())
	for _, f := range faults {
		f.Path = fault.Join("meta", f.Path)
		c.faults = append(c.faults, f)
	}
	config.Meta = &Meta{WithoutClickID: table.Chat(), Sender: sender}
}

func (c *checker) destinations(config *Config, f *file) []Destination {
	tables, options := f.Destinations, c.options()
	options.Known = known(config, f)
	var destinations []Destination
	seen := make(map[string]bool)
	for i, t := range tables {
		path := fault.Index("destination", i)
		if t.Name != "" && seen[t.Name] {
			c.faults.Add(path+".name", fmt.Sprintf("two destinations are named %q", t.Name), "give each its own name")
		}
		seen[t.Name] = true
		sender, faults := webhook.New(t, options)
		for _, f := range faults {
			f.Path = path + "." + f.Path
			c.faults = append(c.faults, f)
		}
		d := Destination{Name: t.Name, Sender: sender}
		if sender != nil {
			d.Events = sender.Events()
		}
		for _, r := range t.Rules {
			d.Rules = append(d.Rules, bot.Rule(r))
		}
		destinations = append(destinations, d)
	}
	return destinations
}

// known are the names that the rules of a destination may use. Where a part of the file has errors, its names are taken on trust.
func known(config *Config, f *file) webhook.Names {
	if config.Conversion == nil || config.Opportunities == nil {
		return webhook.Names{}
	}
	n := webhook.Names{Stages: everyStage(f), Types: typeNames(config.Opportunities)}
	for _, funnel := range f.Funnels {
		n.Funnels = append(n.Funnels, funnel.Name)
	}
	for _, t := range config.Opportunities.Types() {
		n.Stages = append(n.Stages, t.Stages...)
	}
	return n
}

// version is leadgate's own, which destinations are told: "unknown" where the program was built from no release.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "unknown"
	}
	return info.Main.Version
}

// readFile is os.ReadFile for a secret named in the configuration.
func (c *checker) readFile(name string) ([]byte, error) {
	secret, err := readSecret(c.absolute(name))
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: cause(err)}
	}
	return []byte(secret), nil
}
