// Package config reads leadgate's TOML file strictly, and hands each package its checked part. It reports every fault
// at once, with its line and what to do about it: of the syntax, of unknown keys and wrong types, and what the packages
// find in their own parts. It decides nothing about messages and never shows a secret. Package script and the wiring in
// cmd call it.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"time"

	"leadgate/autoresponse"
	"leadgate/bot"
	"leadgate/chat"
	"leadgate/conversion"
	"leadgate/fault"
	"leadgate/opportunity"
	"leadgate/routing"
)

// A Config is a file without errors: every part is checked, every secret read.
type Config struct {
	Path          string         // as it was named to Load
	Timezone      *time.Location // for reports and scripts
	Language      string         // of the daemon's own words: "en" or "pt"
	Country       string         // ISO 3166-1 alpha-2, of phones without a country code; "" when they need one
	Store         Store
	HTTP          HTTP
	WhatsApp      WhatsApp
	Numbers       []chat.Number // at least one
	Funnels       conversion.Config
	Meta          *Meta // nil: Meta is told nothing
	Forms         []Form
	FeedbackStage string // the stage that a conversion reported by feedback sets; "" for none
	Destinations  []Destination

	// What the parts were made into. None is ever nil: a part that the file leaves out has a policy that does nothing.
	Conversion    *conversion.Policy // of Funnels
	Opportunities *opportunity.Policy
	Responses     *autoresponse.Policy
	Routing       *routing.Policy
}

// Store says where everything is kept.
type Store struct {
	URL         string        // "sqlite:" and an absolute path, or "postgres://…"; may hold a password
	MessageText bool          // keep the texts of messages
	Retention   time.Duration // how long closed chats and events are kept; 0: for ever
}

// HTTP is the daemon's own web server.
type HTTP struct {
	Listen string // host:port
	Tokens []Token
}

// A Form is a public form that creates leads.
type Form struct {
	Name    string
	Source  string            // of the leads that it brings
	Key     string            // public, part of its path
	Origins []string          // of the pages that it stands on; none: any
	Type    string            // of the opportunity that it creates; "" for none
	Stage   string            // of that opportunity; "": the first
	Title   string            // of that opportunity, with {lead.name} and {fields.X}; "" for none
	Fields  map[string]string // the form's fields by ours: "name", "phone", "email", and those of the lead
}

// A Token opens the API.
type Token struct {
	Name  string
	Hash  [32]byte // SHA-256 of the secret, which is not kept
	Scope Scope
}

// A Scope is what a token may do.
type Scope string

// The scopes. ScopeWrite includes ScopeRead.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
)

// WhatsApp says which server the numbers log into, and as what.
type WhatsApp struct {
	DeviceName string    // what the phone shows among its linked devices
	Server     string    // ws:// or wss:// URL of a simulated WhatsApp; "" is the real one
	ServerKey  *[32]byte // the public key that signs the server's certificates; nil is the real one's
}

// Policy is the configuration as the bot goes by it.
func (c *Config) Policy() *bot.Policy {
	p := &bot.Policy{
		Conversion: c.Conversion, Opportunities: c.Opportunities, Responses: c.Responses, Routing: c.Routing,
		FeedbackStage: c.FeedbackStage,
		Language:      c.Language, Country: c.Country, Zone: c.Timezone, Numbers: c.Numbers,
	}
	if c.Meta != nil {
		p.Meta = &bot.MetaPolicy{WithoutClickID: c.Meta.WithoutClickID}
	}
	for _, d := range c.Destinations {
		p.Subscriptions = append(p.Subscriptions, bot.Subscription{Destination: d.Name, Events: d.Events, Rules: d.Rules})
	}
	return p
}

// Env looks an environment variable up, as os.LookupEnv does.
type Env func(name string) (value string, set bool)

// Load reads and checks the file at path. The Config is nil when the report holds an error.
func Load(path string, env Env) (*Config, Report) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return Parse(data, path, env)
}

func unreadable(path string, err error) Report {
	f := fault.Fault{Problem: fmt.Sprintf("can't read %q: %v", path, cause(err)), Hint: "name the file with -c FILE"}
	if errors.Is(err, fs.ErrNotExist) {
		f.Problem = "there is no such file"
		f.Hint = "name the file with -c FILE; config.example.toml is one to begin with; leadgate demo needs none"
	}
	return Report{File: path, Findings: []Finding{{Fault: f}}}
}

// cause is why a file could not be read, without its name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Parse checks the contents of the file at path: relative names of other files in it are relative to its directory.
// The Config is nil when the report holds an error.
func Parse(data []byte, path string, env Env) (*Config, Report) {
	doc := parse(data)
	report := Report{File: path, Findings: doc.syntax}
	if doc.values == nil {
		report.sort()
		return nil, report
	}
	r := &reading{broken: doc.broken}
	var f file
	r.table(reflect.ValueOf(&f).Elem(), doc.values, "")
	c := &checker{env: env, dir: filepath.Dir(path)}
	config := c.file(&f)
	config.Path = path

	for _, found := range r.faults {
		report.add(found, doc.places)
	}
	after := r.broken.aftermath()
	for _, found := range c.faults {
		if !after.explains(found.Path) {
			report.add(found, doc.places)
		}
	}
	report.sort()
	if report.Err() != nil {
		return nil, report
	}
	return config, report
}

// pathInText finds the path of a table that a fault names besides its own.
var pathInText = regexp.MustCompile(`\b(as )?([a-z_]+\[\d+\](?:\.[a-z_]+(?:\[\d+\])?)*)`)

// add reports a fault with its line; other places that it names become lines too.
func (r *Report) add(f fault.Fault, places *places) {
	f.Problem = pathInText.ReplaceAllStringFunc(f.Problem, func(found string) string {
		m := pathInText.FindStringSubmatch(found)
		if !places.knows(m[2]) {
			return found
		}
		line := fmt.Sprintf("line %d", places.line(m[2]))
		if m[1] != "" {
			return "on " + line
		}
		return line
	})
	r.Findings = append(r.Findings, Finding{Fault: f, Line: places.line(f.Path)})
}
