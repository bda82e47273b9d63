package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A bad receiver answers as it is told.
type badReceiver struct {
	*httptest.Server
	asked  atomic.Int64
	mended atomic.Bool // takes everything
}

func newBadReceiver(t *testing.T, answer http.HandlerFunc) *badReceiver {
	t.Helper()
	b := &badReceiver{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // only then the server notices when the sender goes
		if !b.mended.Load() {
			answer(w, r)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestEndToEndAReceiverThatMisbehavesDelaysNobodyElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, &sqliteFile{})
	var sent atomic.Int64 // bytes of the endless answer
	elsewhere := newBadReceiver(t, status(http.StatusOK))
	bad := map[string]*badReceiver{
		"hangs": newBadReceiver(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }),
		"fails": newBadReceiver(t, status(http.StatusInternalServerError)),
		"gone":  newBadReceiver(t, status(http.StatusGone)),
		"moved": newBadReceiver(t, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.URL, http.StatusMovedPermanently)
		}),
		"floods": newBadReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
			for piece := make([]byte, 1<<20); sent.Load() < 1<<30; {
				n, err := w.Write(piece)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}),
	}
	var more strings.Builder
	for name, b := range bad {
		more.WriteString(destination(name, b.URL, `"lead.created"`))
	}
	r.configure(more.String())
	r.start()
	r.pair()
	for _, phone := range []string{"+5511933000001", "+5511933000002", "+5511933000003"} {
		r.worksOn(phone)
	}
	for name, b := range bad {
		r.eventually(name+" is asked", func() bool { return b.asked.Load() > 0 })
	}
	if got := r.count(`SELECT count(*) FROM delivery WHERE destination = 'hangs' AND attempt > 0 AND detail <> ''`); got != 0 {
		t.Errorf("the others were served after %d attempts at the hanging receiver had ended", got)
	}
	for name, want := range map[string]string{
		"hangs": `state = 'pending' AND detail = 'no answer within 15s'`,
		"fails": `state = 'pending' AND status = 500`,
		"gone":  `state = 'pending' AND status = 410`,
		"moved": `state = 'pending' AND status = 301`,
	} {
		r.eventually("a delivery to the receiver that "+name+" has "+want, func() bool {
			return r.count(`SELECT count(*) FROM delivery WHERE destination = $1 AND `+want, name) > 0
		})
	}
	r.eventually("the flood counts as delivered", func() bool {
		return r.count(`SELECT count(*) FROM delivery WHERE destination = 'floods' AND state = 'delivered'`) == 3
	})
	if got := sent.Load(); got > 256<<20 {
		t.Errorf("of three answers of a gigabyte %d MB were taken", got>>20)
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
	r.disabledUntilReload("gone", bad["gone"])
	r.worksOn("+5511933000004")
	r.stop()
}

// disabledUntilReload checks that a destination gets nothing after its 410, and everything after a reload.
func (r *rig) disabledUntilReload(name string, b *badReceiver) {
	r.Helper()
	if got := r.count(`SELECT count(*) FROM destination WHERE name = $1 AND state = 'disabled'`, name); got != 1 {
		r.Errorf("the destination that answered 410 is not disabled")
	}
	asked := b.asked.Load()
	b.mended.Store(true)
	r.worksOn("+5511933000009")
	if got := b.asked.Load(); got != asked {
		r.Errorf("a disabled destination was asked %d times more", got-asked)
	}
	r.reload()
	r.eventually("everything reaches "+name+" after the reload", func() bool {
		return r.count(`SELECT count(*) FROM delivery WHERE destination = $1 AND state = 'delivered'`, name) == 4
	})
}
