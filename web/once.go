package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"leadgate/store"
)

const (
	idempotencyKey = "Idempotency-Key"
	maxKey         = 255            // of an Idempotency-Key, in bytes
	keyFor         = 24 * time.Hour // how long the same request gets the same answer
)

// inputContext is the key under which a request's context holds the key of what it changes.
type inputContext struct{}

// inputKey names a request as the cause of what it changes. With an Idempotency-Key the same client's request is the same
// however often it comes, and whatever becomes of its answer; without one every request is another.
func inputKey(r *http.Request) string {
	if key, ok := r.Context().Value(inputContext{}).(string); ok {
		return key
	}
	return "api/" + rand.Text()
}

// once has a request answered that comes from a client, named as no other is. One with an Idempotency-Key is answered as
// the same request was before, within keyFor; another request under that key is refused (draft-ietf-httpapi-idempotency-
// key-header-07, 2.6). What comes at once is decided one after the other. What was refused is not kept: it has done nothing.
func (s *site) once(w http.ResponseWriter, r *http.Request, client string, handle handler) error {
	key := r.Header.Get(idempotencyKey)
	if key == "" {
		return handle(w, r)
	}
	printable := func(c rune) bool { return c > ' ' && c <= '~' }
	if len(key) > maxKey || strings.TrimFunc(key, printable) != "" {
		return wrong(idempotencyKey, "must be at most %d printable ASCII characters without spaces", maxKey)
	}
	hash, err := hashed(r)
	if err != nil {
		return err
	}
	// Clients make keys of all kinds of things, of phones too: what is kept and logged is the key's hash.
	digest := sha256.Sum256([]byte(key))
	key = client + "/" + hex.EncodeToString(digest[:16])
	release, err := s.turns.take(r.Context(), key)
	if err != nil {
		return err
	}
	defer release()
	kept, found, err := s.Store.Answer(r.Context(), key)
	if err != nil {
		return err
	}
	if found && s.Now().Before(kept.At.Add(keyFor)) {
		return replay(w, kept, hash)
	}
	// The request is part of the key, so that another request counts when the first one's answer is no longer kept.
	r = r.WithContext(context.WithValue(r.Context(), inputContext{}, key+"/"+hash[:16]))
	return s.keep(w, r, store.KeptAnswer{Key: key, RequestHash: hash}, handle)
}

// clientOf names a token's client.
func clientOf(t Token) string { return "api/" + url.PathEscape(t.Name) }

// hashed is the SHA-256 of what a request asks for, in hexadecimal digits. Its body can be read again.
func hashed(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is longer than 1 MiB"}
	case err != nil:
		return "", problem{Status: http.StatusBadRequest, Detail: "the body did not arrive whole"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("Content-Type")} {
		h.Write([]byte(part + "\n")) // none of them can hold a line break
	}
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// replay answers as before.
func replay(w http.ResponseWriter, kept store.KeptAnswer, hash string) error {
	if kept.RequestHash != hash {
		return wrong(idempotencyKey, "was used for another request; a new request needs a new key")
	}
	if len(kept.Body) == 0 {
		return problem{Status: http.StatusNotFound, Detail: "the request was answered before, and whom the answer told of is erased"}
	}
	w.Header().Set("Content-Type", kept.ContentType)
	w.Header().Set("Idempotent-Replayed", "true")
	w.WriteHeader(kept.Status)
	_, _ = w.Write(kept.Body) // as in writeJSON
	return nil
}

// keep answers a request and keeps the answer. What was done stays done when its answer can't be kept: the bot knows the
// request by its key.
func (s *site) keep(w http.ResponseWriter, r *http.Request, a store.KeptAnswer, handle handler) error {
	answer := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
	if err := handle(answer, r); err != nil {
		return err
	}
	a.Status, a.ContentType, a.Body, a.At = answer.status, w.Header().Get("Content-Type"), answer.body.Bytes(), s.Now().UTC()
	if err := s.Store.KeepAnswer(context.WithoutCancel(r.Context()), a); err != nil {
		s.failed(r, err)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // as in writeJSON
	return nil
}

// A heldAnswer is an answer that is not on its way yet, but for its headers.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) WriteHeader(status int) { h.status = status }

func (h *heldAnswer) Write(p []byte) (int, error) { return h.body.Write(p) }

// turns lets one request under a key go after the other.
type turns struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // closed when its turn is over
}

// take waits for a key's turn, and returns what ends it.
func (t *turns) take(ctx context.Context, key string) (release func(), err error) {
	for {
		over, taken := t.claim(key)
		if !taken {
			return func() { t.end(key, over) }, nil
		}
		select {
		case <-over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// claim begins a key's turn unless it is taken, and returns what is closed when the turn is over.
func (t *turns) claim(key string) (over chan struct{}, taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if over, taken = t.taken[key]; !taken {
		over = make(chan struct{})
		t.taken[key] = over
	}
	return over, taken
}

func (t *turns) end(key string, over chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.taken, key)
	close(over)
}
