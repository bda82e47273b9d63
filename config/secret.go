package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecret bounds what is read from a secret's file, in bytes.
const maxSecret = 64 << 10

// shortestToken is the length below which a token can be guessed, in characters.
const shortestToken = 16

// SecretKeys are the three ways to give one secret: key, key_env and key_file.
type secretKeys struct {
	key               string
	inline, env, file string
}

func (s secretKeys) any() bool { return s.inline != "" || s.env != "" || s.file != "" }

// all names the three keys.
func (s secretKeys) all() string { return fmt.Sprintf("%s_env, %s_file or %s", s.key, s.key, s.key) }

// secret reads a secret of the table at path that is given in exactly one way; missing is what to say when it is given
// in none. It is false, with the fault noted, when there is no secret.
func (c *checker) secret(path string, given secretKeys, missing string) (string, bool) {
	ways := 0
	for _, way := range []string{given.inline, given.env, given.file} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways == 0:
		c.faults.Add(path, missing, "give it as "+given.all())
		return "", false
	case ways > 1:
		c.faults.Add(path, fmt.Sprintf("%q is given in %d ways", given.key, ways), "keep one of "+given.all())
		return "", false
	case given.env != "":
		return c.secretEnv(path+"."+given.key+"_env", given.env)
	case given.file != "":
		return c.secretFile(path+"."+given.key+"_file", given.file)
	}
	return given.inline, true
}

func (c *checker) secretEnv(path, name string) (string, bool) {
	value, set := c.env(name)
	value = strings.TrimSpace(value)
	if !set || value == "" {
		problem := "environment variable %q is not set"
		if set {
			problem = "environment variable %q is empty"
		}
		c.faults.Add(path, fmt.Sprintf(problem, shorten(name)), "set it for the daemon, and for the shell that runs this check")
		return "", false
	}
	return value, true
}

func (c *checker) secretFile(path, name string) (string, bool) {
	value, err := readSecret(c.absolute(name))
	if err != nil {
		c.faults.Add(path, fmt.Sprintf("can't read %q: %v", shorten(name), cause(err)),
			"a file that the daemon may read, relative to the directory of this one")
		return "", false
	}
	return value, true
}

// readSecret reads a file's only line. Pipes and devices are refused: opening one may never end.
func readSecret(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(data))
	switch {
	case len(data) > maxSecret:
		return "", errors.New("too large for a secret")
	case value == "":
		return "", errors.New("the file is empty")
	}
	return value, nil
}

// token reads a token's secret and returns its hash.
func (c *checker) token(path string, t tokenTable) (hash [32]byte, ok bool) {
	secret, ok := c.secret(path, t.secretKeys(), fmt.Sprintf("token %q has no secret", t.Name))
	if ok && len(secret) < shortestToken {
		c.faults.Warn(path, fmt.Sprintf("token %q has fewer than %d characters", t.Name, shortestToken),
			"make one with: openssl rand -hex 24")
	}
	return sha256.Sum256([]byte(secret)), ok
}

// secretKeys are the ways in which a token's secret is given.
func (t tokenTable) secretKeys() secretKeys {
	return secretKeys{key: "token", inline: t.Token, env: t.TokenEnv, file: t.TokenFile}
}
