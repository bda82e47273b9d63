package routing

import (
	"iter"
	"slices"
	"time"
)

// horizon is how many days ahead the next working time is looked for: a year, and a month of holidays after it.
const horizon = 400

// schedule is when somebody works.
type schedule struct {
	zone        *time.Location
	always      bool      // but on holidays
	week        [7][]span // by time.Weekday; empty when always
	until       [7]int    // when the last shift that begins on a day ends, in minutes, over midnight beyond endOfDay; 0: none does
	holidays    map[date]bool
	lastHoliday date // meaningless without any
}

func newSchedule(zone *time.Location, shifts []shift, holidays ...[]date) *schedule {
	s := &schedule{zone: zone, week: weekOf(shifts), holidays: make(map[date]bool)}
	s.always = len(shifts) == 0 || !slices.ContainsFunc(s.week[:], func(day []span) bool {
		return !slices.Equal(day, []span{{0, endOfDay}})
	})
	for _, shift := range shifts {
		for day, works := range shift.days {
			if works {
				s.until[day] = max(s.until[day], shift.to)
			}
		}
	}
	for _, dates := range holidays {
		for _, d := range dates {
			if len(s.holidays) == 0 || d > s.lastHoliday {
				s.lastHoliday = d
			}
			s.holidays[d] = true
		}
	}
	return s
}

// stretches are the working times of a day, in order. Between the last of a day and the first of the next there may be no
// time at all.
func (s *schedule) stretches(d date) iter.Seq2[time.Time, time.Time] {
	return func(yield func(begin, end time.Time) bool) {
		if s.holidays[d] {
			return
		}
		if s.always {
			yield(d.at(0, s.zone), (d+1).at(0, s.zone))
			return
		}
		for _, span := range s.week[d.weekday()] {
			begin, end := d.at(span.from, s.zone), d.at(span.to, s.zone)
			if begin.Before(end) && !yield(begin, end) {
				return
			}
		}
	}
}

// open reports whether t is working time; when it is not, whether it is a holiday that takes it.
func (s *schedule) open(t time.Time) (working, holiday bool) {
	if s.always && len(s.holidays) == 0 {
		return true, false
	}
	today := dateOf(t, s.zone)
	for begin, end := range s.stretches(today) {
		if !t.Before(begin) && t.Before(end) {
			return true, false
		}
	}
	return false, s.holidays[today]
}

// next is the working time that has not ended at t or, without one, begins first after it, at most until the end of its
// day. Both are zero when there is none within the horizon.
func (s *schedule) next(t time.Time) (begin, end time.Time) {
	today := dateOf(t, s.zone)
	for d := today; d <= today+horizon; d++ {
		for begin, end := range s.stretches(d) {
			if t.Before(end) {
				return begin, end
			}
		}
	}
	return time.Time{}, time.Time{}
}

// rest is the first moment from t on, before an end, that is not working time; zero when all of it is.
func (s *schedule) rest(t, before time.Time) time.Time {
	if s.always {
		if len(s.holidays) == 0 {
			return time.Time{}
		}
		if last := (s.lastHoliday + 1).at(0, s.zone); last.Before(before) {
			before = last
		}
	}
	for at := t; at.Before(before); {
		begin, end := s.next(at)
		if begin.IsZero() || begin.After(at) {
			return at
		}
		at = end
	}
	return time.Time{}
}

// adds is when the working time since t has come to a length; zero when it never does.
func (s *schedule) adds(t time.Time, length time.Duration) time.Time {
	if s.always && len(s.holidays) == 0 {
		return t.Add(length)
	}
	at, left := t, length
	for {
		begin, end := s.next(at)
		if begin.IsZero() {
			return begin
		}
		if begin.After(at) {
			at = begin
		}
		if worked := end.Sub(at); worked < left {
			at, left = end, left-worked
			continue
		}
		return at.Add(left)
	}
}

// dayEnds is the end of the last shift of t's day, or midnight when it is over or there is none. A shift over midnight
// belongs to the day on which it begins.
func (s *schedule) dayEnds(t time.Time) time.Time {
	today := dateOf(t, s.zone)
	if end := s.lastEnd(today - 1); t.Before(end) {
		return end
	}
	if end := s.lastEnd(today); t.Before(end) {
		return end
	}
	return (today + 1).at(0, s.zone)
}

// lastEnd is when the last shift that begins on a day ends; zero when none begins. A holiday has no shift, and ends the
// one of the day before at midnight.
func (s *schedule) lastEnd(d date) time.Time {
	minutes := s.until[d.weekday()]
	switch {
	case minutes == 0 || s.holidays[d]:
		return time.Time{}
	case minutes > endOfDay && s.holidays[d+1]:
		return (d + 1).at(0, s.zone)
	case minutes > endOfDay:
		return (d + 1).at(minutes-endOfDay, s.zone)
	}
	return d.at(minutes, s.zone)
}
