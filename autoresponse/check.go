package autoresponse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadgate/chat"
	"leadgate/fault"
	"leadgate/opportunity"
)

// checker makes a policy of a configuration and notes what is wrong with it.
type checker struct {
	config Config
	policy *Policy
	words  words
	faults fault.List
}

func newChecker(config Config) *checker {
	p := &Policy{responses: make(map[string]response), rules: make(map[string]string), opportunities: config.Opportunities}
	if p.opportunities == nil {
		p.opportunities = new(opportunity.Policy)
	}
	return &checker{config: config, policy: p, words: wordsOf(config.Language)}
}

func (c *checker) check() {
	paths := make(map[string]string)
	for i, config := range c.config.Responses {
		path := fault.Index("autoresponse", i)
		c.checkNumber(path, config.Number, paths)
		c.policy.responses[config.Number] = c.newResponse(path, config)
	}
}

// checkNumber notes a number that is missing, not configured, or in the map already, and adds it to the map with its path.
func (c *checker) checkNumber(path, number string, paths map[string]string) {
	at := fault.Join(path, "number")
	if strings.TrimSpace(number) == "" {
		c.faults.Add(at, "the auto-response has no number", "name the number whose chats it answers")
		return
	}
	if earlier, taken := paths[number]; taken {
		c.faults.Add(at, fmt.Sprintf("number %q has two auto-responses, the first as %s", number, earlier), "make one of the two")
		return
	}
	paths[number] = path
	if !slices.Contains(c.config.Numbers, number) {
		c.faults.Add(at, fmt.Sprintf("number %q is not configured", number), fault.Suggest(number, "number", c.config.Numbers))
	}
}

func (c *checker) newResponse(path string, config ResponseConfig) response {
	r := response{
		everyone: c.oneOf(fault.Join(path, "audience"), "audience", config.Audience, "everyone", "leads") == "everyone",
		create:   config.CreateOpportunity,
	}
	r.defaultType = c.defaultType(path, config)
	r.defaultRule = c.rule(fault.Join(path, "default_rule"), config.DefaultRule)
	if config.DefaultRule == "" && len(c.config.Rules) > 0 {
		c.faults.Warn(path, fmt.Sprintf("number %q has no default_rule: chats that no other rule is for go to nobody by themselves", config.Number),
			"name the rule of chats without an opportunity")
	}
	r.session = c.session(fault.Join(path, "session"), config.Session)
	r.reminders = 1
	if config.Reminders != nil {
		r.reminders = *config.Reminders
	}
	if r.reminders < 0 {
		c.faults.Add(fault.Join(path, "reminders"), fmt.Sprintf("reminders is %d", r.reminders), "0 sends the menu once")
	}
	if config.First != nil {
		r.first = c.newFirst(fault.Join(path, "first"), config.Number, *config.First)
	}
	if config.Second != nil {
		r.second = c.newSecond(fault.Join(path, "second"), *config.Second)
		if config.First == nil {
			c.faults.Add(fault.Join(path, "second"), "there is a second response and no first: it would never be sent",
				"add the first, or remove the second")
		}
	}
	r.notices = c.notices(path, config)
	return r
}

// oneOf checks a choice among words, the first of which is the default.
func (c *checker) oneOf(path, kind, value string, known ...string) string {
	if value == "" {
		return known[0]
	}
	if !slices.Contains(known, value) {
		c.faults.Add(path, fmt.Sprintf("%s %q is not known", kind, value), fault.Suggest(value, kind, known))
	}
	return value
}

// rule checks a reference to a routing rule and notes it for Rules.
func (c *checker) rule(path, name string) string {
	if name == "" {
		return ""
	}
	if !slices.Contains(c.config.Rules, name) {
		c.faults.Add(path, fmt.Sprintf("rule %q is not configured", name), fault.Suggest(name, "rule", c.config.Rules))
	}
	if _, noted := c.policy.rules[name]; !noted {
		c.policy.rules[name] = path
	}
	return name
}

// defaultType is the type that a chat without a menu creates; "" when it creates none.
func (c *checker) defaultType(path string, config ResponseConfig) string {
	at := fault.Join(path, "default_type")
	if config.DefaultType == "" {
		if config.CreateOpportunity && config.First == nil {
			c.faults.Add(fault.Join(path, "create_opportunity"), "nothing says which opportunity is created",
				"name a default_type, or ask with a first response")
		}
		return ""
	}
	c.checkType(at, config.Number, config.DefaultType)
	if !config.CreateOpportunity {
		c.faults.Warn(at, "default_type has no effect without create_opportunity", "set create_opportunity = true, or remove it")
	}
	return config.DefaultType
}

// checkType notes a type that is not configured, or not offered on the number, and reports whether it is neither. Nothing
// is known of types whose own configuration has errors.
func (c *checker) checkType(path, number, name string) (t opportunity.Type, offered bool) {
	if c.config.Opportunities == nil {
		return opportunity.Type{}, false
	}
	t, found := c.policy.opportunities.Type(name)
	if !found {
		var names []string
		for _, t := range c.policy.opportunities.Types() {
			names = append(names, t.Name)
		}
		c.faults.Add(path, fmt.Sprintf("opportunity type %q is not configured", name), fault.Suggest(name, "opportunity type", names))
		return opportunity.Type{}, false
	}
	if !slices.Contains(t.Numbers, number) {
		c.faults.Add(path, fmt.Sprintf("opportunity type %q is not offered on number %q", name, number),
			fmt.Sprintf("add the number to the type's numbers: %q", t.Numbers))
		return opportunity.Type{}, false
	}
	return t, true
}

func (c *checker) session(path, text string) time.Duration {
	if text == "" {
		return defaultSession
	}
	d, err := chat.ParseDuration(text)
	switch {
	case err != nil:
		c.faults.Add(path, fmt.Sprintf("session %q is no duration", text), err.Error())
	case d <= 0:
		c.faults.Add(path, fmt.Sprintf("session %q closes chats at once", text), `write how long a chat may be idle: "24h"`)
	}
	return d
}

func (c *checker) notices(path string, config ResponseConfig) map[Notice]template {
	notices := make(map[Notice]template)
	for _, n := range []struct {
		notice Notice
		words  *WordsConfig
	}{{NoticeAssigned, config.Assigned}, {NoticeWaiting, config.Waiting}, {NoticeClosed, config.Closed}} {
		if n.words != nil {
			notices[n.notice] = c.message(fault.Join(path, string(n.notice)), n.words.Message)
		}
	}
	return notices
}

// message checks the text of a menu or notice, which may not be empty.
func (c *checker) message(path, text string) template {
	path = fault.Join(path, "message")
	if strings.TrimSpace(text) == "" {
		c.faults.Add(path, "the message is empty", "write what the lead reads")
	}
	return c.text(path, text)
}

// text checks the placeholders of a text.
func (c *checker) text(path, text string) template {
	t, faults := parseTemplate(text)
	for _, f := range faults {
		c.faults.Add(path, f.Problem, f.Hint)
	}
	return t
}

// textOr is the text, or the default when it is blank.
func (c *checker) textOr(path, text, fallback string) template {
	if strings.TrimSpace(text) == "" {
		return literal(fallback)
	}
	return c.text(path, text)
}
