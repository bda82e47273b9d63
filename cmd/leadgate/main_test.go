package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
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
	if filepath.Base(os.Args[0]) != "leadgate" { // which testscript runs, with arguments of its own
		sideBySide()
	}
	testscript.Main(m, map[string]func(){"leadgate": main})
}

// atOnce is how many tests run side by side unless somebody says otherwise: they wait for other processes most of the time, and
// for the moments in which the daemon appears to type.
const atOnce = "8"

// sideBySide makes the tests that may run side by side do so, however few processors there are.
func sideBySide() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return
	}
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // the testing package has the flag
	}
}
