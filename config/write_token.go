package config

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"leadgate/fault"
)

// WriteToken reads the secret of the first token that may write, of the file at path: a Config does not keep it. Commands open
// the running daemon's API with it, and show it to nobody. It is false when the file has no such token, or can't be read.
func WriteToken(path string, env Env) (secret string, ok bool) {
	handle, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer handle.Close()
	data, err := io.ReadAll(io.LimitReader(handle, maxSize+1))
	if err != nil {
		return "", false
	}
	doc := parse(data)
	if doc.values == nil {
		return "", false
	}
	var f file
	(&reading{broken: doc.broken}).table(reflect.ValueOf(&f).Elem(), doc.values, "")
	c := &checker{env: env, dir: filepath.Dir(path)}
	for i, t := range f.HTTP.Tokens {
		if cmp.Or(t.Scope, string(defaultScope)) == string(ScopeWrite) {
			return c.secret(fault.Index("http.token", i), t.secretKeys(), "")
		}
	}
	return "", false
}
