package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"leadgate/config"
)

// runs runs the daemon of the script's leadgate.toml, whose listen = "127.0.0.1:0" becomes an address where commands find it.
func runs(ts *testscript.TestScript, _ bool, _ []string) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	address := socket.Addr().String()
	ts.Check(socket.Close())
	file := ts.MkAbs("leadgate.toml")
	text, err := os.ReadFile(file)
	ts.Check(err)
	ts.Check(os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"127.0.0.1:0"`), []byte(`"`+address+`"`)), 0o600))
	cfg, err := loadConfig(file)
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	d := &daemon{config: cfg, log: newLogger(&lockedBuffer{}, false), ready: func(address string) { ready <- address }}
	go func() { ended <- d.run(ctx) }()
	ts.Defer(func() {
		stop()
		ts.Check(<-ended)
	})
	select {
	case <-ready:
		ts.Setenv("DAEMON", address)
	case err := <-ended:
		ended <- nil
		ts.Fatalf("the daemon ended: %v", err)
	}
}

func agrees(ts *testscript.TestScript, _ bool, args []string) {
	token, ok := config.WriteToken(ts.MkAbs("leadgate.toml"), os.LookupEnv)
	if !ok {
		ts.Fatalf("leadgate.toml has no token that may write")
	}
	d := newDaemonHand(&process{}, nil, ts.Getenv("DAEMON"))
	d.token = token
	var printed, answered any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &printed))
	ts.Check(d.call(context.Background(), http.MethodGet, "/api/v1/"+args[0], nil, &answered))
	if !reflect.DeepEqual(printed, answered) {
		ts.Fatalf("the API answers %v", answered)
	}
}

func rewrites(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	text, err := os.ReadFile(file)
	ts.Check(err)
	if !bytes.Contains(text, []byte(args[1])) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(file, bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2])), 0o600))
}

func TestWhatALeadIsCalledNeitherMovesTheCursorNorBecomesAFormula(t *testing.T) {
	l := listing{header: []string{"name", "phone"}, rows: [][]string{
		{"=HYPERLINK(1)", "+5511911112222"}, {"\x1b[2J\u202eana\n", "-1.5"}, {"", "@a"},
	}}
	var table, csv bytes.Buffer
	if err := (outputFormat{Format: "table"}).print(&table, l); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(table.String(), "\x1b\u202e") || strings.Count(table.String(), "\n") != 4 {
		t.Errorf("the table is %q", &table)
	}
	if err := (outputFormat{Format: "csv"}).print(&csv, l); err != nil {
		t.Fatal(err)
	}
	want := "name,phone\n'=HYPERLINK(1),+5511911112222\n\"\x1b[2J\u202eana\n\",-1.5\n,'@a\n"
	if csv.String() != want {
		t.Errorf("the CSV is %q, want %q", &csv, want)
	}
}

func TestADaemonIsReachedWhereItListens(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80",
		"leadgate.local:80": "leadgate.local:80", "192.0.2.1:80": "192.0.2.1:80",
	} {
		if got, err := dialed(listen); err != nil || got != want {
			t.Errorf("%s is reached at %q: %v", listen, got, err)
		}
	}
	if _, err := dialed("127.0.0.1:0"); err == nil {
		t.Error("an address without a port is reached")
	}
}
