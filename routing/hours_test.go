package routing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadgate/fault"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// worker is a policy of one agent, ana.
func worker(t testing.TB, zone *time.Location, holidays []string, hours ...string) *Policy {
	t.Helper()
	c := team("agent:ana", AgentConfig{Name: "ana", Phone: "+5511988880001", Hours: hours, Holidays: holidays})
	c.Zone = zone
	return mustNew(t, c)
}

func TestHoursAreReadAsTheyAreMeant(t *testing.T) {
	const monday, friday, sunday = "2026-01-05", "2026-01-09", "2026-01-11"
	for _, c := range []struct {
		hours, in, out string
	}{
		{"mon-fri 09:00-18:00", monday + " 09:00", monday + " 08:59"},
		{"mon-fri 09:00-18:00", friday + " 17:59", friday + " 18:00"},
		{"mon-fri 09:00-18:00", "2026-01-07 12:00", sunday + " 12:00"},
		{"sat,sun 10:00-14:00", sunday + " 10:00", friday + " 10:00"},
		{"fri-mon 10:00-14:00", monday + " 10:00", "2026-01-06 10:00"},
		{"fri-mon 10:00-14:00", "2026-01-10 10:00", "2026-01-08 10:00"},
		{"mon,wed-fri 10:00-14:00", "2026-01-08 10:00", "2026-01-06 10:00"},
		{"mon 22:00-06:00", monday + " 23:59", monday + " 05:59"},
		{"mon 22:00-06:00", "2026-01-06 05:59", "2026-01-06 06:00"},
		{"sat 22:00-06:00", sunday + " 05:59", sunday + " 22:00"},
		{"mon 22:00-00:00", monday + " 23:59", "2026-01-06 00:00"},
		{"mon 22:00-24:00", monday + " 23:59", "2026-01-06 00:00"},
		{"mon 00:00-24:00", monday + " 00:00", sunday + " 23:59"},
		{" MON - Fri  9:00 – 18:00 ", friday + " 09:00", sunday + " 09:00"},
		{"Monday-Friday 09:00-18:00", friday + " 09:00", sunday + " 09:00"},
	} {
		p := worker(t, nil, nil, c.hours)
		if ok, reason := p.Available("ana", AgentState{}, at(c.in)); !ok {
			t.Errorf("%q: at %s: %s", c.hours, c.in, reason)
		}
		if ok, _ := p.Available("ana", AgentState{}, at(c.out)); ok {
			t.Errorf("%q: at work at %s", c.hours, c.out)
		}
	}
}

func TestHoursThatCantBeMeantAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "the hours are empty; write days and times",
		"  ":                            "the hours are empty",
		"mon-fri":                       `hours "mon-fri" have no times`,
		"09:00-18:00":                   `hours "09:00-18:00" have no days; write them before the times, as in "mon-sun 09:00-18:00"`,
		"seg-sex 09:00-18:00":           `hours "seg-sex 09:00-18:00": "seg" is no day; the days are mon, tue`,
		"mon-fry 09:00-18:00":           `"fry" is no day`,
		"mon- 09:00-18:00":              `"" is no day`,
		"mon,,tue 09:00-18:00":          `"" is no day`,
		"mon-tue-wed 09:00-18:00":       `"tue-wed" is no day`,
		"mon 09:00":                     `"09:00" has no end; write one stretch`,
		"mon 09:00-":                    `"" is no time of day`,
		"mon 9-18":                      `"9" is no time of day`,
		"mon 09:00-25:00":               `"25:00" is no time of day`,
		"mon 09:60-10:00":               `"09:60" is no time of day`,
		"mon 09:00-24:01":               `"24:01" is no time of day`,
		"mon 009:00-10:00":              `"009:00" is no time of day`,
		"mon 09:0-10:00":                `"09:0" is no time of day`,
		"mon 09:00-12:00,13:00-18:00":   `is no time of day; write one stretch`,
		"mon 24:00-06:00":               `nothing begins at "24:00"`,
		"mon 09:00-09:00":               `no time is between "09:00" and "09:00"`,
		"mon 09:00-18:00 tue":           `is no time of day`,
		"mon 09:00-18:00\x00":           `is no time of day`,
		strings.Repeat("mon,", 5) + "x": `have no times`,
	} {
		_, err := parseShift(text)
		if f := (fault.Fault{}); !errors.As(err, &f) || !strings.Contains(err.Error(), want) || f.Hint == "" {
			t.Errorf("%q: got  %v\nwant %s, with a hint", text, err, want)
		}
	}
	for _, text := range []string{"", "2026-02-30", "25.12.2026", "2026-12", "christmas"} {
		if d, err := parseHoliday(text); err == nil {
			t.Errorf("%q is the date %d", text, d)
		}
	}
}

