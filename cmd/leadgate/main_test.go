package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// asLeadgate makes the test binary be leadgate itself: the tests run the real main in processes of its own, which they
// can kill.
const asLeadgate = "LEADGATE_TEST_AS_LEADGATE"

// asBare makes it be the client that leadgate is measured against.
const asBare = "LEADGATE_TEST_AS_BARE_CLIENT"

func TestMain(m *testing.M) {
	if os.Getenv(asLeadgate) != "" {
		main()
	}
	if os.Getenv(asBare) != "" {
		if err := bareClient(os.Args[1], os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	testscript.Main(m, map[string]func(){"leadgate": main})
}
