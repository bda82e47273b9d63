package webhook

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"leadgate/delivery"
)

func TestWhichAddressesMayBeDialed(t *testing.T) {
	const always, private, never = "always", "with allow_private", "never"
	for address, want := range map[string]string{
		"93.184.215.14": always, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": always, "64:ff9b::5db8:d70e": always,
		"127.0.0.1": private, "127.9.9.9": private, "::1": private, "10.1.2.3": private, "172.16.0.1": private,
		"172.31.255.255": private, "192.168.1.1": private, "100.64.0.1": private, "fd12:3456::1": private,
		"::ffff:127.0.0.1": private, "::ffff:10.0.0.1": private, "64:ff9b::7f00:1": private,
		"169.254.169.254": never, "169.254.1.1": never, "fe80::1": never, "fe80::1%eth0": never,
		"::ffff:169.254.169.254": never, "64:ff9b::a9fe:a9fe": never, "fd00:ec2::254": never, "fd20:ce::254": never,
		"100.100.100.200": never, "168.63.129.16": never, "0.0.0.0": never, "::": never, "224.0.0.1": never,
		"ff02::1": never, "255.255.255.255": never, "0.1.2.3": never, "240.0.0.1": never,
		"2002:7f00:1::": never, "192.0.2.1": never, "::127.0.0.1": never,
	} {
		strict := newGuard(false).check(netip.MustParseAddr(address))
		lax := newGuard(true).check(netip.MustParseAddr(address))
		if (strict == nil) != (want == always) || (lax == nil) != (want != never) {
			t.Errorf("%s: want %s, but strict says %v and lax says %v", address, want, strict, lax)
		}
		if strict != nil && strings.Contains(strict.Error(), "allow_private = true") != (want == private) {
			t.Errorf("%s: %v", address, strict)
		}
	}
}

// A name can lead anywhere, so the address is looked at when it is dialed.
func TestANameThatLeadsToThisMachineIsRefused(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request arrived")
	}))
	defer receiver.Close()
	sender, faults := New(Config{
		Name: "crm", URL: "https://crm.example.com/", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}, Options{})
	if faults.Err() != nil {
		t.Fatal(faults)
	}
	var err error
	if sender.url, err = url.Parse(strings.Replace(receiver.URL, "127.0.0.1", "localhost", 1)); err != nil {
		t.Fatal(err)
	}
	result := sender.Send(t.Context(), delivery.Delivery{Key: "evt_1"})
	if result.Verdict != delivery.Reject || !strings.Contains(result.Detail, "allow_private = true") {
		t.Fatalf("%+v", result)
	}
}

// A proxy would dial for us. net/http reads the environment once, so a test can't set it and look.
func TestNoProxyIsAsked(t *testing.T) {
	if newTransport(false, Options{}).Proxy != nil {
		t.Error("a proxy may be asked")
	}
}