func FuzzHours(f *testing.F) {
	for _, text := range []string{"mon-fri 09:00-18:00", "sat,sun 10:00-14:00", "mon 22:00-06:00", "", "mon", "٣ 09:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseShift(text)
		if err != nil {
			return
		}
		if s.from < 0 || s.from >= endOfDay || s.to <= s.from || s.to-s.from >= endOfDay+endOfDay || s.days == [7]bool{} {
			t.Errorf("%q is read as %+v", text, s)
		}
	})
}

func TestWhenTheClocksChangeNoDayIsLost(t *testing.T) {
	for _, c := range []struct {
		name, zone, hours string
		opens, closes     string // in UTC
	}{
		{"an hour that is left out begins when the clocks are put forward", "America/New_York", "sun 02:30-09:00", "2026-03-08 07:00", "2026-03-08 13:00"},
		{"and ends then", "America/New_York", "sun 00:00-02:30", "2026-03-08 05:00", "2026-03-08 07:00"},
		{"an hour that is there twice begins the first time", "America/New_York", "sun 01:30-09:00", "2026-11-01 05:30", "2026-11-01 14:00"},
		{"and ends the first time", "America/New_York", "sun 00:00-01:30", "2026-11-01 04:00", "2026-11-01 05:30"},
		{"a shift over the change is shorter", "America/New_York", "sat 22:00-06:00", "2026-03-08 05:00", "2026-03-08 10:00"},
		{"or longer", "America/New_York", "sat 22:00-06:00", "2026-11-01 04:00", "2026-11-01 11:00"},
		{"the left out hour of Lisbon", "Europe/Lisbon", "sun 01:30-03:00", "2026-03-29 01:00", "2026-03-29 02:00"},
		{"the double hour of Lisbon", "Europe/Lisbon", "sun 01:00-03:00", "2026-10-25 00:00", "2026-10-25 03:00"},
		{"before and after are as ever", "Europe/Lisbon", "mon 09:00-18:00", "2026-10-26 09:00", "2026-10-26 18:00"},
		{"a midnight that is left out", "America/Sao_Paulo", "sun 00:00-09:00", "2018-11-04 03:00", "2018-11-04 11:00"},
		{"a day before it", "America/Sao_Paulo", "sat 09:00-24:00", "2018-11-03 12:00", "2018-11-04 03:00"},
		{"an hour before midnight that is there twice", "America/Sao_Paulo", "sat 23:00-24:00", "2019-02-17 01:00", "2019-02-17 03:00"},
		{"the whole day of it", "America/Sao_Paulo", "sat 00:00-24:00", "2019-02-16 02:00", "2019-02-17 03:00"},
		{"the day after it", "America/Sao_Paulo", "sun 00:00-24:00", "2019-02-17 03:00", "2019-02-18 03:00"},
		{"a midnight that is there twice ends the day the first time", "America/St_Johns", "sat 09:00-24:00", "2010-11-06 11:30", "2010-11-07 02:30"},
		{"and begins the next one then", "America/St_Johns", "sun 00:00-09:00", "2010-11-07 02:30", "2010-11-07 12:30"},
		{"a day that a country left out", "Pacific/Apia", "thu 22:00-24:00", "2011-12-30 08:00", "2011-12-30 10:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := worker(t, zone(t, c.zone), nil, c.hours)
			begin, end := p.byName["ana"].hours.next(at(c.opens))
			if !begin.Equal(at(c.opens)) || !end.Equal(at(c.closes)) {
				t.Errorf("it is open from %s to %s, want %s to %s", begin, end, c.opens, c.closes)
			}
			for moment, want := range map[time.Time]bool{
				at(c.opens): true, at(c.closes).Add(-time.Second): true, at(c.closes): false,
			} {
				if got, _ := p.Available("ana", AgentState{}, moment); got != want {
					t.Errorf("at %s: at work: %v", moment, got)
				}
			}
		})
	}
	newfoundland := worker(t, zone(t, "America/St_Johns"), nil, "sun 00:00-09:00")
	if ok, reason := newfoundland.Available("ana", AgentState{}, at("2010-11-07 02:45")); !ok {
		t.Errorf("on Sunday, when the clocks show Saturday again: %s", reason)
	}
}

