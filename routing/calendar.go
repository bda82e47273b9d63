package routing

import "time"

// A date is a local calendar day, counted from 1 January 1970.
type date int

const hoursOfDay, minutesOfHour = 24, 60

// endOfDay is 24:00 in minutes.
const endOfDay = hoursOfDay * minutesOfHour

// calendarDate is the date of a calendar day.
func calendarDate(year int, month time.Month, day int) date {
	return date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (endOfDay * 60))
}

// weekday is the day of the week; 1 January 1970 was a Thursday.
func (d date) weekday() time.Weekday {
	return time.Weekday(((int(d)+int(time.Thursday))%7 + 7) % 7)
}

// at is the moment, in UTC, when the clocks of a zone show a minute of the day for the first time, or pass it by: where
// they are put forward over it that is the moment at which they are. Later minutes are never at an earlier moment, so
// that a day has neither holes nor overlaps whatever the clocks do, and one that a zone leaves out is empty.
func (d date) at(minute int, zone *time.Location) time.Time {
	shown := time.Date(1970, time.January, 1+int(d), 0, minute, 0, 0, time.UTC)
	t := time.Date(1970, time.January, 1+int(d), 0, minute, 0, 0, zone)
	begin, end := t.ZoneBounds()
	switch passed := wall(t).Sub(shown); {
	case passed > 0:
		return begin.UTC()
	case passed < 0:
		return end.UTC()
	case begin.IsZero():
		return t.UTC()
	}
	_, before := begin.Add(-time.Second).Zone()
	if first := shown.Add(-time.Duration(before) * time.Second); first.Before(begin) {
		return first
	}
	return t.UTC()
}

// wall is what the clocks show at t, as if it were UTC.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// dateOf is the local day that has begun and not ended at t. That is a later one than the clocks show after they have been
// put back over a midnight that they had shown already.
func dateOf(t time.Time, zone *time.Location) date {
	d := calendarDate(t.In(zone).Date())
	for !t.Before((d + 1).at(0, zone)) {
		d++
	}
	return d
}
