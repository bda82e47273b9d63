package whatsapp

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/whatsmeow/types"

	"leadgate/chat"
	"leadgate/simulator"
)

func TestWhatTheAddressLeavesOpenIsKnownFromBefore(t *testing.T) {
	lids := newDesk(t, simulator.Options{}).open().container.LIDMap
	phone, lid := types.NewJID("551191234567", types.DefaultUserServer), types.NewJID("123", types.HiddenUserServer)
	if err := lids.PutLIDMapping(t.Context(), lid, phone); err != nil {
		t.Fatal(err)
	}
	ana := chat.Person{Phone: "+5511991234567", LID: "123"} // as WhatsApp knew her before the ninth digit
	stranger := types.NewJID("777", types.HiddenUserServer)
	tests := []struct {
		name   string
		source types.MessageSource
		want   chat.Person
	}{
		{"from a lid", types.MessageSource{Chat: lid, Sender: lid}, ana},
		{"from a phone", types.MessageSource{Chat: phone, Sender: phone}, ana},
		{"to a lid", types.MessageSource{Chat: lid, IsFromMe: true}, ana},
		{"to a phone", types.MessageSource{Chat: phone, IsFromMe: true}, ana},
		{"from a lid through Meta's Cloud API", types.MessageSource{Chat: types.NewJID("123", types.HostedLIDServer), Sender: types.NewJID("123", types.HostedLIDServer)}, ana},
		{"from a device", types.MessageSource{Chat: lid, Sender: types.JID{User: "123", Device: 3, Server: types.HiddenUserServer}}, ana},
		{"from a stranger", types.MessageSource{Chat: stranger, Sender: stranger}, chat.Person{LID: "777"}},
		{"from a stranger who says their phone", types.MessageSource{Chat: stranger, Sender: stranger, SenderAlt: types.NewJID("4915112345678", types.DefaultUserServer)}, chat.Person{LID: "777", Phone: "+4915112345678"}},
	}
	for _, tt := range tests {
		got, err := person(t.Context(), lids, &types.MessageInfo{MessageSource: tt.source})
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestPostgreSQLKeepsDevicesAndMessagesAlike(t *testing.T) {
	base := os.Getenv("LEADGATE_TEST_POSTGRES")
	if base == "" {
		t.Skip("LEADGATE_TEST_POSTGRES is not set")
	}
	d := newDesk(t, simulator.Options{})
	d.driver, d.source = "pgx", schema(t, base)
	d.run()
	d.pair("front-desk", d.account)
	ana := d.person(simulator.PersonOptions{})
	d.hear(d.sent(ana.Send(d.account, simulator.Message{Text: "hello"})))
	d.ear.failWith(func(chat.Message, int) error { return errStore })
	id := d.sent(ana.Send(d.account, simulator.Message{Text: "keep me"}))
	eventually(t, "the commit fails", func() bool { return d.ear.attemptsAt(chat.Message{Number: "front-desk", ID: id}.Key()) > 0 })
	d.stop()
	d.ear.failWith(nil)
	d.run()
	d.hear(id)
}

// schema makes a schema for the test and drops it at its end; the result is a data source that uses it.
func schema(t *testing.T, base string) string {
	t.Helper()
	db, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	name := "whatsapp_test_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Errorf("drop schema: %v", err)
		}
		db.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", name)
	u.RawQuery = query.Encode()
	return u.String()
}