func TestAShiftThatTheClocksLeaveOutWaitsForTheNextWeek(t *testing.T) {
	p := worker(t, zone(t, "America/New_York"), nil, "sun 02:15-02:45")
	if o := p.Route(Request{Rule: "r"}, Team{}, at("2026-03-07 12:00")); !o.NextAt.Equal(at("2026-03-15 06:15")) {
		t.Errorf("it opens at %s", o.NextAt)
	}
}

func TestWhoWorksEveryHourAlwaysWorks(t *testing.T) {
	for _, hours := range [][]string{nil, {"mon-sun 00:00-24:00"}, {"mon-sun 08:00-20:00", "mon-sun 20:00-08:00"}} {
		if !worker(t, nil, nil, hours...).byName["ana"].hours.always {
			t.Errorf("%q: not always", hours)
		}
	}
	if worker(t, nil, nil, "mon-sat 00:00-24:00").byName["ana"].hours.always {
		t.Error("always but on Sundays")
	}
}

func zoneNames() []string {
	return []string{
		"America/Sao_Paulo", "Europe/Lisbon", "America/New_York", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe",
		"Antarctica/Troll", "America/Havana", "Africa/Casablanca", "Asia/Gaza", "Africa/Cairo", "Europe/Dublin", "Asia/Kathmandu", "UTC",
	}
}

func TestTheMinutesOfEveryDayFollowOneAnotherInEveryZone(t *testing.T) {
	first, last := calendarDate(1985, 1, 1), calendarDate(2045, 1, 1)
	rapid.Check(t, func(r *rapid.T) {
		z := zone(t, rapid.SampledFrom(zoneNames()).Draw(r, "zone"))
		d := date(rapid.IntRange(int(first), int(last)).Draw(r, "date"))
		before := d.at(0, z)
		some := before.Add(time.Duration(rapid.IntRange(0, 2*endOfDay).Draw(r, "minutes")) * time.Minute)
		if is := dateOf(some, z); some.Before(is.at(0, z)) || !some.Before((is+1).at(0, z)) {
			t.Fatalf("%s is taken for one of day %d in %s", some, is, z)
		}
		for minute := 1; minute <= endOfDay; minute++ {
			now := d.at(minute, z)
			if now.Before(before) {
				t.Fatalf("minute %d of day %d in %s is before the one before", minute, d, z)
			}
			if now.After(before) && dateOf(before, z) != d {
				t.Fatalf("minute %d of day %d in %s is taken for one of day %d", minute-1, d, z, dateOf(before, z))
			}
			before = now
		}
		if !before.Equal((d + 1).at(0, z)) {
			t.Fatalf("day %d in %s ends at %s and the next begins at %s", d, z, before, (d+1).at(0, z))
		}
	})
}

func drawnHours(t *rapid.T) []string {
	days := []string{"mon", "tue-thu", "fri-mon", "mon-sun", "sat,sun"}
	var hours []string
	for range rapid.IntRange(0, 4).Draw(t, "hours") {
		from := rapid.IntRange(0, endOfDay/30-1).Draw(t, "from") * 30
		to := (from + 30*rapid.IntRange(1, endOfDay/30-1).Draw(t, "length")) % endOfDay
		hours = append(hours, fmt.Sprintf("%s %02d:%02d-%02d:%02d", rapid.SampledFrom(days).Draw(t, "days"), from/60, from%60, to/60, to%60))
	}
	return hours
}

