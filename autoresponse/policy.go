package autoresponse

import (
	"maps"
	"time"

	"leadgate/chat"
	"leadgate/fault"
	"leadgate/opportunity"
)

// A Policy is a checked configuration that decides. It never changes, and any number of goroutines may use it.
type Policy struct {
	responses     map[string]response // by number
	rules         map[string]string
	opportunities *opportunity.Policy
}

// A response is the auto-responses of a number, checked. The zero response asks nothing and knows no rule.
type response struct {
	everyone    bool
	create      bool
	defaultType string // "" when none is created without a menu
	defaultRule string
	session     time.Duration
	reminders   int
	first       *firstMenu
	second      *secondMenu
	notices     map[Notice]template
}

// A face is what both menus show around their options.
type face struct {
	display chat.Display
	header  template
	message template
	footer  template
	title   template
	more    template
	button  string
}

type firstMenu struct {
	face
	options   []offer
	other     template // nil: there is no such option
	otherRule string   // "": the default rule
}

// An offer is an option of the first menu.
type offer struct {
	opportunity.Choice
	label template
}

type secondMenu struct {
	face
	label template // nil: the value, else the type
	scope scope
	fresh template // the option for a new opportunity; nil: there is none
}

// A scope says which opportunities count after an answer to the first menu.
type scope string

const (
	scopeSelected scope = "selected" // of the selected type and value
	scopeType     scope = "type"     // of the selected type
	scopeAll      scope = "all"      // all that are open
)

// New checks a configuration and makes the policy of it. The list holds every error and warning, in the order of the
// configuration, with paths as in "autoresponse[0].first.options[2].type"; with an error in it the policy is nil.
func New(config Config) (*Policy, fault.List) {
	c := newChecker(config)
	c.check()
	if c.faults.Err() != nil {
		return nil, c.faults
	}
	return c.policy, c.faults
}

// Rules returns every rule that a response refers to, with the path of where it does so first.
func (p *Policy) Rules() map[string]string { return maps.Clone(p.rules) }

// Responds reports whether chats with the number are answered at all.
func (p *Policy) Responds(number string) bool {
	_, found := p.responses[number]
	return found
}

// Everyone reports whether the number's chats are answered whoever writes, and not only to leads of a funnel.
func (p *Policy) Everyone(number string) bool { return p.responses[number].everyone }

// defaultSession is the session of a number that has none of its own.
const defaultSession = 24 * time.Hour

// Session is after how much time without a message a chat with the number is closed: a day unless it is configured, so that
// chats which were open when a number's responses were removed are closed too.
func (p *Policy) Session(number string) time.Duration {
	if r, found := p.responses[number]; found {
		return r.session
	}
	return defaultSession
}

// A Notice is a message without options that the lead may get.
type Notice string

// The notices. They are spelled as in the configuration, and kept in chat.Chat.Told.
const (
	NoticeAssigned Notice = "assigned" // an agent has the chat
	NoticeWaiting  Notice = "waiting"  // nobody is available within hours; once in a chat
	NoticeClosed   Notice = "closed"   // it is outside everybody's hours; once in a chat
)

// Values are what placeholders stand for.
type Values struct {
	Lead        chat.Lead
	Opportunity opportunity.Opportunity
	Agent       string
	Number      string
}

// Words is a notice of the number, filled in; "" when it is not configured.
func (p *Policy) Words(number string, n Notice, v Values) string {
	return p.responses[number].notices[n].message(v)
}
