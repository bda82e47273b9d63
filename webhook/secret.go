package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"sync"

	"leadgate/fault"
)

const (
	secretPrefix  = "whsec_"
	secretHint    = `make one with: echo "whsec_$(openssl rand -base64 32)"`
	shortestBytes = 24 // Standard Webhooks 1.0.0, "Signature scheme"
	longestBytes  = 64
)

// A given is one secret in the three ways in which a table can hold it: key, key_env and key_file.
type given struct{ key, inline, env, file string }

// any reports whether the table holds the secret in some way.
func (g given) any() bool { return g.inline != "" || g.env != "" || g.file != "" }

// read returns a secret and the key that holds it, "" when it found a fault. No fault quotes a secret.
func (g given) read(faults *fault.List, o Options) (secret, at string) {
	type source struct{ at, value string }
	var sources []source
	for _, s := range []source{{g.key, g.inline}, {g.key + "_env", g.env}, {g.key + "_file", g.file}} {
		if s.value != "" {
			sources = append(sources, s)
		}
	}
	for _, s := range sources[1:] {
		faults.Add(s.at, fmt.Sprintf("a second %s beside %s", g.key, sources[0].at), "leave one out")
	}
	if len(sources) > 1 {
		return "", ""
	}
	secret, at = strings.TrimSpace(sources[0].value), sources[0].at
	problem := ""
	switch {
	case g.env != "":
		secret, problem = fromEnv(g.env, o)
	case g.file != "":
		secret, problem = fromFile(g.file, o)
	}
	if problem != "" {
		faults.Add(at, problem, "")
		return "", ""
	}
	return secret, at
}

// checkSecrets returns what signs requests: the secret, and the one before it while that is still given. Where templates
// make the requests a secret may be missing: then nothing is signed.
func checkSecrets(faults *fault.List, c Config, o Options, optional bool) []*signer {
	now := given{"secret", c.Secret, c.SecretEnv, c.SecretFile}
	before := given{"previous_secret", c.Previous, c.PreviousEnv, c.PreviousFile}
	if !now.any() {
		if !optional || before.any() {
			faults.Add("secret", "a destination needs a secret: it signs each request",
				"name an environment variable with secret_env, or a file with secret_file; "+secretHint)
		}
		return nil
	}
	signers := []*signer{newSigner(now.signingKey(faults, o))}
	if before.any() {
		signers = append(signers, newSigner(before.signingKey(faults, o)))
	}
	return signers
}

func (g given) signingKey(faults *fault.List, o Options) []byte {
	secret, at := g.read(faults, o)
	if at == "" {
		return nil
	}
	key, problem := parseSecret(secret)
	if problem != "" {
		faults.Add(at, problem, secretHint)
		return nil
	}
	return key
}

func fromEnv(name string, o Options) (secret, problem string) {
	secret, set := o.LookupEnv(name)
	switch {
	case !set:
		return "", fmt.Sprintf("environment variable %q is not set", name)
	case strings.TrimSpace(secret) == "":
		return "", fmt.Sprintf("environment variable %q is empty", name)
	}
	return strings.TrimSpace(secret), ""
}

func fromFile(name string, o Options) (secret, problem string) {
	content, err := o.ReadFile(name)
	if err != nil {
		return "", "can't read the secret: " + err.Error()
	}
	if secret = strings.TrimSpace(string(content)); secret == "" {
		return "", fmt.Sprintf("file %q is empty", name)
	}
	return secret, ""
}

func parseSecret(secret string) (key []byte, problem string) {
	encoded, found := strings.CutPrefix(secret, secretPrefix)
	if !found {
		return nil, "the secret does not begin with " + secretPrefix
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, "what follows " + secretPrefix + " in the secret is not base64"
	}
	if len(key) < shortestBytes || len(key) > longestBytes {
		return nil, fmt.Sprintf("the secret holds %d bytes, not %d to %d", len(key), shortestBytes, longestBytes)
	}
	return key, ""
}

// A signer signs requests. Its keyed hashes are used again, because keying one costs as much as signing.
type signer struct{ hashes sync.Pool }

func newSigner(key []byte) *signer {
	return &signer{hashes: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign is the value of webhook-signature for what is sent under id at a time in Unix seconds.
func (s *signer) sign(id string, at int64, body []byte) string {
	h, _ := s.hashes.Get().(hash.Hash)
	defer s.hashes.Put(h)
	h.Reset()
	signed := make([]byte, 0, 128)
	signed = append(signed, id...)
	signed = append(signed, '.')
	signed = strconv.AppendInt(signed, at, 10)
	signed = append(signed, '.')
	h.Write(signed)
	h.Write(body)
	sum := h.Sum(signed[:0])
	return string(base64.StdEncoding.AppendEncode([]byte("v1,"), sum))
}
