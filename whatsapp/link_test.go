package whatsapp

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"go.mau.fi/whatsmeow/proto/waCompanionReg"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/store/sqlstore"
	"google.golang.org/protobuf/proto"
)

// site answers every request alike.
type site func() (*http.Response, error)

func (s site) RoundTrip(*http.Request) (*http.Response, error) { return s() }

func page(status int, body string) site {
	return func() (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func TestTheVersionIsTheNewestThatCanBeFound(t *testing.T) {
	for name, tt := range map[string]struct {
		site site
		want string // "": the built-in one
	}{
		"a newer one":         {page(200, `x"client_revision":4000000000,y`), "2.3000.4000000000"},
		"an older one":        {page(200, `x"client_revision":1,y`), ""},
		"a page without one":  {page(200, "hello"), ""},
		"a page with a novel": {page(500, "error"), ""},
		"no network":          {func() (*http.Response, error) { return nil, errors.New("no route") }, ""},
	} {
		l, err := newLink(Config{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		l.http = &http.Client{Transport: tt.site}
		l.lookUpVersion(t.Context())
		if tt.want == "" {
			tt.want = store.GetWAVersion().String()
		}
		if got := l.version.Load().String(); got != tt.want {
			t.Errorf("%s: version %s, want %s", name, got, tt.want)
		}
	}
}

func TestADeviceIntroducesItselfWithItsNameAndVersion(t *testing.T) {
	container, err := sqlstore.New(t.Context(), "sqlite3", "file:"+filepath.Join(t.TempDir(), "x.db")+sqliteOptions, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer container.Close()
	l, err := newLink(Config{DeviceName: "front desk", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	version := store.WAVersionContainer{2, 3000, 7}
	l.version.Store(&version)
	payload := l.introduce(container.NewDevice())
	var props waCompanionReg.DeviceProps
	if err := proto.Unmarshal(payload.GetDevicePairingData().GetDeviceProps(), &props); err != nil {
		t.Fatal(err)
	}
	hash := version.Hash()
	if props.GetOs() != "front desk" || payload.GetUserAgent().GetAppVersion().GetTertiary() != 7 ||
		!bytes.Equal(payload.GetDevicePairingData().GetBuildHash(), hash[:]) {
		t.Errorf("introduced as %q, version %v", props.GetOs(), payload.GetUserAgent().GetAppVersion())
	}
	if store.DeviceProps.GetOs() == "front desk" || store.BaseClientPayload.GetUserAgent().GetAppVersion().GetTertiary() == 7 {
		t.Error("every client of the process changed with it")
	}
}
