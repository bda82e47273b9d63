package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"leadgate/fault"
)

// span is a stretch of one day, in minutes from its beginning: [from, to), at most until endOfDay.
type span struct{ from, to int }

// shift is a stretch that begins on one of some days, as it is configured; one that ends after endOfDay goes on into the
// next day.
type shift struct {
	days [7]bool // by time.Weekday
	span
}

// parseShift reads working hours as the configuration spells them: days or ranges of days with commas between them, and
// one stretch of time, as in "mon-fri 09:00-18:00", "sat,sun 10:00-14:00" or, over midnight, "fri-sun 22:00-06:00". Case
// and white space do not matter. The error is a fault.Fault without a path.
func parseShift(text string) (shift, error) {
	compact := strings.ReplaceAll(strings.Join(strings.Fields(strings.ToLower(text)), ""), "–", "-")
	first := strings.IndexFunc(compact, unicode.IsDigit)
	switch {
	case compact == "":
		return shift{}, hoursFault("the hours are empty", `write days and times as in "mon-fri 09:00-18:00"; without hours at all an agent always works`)
	case first < 0:
		return shift{}, hoursFault(fmt.Sprintf("hours %q have no times", text), `write them after the days, as in "mon-fri 09:00-18:00"; a whole day is 00:00-24:00`)
	case first == 0:
		return shift{}, hoursFault(fmt.Sprintf("hours %q have no days", text), `write them before the times, as in "mon-sun 09:00-18:00"`)
	}
	days, err := parseDays(compact[:first])
	if err != nil {
		return shift{}, hoursFault(fmt.Sprintf("hours %q: %v", text, err), `the days are mon, tue, wed, thu, fri, sat and sun, as in "mon-fri" or "sat,sun"`)
	}
	times, err := parseTimes(compact[first:])
	if err != nil {
		return shift{}, hoursFault(fmt.Sprintf("hours %q: %v", text, err), `write one stretch as in "09:00-18:00", over midnight as in "22:00-06:00", until midnight as in "18:00-24:00"`)
	}
	return shift{days: days, span: times}, nil
}

func hoursFault(problem, hint string) fault.Fault { return fault.Fault{Problem: problem, Hint: hint} }

func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		begin, end, isRange := strings.Cut(part, "-")
		from, err := parseDay(begin)
		if err != nil {
			return days, err
		}
		to := from
		if isRange {
			if to, err = parseDay(end); err != nil {
				return days, err
			}
		}
		days[to] = true
		for d := from; d != to; d = (d + 1) % 7 {
			days[d] = true
		}
	}
	return days, nil
}

func parseDay(text string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); text == name[:3] || text == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is no day", text)
}

func parseTimes(text string) (span, error) {
	begin, end, found := strings.Cut(text, "-")
	if !found {
		return span{}, fmt.Errorf("%q has no end", text)
	}
	from, err := parseTime(begin)
	if err != nil {
		return span{}, err
	}
	to, err := parseTime(end)
	switch {
	case err != nil:
		return span{}, err
	case from == endOfDay:
		return span{}, fmt.Errorf("nothing begins at %q", begin)
	case from == to:
		return span{}, fmt.Errorf("no time is between %q and %q", begin, end)
	case to < from:
		to += endOfDay
	}
	return span{from: from, to: to}, nil
}

// parseTime reads a time of day in minutes, "9:00" or "09:00", up to "24:00".
func parseTime(text string) (int, error) {
	hour, minute, found := strings.Cut(text, ":")
	h, badHour := strconv.ParseUint(hour, 10, 8)
	m, badMinute := strconv.ParseUint(minute, 10, 8)
	inDay := h < hoursOfDay && m < minutesOfHour || h == hoursOfDay && m == 0
	if !found || badHour != nil || badMinute != nil || len(hour) > 2 || len(minute) != 2 || !inDay {
		return 0, fmt.Errorf("%q is no time of day", text)
	}
	return int(h)*minutesOfHour + int(m), nil
}

// parseHoliday reads a date as the configuration spells it, "2026-12-25". The error is a fault.Fault without a path.
func parseHoliday(text string) (date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fault.Fault{Problem: fmt.Sprintf("holiday %q is no date", text), Hint: `write year, month and day as in "2026-12-25"`}
	}
	return calendarDate(t.Date()), nil
}

// weekOf lays shifts out over the days of the week, by time.Weekday: sorted, and none touches another of its day.
func weekOf(shifts []shift) (week [7][]span) {
	for _, s := range shifts {
		for day, works := range s.days {
			if !works {
				continue
			}
			week[day] = append(week[day], span{s.from, min(s.to, endOfDay)})
			if s.to > endOfDay {
				next := (day + 1) % 7
				week[next] = append(week[next], span{0, s.to - endOfDay})
			}
		}
	}
	for day := range week {
		week[day] = merged(week[day])
	}
	return week
}

// merged sorts the spans of a day and makes one of those that touch.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var apart []span
	for _, s := range spans {
		if last := len(apart) - 1; last >= 0 && s.from <= apart[last].to {
			apart[last].to = max(apart[last].to, s.to)
			continue
		}
		apart = append(apart, s)
	}
	return apart
}
