package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Control drives a simulator in another process through its HTTP control API. Accounts and people are named by their
// phones. Its methods may be called from any goroutine; an error is the simulator's own words.
type Control struct {
	url  string
	http *http.Client
}

// controlPoll is how long one request waits at the simulator.
const controlPoll = 20 * time.Second

// NewControl returns a client for the control API at url, which is what Server.ControlURL returns. No connection is made yet.
func NewControl(url string) *Control {
	return &Control{url: strings.TrimSuffix(url, "/"), http: &http.Client{}}
}

// Server tells where clients connect and which key they must trust.
func (c *Control) Server(ctx context.Context) (ControlServer, error) {
	return controlGet[ControlServer](ctx, c, "/server")
}

// AddAccount is Server.AddAccount.
func (c *Control) AddAccount(ctx context.Context, opts AccountOptions) (ControlAccount, error) {
	return controlPost[ControlAccount](ctx, c, "/accounts", opts)
}

// Accounts lists all accounts.
func (c *Control) Accounts(ctx context.Context) ([]ControlAccount, error) {
	return controlGet[[]ControlAccount](ctx, c, "/accounts")
}

// AddPerson is Server.AddPerson.
func (c *Control) AddPerson(ctx context.Context, opts PersonOptions) (ControlPerson, error) {
	return controlPost[ControlPerson](ctx, c, "/people", opts)
}

// People lists all people.
func (c *Control) People(ctx context.Context) ([]ControlPerson, error) {
	return controlGet[[]ControlPerson](ctx, c, "/people")
}

// Scan is Account.Scan.
func (c *Control) Scan(ctx context.Context, account, qr string) error {
	return c.order(ctx, pathOf("/accounts", account, "scan"), map[string]string{"qr": qr})
}

// TypeCode is Account.TypeCode.
func (c *Control) TypeCode(ctx context.Context, account, code string) error {
	return c.order(ctx, pathOf("/accounts", account, "code"), map[string]string{"code": code})
}

// Unlink is Account.Unlink.
func (c *Control) Unlink(ctx context.Context, account string) error {
	return c.order(ctx, pathOf("/accounts", account, "unlink"), nil)
}

// WaitConnected blocks until a companion of the account is logged in and has its queue, or until the context ends.
func (c *Control) WaitConnected(ctx context.Context, account string) error {
	for {
		answer, err := controlGet[ControlAccount](ctx, c, pathOf("/accounts", account)+"?wait="+controlPoll.String())
		if err != nil {
			return err
		}
		if answer.Connected {
			return nil
		}
	}
}

// Send is Person.Send: a person writes to an account.
func (c *Control) Send(ctx context.Context, person, account string, m Message) (id string, err error) {
	answer, err := controlPost[controlSent](ctx, c, pathOf("/people", person, "send"), controlSend{account, m})
	return answer.ID, err
}

// PhoneSend is Account.Send: somebody writes to a person on the account's own phone.
func (c *Control) PhoneSend(ctx context.Context, account, person string, m Message) (id string, err error) {
	answer, err := controlPost[controlSent](ctx, c, pathOf("/accounts", account, "send"), controlSend{person, m})
	return answer.ID, err
}

// Pick is Person.Pick.
func (c *Control) Pick(ctx context.Context, person, account, menuID, option string) (id string, err error) {
	answer, err := controlPost[controlSent](ctx, c, pathOf("/people", person, "pick"), controlPick{account, menuID, option})
	return answer.ID, err
}

// Read is Person.Read.
func (c *Control) Read(ctx context.Context, person, account string, ids ...string) error {
	return c.order(ctx, pathOf("/people", person, "read"), controlReadIDs{account, ids})
}

// Received is Person.Received.
func (c *Control) Received(ctx context.Context, person string) ([]Received, error) {
	answer, err := controlGet[controlReceived](ctx, c, pathOf("/people", person, "received"))
	return answer.Received, err
}

// WaitReceived is Person.WaitReceived.
func (c *Control) WaitReceived(ctx context.Context, person string, want func(Received) bool) (Received, error) {
	return c.waitReceived(ctx, pathOf("/people", person, "received"), want)
}

// PhoneReceived is Account.Received.
func (c *Control) PhoneReceived(ctx context.Context, account string) ([]Received, error) {
	answer, err := controlGet[controlReceived](ctx, c, pathOf("/accounts", account, "received"))
	return answer.Received, err
}

// PhoneWaitReceived is Account.WaitReceived.
func (c *Control) PhoneWaitReceived(ctx context.Context, account string, want func(Received) bool) (Received, error) {
	return c.waitReceived(ctx, pathOf("/accounts", account, "received"), want)
}

func (c *Control) waitReceived(ctx context.Context, path string, want func(Received) bool) (Received, error) {
	for after := int64(0); ; {
		query := "?wait=" + controlPoll.String() + "&after=" + strconv.FormatInt(after, 10)
		answer, err := controlGet[controlReceived](ctx, c, path+query)
		if err != nil {
			return Received{}, fmt.Errorf("wait for a message: %w", err)
		}
		for _, r := range answer.Received {
			if want == nil || want(r) {
				return r, nil
			}
		}
		after = answer.Next
	}
}

// Fault makes something go wrong at the server, or at the account or person with that phone.
func (c *Control) Fault(ctx context.Context, f Fault) error { return c.order(ctx, "/faults", f) }

// AccountFault is Fault for one account.
func (c *Control) AccountFault(ctx context.Context, account string, f Fault) error {
	return c.order(ctx, pathOf("/accounts", account, "faults"), f)
}

// PersonFault is Fault for one person.
func (c *Control) PersonFault(ctx context.Context, person string, f Fault) error {
	return c.order(ctx, pathOf("/people", person, "faults"), f)
}

// Counters is Server.Counters.
func (c *Control) Counters(ctx context.Context) (map[string]int64, error) {
	return controlGet[map[string]int64](ctx, c, "/counters")
}

// Trace is Server.Trace.
func (c *Control) Trace(ctx context.Context) ([]string, error) {
	return controlGet[[]string](ctx, c, "/trace")
}

// Unanswered is Server.Unanswered.
func (c *Control) Unanswered(ctx context.Context) ([]string, error) {
	return controlGet[[]string](ctx, c, "/unanswered")
}

func pathOf(parts ...string) string {
	var path strings.Builder
	path.WriteString(parts[0])
	for _, part := range parts[1:] {
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String()
}

func controlGet[T any](ctx context.Context, c *Control, path string) (answer T, err error) {
	err = c.do(ctx, http.MethodGet, path, nil, &answer)
	return answer, err
}

func controlPost[T any](ctx context.Context, c *Control, path string, body any) (answer T, err error) {
	err = c.do(ctx, http.MethodPost, path, body, &answer)
	return answer, err
}

// order is a post whose answer says nothing.
func (c *Control) order(ctx context.Context, path string, body any) error {
	return c.do(ctx, http.MethodPost, path, body, nil)
}

// do makes one request. A nil body is an empty one, a nil answer is thrown away.
func (c *Control) do(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("simulator %s: encode request: %w", path, err)
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("simulator %s: %w", path, err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or useless
	if response.StatusCode != http.StatusOK {
		var failure controlFailure
		if json.NewDecoder(response.Body).Decode(&failure) != nil || failure.Error == "" {
			failure.Error = response.Status
		}
		return fmt.Errorf("simulator %s: %w", path, errors.New(failure.Error))
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("simulator %s: decode answer: %w", path, err)
	}
	return nil
}
