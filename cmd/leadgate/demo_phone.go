package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"leadgate/simulator"
)

// A person of the demo has a phone: a lead, or an agent of the business.
type person struct {
	*simulator.Person
	name  string
	agent bool
	seen  map[string]bool    // ids of messages that have been drawn, or need not be
	menu  simulator.Received // the last that their phone showed with options
}

// anaPhone is the phone of the first lead.
const anaPhone = "+5511911112222"

// person finds somebody by name, or lets them exist from now on with a phone of their own.
func (s *show) person(name string) (*person, error) {
	if p, known := s.people[strings.ToLower(name)]; known {
		return p, nil
	}
	phone := anaPhone
	if s.leads > 0 {
		phone = fmt.Sprintf("+55119%08d", 11112222+s.leads)
	}
	s.leads++
	return s.addPerson(name, phone, false)
}

// addAgents gives the business's agents their phones.
func (s *show) addAgents() error {
	for _, a := range s.config.Routing.Agents() {
		if _, err := s.addPerson(a.Name, string(a.Phone), true); err != nil {
			return err
		}
	}
	return nil
}

func (s *show) addPerson(name, phone string, agent bool) (*person, error) {
	p, err := s.simulator.AddPerson(simulator.PersonOptions{Phone: phone, Name: name})
	if err != nil {
		return nil, err
	}
	added := &person{Person: p, name: name, agent: agent, seen: map[string]bool{}}
	s.people[strings.ToLower(name)] = added
	if s.watch != nil {
		s.watch(added)
	}
	return added, nil
}

// writes lets a person write to a number of the business.
func (s *show) writes(p *person, number, text string) error {
	_, err := p.Send(s.accounts[number], simulator.Message{Text: text})
	return err
}

// answers lets the business write to a person on the phone of a number. What comes of that on the person's phone is known.
func (s *show) answers(p *person, number, text string) error {
	id := fmt.Sprintf("DEMO%d", len(p.seen))
	p.seen[id] = true
	_, err := s.accounts[number].Send(p.Person, simulator.Message{ID: id, Text: text})
	return err
}

// taps lets a person tap an option of the last menu that their phone shows.
func (s *show) taps(p *person, title string) error {
	for _, account := range s.accounts {
		if account.Phone() == p.menu.From {
			_, err := p.Pick(account, p.menu.ID, title)
			return err
		}
	}
	return errors.New("their phone shows no menu")
}

// option finds an option of the last menu that the person's phone shows: by its title, its beginning, or its position.
func (p *person) option(said string) (title string, err error) {
	options := p.menu.Shown.Options
	if len(options) == 0 {
		return "", fmt.Errorf("%s's phone shows nothing to tap; type  %s: hello", p.name, strings.ToLower(p.name))
	}
	if n, err := strconv.Atoi(said); err == nil && 1 <= n && n <= len(options) {
		return options[n-1].Title, nil
	}
	titles := make([]string, len(options))
	for i, o := range options {
		if said != "" && strings.HasPrefix(strings.ToLower(o.Title), strings.ToLower(said)) {
			return o.Title, nil
		}
		titles[i] = fmt.Sprintf("%d %s", i+1, o.Title)
	}
	return "", fmt.Errorf("%s's menu offers: %s", p.name, strings.Join(titles, ", "))
}

// showNext waits for the next message on a person's phone, and draws it.
func (s *show) showNext(ctx context.Context, p *person) error {
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	r, err := p.WaitReceived(ctx, func(r simulator.Received) bool { return !p.seen[r.ID] })
	if err != nil {
		return fmt.Errorf("wait for a message on %s's phone: %w", p.name, err)
	}
	s.received(p, r)
	return nil
}

// received draws a message on a person's phone, unless that was done.
func (s *show) received(p *person, r simulator.Received) {
	if p.seen[r.ID] {
		return
	}
	p.seen[r.ID] = true
	if len(r.Shown.Options) > 0 {
		p.menu = r
	}
	label := p.name + "'s phone shows"
	for _, line := range asShown(r.Shown) {
		text := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(text)]
		for _, part := range s.fitted(text, labelWidth+len("| ")+len(indent)) {
			s.print(bold, fmt.Sprintf("%-*s │ %s", labelWidth-1, label, indent), part)
			label = ""
		}
	}
}

// asShown is what a phone shows of a message, line by line.
func asShown(m simulator.Shown) []string {
	var lines []string
	if m.Title != "" {
		lines = append(lines, m.Title)
	}
	for _, line := range strings.Split(m.Text, "\n") {
		if inner, marked := strings.CutPrefix(line, "*"); marked {
			line = strings.TrimSuffix(inner, "*") // WhatsApp's mark for bold
		}
		lines = append(lines, line)
	}
	if m.Footer != "" {
		lines = append(lines, m.Footer)
	}
	indent := ""
	if m.Button != "" {
		lines = append(lines, "☰ "+m.Button)
		indent = "  "
	}
	section := ""
	for _, o := range m.Options {
		if o.Section != section {
			section = o.Section
			lines = append(lines, indent+section)
		}
		if m.Kind == simulator.ShownButtons {
			lines = append(lines, "[ "+o.Title+" ]")
			continue
		}
		lines = append(lines, indent+"○ "+o.Title)
		if o.Description != "" {
			lines = append(lines, indent+"  "+o.Description)
		}
	}
	return lines
}
