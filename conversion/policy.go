package conversion

import (
	"slices"

	"leadgate/chat"
	"leadgate/fault"
)

// A Policy is a checked configuration that decides. It never changes, and any number of goroutines may use it.
type Policy struct {
	numbers  []string
	funnels  []configured
	triggers []*trigger             // in the order of the file
	meta     map[[2]string]*MetaDue // by funnel and stage

	exact, loose      *folder // loose is nil without a loose trigger
	inbound, outbound matchers
}

// matchers find the phrases of one direction; one that has no phrases is nil.
type matchers struct{ exact, loose *matcher }

type configured struct {
	Funnel
	untracked bool
	adSource  string
}

// A Funnel is the name and the stages of a funnel; the first is the entry stage.
type Funnel struct {
	Name   string
	Stages []string
}

// trigger is a phrase and what it leads to.
type trigger struct {
	TriggerConfig
	path   string // of its table in the configuration
	table  int    // the place of that table among all
	order  int    // in the file
	funnel int
	stage  int
	length int // of the phrase as compared, in characters; 0: it can't be compared
}

// direction is who has to write the phrase.
func (t *trigger) direction() chat.Direction {
	if t.stage == 0 {
		return chat.Inbound
	}
	return chat.Outbound
}

func (t *trigger) isLoose() bool { return t.Match == matchLoose }

// meets reports whether there is a number on which both triggers count.
func (t *trigger) meets(other *trigger) bool {
	return len(t.Numbers) == 0 || len(other.Numbers) == 0 || slices.ContainsFunc(t.Numbers, other.on)
}

// on reports whether the trigger counts on a number.
func (t *trigger) on(number string) bool {
	return len(t.Numbers) == 0 || slices.Contains(t.Numbers, number)
}

// How a trigger's phrase is compared.
const (
	matchExact = "exact"
	matchLoose = "loose"
)

// New checks a configuration and makes the policy of it. The list holds every error and warning, in the order of the
// configuration, with paths as in "funnel[0].stage[1].trigger[0].phrase"; with an error in it the policy is nil.
func New(config Config) (*Policy, fault.List) { return compile(config, newFolder(false), nil) }

// compile is New with folders that are made already; a loose one is made when it is needed.
func compile(config Config, exact, loose *folder) (*Policy, fault.List) {
	c := newChecker(config, exact, loose)
	c.check()
	if faults := c.faults(); faults.Err() != nil {
		return nil, faults
	}
	p := c.policy
	p.inbound = p.newMatchers(chat.Inbound)
	p.outbound = p.newMatchers(chat.Outbound)
	c.warnOfOverlaps()
	return p, c.faults()
}

// folderOf returns the folder by which a trigger is compared.
func (p *Policy) folderOf(t *trigger) *folder {
	if t.isLoose() {
		return p.loose
	}
	return p.exact
}

func (p *Policy) newMatchers(direction chat.Direction) matchers {
	var exact, loose []*trigger
	for _, t := range p.triggers {
		switch {
		case t.direction() != direction:
		case t.isLoose():
			loose = append(loose, t)
		default:
			exact = append(exact, t)
		}
	}
	var m matchers
	if len(exact) > 0 {
		m.exact = newMatcher(p.exact, exact)
	}
	if len(loose) > 0 {
		m.loose = newMatcher(p.loose, loose)
	}
	return m
}

// Funnels returns the funnels in the order of the configuration.
func (p *Policy) Funnels() []Funnel {
	funnels := make([]Funnel, len(p.funnels))
	for i, f := range p.funnels {
		funnels[i] = Funnel{Name: f.Name, Stages: slices.Clone(f.Stages)}
	}
	return funnels
}

// hits returns every trigger of a direction, on whatever number, whose phrase is in the text; the one that wins first.
func (p *Policy) hits(direction chat.Direction, text string) []hit {
	m := p.inbound
	if direction == chat.Outbound {
		m = p.outbound
	}
	hits := m.loose.hits(text, m.exact.hits(text, nil))
	rank(hits)
	return hits
}
