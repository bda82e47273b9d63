package webhook

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"leadgate/delivery"
)

// leastThrottled is how long Meta is left alone when it says that it was asked too often, and not for how long.
const leastThrottled = time.Minute

// A metaAnswer is what the Graph API says, whichever way it went.
type metaAnswer struct {
	Received int        `json:"events_received"`
	Trace    string     `json:"fbtrace_id"`
	Error    *metaError `json:"error"`
}

// A metaError is the Graph API's error object: "Handling Errors".
type metaError struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode"`
	UserMsg   string `json:"error_user_msg"`
	Transient bool   `json:"is_transient"`
	Trace     string `json:"fbtrace_id"`
}

// metaVerdict is what an answer of the Graph API means. Its error codes say more than its status, which is often 400.
// What it writes passes through hide before it is shown.
func metaVerdict(answer *http.Response, body []byte, now time.Time, hide func(string) string) delivery.Result {
	var said metaAnswer
	known := json.Unmarshal(body, &said) == nil
	result := verdict(answer.StatusCode, answer.Header.Get("Retry-After"), now)
	switch {
	case known && said.Error != nil:
		result.Verdict = said.Error.verdict(answer.StatusCode)
		result.Detail = said.Error.detail(hide)
	case result.Verdict == delivery.Done && !known:
		result.Verdict, result.Detail = delivery.Again, "the answer is not the Graph API's"
	case result.Verdict == delivery.Done && said.Received < 1:
		result.Verdict, result.Detail = delivery.Reject, "Meta received no event"+traced(said.Trace)
	case result.Verdict == delivery.Done:
		result.Detail += traced(said.Trace)
	case answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden:
		result.Verdict = delivery.Disable
		result.Detail += ": Meta wants another token"
	}
	if result.Verdict == delivery.Again {
		result.After = min(max(result.After, regainAfter(answer.Header)), longestAfter)
		throttled := known && said.Error != nil && said.Error.throttled()
		if result.After == 0 && (throttled || answer.StatusCode == http.StatusTooManyRequests) {
			result.After = leastThrottled
		}
	} else {
		result.After = 0
	}
	return result
}

// verdict classes the codes of "Handling Errors" and "Marketing API Rate Limiting".
func (e *metaError) verdict(status int) delivery.Verdict {
	switch {
	case e.unauthorized():
		return delivery.Disable
	case e.Transient, e.Code == 1, e.Code == 2, e.throttled(), status == http.StatusTooManyRequests, status >= 500:
		return delivery.Again
	case e.Code == 100, e.Code == 506:
		return delivery.Never
	case e.Code == 0 && e.Type == "OAuthException":
		return delivery.Disable
	}
	return delivery.Reject
}

// unauthorized reports whether the token is refused, or may not do this.
func (e *metaError) unauthorized() bool {
	return e.Code == 190 || e.Code == 102 || e.Code == 10 || e.Code >= 200 && e.Code <= 299
}

func (e *metaError) throttled() bool {
	switch e.Code {
	case 4, 17, 341, 368, 613:
		return true
	}
	return e.Code >= 80000 && e.Code <= 80014
}

// reason says what is behind the codes that an administrator meets most.
func (e *metaError) reason() string {
	switch {
	case e.unauthorized():
		return "Meta refuses the token, or it may not send events: nothing is sent until there is another"
	case e.throttled():
		return "Meta was asked too often"
	}
	switch e.Subcode {
	case 33:
		return "there is no such dataset, or the token may not see it"
	case 2804003:
		return "the event is too old"
	case 2804066:
		return "Meta takes no such event of business messaging"
	case 2804087:
		return "Meta does not know the click"
	}
	return ""
}

func (e *metaError) detail(hide func(string) string) string {
	detail := fmt.Sprintf("Meta's error %d", e.Code)
	if e.Subcode != 0 {
		detail += fmt.Sprintf("/%d", e.Subcode)
	}
	said := e.UserMsg
	if said == "" {
		said = e.Message
	}
	for _, part := range []string{e.reason(), hide(said)} {
		if part != "" {
			detail += ": " + part
		}
	}
	return detail + traced(e.Trace)
}

// traced is the id by which Meta finds a request again.
func traced(id string) string {
	const longestTrace = 40
	if id == "" || len(id) > longestTrace || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return " (fbtrace_id " + id + ")"
}

// regainAfter is the longest time that Meta gives until it may be asked again; zero when it gives none.
func regainAfter(header http.Header) time.Duration {
	var usage map[string][]struct {
		Minutes int `json:"estimated_time_to_regain_access"`
	}
	if err := json.Unmarshal([]byte(header.Get("X-Business-Use-Case-Usage")), &usage); err != nil {
		return 0 // it is not there, or in a form of another day
	}
	longest := 0
	for _, cases := range usage {
		for _, c := range cases {
			longest = max(longest, c.Minutes)
		}
	}
	return time.Duration(min(longest, int(longestAfter/time.Minute))) * time.Minute
}
