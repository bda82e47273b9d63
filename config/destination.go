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

func (c *checker) destinations(tables []webhook.Config) []Destination {
	options := c.options()
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
		destinations = append(destinations, Destination{Name: t.Name, Events: t.Events, Sender: sender})
	}
	return destinations
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
