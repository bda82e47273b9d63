package store

import "time"

// period is the week or month of a time in its zone: when it begins, and when the next one does.
func period(t time.Time, by string) (start, next time.Time) {
	y, m, d := t.Date()
	if by == "month" {
		return midnight(y, m, 1, t.Location()), midnight(y, m+1, 1, t.Location())
	}
	monday := d - (int(t.Weekday())+6)%7
	return midnight(y, m, monday, t.Location()), midnight(y, m, monday+7, t.Location())
}

// midnight is when a day begins. Where clocks are set at midnight that is not when they show zero, or it is the first of two
// times when they do.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	const step = 15 * time.Minute
	want := time.Date(y, m, d, 12, 0, 0, 0, time.UTC).YearDay()
	t := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for t.YearDay() != want {
		t = t.Add(step)
	}
	for t.Add(-step).YearDay() == want {
		t = t.Add(-step)
	}
	return t
}
