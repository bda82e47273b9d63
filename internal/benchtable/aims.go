package main

import "strings"

// An aim is what a benchmark should reach. A benchmark without one is shown all the same.
type aim struct {
	name  string  // of the benchmark; one that ends in "/" is for every benchmark beneath it
	unit  string  // of the value that is judged
	over  string  // the value is divided by that of this benchmark; "" for the value itself
	limit float64 // the value may be at most this, or with least at least this
	least bool
	words string
}

func aims() []aim {
	return []aim{
		{name: "Match/", unit: "ns/op", limit: 5e3, words: "under 5 µs"},
		{name: "Match/100000", unit: "ns/op", over: "Match/10", limit: 2, words: "at most twice as slow as with 10"},
		{name: "Decide/", unit: "ns/op", limit: 20e3, words: "under 20 µs"},
		{name: "Drain", unit: "deliveries/s", limit: 20e3, least: true, words: "over 20,000 a second"},
		{name: "PollBlocked/sqlite", unit: "ns/op", limit: 1e6, words: "under 1 ms"},
		{name: "DecideChat/", unit: "deciding-ns", limit: 100e3, words: "deciding under 100 µs"},
		{name: "Menu/", unit: "p50-of-bare", limit: 1.2, words: "p50 at most 1.2 times a bare echo's"},
		{name: "Menu/", unit: "p99-of-bare", limit: 1.2, words: "p99 as well"},
		{name: "Reports/", unit: "p99-ms", limit: 200, words: "p99 under 200 ms"},
		{name: "Messages/", unit: "of-bare", limit: 0.9, least: true, words: "at least 0.9 of a bare handler"},
	}
}

// judge says what the result should have reached, and whether it did.
func judge(r result, all []result) (words, reached string) {
	var said []string
	verdict := "yes"
	for _, a := range aims() {
		if a.name != r.name && (!strings.HasSuffix(a.name, "/") || !strings.HasPrefix(r.name, a.name)) {
			continue
		}
		value, ok := a.value(r, all)
		if !ok {
			continue
		}
		said = append(said, a.words)
		if a.least && value < a.limit || !a.least && value > a.limit {
			verdict = "no"
		}
	}
	if said == nil {
		return "", ""
	}
	return strings.Join(said, ", "), verdict
}

func (a aim) value(r result, all []result) (float64, bool) {
	value, ok := r.values[a.unit]
	if a.over == "" || !ok {
		return value, ok
	}
	for _, other := range all {
		if divisor := other.values[a.unit]; other.pkg == r.pkg && other.name == a.over && divisor > 0 {
			return value / divisor, true
		}
	}
	return 0, false
}
