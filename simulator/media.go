package simulator

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// Bounds of the media store: a test uploads a picture or two.
const (
	maxMedia      = 16 << 20
	maxMediaFiles = 64
)

// mediaStore keeps uploaded files, still encrypted, by token. The zero value is empty.
type mediaStore struct {
	mu    sync.Mutex
	files map[string][]byte
}

// mediaConn tells a companion where media goes: to this server, under /mms/.
func (q *query) mediaConn() ([]waBinary.Node, iqCode) {
	if q.child.Tag != "media_conn" {
		return nil, iqUnknown
	}
	return []waBinary.Node{{
		Tag:     "media_conn",
		Attrs:   waBinary.Attrs{"auth": base64.RawURLEncoding.EncodeToString(q.conn.server.draws.bytes(24)), "ttl": 300, "auth_ttl": 21600, "max_buckets": 12},
		Content: []waBinary.Node{{Tag: "host", Attrs: waBinary.Attrs{"hostname": q.conn.server.ln.Addr().String()}}},
	}}, iqResult
}

// serve takes POST /mms/TYPE/TOKEN, and gives the file back under the direct_path that it answers; DELETE forgets it.
func (m *mediaStore) serve(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch r.Method {
	case http.MethodPost:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMedia))
		if err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		if !m.put(token, body) {
			http.Error(w, "the simulator keeps no more files", http.StatusInsufficientStorage)
			return
		}
		path := r.URL.Path + "?ccb=1" // clients append &hash=
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"url": "https://" + r.Host + path, "direct_path": path}) // the client is gone otherwise
	case http.MethodGet:
		if body := m.get(token); body != nil {
			_, _ = w.Write(body) // the client is gone otherwise
			return
		}
		http.NotFound(w, r)
	case http.MethodDelete:
		m.remove(token)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

func (m *mediaStore) put(token string, body []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	if _, known := m.files[token]; !known && len(m.files) >= maxMediaFiles {
		return false
	}
	m.files[token] = body
	return true
}

func (m *mediaStore) get(token string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[token]
}

func (m *mediaStore) remove(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, token)
}
