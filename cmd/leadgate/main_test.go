package main

import (
	"os"
	"testing"
)

// asLeadgate makes the test binary be leadgate itself: the tests run the real main in processes of its own, which they
// can kill.
const asLeadgate = "LEADGATE_TEST_AS_LEADGATE"

func TestMain(m *testing.M) {
	if os.Getenv(asLeadgate) != "" {
		main()
	}
	os.Exit(m.Run())
}
