package config

import (
	"errors"
	"fmt"

	"leadgate/chat"
	"leadgate/fault"
)

// The bounds of a number's pace. Nobody writes faster by hand for long, and WhatsApp notices who does.
const (
	maxPerMinute = 600
	maxBurst     = 100
)

func (c *checker) numbers(tables []numberTable, country string) []chat.Number {
	if len(tables) == 0 {
		c.faults.Add("number", "there is no number to log into", "add a [[number]] with its name and phone")
	}
	names := newNames(c, "number")
	phones := make(map[chat.Phone]string)
	var numbers []chat.Number
	for i, t := range tables {
		path := fault.Index("number", i)
		names.add(path, t.Name)
		n := chat.Number{Name: t.Name, Pace: c.pace(path+".pace", t.Pace), Labels: t.Labels}
		if t.Phone == "" {
			c.faults.Add(path, fmt.Sprintf("number %q has no phone", t.Name), `for example phone = "+5511987650001"`)
		} else if n.Phone = c.phone(path+".phone", t.Phone, country); n.Phone != "" {
			if other, twice := phones[n.Phone]; twice {
				c.faults.Add(path+".phone", fmt.Sprintf("number %q has the same phone as number %q", t.Name, other), "")
			}
			phones[n.Phone] = t.Name
		}
		for j, text := range t.Ignore {
			if phone := c.phone(fault.Index(path+".ignore", j), text, country); phone != "" {
				n.Ignore = append(n.Ignore, phone)
			}
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// phone reads a phone; "" when it is none, which is reported.
func (c *checker) phone(path, text, country string) chat.Phone {
	phone, err := chat.ParsePhone(text, country)
	if err != nil {
		f := fault.Fault{Problem: err.Error()}
		errors.As(err, &f)
		f.Path = path
		c.faults = append(c.faults, f)
		return ""
	}
	return phone
}

// pace is how fast a number sends: what is not set is as in chat.DefaultPace.
func (c *checker) pace(path string, t paceTable) chat.Pace {
	p := chat.DefaultPace()
	c.rate(path+".per_minute", t.PerMinute, "messages a minute", maxPerMinute, &p.PerMinute)
	c.rate(path+".burst", t.Burst, "messages at once", maxBurst, &p.Burst)
	return p
}

// rate takes a number of messages over, if there is one.
func (c *checker) rate(path string, given *int, what string, most int, target *int) {
	switch {
	case given == nil:
	case *given < 1 || *given > most:
		c.faults.Add(path, fmt.Sprintf("%d %s are no pace", *given, what), fmt.Sprintf("from 1 to %d", most))
	default:
		*target = *given
	}
}
