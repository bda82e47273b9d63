package webhook

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"leadgate/fault"
)

func checkName(faults *fault.List, name string) {
	switch {
	case strings.TrimSpace(name) == "":
		faults.Add("name", "a destination needs a name", `such as name = "crm"`)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		faults.Add("name", fmt.Sprintf("name %q holds a character that can't be printed", name), "")
	}
}

// checkURL returns nil when it found a fault. The key is the one that holds the URL.
func checkURL(faults *fault.List, key, raw string, allowPrivate bool) *url.URL {
	before := len(faults.Errors())
	add := func(problem, hint string) { faults.Add(key, problem, hint) }
	if raw == "" {
		add("a destination needs a URL", `such as url = "https://crm.example.com/hooks/leadgate"`)
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		add(fmt.Sprintf("%q is not a URL", redacted(raw)), "write the whole address, such as https://crm.example.com/hooks")
		return nil
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		add(fmt.Sprintf("%q does not begin with https:// or http://", redacted(raw)),
			"write the whole address, such as https://crm.example.com/hooks")
		return nil
	}
	if u.User != nil {
		add(fmt.Sprintf("%q holds a user name or password", redacted(raw)),
			`give it as headers = { Authorization = "…" }`)
	}
	if u.Fragment != "" {
		add(fmt.Sprintf("%q holds a fragment, which is never sent", redacted(raw)), "leave out what follows #")
	}
	checkHost(add, u, allowPrivate)
	if len(faults.Errors()) > before {
		return nil
	}
	if u.Scheme == "http" && !allowPrivate {
		faults.Warn(key, fmt.Sprintf("%q is not encrypted: names and phones travel in the open", redacted(raw)),
			"use https://")
	}
	return u
}

func checkHost(add func(problem, hint string), u *url.URL, allowPrivate bool) {
	host := u.Hostname()
	if host == "" {
		add(fmt.Sprintf("%q names no host", redacted(u.String())), "")
		return
	}
	if port := u.Port(); port != "" && !validPort(port) {
		add(fmt.Sprintf("port %q is not between 1 and 65535", port), "")
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		host = "127.0.0.1" // RFC 6761, section 6.3
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return // a name: where it leads is seen when it is dialed
	}
	if refused := newGuard(allowPrivate).check(address); refused != nil {
		add(refused.problem(), refused.hint())
	}
}

func validPort(port string) bool {
	address, err := netip.ParseAddrPort("0.0.0.0:" + port)
	return err == nil && address.Port() != 0
}

// redacted is a URL without what may be secret in it: user, password, query, fragment.
func redacted(raw string) string {
	if before, _, found := strings.Cut(raw, "#"); found {
		raw = before + "#…"
	}
	if before, _, found := strings.Cut(raw, "?"); found {
		raw = before + "?…"
	}
	scheme, rest, found := strings.Cut(raw, "//")
	if !found {
		scheme, rest = "", raw
	} else {
		scheme += "//"
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = "…" + rest[at:]
	}
	return scheme + rest
}

func checkEvents(faults *fault.List, patterns, types []string) {
	for i, pattern := range patterns {
		known := slices.ContainsFunc(types, func(t string) bool {
			ok, err := path.Match(pattern, t)
			return ok && err == nil
		})
		if !known {
			faults.Add(fault.Index("events", i), fmt.Sprintf("%q matches no event", pattern),
				"the events are "+strings.Join(types, ", "))
		}
	}
}

// checkHeaders returns the headers under their canonical names.
func checkHeaders(faults *fault.List, headers map[string]string) http.Header {
	checked := make(http.Header, len(headers)+2)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		at, canonical := fault.Join("headers", name), http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			faults.Add(at, fmt.Sprintf("%q can't be the name of a header", name), "")
		case reserved(canonical):
			faults.Add(at, fmt.Sprintf("header %q is set by leadgate itself", name), "leave it out")
		case checked[canonical] != nil:
			faults.Add(at, fmt.Sprintf("header %q is there twice: case does not matter", name), "leave one out")
		case !httpguts.ValidHeaderFieldValue(headers[name]):
			faults.Add(at, fmt.Sprintf("the value of header %q holds a control character", name), "")
		default:
			checked.Set(canonical, headers[name])
		}
	}
	return checked
}

// reserved reports whether a header is part of the protocol or of the signature.
func reserved(canonical string) bool {
	switch canonical {
	case "Host", "Content-Type", "Content-Length", "User-Agent", "Connection", "Keep-Alive", "Transfer-Encoding", "Te",
		"Trailer", "Upgrade", "Expect":
		return true
	}
	return strings.HasPrefix(canonical, "Webhook-") || strings.HasPrefix(canonical, "Proxy-")
}