// Half hours are counted by the clock on the wall here, and by instants there: away from changes of the clock they agree.
func TestHoursDeadlinesAndOpeningsAreWhatCountingHalfHoursGives(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		z := zone(t, rapid.SampledFrom([]string{"UTC", "America/Sao_Paulo"}).Draw(r, "zone"))
		hours := drawnHours(r)
		var holidays []string
		for range rapid.IntRange(0, 2).Draw(r, "holidays") {
			holidays = append(holidays, fmt.Sprintf("2026-01-%02d", rapid.IntRange(5, 18).Draw(r, "holiday")))
		}
		p := worker(t, z, holidays, hours...)
		start := calendarDate(2026, 1, 5).at(rapid.IntRange(0, endOfDay/30-1).Draw(r, "start")*30, z)
		within := time.Duration(rapid.IntRange(1, 60).Draw(r, "within")) * 30 * time.Minute
		works := func(now time.Time) bool { return worksByTheWall(hours, holidays, now.In(z)) }
		var deadline, opening time.Time
		worked := time.Duration(0)
		wasOff := false
		for now := start; now.Before(start.AddDate(0, 0, 28)); now = now.Add(30 * time.Minute) {
			if got, _ := p.Available("ana", AgentState{}, now); got != works(now) {
				t.Fatalf("%q without %q: at %s at work: %v", hours, holidays, now.In(z), got)
			}
			if !works(now) {
				wasOff = true
				continue
			}
			if wasOff && opening.IsZero() {
				opening = now
			}
			if worked += 30 * time.Minute; worked == within && deadline.IsZero() {
				deadline = now.Add(30 * time.Minute)
			}
		}
		if got := p.Deadline("ana", start, within); got.Before(start.AddDate(0, 0, 28)) && !got.Equal(deadline) {
			t.Fatalf("%q without %q: %s from %s is over at %s, want %s", hours, holidays, within, start, got, deadline)
		}
		lost := Request{Rule: "r", Asked: []Asked{{"ana", start}}}
		if got := p.Route(lost, Team{}, start).NextAt; got.Before(start.AddDate(0, 0, 28)) && !got.Equal(opening) {
			t.Fatalf("%q without %q: from %s opens at %s, want %s", hours, holidays, start, got, opening)
		}
	})
}

// worksByTheWall reads hours in the simplest way there is: yesterday's shifts over midnight, and today's.
func worksByTheWall(hours, holidays []string, now time.Time) bool {
	for _, h := range holidays {
		if h == now.Format(time.DateOnly) {
			return false
		}
	}
	minute := now.Hour()*60 + now.Minute()
	for _, text := range hours {
		s, err := parseShift(text)
		if err != nil {
			panic(err)
		}
		if s.days[now.Weekday()] && minute >= s.from && minute < s.to || s.days[(now.Weekday()+6)%7] && minute+endOfDay < s.to {
			return true
		}
	}
	return len(hours) == 0
}

