package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/store"
	"google.golang.org/protobuf/proto"
)

// Time limits of reaching the server.
const (
	// answerWithin bounds the wait for the answer to the WebSocket request. Nothing in whatsmeow does, and a server that
	// takes the connection and stays silent would hold the number for ever.
	answerWithin = 20 * time.Second
	// versionWithin bounds the look-up of the current version: the numbers wait for it.
	versionWithin = 10 * time.Second
)

// link is how the clients of a process reach a server, and what they say of themselves.
type link struct {
	deviceName string
	redirected bool
	http       *http.Client
	version    atomic.Pointer[store.WAVersionContainer]
	log        *slog.Logger
}

// newLink checks where the clients shall connect to.
func newLink(cfg Config) (*link, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerWithin
	l := &link{deviceName: cfg.DeviceName, redirected: cfg.Server != "", http: &http.Client{Transport: transport}, log: cfg.Log}
	if l.deviceName == "" {
		l.deviceName = "leadgate"
	}
	if (cfg.Server == "") != (len(cfg.ServerKey) == 0) {
		return nil, errors.New("whatsapp.server and whatsapp.server_key must be given together")
	}
	if l.redirected {
		server, err := parseServer(cfg.Server)
		if err != nil {
			return nil, err
		}
		if err := trust(cfg.ServerKey); err != nil {
			return nil, err
		}
		transport.Proxy = nil
		l.http.Transport = redirect{server, transport}
	}
	builtIn := store.GetWAVersion()
	l.version.Store(&builtIn)
	return l, nil
}

// parseServer reads the address of another server; the result is as net/http wants it, with http for ws.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, fmt.Errorf("whatsapp.server %q: want a WebSocket address such as ws://127.0.0.1:7777/ws/chat", server)
	}
	u.Scheme = "http" + strings.TrimPrefix(u.Scheme, "ws")
	return u, nil
}

// redirect sends every request of a client to another server. whatsmeow's address is a constant (socket.URL).
type redirect struct {
	server *url.URL
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r redirect) RoundTrip(req *http.Request) (*http.Response, error) {
	elsewhere := req.Clone(req.Context())
	elsewhere.URL.Scheme, elsewhere.URL.Host, elsewhere.Host = r.server.Scheme, r.server.Host, r.server.Host
	if req.URL.Path == socketPath {
		elsewhere.URL.Path = r.server.Path
	}
	return r.next.RoundTrip(elsewhere) //nolint:wrapcheck // a transport hands on what the one below it says
}

// socketPath is the path of socket.URL.
const socketPath = "/ws/chat"

// trust sets the key that signs the server's certificates. whatsmeow keeps it in a variable of the process, so it is
// set before the first client exists and left alone when it is right already.
func trust(key []byte) error {
	if len(key) != len(whatsmeow.WACertPubKey) {
		return fmt.Errorf("whatsapp.server_key: want %d bytes, got %d", len(whatsmeow.WACertPubKey), len(key))
	}
	if want := [32]byte(key); whatsmeow.WACertPubKey != want {
		whatsmeow.WACertPubKey = want
	}
	return nil
}

// lookUpVersion asks WhatsApp which version its own web client has, because an old one is refused (405). Another server
// is not asked, and a failure is no reason not to try.
func (l *link) lookUpVersion(ctx context.Context) {
	if l.redirected {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, versionWithin)
	defer cancel()
	latest, err := whatsmeow.GetLatestVersion(ctx, l.http)
	if err != nil {
		l.log.Info("current version of whatsapp web not found, going on with the one that is known",
			"version", l.version.Load().String(), "err", err)
		return
	}
	if l.version.Load().LessThan(*latest) {
		l.version.Store(latest)
		l.log.Info("current version of whatsapp web found", "version", latest.String())
	}
}

// introduce is what a client says of itself at the login. whatsmeow would take name and version from variables that all
// clients of the process read; filled in here, they may change while others connect.
func (l *link) introduce(device *store.Device) *waWa6.ClientPayload {
	payload := device.GetClientPayload()
	version := l.version.Load()
	payload.UserAgent.AppVersion = version.ProtoAppVersion()
	if pairing := payload.DevicePairingData; pairing != nil {
		hash := version.Hash()
		pairing.BuildHash = hash[:]
		props := proto.Clone(store.DeviceProps).(*waCompanionReg.DeviceProps)
		props.Os = proto.String(l.deviceName)
		if encoded, err := proto.Marshal(props); err == nil {
			pairing.DeviceProps = encoded
		}
	}
	return payload
}

// newClient makes a client that connects to the link's server.
func (l *link) newClient(device *store.Device, log *slog.Logger) *whatsmeow.Client {
	cli := whatsmeow.NewClient(device, newLog(log, "client"))
	cli.SetWebsocketHTTPClient(l.http)
	cli.SetPreLoginHTTPClient(l.http)
	cli.SetMediaHTTPClient(l.http)
	cli.GetClientPayload = func() *waWa6.ClientPayload { return l.introduce(device) }
	return cli
}
