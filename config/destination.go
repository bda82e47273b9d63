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

// eventTypes are the events that a destination may ask for: those of this version, and those of the contract for which
// it has no cause yet.
func eventTypes() []string {
	types := []string{"payment.recorded", "feedback.recorded"}
	for _, t := range bot.EventTypes() {
		types = append(types, string(t))
	}
	slices.Sort(types)
	return types
}

func (c *checker) destinations(tables []webhook.Config) []Destination {
	options := webhook.Options{
		Version:    version(),
		EventTypes: eventTypes(),
		LookupEnv:  c.env,
		ReadFile:   c.readFile,
	}
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