func TestOnlyWorkingTimeRunsTowardsADeadline(t *testing.T) {
	for _, c := range []struct {
		name     string
		hours    []string
		holidays []string
		from     string
		within   time.Duration
		want     string
	}{
		{"within the hours", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 10:00", 10 * time.Minute, "2026-01-05 10:10"},
		{"to the minute", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 17:50", 10 * time.Minute, "2026-01-05 18:00"},
		{"over the night", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 17:55", 10 * time.Minute, "2026-01-06 09:05"},
		{"over the weekend", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-09 17:55", 10 * time.Minute, "2026-01-12 09:05"},
		{"from outside them", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-10 10:00", 10 * time.Minute, "2026-01-12 09:10"},
		{"over a holiday", []string{"mon-fri 09:00-18:00"}, []string{"2026-01-06"}, "2026-01-05 17:55", 10 * time.Minute, "2026-01-07 09:05"},
		{"over many days", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 09:00", 46 * time.Hour, "2026-01-12 10:00"},
		{"a night is cut off by a holiday", []string{"mon 22:00-06:00"}, []string{"2026-01-06"}, "2026-01-05 22:00", 3 * time.Hour, "2026-01-12 23:00"},
		{"who always works", nil, nil, "2026-01-05 23:55", 10 * time.Minute, "2026-01-06 00:05"},
		{"who always works but on a holiday", nil, []string{"2026-01-06"}, "2026-01-05 23:55", 10 * time.Minute, "2026-01-07 00:05"},
		{"hours that overlap count once", []string{"mon 09:00-12:00", "mon 10:00-11:00", "mon 11:00-13:00"}, nil, "2026-01-05 09:00", 4 * time.Hour, "2026-01-05 13:00"},
		{"nothing to wait for", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 10:00", 0, "2026-01-05 10:00"},
	} {
		if got := worker(t, nil, c.holidays, c.hours...).Deadline("ana", at(c.from), c.within); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	p := worker(t, zone(t, "America/New_York"), nil, "sat 22:00-06:00")
	if got := p.Deadline("ana", at("2026-03-08 06:30"), time.Hour); !got.Equal(at("2026-03-08 07:30")) {
		t.Errorf("over the change of the clocks: %s", got)
	}
	if got := p.Deadline("zoe", monday(), time.Hour); !got.IsZero() {
		t.Errorf("who is no agent: %s", got)
	}
}

func TestADeadlineThatNeverComesIsZero(t *testing.T) {
	var mondays []string
	for d := at("2026-01-05 00:00"); d.Year() < 2028; d = d.AddDate(0, 0, 7) {
		mondays = append(mondays, d.Format(time.DateOnly))
	}
	p := worker(t, nil, mondays, "mon 09:00-10:00")
	if got := p.Deadline("ana", at("2026-01-05 08:00"), time.Minute); !got.IsZero() {
		t.Errorf("it is %s", got)
	}
	if o := p.Route(Request{Rule: "r"}, Team{}, at("2026-01-05 08:00")); !o.NextAt.IsZero() || !o.Closed {
		t.Errorf("it opens: %+v", o)
	}
}

func TestTheDayEndsWithItsLastHours(t *testing.T) {
	for _, c := range []struct {
		name     string
		hours    []string
		holidays []string
		now      string
		want     string
	}{
		{"before the hours", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 07:00", "2026-01-05 18:00"},
		{"within them", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 17:59", "2026-01-05 18:00"},
		{"when they are over", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-05 18:00", "2026-01-06 00:00"},
		{"at lunch", []string{"mon-fri 09:00-12:00", "mon-fri 13:00-18:00"}, nil, "2026-01-05 12:30", "2026-01-05 18:00"},
		{"the later of two that overlap", []string{"mon-fri 12:00-19:00", "mon-fri 09:00-18:00"}, nil, "2026-01-05 12:30", "2026-01-05 19:00"},
		{"on a day without any", []string{"mon-fri 09:00-18:00"}, nil, "2026-01-10 12:30", "2026-01-11 00:00"},
		{"on a holiday", []string{"mon-fri 09:00-18:00"}, []string{"2026-01-05"}, "2026-01-05 12:30", "2026-01-06 00:00"},
		{"who always works", nil, nil, "2026-01-05 12:30", "2026-01-06 00:00"},
		{"over midnight", []string{"mon 22:00-06:00"}, nil, "2026-01-05 12:30", "2026-01-06 06:00"},
		{"after that midnight", []string{"mon-sun 22:00-06:00"}, nil, "2026-01-06 05:59", "2026-01-06 06:00"},
		{"the next evening", []string{"mon-sun 22:00-06:00"}, nil, "2026-01-06 06:00", "2026-01-07 06:00"},
		{"until a holiday", []string{"mon-sun 22:00-06:00"}, []string{"2026-01-06"}, "2026-01-05 23:00", "2026-01-06 00:00"},
	} {
		if got := worker(t, nil, c.holidays, c.hours...).DayEnds("ana", at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	p := worker(t, zone(t, "America/Sao_Paulo"), nil)
	if got := p.DayEnds("ana", at("2018-11-03 20:00")); !got.Equal(at("2018-11-04 03:00")) {
		t.Errorf("at a midnight that is left out: %s", got)
	}
	if got := p.DayEnds("zoe", monday()); !got.IsZero() {
		t.Errorf("who is no agent: %s", got)
	}
}
