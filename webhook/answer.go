package webhook

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"leadgate/delivery"
)

// longestAfter bounds what a Retry-After can say.
const longestAfter = 24 * time.Hour

// verdict is what an answer means: SPEC section 8.
func verdict(status int, retryAfter string, now time.Time) delivery.Result {
	result := delivery.Result{Verdict: delivery.Again, Status: status, Detail: answered(status)}
	switch {
	case status >= 200 && status <= 299:
		result.Verdict = delivery.Done
	case status >= 300 && status <= 399:
		result.Detail += ": redirects are not followed, the url has to be the final one"
	}
	switch status {
	case http.StatusGone:
		result.Verdict = delivery.Disable
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		result.After = parseRetryAfter(retryAfter, now)
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity:
		result.Verdict = delivery.Reject
	}
	return result
}

func answered(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("answered %d %s", status, text)
	}
	return fmt.Sprintf("answered %d", status)
}

// parseRetryAfter reads the two forms of RFC 9110, section 10.2.3: seconds and a date. What is neither, or is past, is
// zero.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(longestAfter/time.Second) {
			return longestAfter
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestAfter)
}
