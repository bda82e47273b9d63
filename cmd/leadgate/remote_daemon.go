package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"leadgate/config"
	"leadgate/delivery"
	"leadgate/store"
)

const (
	// daemonTimeout bounds a request to the daemon, which may wait for its store.
	daemonTimeout = time.Minute
	// answerTimeout bounds the wait for a sign of a daemon.
	answerTimeout = 5 * time.Second
	// longestAnswer bounds what is read of an answer, in bytes.
	longestAnswer = 1 << 20
	// progressEvery is how often a terminal is told how far it is.
	progressEvery = time.Second
	// retriesAtOnce is how many deliveries are looked up before they are sent again.
	retriesAtOnce = 1000
)

// A daemonHand has the running daemon make changes, through its API.
type daemonHand struct {
	process *process
	config  *config.Config
	base    string // "http://HOST:PORT"
	token   string // "" until it is known who answers
	client  *http.Client
}

func newDaemonHand(p *process, cfg *config.Config, address string) *daemonHand {
	return &daemonHand{process: p, config: cfg, base: "http://" + address, client: &http.Client{
		Timeout:       daemonTimeout,
		Transport:     &http.Transport{}, // without a proxy: the token goes to the daemon alone
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answers is nil when a leadgate answers at the address. It is asked without the token, which nobody else is to get.
func (d *daemonHand) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var health struct{ Status string }
	if err := d.call(ctx, http.MethodGet, "/healthz", nil, &health); err != nil {
		return err
	}
	if health.Status != "ok" {
		return errors.New("it is no leadgate")
	}
	return nil
}

func (d *daemonHand) move(ctx context.Context, leadID, funnel, stage string) error {
	return d.call(ctx, http.MethodPost, "/api/v1/leads/"+url.PathEscape(leadID)+"/stage", map[string]string{"funnel": funnel, "stage": stage}, nil)
}

func (d *daemonHand) merge(ctx context.Context, leadID, into string) error {
	return d.call(ctx, http.MethodPost, "/api/v1/leads/"+url.PathEscape(leadID)+"/merge", map[string]string{"into": into}, nil)
}

func (d *daemonHand) erase(ctx context.Context, leadID string) error {
	return d.call(ctx, http.MethodDelete, "/api/v1/leads/"+url.PathEscape(leadID), nil, nil)
}

func (d *daemonHand) afterwards() string { return "" }

func (d *daemonHand) Close() error {
	d.client.CloseIdleConnections()
	return nil
}

// retry has the daemon send again, one by one, what the filter finds in the store. What is settled meanwhile is not counted.
func (d *daemonHand) retry(ctx context.Context, f store.DeliveryFilter) (n int, err error) {
	ids, err := d.undelivered(ctx, f)
	if err != nil {
		return 0, err
	}
	shown := time.Now()
	for i, id := range ids {
		done, err := d.retryOne(ctx, id)
		if err != nil {
			return n, fmt.Errorf("%d of %d deliveries are due again; delivery %d: %w", n, len(ids), id, err)
		}
		if done {
			n++
		}
		if isTerminal(d.process.stderr) && time.Since(shown) > progressEvery {
			shown = time.Now()
			fmt.Fprintf(d.process.stderr, "leadgate: %d of %d deliveries\n", i+1, len(ids))
		}
	}
	return n, nil
}

// undelivered are the ids of the filter's deliveries that are dead or pending, the oldest first.
func (d *daemonHand) undelivered(ctx context.Context, f store.DeliveryFilter) (ids []int64, err error) {
	st, err := store.Open(ctx, d.config.Store.URL, store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }() // it only read
	for _, state := range []delivery.State{delivery.Dead, delivery.Pending} {
		f.State = state
		for from, first := store.Cursor(0), true; first || from != 0; first = false {
			var found []store.Delivery
			if found, from, err = st.Deliveries(ctx, f, from, retriesAtOnce); err != nil {
				return nil, err
			}
			for _, each := range found {
				ids = append(ids, each.ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// retryOne is false when there was nothing to send again.
func (d *daemonHand) retryOne(ctx context.Context, id int64) (bool, error) {
	err := d.call(ctx, http.MethodPost, "/api/v1/deliveries/"+strconv.FormatInt(id, 10)+"/retry", nil, nil)
	var refused refusedError
	if errors.As(err, &refused) && (refused.status == http.StatusNotFound || refused.status == http.StatusConflict) {
		return false, nil
	}
	return err == nil, err
}

// A refusedError is what the daemon answered instead of doing it.
type refusedError struct {
	status int
	detail string
}

func (e refusedError) Error() string { return "the daemon refuses: " + e.detail }

// call asks the daemon for something and reads the answer into result, unless that is nil.
func (d *daemonHand) call(ctx context.Context, method, path string, body map[string]string, result any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask the daemon: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, d.base+path, sent)
	if err != nil {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if d.token != "" {
		request.Header.Set("Authorization", "Bearer "+d.token)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the daemon: %w", unwrapURL(err))
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return refusal(response, answer)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("read the daemon's answer: %w", err)
	}
	return nil
}

// unwrapURL leaves out what net/http says besides: the method and the address, which may hold ids.
func unwrapURL(err error) error {
	var whole *url.Error
	if errors.As(err, &whole) {
		return whole.Err
	}
	return err
}

// refusal is the error of an answer that is none of success.
func refusal(response *http.Response, answer []byte) error {
	var problem struct{ Detail string }
	_ = json.Unmarshal(answer, &problem) // an answer of another kind has no detail
	switch {
	case response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden:
		problem.Detail = "it does not take this config's token; reload it, or name the config that it runs with by -c"
	case problem.Detail == "":
		problem.Detail = "it answers " + response.Status
	}
	return refusedError{status: response.StatusCode, detail: visible(problem.Detail)}
}
