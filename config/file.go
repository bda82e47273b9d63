package config

import (
	"fmt"
	"strings"
	"unicode"

	"leadgate/autoresponse"
	"leadgate/conversion"
	"leadgate/opportunity"
	"leadgate/routing"
	"leadgate/webhook"
)

// The file as it is spelled. What is not set is the zero value.
type file struct {
	Timezone         string                        `toml:"timezone"`
	Language         string                        `toml:"language"`
	Country          string                        `toml:"country"`
	Holidays         []string                      `toml:"holidays"`
	Store            storeTable                    `toml:"store"`
	HTTP             httpTable                     `toml:"http"`
	WhatsApp         whatsAppTable                 `toml:"whatsapp"`
	Numbers          []numberTable                 `toml:"number"`
	Funnels          []conversion.FunnelConfig     `toml:"funnel"`
	Agents           []routing.AgentConfig         `toml:"agent"`
	Groups           []routing.GroupConfig         `toml:"group"`
	Rules            []routing.RuleConfig          `toml:"rule"`
	OpportunityTypes []opportunity.TypeConfig      `toml:"opportunity_type"`
	Responses        []autoresponse.ResponseConfig `toml:"autoresponse"`
	Meta             *webhook.MetaConfig           `toml:"meta"`
	Feedback         feedbackTable                 `toml:"feedback"`
	Forms            []formTable                   `toml:"form"`
	Destinations     []webhook.Config              `toml:"destination"`
}

type storeTable struct {
	URL         string `toml:"url"`
	URLEnv      string `toml:"url_env"`
	URLFile     string `toml:"url_file"`
	MessageText bool   `toml:"message_text"`
	Retention   string `toml:"retention"`
}

type feedbackTable struct {
	Conversion string `toml:"conversion"`
}

type formTable struct {
	Name    string            `toml:"name"`
	Source  string            `toml:"source"`
	Key     string            `toml:"key"`
	Origins []string          `toml:"origins"`
	Type    string            `toml:"type"`
	Stage   string            `toml:"stage"`
	Title   string            `toml:"title"`
	Fields  map[string]string `toml:"fields"`
}

type httpTable struct {
	Listen string       `toml:"listen"`
	Tokens []tokenTable `toml:"token"`
}

type tokenTable struct {
	Name      string `toml:"name"`
	Token     string `toml:"token"`
	TokenEnv  string `toml:"token_env"`
	TokenFile string `toml:"token_file"`
	Scope     string `toml:"scope"`
}

type whatsAppTable struct {
	DeviceName string `toml:"device_name"`
	Server     string `toml:"server"`
	ServerKey  string `toml:"server_key"`
}

type numberTable struct {
	Name   string    `toml:"name"`
	Phone  string    `toml:"phone"`
	Ignore []string  `toml:"ignore"`
	Pace   paceTable `toml:"pace"`
	Labels bool      `toml:"labels"`
}

// A rate that is not set is nil: none at all is an error.
type paceTable struct {
	PerMinute *int `toml:"per_minute"`
	Burst     *int `toml:"burst"`
}

// maxName bounds names, in characters.
const maxName = 64

// Names checks the names of one kind of thing, which stand in metrics, addresses and scripts.
type names struct {
	checker *checker
	kind    string
	seen    map[string]bool
}

func newNames(c *checker, kind string) *names {
	return &names{checker: c, kind: kind, seen: make(map[string]bool)}
}

// add checks the name of the table at path.
func (n *names) add(path, name string) {
	faults := &n.checker.faults
	switch {
	case name == "":
		faults.Add(path, fmt.Sprintf("this %s has no name", n.kind), `for example name = "front-desk"`)
	case len([]rune(name)) > maxName || strings.ContainsFunc(name, notInNames):
		faults.Add(path+".name", fmt.Sprintf("%q is not a name", shorten(name)),
			fmt.Sprintf("up to %d letters, digits, -, _ and .", maxName))
	case n.seen[name]:
		faults.Add(path+".name", fmt.Sprintf("two %ss are named %q", n.kind, name), "give each its own name")
	}
	n.seen[name] = true
}

func notInNames(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("-_.", r)
}

func isControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
