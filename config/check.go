package config

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // small servers come without the zones

	"leadgate/chat"
	"leadgate/fault"
)

// The values of keys that are not set.
const (
	defaultTimezone   = "UTC"
	defaultLanguage   = "en"
	defaultStore      = "sqlite:leadgate.db"
	defaultListen     = "127.0.0.1:8080"
	defaultScope      = ScopeRead
	defaultDeviceName = "leadgate"
)

// A checker makes a Config of what a file says, and notes what is wrong with it.
type checker struct {
	faults fault.List
	env    Env
	dir    string // of the file
}

func (c *checker) file(f *file) *Config {
	config := &Config{
		Timezone: c.timezone(cmp.Or(f.Timezone, defaultTimezone)),
		Language: c.oneOf("language", cmp.Or(f.Language, defaultLanguage), "en", "pt"),
		Country:  c.country(f.Country),
		Store:    c.store(f.Store),
		HTTP:     c.http(f.HTTP),
		WhatsApp: c.whatsApp(f.WhatsApp),
	}
	config.Numbers = c.numbers(f.Numbers, config.Country)
	c.deciders(config, f)
	c.meta(config, f.Meta)
	c.outcomes(config, f)
	config.Destinations = c.destinations(config, f)
	return config
}

func (c *checker) timezone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		c.faults.Add("timezone", fmt.Sprintf("unknown time zone %q", name),
			`it is a name of the IANA list, like "America/Sao_Paulo" or "UTC"`)
		return time.UTC
	}
	return zone
}

func (c *checker) country(code string) string {
	if code != "" && (!chat.KnownCountry(code) || code != strings.ToUpper(code)) {
		c.faults.Add("country", fmt.Sprintf("unknown country %q", code),
			`it is a code of two capital letters, like "BR"; without one every phone needs its country code`)
		return ""
	}
	return code
}

// oneOf checks a key that takes one of few words.
func (c *checker) oneOf(path, value string, words ...string) string {
	if slices.Contains(words, value) {
		return value
	}
	hint := `it is "` + strings.Join(words, `" or "`) + `"`
	c.faults.Add(path, fmt.Sprintf("unknown %s %q", path[strings.LastIndex(path, ".")+1:], value), hint)
	return value
}

func (c *checker) store(t storeTable) Store {
	s := Store{URL: defaultStore, MessageText: t.MessageText}
	if given := (secretKeys{key: "url", inline: t.URL, env: t.URLEnv, file: t.URLFile}); given.any() {
		s.URL, _ = c.secret("store", given, "")
	}
	path, sqlite := strings.CutPrefix(s.URL, "sqlite:")
	path = strings.TrimPrefix(path, "//") // of an absolute path in a URL
	switch {
	case s.URL == "": // reported by secret
	case sqlite && (path == "" || strings.HasPrefix(path, ":") || strings.ContainsAny(path, "?#\x00")):
		c.faults.Add("store.url", "this is no file name for SQLite", `for example "sqlite:leadgate.db"`)
	case sqlite:
		s.URL = "sqlite:" + c.absolute(path)
	case !postgres(s.URL):
		c.faults.Add("store.url", "this is neither a SQLite file nor a PostgreSQL URL",
			`"sqlite:leadgate.db", or "postgres://user:password@host/database"`)
	}
	s.Retention = c.retention(t.Retention)
	return s
}

// shortestRetention is the least that can be asked for: events of today may still be on their way to a destination.
const shortestRetention = 7 * 24 * time.Hour

// retention is how long closed chats and events are kept; 0 is for ever.
func (c *checker) retention(text string) time.Duration {
	kept, err := chat.ParseDuration(text)
	switch {
	case text == "":
		return 0
	case err != nil || kept < 0:
		c.faults.Add("store.retention", fmt.Sprintf("%q is not a duration", text), `for example "365d"; "0" keeps everything`)
		return 0
	case kept != 0 && kept < shortestRetention:
		c.faults.Add("store.retention", fmt.Sprintf("%s is too short", text), `at least "7d"; "0" keeps everything`)
		return 0
	}
	return kept
}

func postgres(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Host != ""
}

func (c *checker) http(t httpTable) HTTP {
	h := HTTP{Listen: cmp.Or(t.Listen, defaultListen)}
	host, port, err := net.SplitHostPort(h.Listen)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || strings.ContainsAny(host, " /\t") || n == 0 && port != "0" {
		c.faults.Add("http.listen", fmt.Sprintf("%q is not an address to listen on", h.Listen),
			`host and port, like "127.0.0.1:8080"; ":8080" listens on every network`)
	}
	names := newNames(c, "token")
	secrets := make(map[[32]byte]string)
	for i, token := range t.Tokens {
		path := fault.Index("http.token", i)
		names.add(path, token.Name)
		hash, ok := c.token(path, token)
		if other, twice := secrets[hash]; ok && twice && other != token.Name {
			c.faults.Add(path, fmt.Sprintf("token %q has the same secret as token %q", token.Name, other), "give each its own")
		}
		secrets[hash] = token.Name
		scope := c.oneOf(path+".scope", cmp.Or(token.Scope, string(defaultScope)), string(ScopeRead), string(ScopeWrite))
		h.Tokens = append(h.Tokens, Token{Name: token.Name, Hash: hash, Scope: Scope(scope)})
	}
	return h
}

func (c *checker) whatsApp(t whatsAppTable) WhatsApp {
	w := WhatsApp{DeviceName: cmp.Or(t.DeviceName, defaultDeviceName), Server: t.Server}
	if len([]rune(w.DeviceName)) > maxName || strings.ContainsFunc(w.DeviceName, isControl) {
		c.faults.Add("whatsapp.device_name", fmt.Sprintf("%q is no name for a device", shorten(w.DeviceName)),
			fmt.Sprintf("up to %d characters", maxName))
	}
	if t.Server != "" {
		u, err := url.Parse(t.Server)
		if err != nil || u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" || u.User != nil {
			c.faults.Add("whatsapp.server", fmt.Sprintf("%q is not the URL of a WhatsApp server", t.Server),
				`for example "ws://127.0.0.1:7777/ws/chat"`)
		}
	}
	switch {
	case t.Server != "" && t.ServerKey == "":
		c.faults.Add("whatsapp.server", "a server needs its server_key", "leadgate simulator prints it when it starts")
	case t.Server == "" && t.ServerKey != "":
		c.faults.Add("whatsapp.server_key", "a server_key needs its server", "remove it to use the real WhatsApp")
	}
	if t.ServerKey != "" {
		key, err := hex.DecodeString(t.ServerKey)
		if err != nil || len(key) != 32 {
			c.faults.Add("whatsapp.server_key", "this is not a public key", "64 hexadecimal digits")
		} else {
			w.ServerKey = (*[32]byte)(key)
		}
	}
	return w
}

// absolute is a file's name as it is from wherever the daemon runs.
func (c *checker) absolute(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	joined := filepath.Join(c.dir, name)
	if abs, err := filepath.Abs(joined); err == nil {
		return abs
	}
	return joined
}
