package chat

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxDays is a century: longer is a slip of the finger, and would not fit a time.Duration for ever.
const maxDays = 36525

const day = 24 * time.Hour

var errDuration = errors.New(`a duration is a number and s, m, h or d, like "90s" or "365d"`)

// ParseDuration reads a length of time as the configuration and scripts spell it: "90s", "10m", "2h", "1h30m", "365d",
// "1d12h" or "0". A day has 24 hours. It is never negative and at most a century. The error says how to write one, and
// does not quote the text.
func ParseDuration(text string) (time.Duration, error) {
	var total time.Duration
	before, rest, found := strings.Cut(text, "d")
	if found {
		n, err := strconv.ParseFloat(before, 64)
		if err != nil || !(n >= 0 && n <= maxDays) {
			return 0, errDuration
		}
		total = time.Duration(n * float64(day))
	} else {
		rest = text
	}
	if found && rest == "" {
		return total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > maxDays*day {
		return 0, errDuration
	}
	return total + d, nil
}
