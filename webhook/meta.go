package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"leadgate/conversion"
	"leadgate/delivery"
	"leadgate/fault"
)

const (
	metaEndpoint = "https://graph.facebook.com/v25.0"
	// metaWithin is how old an event may be. Meta refuses one of more than seven days: Conversions API, "Using the API". The
	// hour is for the way and for clocks.
	metaWithin = 7*24*time.Hour - time.Hour
)

// MetaConfig is the [meta] table as the configuration spells it.
type MetaConfig struct {
	DatasetID      string `toml:"dataset_id"`
	Token          string `toml:"token"` // one of three: the token itself …
	TokenEnv       string `toml:"token_env"`
	TokenFile      string `toml:"token_file"`
	WABAID         string `toml:"waba_id"` // the WhatsApp Business account's; it goes before PageID
	PageID         string `toml:"page_id"`
	WithoutClickID string `toml:"without_click_id"` // "skip" (also "") or "chat"
	Endpoint       string `toml:"endpoint"`         // with the version; "": https://graph.facebook.com/v25.0
	TestEventCode  string `toml:"test_event_code"`  // "": none
	AllowPrivate   bool   `toml:"allow_private"`    // the endpoint may be on this machine or network
}

// Chat reports whether Meta is told of leads whom no click brought.
func (c MetaConfig) Chat() bool { return c.WithoutClickID == "chat" }

// Meta hands conversions to Meta's Conversions API, one a request. It may be used by many goroutines at once.
type Meta struct {
	client
	config MetaConfig
	url    *url.URL
	header http.Header // of every request; never changed
	token  string
}

// NewMeta checks the [meta] table and makes its sender, which is nil if any fault is more than a warning. Paths of the
// faults are relative to the table. Of the options it uses no event types and no memory.
func NewMeta(c MetaConfig, o Options) (*Meta, fault.List) {
	o = o.withDefaults()
	if c.Endpoint == "" {
		c.Endpoint = metaEndpoint
	}
	var faults fault.List
	checkMetaIDs(&faults, c)
	target := checkURL(&faults, "endpoint", c.Endpoint, c.AllowPrivate)
	token := checkToken(&faults, c, o)
	if faults.Err() != nil {
		return nil, faults
	}
	return &Meta{
		client: newClient(c.AllowPrivate, o),
		config: c,
		url:    target.JoinPath(c.DatasetID, "events"),
		header: http.Header{
			"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}, "User-Agent": {"leadgate/" + o.Version},
		},
		token: token,
	}, faults
}

func checkMetaIDs(faults *fault.List, c MetaConfig) {
	if c.DatasetID == "" {
		faults.Add("dataset_id", "Meta needs the id of a dataset", "the Events Manager shows it, such as 1234567890")
	}
	for _, id := range []struct{ key, value string }{
		{"dataset_id", c.DatasetID}, {"waba_id", c.WABAID}, {"page_id", c.PageID},
	} {
		if strings.Trim(id.value, "0123456789") != "" {
			faults.Add(id.key, fmt.Sprintf("%q is not an id of Meta's", id.value), "it has digits alone")
		}
	}
	switch c.WithoutClickID {
	case "", "skip", "chat":
	default:
		faults.Add("without_click_id", fmt.Sprintf("%q is neither skip nor chat", c.WithoutClickID), "")
	}
	if c.WABAID != "" || c.PageID != "" {
		return
	}
	problem, hint := "leads that an ad brought need the id of the WhatsApp Business account or of the page",
		`such as page_id = "1234567890"`
	if c.Chat() {
		faults.Warn("page_id", problem+": until then they are sent like those whom no click brought", hint)
		return
	}
	faults.Add("page_id", problem, hint)
}

func checkToken(faults *fault.List, c MetaConfig, o Options) string {
	g := given{"token", c.Token, c.TokenEnv, c.TokenFile}
	if !g.any() {
		faults.Add("token", "Meta needs an access token",
			"name an environment variable with token_env, or a file with token_file")
		return ""
	}
	token, at := g.read(faults, o)
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		faults.Add(at, "the token holds a blank or another character that no token has", "")
	}
	return token
}

// Send makes one attempt with a delivery whose body is a conversion.MetaEvent. Meta does not recognize an event of
// business messaging that it has had before: one whose answer was lost may count twice.
func (m *Meta) Send(ctx context.Context, d delivery.Delivery) delivery.Result {
	started := time.Now()
	result := m.attempt(ctx, d)
	result.Took = time.Since(started)
	return result
}

func (m *Meta) attempt(ctx context.Context, d delivery.Delivery) delivery.Result {
	var e conversion.MetaEvent
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return delivery.Result{Verdict: delivery.Never, Detail: "the body is no event for Meta"}
	}
	now := m.now()
	if now.Sub(e.At) > metaWithin {
		return delivery.Result{Verdict: delivery.Never, Detail: "the event is older than Meta takes: seven days, less an hour"}
	}
	event, problem := m.event(e, now)
	if problem != "" {
		return delivery.Result{Verdict: delivery.Never, Detail: problem}
	}
	body, err := json.Marshal(metaRequest{Data: []metaEvent{event}, TestEventCode: m.config.TestEventCode})
	if err != nil {
		return delivery.Result{Verdict: delivery.Never, Detail: "the event has a value for which JSON has no form"}
	}
	return m.post(ctx, body, e)
}

// post sends a request and says what the answer means.
func (m *Meta) post(ctx context.Context, body []byte, e conversion.MetaEvent) delivery.Result {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url.String(), bytes.NewReader(body))
	if err != nil {
		return delivery.Result{Verdict: delivery.Never, Detail: "the endpoint makes no request"}
	}
	request.Header = m.header.Clone()
	answer, err := m.transport.RoundTrip(request)
	if err != nil {
		result := m.failed(ctx, err)
		if result.Verdict == delivery.Again && e.ClickID != "" {
			result.Detail += "; if Meta had it already, it counts twice"
		}
		return result
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return m.failed(ctx, err)
	}
	return metaVerdict(answer, said, m.now(), m.hide(e))
}

// hide takes out of a text what must not be kept or shown of an event: token, click id, who the lead is.
func (m *Meta) hide(e conversion.MetaEvent) func(string) string {
	secrets := []string{m.token, e.ClickID, e.LeadID, e.LeadName, e.Email}
	secrets = append(secrets, e.Phone.Spellings()...)
	return func(text string) string {
		for _, secret := range secrets {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "…")
			}
		}
		return oneLine(maskLong(text))
	}
}

// maskLong takes out words that are as long as tokens, click ids and hashes are.
func maskLong(text string) string {
	const longestWord = 20
	words := strings.Fields(text)
	for i, word := range words {
		if len(word) > longestWord && strings.ContainsAny(word, "0123456789") {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}
