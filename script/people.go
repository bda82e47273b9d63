package script

import (
	"fmt"
	"strings"

	"leadgate/chat"
	"leadgate/fault"
)

// A phone is a phone as it is written in a script, and as the configuration's country makes it.
type phone struct {
	written string
	phone   chat.Phone
}

func (f *phone) check(c *checker) {
	var err error
	if f.phone, err = chat.ParsePhone(f.written, c.config.Country); err != nil {
		c.fail("%w", err)
	}
}

// A person is somebody who writes in a script, as WhatsApp knows them.
type person struct {
	phone   chat.Phone
	lid     chat.LID // "" until they are hidden for the first time
	byPhone bool     // some message showed their phone
	name    string   // their profile name
	last    *chat.Message
}

func (p *player) person(f phone) *person {
	if p.people[f.phone] == nil {
		p.people[f.phone] = &person{phone: f.phone}
	}
	return p.people[f.phone]
}

// hide is the person in a message that does not show their phone.
func (w *person) hide() chat.Person {
	if w.lid == "" {
		w.lid = chat.LID("9" + strings.TrimPrefix(string(w.phone), "+"))
	}
	return chat.Person{LID: w.lid, Name: w.name}
}

// show is the person in a message that shows their phone, and the LID under which they were hidden.
func (w *person) show() chat.Person {
	w.byPhone = true
	return chat.Person{Phone: w.phone, LID: w.lid, Name: w.name}
}

// addressed is the person in a message of the business: by phone, or by LID as long as that is all the business knows.
func (w *person) addressed() chat.Person {
	if w.lid != "" && !w.byPhone {
		return chat.Person{LID: w.lid}
	}
	return chat.Person{Phone: w.phone}
}

// number checks that the configuration has a number of this name.
func (c *checker) number(name string) {
	var known []string
	for _, n := range c.config.Numbers {
		if n.Name == name {
			return
		}
		known = append(known, n.Name)
	}
	c.fail("%w", unknown("number", name, known))
}

// stage checks that the configuration has a stage of this name, in this funnel or, when funnel is "", in any.
func (c *checker) stage(funnel, stage string) {
	var funnels, stages []string
	for _, f := range c.config.Conversion.Funnels() {
		funnels = append(funnels, f.Name)
		if funnel == "" || funnel == f.Name {
			stages = append(stages, f.Stages...)
		}
	}
	switch {
	case funnel != "" && !has(funnels, funnel):
		c.fail("%w", unknown("funnel", funnel, funnels))
	case stage != "" && !has(stages, stage):
		c.fail("%w", unknown("stage", stage, stages))
	}
}

func has(known []string, name string) bool {
	for _, k := range known {
		if k == name {
			return true
		}
	}
	return false
}

// unknown is the error for a word that is none of the known.
func unknown(kind, text string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("unknown %s %q; the configuration has none", kind, text)
	}
	if near := fault.Nearest(text, known); near != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q?", kind, text, near)
	}
	return fmt.Errorf("unknown %s %q; it is one of %q", kind, text, known)
}
