package script

import (
	"context"
	"fmt"
	"time"

	"leadgate/chat"
	"leadgate/config"
)

// perAction is how long an action takes on the virtual clock.
const perAction = time.Second

// The forms of the time in an "at" statement.
const (
	minuteForm = "2006-01-02 15:04"
	secondForm = "2006-01-02 15:04:05"
)

// begins is when a script begins that sets no clock.
func begins(cfg *config.Config) time.Time {
	return time.Date(2026, time.January, 5, 10, 0, 0, 0, cfg.Timezone)
}

// setClock is "at DATE TIME".
type setClock struct {
	written string
	at      time.Time
}

func parseAt(l *line) (action, error) {
	date, err := l.value("a date, like 2026-11-23,")
	if err != nil {
		return nil, err
	}
	clock, err := l.value("a time, like 10:00,")
	if err != nil {
		return nil, err
	}
	s := &setClock{written: date + " " + clock}
	if _, err := s.in(time.UTC); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *setClock) in(zone *time.Location) (time.Time, error) {
	for _, form := range []string{minuteForm, secondForm} {
		if at, err := time.ParseInLocation(form, s.written, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date and time, like 2026-11-23 10:00", s.written)
}

func (s *setClock) check(c *checker) {
	var err error
	if s.at, err = s.in(c.config.Timezone); err != nil {
		c.fail("%w", err)
	}
}

func (s *setClock) play(ctx context.Context, p *player) error {
	if s.at.Before(p.now) {
		return fmt.Errorf("the clock stands at %s: it never goes back", p.now.Format(secondForm))
	}
	return p.passUntil(ctx, s.at)
}

// letPass is "after DURATION".
type letPass struct{ duration time.Duration }

func parseAfter(l *line) (action, error) {
	text, err := l.value("a duration, like 11m,")
	if err != nil {
		return nil, err
	}
	d, err := chat.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no duration, like 90s, 11m, 2h or 3d", text)
	}
	return &letPass{duration: d}, nil
}

func (*letPass) check(*checker) {}

func (a *letPass) play(ctx context.Context, p *player) error {
	return p.passUntil(ctx, p.now.Add(a.duration))
}
