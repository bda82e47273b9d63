package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"leadgate/fault"
	"leadgate/store"
)

// How many things a page of a list holds.
const (
	usualPage   = 50
	longestPage = 200
)

// list is how the API gives every list.
type list[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"` // null: there is no more
}

// writeList answers with a page of a list, and the cursor of the next page; 0: there is none.
func writeList[T any](w http.ResponseWriter, items []T, next store.Cursor) {
	page := list[T]{Items: items}
	if items == nil {
		page.Items = []T{}
	}
	if next > 0 {
		cursor := strconv.FormatInt(int64(next), 10)
		page.NextCursor = &cursor
	}
	writeJSON(w, http.StatusOK, page)
}

// A listing is what a request asks of a list.
type listing struct {
	filter map[string]string // by name; a filter that is not given, or empty, is not in it
	from   store.Cursor
	limit  int
}

// listingOf reads the query of a list that can be filtered by the names.
func listingOf(r *http.Request, filters ...string) (listing, error) {
	l, err := queryOf(r, append(slices.Clone(filters), "cursor", "limit"))
	if err != nil {
		return listing{}, err
	}
	if err := l.turn(); err != nil {
		return listing{}, err
	}
	return l, nil
}

// queryOf reads a query that may hold the names that are known.
func queryOf(r *http.Request, known []string) (listing, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return listing{}, problem{Status: http.StatusBadRequest, Detail: "the query can't be read: write % as %25 and ; as %3B"}
	}
	l := listing{filter: map[string]string{}, limit: usualPage}
	for name, given := range values {
		switch {
		case !slices.Contains(known, name):
			return listing{}, unknownField(name, known)
		case len(given) > 1:
			return listing{}, wrong(name, "is given twice")
		case !utf8.ValidString(given[0]) || strings.ContainsRune(given[0], 0):
			return listing{}, wrong(name, "is no UTF-8 text")
		case given[0] != "":
			l.filter[name] = given[0]
		}
	}
	return l, nil
}

// turn takes the page out of the filter.
func (l *listing) turn() error {
	if text, ok := l.filter["cursor"]; ok {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return wrong("cursor", "is none that this list has given")
		}
		l.from = store.Cursor(n)
	}
	if text, ok := l.filter["limit"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > longestPage {
			return wrong("limit", "must be a number from 1 to %d", longestPage)
		}
		l.limit = n
	}
	return nil
}

// A reader reads what comes after a place in a list that is kept in order, up to a limit.
type reader[T any] func(after int64, limit int) ([]T, error)

// page reads the page that is asked for, and the cursor of the next.
func page[T any](l listing, from reader[T], seq func(T) int64) ([]T, store.Cursor, error) {
	// One more than asked for tells whether there is another page.
	found, err := from(int64(l.from), l.limit+1)
	if err != nil || len(found) <= l.limit {
		return found, 0, err
	}
	found = found[:l.limit]
	return found, store.Cursor(seq(found[l.limit-1])), nil
}

// last reads to the end of a list, and returns the longestPage that it ends with.
func last[T any](from reader[T], seq func(T) int64) ([]T, error) {
	var kept []T
	after := int64(0)
	for {
		found, err := from(after, longestPage)
		if err != nil {
			return nil, err
		}
		kept = append(kept, found...)
		kept = kept[max(0, len(kept)-longestPage):]
		if len(found) < longestPage {
			return kept, nil
		}
		after = seq(found[len(found)-1])
	}
}

// oneOf is a filter whose values are known; "" when it is not given.
func oneOf[T ~string](l listing, name string, known ...T) (T, error) {
	value := l.filter[name]
	if value == "" || slices.Contains(known, T(value)) {
		return T(value), nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return "", notOneOf(name, value, words)
}

// notOneOf is the problem of a value that is none of the words.
func notOneOf(name, value string, words []string) problem {
	if near := fault.Nearest(value, words); near != "" {
		return wrong(name, "can't be %q; did you mean %q?", shortened(value), near)
	}
	return wrong(name, "can't be %q; it is one of: %s", shortened(value), strings.Join(words, ", "))
}
