package main

import (
	"io"
	"strings"
	"testing"
)

const sample = `goos: linux
goarch: amd64
pkg: leadgate/conversion
cpu: Some CPU @ 2.00GHz
BenchmarkMatch/10-2         	 1000000	      1000 ns/op	      64 B/op	       1 allocs/op
BenchmarkMatch/100000-2     	 1000000	      2500.5 ns/op	      64 B/op	       1 allocs/op
PASS
ok  	leadgate/conversion	2.5s
pkg: leadgate/delivery
BenchmarkDrain
BenchmarkDrain-2             	       1	2000000000 ns/op	     25000 deliveries/s
PASS
`

func table(t *testing.T, input string) string {
	t.Helper()
	var out strings.Builder
	if err := tabulate(strings.NewReader(input), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEachBenchmarkIsARowBesideItsAim(t *testing.T) {
	got := table(t, sample)
	for _, want := range []string{
		"Machine: linux, amd64, Some CPU @ 2.00GHz\n",
		"| conversion | Match/10 | 1.00 µs |  | 1 (64 B) | under 5 µs | yes |\n",
		"| conversion | Match/100000 | 2.50 µs |  | 1 (64 B) | under 5 µs, at most twice as slow as with 10 | no |\n",
		"| delivery | Drain | 2.00 s | 25000 deliveries/s |  | over 20,000 a second | yes |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table lacks %q:\n%s", want, got)
		}
	}
}

func TestAFailedOrEmptyRunIsAnError(t *testing.T) {
	for name, input := range map[string]string{
		"a benchmark that failed":  sample + "--- FAIL: BenchmarkUpdate\n",
		"a package without a test": "ok  	leadgate/conversion	2.5s\n",
	} {
		if err := tabulate(strings.NewReader(input), io.Discard, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAnAimThatIsMissedIsShownAsMissed(t *testing.T) {
	slow := strings.Replace(sample, "25000 deliveries/s", "19999 deliveries/s", 1)
	if got := table(t, slow); !strings.Contains(got, "| 19999 deliveries/s |  | over 20,000 a second | no |") {
		t.Errorf("a missed aim does not show:\n%s", got)
	}
}
